// slate_compare: workload W on Slate and its peers. ./dev bench --compare builds and runs it.
#include <csignal>
#include <exception>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <system_error>

#include "base/try.h"
#include "bench/bench_folder.h"
#include "bench/compare/comparison.h"
#include "bench/compare/engines.h"
#include "bench/compare/options.h"
#include "bench/compare/report.h"
#include "bench/machine.h"
#include "bench/page_marks.h"

namespace slate::bench::compare {
namespace {

namespace fs = std::filesystem;

// Set by SIGINT and SIGTERM: servers are stopped and folders removed on the way out.
volatile std::sig_atomic_t interrupted = 0;
void interrupt(int) { interrupted = 1; }

class Program {
 public:
  Program(const Options& options, cli::Terminal& terminal) : options_(options), terminal_(terminal) {}

  Result<void> run() {
    SLATE_TRY(const auto folder, BenchFolder::make(options_.data));
    std::vector<RecordsComparison> results;
    for (const std::size_t records : options_.records) {
      const fs::path own = folder.path() / fmt::format("compare-{}", records);
      SLATE_TRY(auto lines, compare(own, records));
      results.push_back({.records = records, .lines = std::move(lines)});
      std::error_code ignored;
      fs::remove_all(own, ignored);
    }
    return print(results);
  }

 private:
  void say(std::string_view what) { terminal_.err << what << std::endl; }

  Result<std::vector<LineComparison>> compare(const fs::path& folder, std::size_t records) {
    std::error_code error;
    fs::remove_all(folder, error);
    fs::create_directories(folder, error);
    if (error) return fail(Reason::kIo, folder.string() + ": " + error.message());
    const Workload workload(records);
    versions_.clear();
    std::vector<std::unique_ptr<Engine>> engines;
    for (const std::string& name : engine_names()) {
      if (!options_.wants(name)) continue;
      if (interrupted) return fail(Reason::kCancelled, "interrupted");
      say(fmt::format("{} records: filling {}", records, name));
      SLATE_TRY(EngineFamily family, open(name, folder / name, workload));
      versions_.push_back(family.version);
      for (auto& engine : family.engines) engines.push_back(std::move(engine));
    }
    return compare_engines(
        engines,
        {.lines = options_.lines,
         .repeat = options_.repeat,
         .progress = [&](std::string_view line) { say(fmt::format("{} records: {}", records, line)); },
         .stopped = [] { return interrupted != 0; }});
  }

  Result<EngineFamily> open(std::string_view name, const fs::path& folder, const Workload& workload) {
    if (name == "slate") return open_slate(folder, workload);
    if (name == "sqlite") return open_sqlite(folder, workload);
    if (name == "postgres") return open_postgres(options_.postgres, workload);
    if (name == "vector") return open_vector(workload);
    if (name == "lmdb") return open_lmdb(folder, workload);
    if (!options_.without_duckdb.empty()) return without_duckdb(options_.without_duckdb);
    auto family = open_duckdb(folder, options_.duckdb, workload);
    if (!family && family.error().reason() == Reason::kFailedPrecondition)
      return without_duckdb(family.error().message());
    return family;
  }

  EngineFamily without_duckdb(std::string_view why) {
    EngineFamily none{.version = fmt::format("DuckDB: skipped, {}", why)};
    say(none.version);
    return none;
  }

  Result<void> print(std::span<const RecordsComparison> results) {
    const Header header{.cpu = cpu_model(),
                        .cores = core_count(),
                        .kernel = kernel_version(),
                        .load = load_,
                        .engines = versions_,
                        .repeat = options_.repeat};
    switch (options_.format) {
      case Format::kTable: terminal_.out << table_report(header, results); break;
      case Format::kJson: terminal_.out << json_report(header, results); break;
      case Format::kMarkdown: terminal_.out << markdown_report(header, results); break;
    }
    terminal_.out.flush();
    if (options_.into.empty()) return {};
    return replace_in_page(options_.into, "comparison", markdown_report(header, results));
  }

  const Options& options_;
  cli::Terminal& terminal_;
  const double load_ = load_average();
  std::vector<std::string> versions_;
};

int run(int count, char** values) {
  cli::Terminal terminal{.in = std::cin, .out = std::cout, .err = std::cerr};
  const std::vector<std::string> arguments(values + (count > 0 ? 1 : 0), values + count);
  const auto options = parse_options(arguments, terminal);
  if (!options) return static_cast<int>(options.error());
  std::signal(SIGINT, interrupt);
  std::signal(SIGTERM, interrupt);
  if (const auto done = Program(*options, terminal).run(); !done) {
    std::cerr << "slate_compare: " << done.error().to_string() << "\n";
    return static_cast<int>(cli::Exit::kFailed);
  }
  return static_cast<int>(cli::Exit::kOk);
}

}  // namespace
}  // namespace slate::bench::compare

int main(int count, char** values) {
  try {
    return slate::bench::compare::run(count, values);
  } catch (const std::exception& error) {
    std::cerr << "slate_compare: internal: " << error.what() << "\n";
    return static_cast<int>(slate::cli::Exit::kFailed);
  }
}
