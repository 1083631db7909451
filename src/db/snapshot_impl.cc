#include "db/snapshot_impl.h"

#include <chrono>

#include "base/try.h"
#include "codec/key.h"
#include "exec/distinct.h"
#include "exec/executor.h"
#include "exec/index_statistics.h"
#include "exec/page_cursor.h"
#include "plan/planner.h"
#include "storage/cursor.h"

namespace slate {

struct StoredSnapshot::Finder {
  Finder(const Schema& schema, storage::PostingCursor id_cursor)
      : columns(schema), ids(std::move(id_cursor)) {}

  ColumnSet columns;
  storage::PostingCursor ids;
  QueryCounters counters;
  std::unique_ptr<SegmentReader> reader;
  std::uint16_t row = 0;
  Batch batch;

  Result<const Batch*> row_at(DocId docid);
};

Result<std::unique_ptr<StoredSnapshot>> StoredSnapshot::open(std::shared_ptr<const Schema> schema,
                                                             std::shared_ptr<Generation> generation,
                                                             UnixMillis now, const CursorKey& cursor_key,
                                                             std::shared_ptr<ScanHelpers> helpers) {
  std::unique_ptr<StoredSnapshot> snapshot(new StoredSnapshot);
  auto data = std::make_shared<SnapshotData>();
  data->schema = std::move(schema);
  data->generation = std::move(generation);
  SLATE_TRY(auto transaction, data->generation->environment().begin_read());
  data->transaction.emplace(std::move(transaction));
  SLATE_TRY(data->view, data->generation->view(*data->transaction, *data->schema, now, &snapshot->state_));
  data->view.cursors = {.key = cursor_key, .generation = data->generation->number()};
  data->view.helpers = helpers.get();
  data->helpers = std::move(helpers);
  snapshot->info_ = {.generation = data->generation->number(),
                     .data_version = snapshot->state_.data_version,
                     .rows = snapshot->state_.rows,
                     .loaded_at = data->generation->loaded_at(),
                     .now = now};
  snapshot->data_ = std::move(data);
  return snapshot;
}

Result<BoundQuery> StoredSnapshot::bound(const Query& query) const {
  SLATE_TRY(BoundQuery bound, bind(query, *data_->schema));
  if (query.cursor) SLATE_TRY(apply_cursor(*query.cursor, data_->view, bound));
  return bound;
}

Result<std::unique_ptr<ResultSet>> StoredSnapshot::query(const Query& query, const QueryOptions& options) {
  SLATE_TRY(const BoundQuery bound, this->bound(query));
  SLATE_TRY(Plan plan, make_plan(bound, *data_->schema, IndexStatistics(data_->view), options));
  return execute(std::move(plan), data_->view, options, data_);
}

Result<Count> StoredSnapshot::count(const std::optional<Filter>& filter, std::optional<std::uint64_t> limit,
                                    const QueryOptions& options) {
  SLATE_TRY(const BoundFilter bound, bind_filter(filter, *data_->schema));
  SLATE_TRY(Plan plan, make_count_plan(bound, limit, *data_->schema, IndexStatistics(data_->view), options));
  return execute_count(std::move(plan), data_->view, options);
}

Result<DistinctValues> StoredSnapshot::distinct(const DistinctQuery& query, const QueryOptions& options) {
  SLATE_TRY(const BoundDistinct bound, bind(query, *data_->schema));
  return execute_distinct(bound, data_->view, options);
}

Result<Explanation> StoredSnapshot::explain(const Query& query, ExplainMode mode,
                                            const QueryOptions& options) {
  SLATE_TRY(const BoundQuery bound, this->bound(query));
  const auto start = std::chrono::steady_clock::now();
  SLATE_TRY(Plan plan,
            make_plan(bound, *data_->schema, IndexStatistics(data_->view), options, Refusals::kTold));
  Explanation explanation = explain_plan(plan, *data_->schema);
  if (mode == ExplainMode::kPlan) return explanation;
  SLATE_TRY(const auto rows, execute(std::move(plan), data_->view, options, data_));
  for (;;) {
    SLATE_TRY(const Batch* batch, rows->next());
    if (batch == nullptr) break;
  }
  explanation.actual = rows->counters();
  explanation.milliseconds =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return explanation;
}

Result<StoredSnapshot::Finder*> StoredSnapshot::finder() {
  if (finder_ == nullptr) {
    const auto table = data_->view.indexes.front();
    if (!table) return fail(Reason::kCorrupt, "the index of record ids is not whole");
    SLATE_TRY(auto ids, storage::PostingCursor::open(*data_->transaction, *table));
    auto finder = std::make_shared<Finder>(*data_->schema, std::move(ids));
    for (std::uint32_t column = kRecordIdColumn; column < data_->schema->columns.size(); ++column)
      finder->columns.add_output(column);
    SLATE_TRY(finder->reader,
              SegmentReader::open(data_->view.segment_source(), finder->columns, finder->counters));
    finder_ = std::move(finder);
  }
  return finder_.get();
}

Result<const Batch*> StoredSnapshot::Finder::row_at(DocId docid) {
  SLATE_TRY(ResolvedBlock * block, reader->at(docid));
  reader->complete(*block);
  row = static_cast<std::uint16_t>(docid - block->first_docid());
  const std::span<const ColumnView> all(block->columns);
  batch = {.id = all.front(), .columns = all.subspan(1), .rows = std::span(&row, 1)};
  return &batch;
}

Result<const Batch*> StoredSnapshot::find(std::string_view id) {
  SLATE_TRY(Finder * finder, this->finder());
  finder->reader->forget_when_full();
  KeyBuilder key;
  key.add_text(id, Direction::kAscending);
  if (key.bytes().size() < kSettleKeyBytes) {
    SLATE_TRY(const auto docid, finder->ids.find(key.bytes()));
    if (!docid) return nullptr;
    return finder->row_at(*docid);
  }
  // The key may have been cut: the records tell which of them it is.
  SLATE_TRY(const auto at, finder->ids.seek(key.bytes()));
  if (!at || *at != key.bytes()) return nullptr;
  for (;;) {
    SLATE_TRY(const auto postings, finder->ids.next_postings());
    if (postings.empty()) return nullptr;
    for (const DocId docid : postings) {
      SLATE_TRY(const Batch* batch, finder->row_at(docid));
      if (batch->id.text(batch->rows.front()) == id) return batch;
    }
  }
}

}  // namespace slate
