#include "bench/run.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <fmt/format.h>
#include <fstream>
#include <set>
#include <system_error>
#include <utility>

#include "base/try.h"

namespace slate::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t kMostWriteRuns = 5;
constexpr std::string_view kDatasource = "workload";

// Where answers end up, so that reading them has an effect.
std::atomic<std::uint64_t> sink;
void keep(const Outcome& outcome) { sink.fetch_add(outcome.folded, std::memory_order_relaxed); }

std::uint64_t read_integers(const ColumnView column, std::span<const std::uint16_t> rows) {
  std::uint64_t sum = 0;
  for (const std::uint16_t row : rows)
    if (!column.is_null(row)) sum += static_cast<std::uint64_t>(column.integer(row));
  return sum;
}

std::uint64_t read_reals(const ColumnView column, std::span<const std::uint16_t> rows) {
  std::uint64_t sum = 0;
  for (const std::uint16_t row : rows)
    if (!column.is_null(row)) sum += std::bit_cast<std::uint64_t>(column.real(row));
  return sum;
}

std::uint64_t read_texts(const ColumnView column, std::span<const std::uint16_t> rows) {
  std::uint64_t sum = 0;
  for (const std::uint16_t row : rows) {
    if (column.is_null(row)) continue;
    const std::string_view text = column.text(row);
    sum += fold_text(text);
  }
  return sum;
}

std::uint64_t read_column(const ColumnView& column, std::span<const std::uint16_t> rows) {
  if (column.encoding == Encoding::kNull) return 0;
  switch (column.type) {
    case Type::kInt:
    case Type::kDate:
    case Type::kBool: return read_integers(column, rows);
    case Type::kFloat: return read_reals(column, rows);
    case Type::kString:
    case Type::kList:
    case Type::kMap: break;
  }
  return read_texts(column, rows);
}

Result<Outcome> run_query(Snapshot& snapshot, const Query& query) {
  SLATE_TRY(const auto answer, snapshot.query(query));
  Outcome outcome;
  for (;;) {
    SLATE_TRY(const Batch* batch, answer->next());
    if (batch == nullptr) break;
    outcome.folded += read_cells(*batch);
    outcome.rows += batch->size();
  }
  keep(outcome);
  outcome.counters = answer->counters();
  return outcome;
}

Result<Outcome> run_gets(Snapshot& snapshot, std::span<const std::string> ids) {
  Outcome outcome;
  for (const std::string& id : ids) {
    SLATE_TRY(const Batch* batch, snapshot.find(id));
    if (batch == nullptr) return fail(Reason::kInternal, "record " + id + " is missing");
    outcome.folded += read_cells(*batch);
    ++outcome.rows;
  }
  keep(outcome);
  return outcome;
}

Result<Outcome> run_distinct(Snapshot& snapshot, const Query& query) {
  SLATE_TRY(const DistinctValues answer,
            snapshot.distinct({.field = query.columns->front(), .filter = query.filter}));
  Outcome outcome;
  for (const DistinctValue& each : answer.values) {
    const auto* text = each.value.get_if<std::string>();
    if (text == nullptr) continue;
    outcome.folded += fold_text(*text);
    ++outcome.rows;
  }
  outcome.counters = answer.counters;
  return outcome;
}

// Taking the snapshot is part of answering.
Result<Outcome> run_once(Database& database, const WorkloadQuery& line, std::span<const std::string> ids) {
  SLATE_TRY(const auto snapshot, database.snapshot(kDatasource));
  return run_line(*snapshot, line, ids);
}

double elapsed_ms(SteadyClock::time_point began) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - began).count();
}

LineResult summarise(std::string_view name, std::string_view what, const std::vector<double>& times,
                     Outcome last) {
  return {.name = std::string(name),
          .what = std::string(what),
          .median_ms = median(times),
          .least_ms = std::ranges::min(times),
          .runs = times.size(),
          .counters = last.counters,
          .rows = last.rows};
}

Result<std::unique_ptr<Database>> open_database(const std::filesystem::path& folder) {
  return Database::open({.path = folder});
}

Result<void> insert(Database& database, std::span<const RecordWrite> writes) {
  const std::size_t share = writes.size() / kInsertTransactions;
  for (std::size_t i = 0; i < kInsertTransactions; ++i) {
    const bool is_last = i + 1 == kInsertTransactions;
    SLATE_TRY(
        database.write_batch(kDatasource, writes.subspan(i * share, is_last ? std::dynamic_extent : share)));
  }
  return {};
}

// What the kernel says of this process, in bytes; 0 when it does not.
std::uint64_t status_bytes(std::string_view member) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(member)) continue;
    const auto digits = line.find_first_of("0123456789");
    return digits == std::string::npos ? 0 : std::stoull(line.substr(digits)) * 1024;
  }
  return 0;
}

class Runner {
 public:
  explicit Runner(const RunOptions& options) : options_(options), workload_(options.records) {}

  Result<RunResult> run() {
    RunResult result{.records = options_.records};
    SLATE_TRY(auto database, open_database(options_.folder / "queries"));
    SLATE_TRY(database->save_datasource(workload_datasource(std::string(kDatasource), Durability::kOs)));
    std::optional<LineResult> load_line;
    SLATE_TRY(load_line, time_load(*database));
    SLATE_TRY(result.lines, time_queries(*database));

    SLATE_TRY(const DatasourceStatus status, database->get_datasource(kDatasource));
    result.file_bytes = status.bytes;
    result.resident_bytes = status_bytes("VmRSS:");
    result.private_bytes = status_bytes("RssAnon:");

    std::optional<LineResult> update_line;
    if (wants("UPD")) {
      SLATE_TRY(update_line, time_updates(*database));
    }
    database.reset();
    if (wants("INS")) {
      SLATE_TRY(LineResult line, time_inserts());
      result.lines.push_back(std::move(line));
    }
    if (wants("LOAD")) result.lines.push_back(std::move(*load_line));
    if (update_line) result.lines.push_back(std::move(*update_line));
    return result;
  }

