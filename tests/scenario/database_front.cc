#include <utility>

#include "base/try.h"
#include "scenario/cells.h"
#include "scenario/front.h"

namespace slate::scenario {
namespace {

class DatabaseFront final : public Front {
 public:
  DatabaseFront(Database& database, std::string datasource)
      : database_(database), datasource_(std::move(datasource)) {}

  Result<void> save(const Datasource& datasource) override {
    SLATE_TRY(database_.save_datasource(datasource));
    return {};
  }
  Result<void> write(std::span<const RecordWrite> writes) override {
    SLATE_TRY(database_.write_batch(datasource_, writes));
    return {};
  }
  Result<void> remove(std::span<const std::string> ids) override {
    std::vector<RecordWrite> deletes;
    for (const std::string& id : ids) deletes.push_back({.kind = WriteKind::kDelete, .id = id});
    return write(deletes);
  }
  Result<void> remove_all() override {
    SLATE_TRY(database_.delete_all(datasource_));
    return {};
  }

  Result<void> look() override {
    SLATE_TRY(snapshot_, database_.snapshot(datasource_));
    return {};
  }
  Result<Answer> query(const Question& question, const Page& page, const QueryOptions& options) override {
    SLATE_TRY(Query query, question.query);
    if (page.take) query.take = page.take;
    if (page.cursor) query.cursor = page.cursor;
    SLATE_TRY(const auto result, snapshot_->query(query, options));
    Answer answer;
    for (const ResultColumn& column : result->columns()) answer.columns.push_back(column.field);
    for (;;) {
      SLATE_TRY(const Batch* batch, result->next());
      if (batch == nullptr) break;
      for (const std::uint16_t row : batch->rows) {
        auto& cells = answer.rows.emplace_back();
        cells.push_back(cell_text(batch->id.value(row)));
        for (const ColumnView& column : batch->columns) cells.push_back(cell_text(column.value(row)));
      }
    }
    answer.counters = result->counters();
    SLATE_TRY(answer.has_more, result->has_more());
    SLATE_TRY(answer.next_cursor, result->next_cursor());
    SLATE_TRY(answer.previous_cursor, result->previous_cursor());
    return answer;
  }
  Result<Count> count(const Question& question, std::optional<std::uint64_t> limit,
                      const QueryOptions& options) override {
    SLATE_TRY(const Query query, question.query);
    return snapshot_->count(query.filter, limit, options);
  }
  Result<Values> distinct(const std::string& field, DistinctOrder order, const Question& question,
                          const QueryOptions& options) override {
    SLATE_TRY(const Query query, question.query);
    DistinctQuery asked{.field = field, .filter = query.filter, .order = order};
    if (query.take) asked.take = *query.take;
    SLATE_TRY(const DistinctValues got, snapshot_->distinct(asked, options));
    Values values{.has_more = got.has_more};
    for (const DistinctValue& each : got.values)
      values.rows.push_back({cell_text(each.value), std::to_string(each.count)});
    return values;
  }

 private:
  Database& database_;
  const std::string datasource_;
  std::unique_ptr<Snapshot> snapshot_;
};

}  // namespace

std::unique_ptr<Front> make_database_front(Database& database, std::string datasource) {
  return std::make_unique<DatabaseFront>(database, std::move(datasource));
}

}  // namespace slate::scenario
