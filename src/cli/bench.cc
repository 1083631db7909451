#include <algorithm>
#include <bench/arguments.h>
#include <bench/bench_folder.h>
#include <bench/calibrate.h>
#include <bench/machine.h>
#include <bench/run.h>
#include <filesystem>
#include <fmt/format.h>
#include <system_error>

#include "base/try.h"
#include "cli/api_client.h"
#include "cli/bench_report.h"
#include "cli/build_info.h"
#include "cli/command_line.h"
#include "cli/verbs.h"

namespace slate::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> records{"10000", "100000"};
  std::vector<std::string> lines;
  std::uint64_t repeat = 9;
  std::string format = "table";
  std::string data;
  Switch calibrate = Switch::kOff;
};

Result<std::vector<bench::RunResult>> measure(const std::vector<std::size_t>& counts, const Options& options,
                                              Terminal& terminal) {
  SLATE_TRY(const auto folder, bench::BenchFolder::make(options.data));
  std::vector<bench::RunResult> results;
  for (const std::size_t count : counts) {
    const fs::path own = folder.path() / fmt::format("workload-{}", count);
    std::error_code error;
    fs::remove_all(own, error);
    fs::create_directories(own, error);
    if (error) return fail(Reason::kIo, own.string() + ": " + error.message());
    SLATE_TRY(
        auto result,
        bench::run_workload({.folder = own,
                             .records = count,
                             .lines = options.lines,
                             .repeat = options.repeat,
                             .progress = [&](std::string_view what) { terminal.err << what << std::endl; }}));
    results.push_back(std::move(result));
  }
  return results;
}

// With the largest of the numbers of records: a step should stand out from the rest of a query.
Result<std::vector<bench::Price>> calibrate(const std::vector<std::size_t>& counts, const Options& options,
                                            Terminal& terminal) {
  SLATE_TRY(const auto folder, bench::BenchFolder::make(options.data));
  return bench::calibrate(
      {.folder = folder.path(),
       .records = std::ranges::max(counts),
       .repeat = options.repeat,
       .progress = [&](std::string_view what) { terminal.err << "calibrating: " << what << std::endl; }});
}

}  // namespace

Exit run_bench(std::span<const std::string> arguments, Terminal& terminal) {
  Options options;
  CommandLine command_line(
      "bench",
      "Loads workload W into databases of its own and takes the times of its queries and writes. "
      "Times are medians, in milliseconds; every returned cell is read");
  command_line.list({.flags = "--records",
                     .value = "N,...",
                     .help = "Numbers of records to run with, one after the other",
                     .variable = "SLATE_BENCH_RECORDS"},
                    options.records);
  command_line.list({.flags = "--queries",
                     .value = "NAME,...",
                     .help = "Lines to run: Q1 to Q18, INS, LOAD, UPD",
                     .variable = "SLATE_BENCH_QUERIES",
                     .default_text = "all"},
                    options.lines);
  command_line.option({.flags = "--repeat",
                       .value = "N",
                       .help = "Timed runs of each query; INS, LOAD and UPD run at most 5 times",
                       .variable = "SLATE_BENCH_REPEAT"},
                      options.repeat, 1, 10'000);
  command_line.choice({.flags = "--format", .help = "How to print", .variable = "SLATE_BENCH_FORMAT"},
                      options.format, {"table", "json"});
  command_line.option(
      {.flags = "--data",
       .value = "DIR",
       .help = "Folder for the databases; their folders workload-N in it are replaced and kept",
       .variable = "SLATE_BENCH_DATA",
       .default_text = "a temporary one"},
      options.data);
  command_line.option({.flags = "--calibrate",
                       .help = "Measure what the planner's steps cost on this machine instead, next to the "
                               "prices that it uses",
                       .variable = "SLATE_BENCH_CALIBRATE"},
                      options.calibrate);
  if (const auto over = command_line.parse(arguments, terminal)) return *over;
  const auto counts = bench::parse_records(options.records);
  if (!counts) return command_line.usage_error(counts.error().message(), terminal);
  if (const auto known = bench::check_names("--queries", options.lines, bench::line_names()); !known)
    return command_line.usage_error(known.error().message(), terminal);

  if (options.calibrate == Switch::kOn && std::ranges::max(*counts) < bench::kLeastCalibrated)
    return command_line.usage_error(
        fmt::format("--calibrate needs --records of at least {}", bench::kLeastCalibrated), terminal);
  const MachineInfo machine{.cpu = bench::cpu_model(),
                            .cores = bench::core_count(),
                            .compiler = compiler_name(),
                            .build_type = std::string(kBuildType),
                            .version = std::string(kVersion)};
  const bool as_json = options.format == "json";
  if (options.calibrate == Switch::kOn) {
    const auto prices = calibrate(*counts, options, terminal);
    if (!prices) return failed("bench", prices.error(), terminal);
    terminal.out << (as_json ? prices_json(machine, *prices) : prices_table(machine, *prices));
    return Exit::kOk;
  }
  const auto results = measure(*counts, options, terminal);
  if (!results) return failed("bench", results.error(), terminal);
  terminal.out << (as_json ? bench_json(machine, *results) : bench_table(machine, *results));
  return Exit::kOk;
}

}  // namespace slate::cli
