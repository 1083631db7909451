#include <array>
#include <fmt/format.h>
#include <system_error>
#include <utility>

#include <slate/database.h>

#include "base/try.h"
#include "bench/compare/engines.h"
#include "bench/run.h"
#include "cli/build_info.h"

namespace slate::bench::compare {
namespace {

constexpr std::string_view kDatasource = "workload";

Datasource datasource_with(Indexes indexes) {
  Datasource datasource = workload_datasource(std::string(kDatasource), Durability::kOs);
  if (indexes == Indexes::kTwoAndCompound)
    datasource.indexes = {{.fields = {{.field = "status"}, {.field = "contacts_count"}}}};
  return datasource;
}

Result<std::unique_ptr<Database>> open_database(const std::filesystem::path& folder, Indexes indexes) {
  SLATE_TRY(auto database, Database::open({.path = folder}));
  SLATE_TRY(database->save_datasource(datasource_with(indexes)));
  return database;
}

void check_cell(const ColumnView& column, std::size_t row, CellCheck& check) {
  if (column.is_null(row))
    check.null();
  else if (column.type == Type::kString)
    check.text(column.text(row));
  else
    check.integer(column.integer(row));
}

void check_batch(const Batch& batch, CellCheck& check) {
  for (const std::uint16_t row : batch.rows) {
    check_cell(batch.id, row, check);
    for (const ColumnView& column : batch.columns) check_cell(column, row, check);
    check.end_row();
  }
}

Result<void> check_distinct(Snapshot& snapshot, const Query& query, CellCheck& check) {
  SLATE_TRY(const DistinctValues answer,
            snapshot.distinct({.field = query.columns->front(), .filter = query.filter}));
  for (const DistinctValue& each : answer.values) {
    check.text(*each.value.get_if<std::string>());
    check.end_row();
  }
  return {};
}

Result<void> check_rows(Snapshot& snapshot, const Query& query, CellCheck& check) {
  SLATE_TRY(const auto answer, snapshot.query(query));
  for (;;) {
    SLATE_TRY(const Batch* batch, answer->next());
    if (batch == nullptr) break;
    check_batch(*batch, check);
  }
  return {};
}

class SlateEngine : public Engine {
 public:
  SlateEngine(std::filesystem::path folder, Indexes indexes, const Workload& workload)
      : folder_(std::move(folder)), indexes_(indexes), workload_(workload), flips_(workload) {
    for (const std::size_t position : random_positions(kGets, workload.size()))
      ids_.emplace_back(workload.id(position));
  }

  Result<void> open() {
    SLATE_TRY(database_, open_database(folder_ / "queries", indexes_));
    return load(*database_, kDatasource, workload_);
  }

  Role role() const override { return Role::kSlate; }
  std::string_view name() const override { return "Slate"; }
  Indexes indexes() const override { return indexes_; }
  bool runs(const Line& line) const override {
    return indexes_ == Indexes::kTwo || line.name == "Q5" || line.name == "Q8";
  }

  Result<void> prepare(const Line& line) override {
    if (line.work == Work::kUpdate) next_flips_ = flips_.next();
    if (line.work != Work::kInsert) return {};
    inserted_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_ / "inserts", ignored);
    SLATE_TRY(inserted_, open_database(folder_ / "inserts", indexes_));
    return {};
  }

  Result<Answer> run(const Line& line) override {
    switch (line.work) {
      case Work::kQuery:
      case Work::kGets: return run_query(line);
      case Work::kInsert: return insert();
      case Work::kUpdate: return update();
      case Work::kLoad: break;
    }
    SLATE_TRY(load(*database_, kDatasource, workload_));
    return Answer{.rows = workload_.size()};
  }

  Result<Answer> check(const Line& line) override {
    auto& database = line.work == Work::kInsert ? inserted_ : database_;
    SLATE_TRY(const auto snapshot, database->snapshot(kDatasource));
    CellCheck check(line.key_columns);
    if (line.is_count()) {
      SLATE_TRY(const Count count, snapshot->count(line.query.query.filter));
      return Answer{.rows = count.value};
    }
    if (line.work == Work::kGets) {
      for (const std::string& id : ids_) {
        SLATE_TRY(const Batch* batch, snapshot->find(id));
        if (batch != nullptr) check_batch(*batch, check);
      }
    } else if (line.work == Work::kQuery && line.query.task == Task::kDistinct) {
      SLATE_TRY(check_distinct(*snapshot, line.query.query, check));
    } else {
      SLATE_TRY(check_rows(*snapshot, line.query.query, check));
    }
    return check.answer();
  }

 private:
  // Taking the snapshot is part of answering.
  Result<Answer> run_query(const Line& line) {
    SLATE_TRY(const auto snapshot, database_->snapshot(kDatasource));
    SLATE_TRY(const Outcome outcome, run_line(*snapshot, line.query, ids_));
    return Answer{.rows = outcome.rows, .folded = outcome.folded};
  }

  // Making the writes is part of the work: the other engines take the cells from the workload, too.
  Result<Answer> insert() {
    std::vector<RecordWrite> writes;
    for (std::size_t share = 0; share < kInsertTransactions; ++share) {
      const auto [begin, end] = insert_share(share, workload_.size());
      writes.clear();
      writes.reserve(end - begin);
      for (std::size_t i = begin; i < end; ++i) writes.push_back(workload_.write(i));
      SLATE_TRY(inserted_->write_batch(kDatasource, writes));
    }
    return Answer{.rows = workload_.size()};
  }

  Result<Answer> update() {
    for (const auto& flip : next_flips_) {
      const RecordWrite write{.id = std::string(flip.id), .cells = {{"status", flip.status()}}};
      SLATE_TRY(database_->write_batch(kDatasource, std::span(&write, 1)));
    }
    return Answer{.rows = next_flips_.size()};
  }

  std::filesystem::path folder_;
  Indexes indexes_;
  const Workload& workload_;
  StatusFlips flips_;
  std::vector<StatusFlips::Flip> next_flips_;
  std::vector<std::string> ids_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Database> inserted_;  // of INS
};

}  // namespace

Result<EngineFamily> open_slate(const std::filesystem::path& folder, const Workload& workload) {
  EngineFamily family{.version = fmt::format("Slate {}, {} build, {}, durability os", cli::kVersion,
                                             cli::kBuildType, cli::compiler_name())};
  for (const Indexes indexes : {Indexes::kTwo, Indexes::kTwoAndCompound}) {
    auto engine = std::make_unique<SlateEngine>(folder / (indexes == Indexes::kTwo ? "two" : "compound"),
                                                indexes, workload);
    SLATE_TRY(engine->open());
    family.engines.push_back(std::move(engine));
  }
  return family;
}

}  // namespace slate::bench::compare