 private:
  bool wants(std::string_view line) const {
    return options_.lines.empty() || std::ranges::find(options_.lines, line) != options_.lines.end();
  }
  void say(std::string_view line) const {
    if (options_.progress) options_.progress(fmt::format("{} records: {}", options_.records, line));
  }
  std::size_t write_runs() const { return std::min(options_.repeat, kMostWriteRuns); }

  Result<LineResult> time_load(Database& database) const {
    say("LOAD");
    std::vector<double> times;
    for (std::size_t i = 0; i < (wants("LOAD") ? write_runs() : 1); ++i) {
      const auto began = SteadyClock::now();
      SLATE_TRY(load(database, kDatasource, workload_));
      times.push_back(elapsed_ms(began));
    }
    return summarise("LOAD", "a refresh from memory, both indexes", times, {.rows = options_.records});
  }

  Result<std::vector<LineResult>> time_queries(Database& database) const {
    std::vector<std::string> ids;
    for (const std::size_t position : random_positions(kGets, options_.records))
      ids.emplace_back(workload_.id(position));
    std::vector<LineResult> lines;
    for (const WorkloadQuery& line : workload_queries()) {
      if (!wants(line.name)) continue;
      say(line.name);
      SLATE_TRY(Outcome outcome, run_once(database, line, ids));  // warms the pages up
      std::vector<double> times;
      for (std::size_t i = 0; i < options_.repeat; ++i) {
        const auto began = SteadyClock::now();
        SLATE_TRY(outcome, run_once(database, line, ids));
        times.push_back(elapsed_ms(began));
      }
      lines.push_back(summarise(line.name, line.what, times, outcome));
    }
    return lines;
  }

  Result<LineResult> time_inserts() const {
    say("INS");
    std::vector<RecordWrite> writes;
    writes.reserve(workload_.size());
    for (std::size_t i = 0; i < workload_.size(); ++i) writes.push_back(workload_.write(i));
    std::vector<double> times;
    for (std::size_t i = 0; i < write_runs(); ++i) {
      const auto folder = options_.folder / "inserts";
      std::error_code ignored;
      std::filesystem::remove_all(folder, ignored);
      SLATE_TRY(const auto database, open_database(folder));
      SLATE_TRY(database->save_datasource(workload_datasource(std::string(kDatasource), Durability::kOs)));
      const auto began = SteadyClock::now();
      SLATE_TRY(insert(*database, writes));
      times.push_back(elapsed_ms(began));
    }
    return summarise("INS", "10 transactions of N/10, both indexes", times, {.rows = options_.records});
  }

  Result<LineResult> time_updates(Database& database) const {
    say("UPD");
    std::vector<double> times;
    const auto positions = random_positions(kUpdates, options_.records);
    std::set<std::size_t> rejected;  // among those updated
    for (const std::size_t position : positions)
      if (workload_.status(position) == "rejected") rejected.insert(position);
    for (std::size_t i = 0; i < write_runs(); ++i) {
      std::vector<RecordWrite> writes;
      for (const std::size_t position : positions) {
        const bool was_rejected = rejected.erase(position) > 0;
        if (!was_rejected) rejected.insert(position);
        writes.push_back({.id = std::string(workload_.id(position)),
                          .cells = {{"status", was_rejected ? "active" : "rejected"}}});
      }
      const auto began = SteadyClock::now();
      for (const RecordWrite& write : writes)
        SLATE_TRY(database.write_batch(kDatasource, std::span(&write, 1)));
      times.push_back(elapsed_ms(began));
    }
    return summarise("UPD", "1,000 single updates that flip status", times, {.rows = kUpdates});
  }

  const RunOptions& options_;
  const Workload workload_;
};

}  // namespace

const std::vector<std::string>& line_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> made;
    for (const WorkloadQuery& query : workload_queries()) made.emplace_back(query.name);
    made.insert(made.end(), {"INS", "LOAD", "UPD"});
    return made;
  }();
  return names;
}

Result<Outcome> run_line(Snapshot& snapshot, const WorkloadQuery& line, std::span<const std::string> ids) {
  switch (line.task) {
    case Task::kQuery: break;
    case Task::kGets: return run_gets(snapshot, ids);
    case Task::kDistinct: return run_distinct(snapshot, line.query);
    case Task::kCount: {
      SLATE_TRY(const Count count, snapshot.count(line.query.filter));
      return Outcome{.rows = count.value};
    }
  }
  return run_query(snapshot, line.query);
}

Result<void> load(Database& database, std::string_view datasource, const Workload& workload) {
  SLATE_TRY(const auto builder, database.begin_generation(datasource, LoadMode::kReplace));
  std::array<CellRef, kWorkloadFields> room;
  for (std::size_t i = 0; i < workload.size(); ++i)
    SLATE_TRY(builder->append(workload.id(i), workload.cells(i, room)));
  SLATE_TRY(builder->finish());
  SLATE_TRY(builder->publish(system_clock().now()));
  return {};
}

double median(std::vector<double> times) {
  std::ranges::sort(times);
  const std::size_t middle = times.size() / 2;
  return times.size() % 2 == 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
}

std::uint64_t read_cells(const Batch& batch) {
  std::uint64_t folded = read_column(batch.id, batch.rows);
  for (const ColumnView& column : batch.columns) folded += read_column(column, batch.rows);
  return folded;
}

Result<RunResult> run_workload(const RunOptions& options) { return Runner(options).run(); }

}  // namespace slate::bench
