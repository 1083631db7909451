#include <algorithm>
#include <bench/run.h>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <system_error>
#include <thread>

#include "base/try.h"
#include "cli/api_client.h"
#include "cli/bench_report.h"
#include "cli/build_info.h"
#include "cli/command_line.h"
#include "cli/verbs.h"
#include "model/name.h"

namespace slate::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> records{"10000", "100000"};
  std::vector<std::string> lines;
  std::uint64_t repeat = 9;
  std::string format = "table";
  std::string data;
};

// The folder of the databases; one of its own goes when the object does.
class BenchFolder {
 public:
  static Result<BenchFolder> make(const std::string& given) {
    std::error_code error;
    if (!given.empty()) {
      fs::create_directories(given, error);
      if (error) return fail(Reason::kIo, given + ": " + error.message());
      return BenchFolder(given, Keep::kYes);
    }
    const fs::path parent = fs::temp_directory_path(error);
    std::string pattern = ((error ? fs::path("/tmp") : parent) / "slate-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      return fail(Reason::kIo, "no folder can be made like " + pattern);
    return BenchFolder(pattern, Keep::kNo);
  }
  ~BenchFolder() {
    std::error_code ignored;
    if (keep_ == Keep::kNo && !path_.empty()) fs::remove_all(path_, ignored);
  }
  BenchFolder(BenchFolder&& other) noexcept : path_(std::move(other.path_)), keep_(other.keep_) {
    other.path_.clear();
  }
  BenchFolder& operator=(BenchFolder&&) = delete;

  const fs::path& path() const { return path_; }

 private:
  enum class Keep : std::uint8_t { kYes, kNo };
  BenchFolder(fs::path path, Keep keep) : path_(std::move(path)), keep_(keep) {}

  fs::path path_;
  Keep keep_;
};

Result<std::vector<std::size_t>> parse_records(const std::vector<std::string>& texts) {
  std::vector<std::size_t> counts;
  for (const std::string& text : texts) {
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size() || count < 10 || count > 100'000'000)
      return fail(Reason::kInvalidArgument,
                  "--records: expected whole numbers from 10 to 100000000, got " + slate::quoted(text));
    counts.push_back(count);
  }
  return counts;
}

Result<void> check_lines(const std::vector<std::string>& lines) {
  const auto& known = bench::line_names();
  for (const std::string& line : lines)
    if (std::ranges::find(known, line) == known.end())
      return fail(Reason::kInvalidArgument, fmt::format("--queries: there is no {}; known are {}",
                                                        slate::quoted(line), fmt::join(known, ", ")));
  return {};
}

MachineInfo this_machine() {
  MachineInfo machine{.cpu = "unknown CPU",
                      .cores = std::max(1U, std::thread::hardware_concurrency()),
                      .compiler = compiler_name(),
                      .build_type = std::string(kBuildType),
                      .version = std::string(kVersion)};
  std::ifstream cpus("/proc/cpuinfo");
  for (std::string line; std::getline(cpus, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      machine.cpu = line.substr(colon + 2);
      break;
    }
  }
  return machine;
}

Result<std::vector<bench::RunResult>> measure(const std::vector<std::size_t>& counts, const Options& options,
                                              Terminal& terminal) {
  SLATE_TRY(const BenchFolder folder, BenchFolder::make(options.data));
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
  if (const auto over = command_line.parse(arguments, terminal)) return *over;
  const auto counts = parse_records(options.records);
  if (!counts) return command_line.usage_error(counts.error().message(), terminal);
  if (const auto known = check_lines(options.lines); !known)
    return command_line.usage_error(known.error().message(), terminal);

  const auto results = measure(*counts, options, terminal);
  if (!results) return failed("bench", results.error(), terminal);
  const MachineInfo machine = this_machine();
  terminal.out << (options.format == "json" ? bench_json(machine, *results) : bench_table(machine, *results));
  return Exit::kOk;
}

}  // namespace slate::cli
