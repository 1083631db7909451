#include "bench/compare/options.h"

#include <algorithm>
#include <bench/arguments.h>
#include <bench/run.h>

#include "cli/command_line.h"

namespace slate::bench::compare {

bool Options::wants(std::string_view engine) const {
  return engines.empty() || std::ranges::find(engines, engine) != engines.end();
}

const std::vector<std::string>& engine_names() {
  static const std::vector<std::string> names{"slate", "sqlite", "postgres", "duckdb", "vector", "lmdb"};
  return names;
}

std::expected<Options, cli::Exit> parse_options(std::span<const std::string> arguments,
                                                cli::Terminal& terminal) {
  Options options{.postgres = "/usr/lib/postgresql/15/bin"};
  std::vector<std::string> records{"100000"};
  std::uint64_t repeat = options.repeat;
  cli::CommandLine command_line(
      "compare",
      "Runs workload W on Slate and on other engines, side by side on equal terms: same "
      "records, same indexes, same answers, every returned cell read. Fails when two "
      "engines answer differently",
      "slate_compare");
  command_line.list({.flags = "--records",
                     .value = "N,...",
                     .help = "Numbers of records to run with, one after the other",
                     .variable = "SLATE_COMPARE_RECORDS"},
                    records);
  command_line.list({.flags = "--engines",
                     .value = "NAME,...",
                     .help = "Engines to run: slate, sqlite, postgres, duckdb; as limits vector and lmdb",
                     .variable = "SLATE_COMPARE_ENGINES",
                     .default_text = "all"},
                    options.engines);
  command_line.list({.flags = "--lines",
                     .value = "NAME,...",
                     .help = "Lines to run: Q1 to Q18, INS, LOAD, UPD",
                     .variable = "SLATE_COMPARE_LINES",
                     .default_text = "all"},
                    options.lines);
  command_line.option({.flags = "--repeat",
                       .value = "N",
                       .help = "Turns of each engine on a query; INS, LOAD and UPD take at most 3",
                       .variable = "SLATE_COMPARE_REPEAT"},
                      repeat, 1, 10'000);
  command_line.choice<Format>(
      {.flags = "--format", .help = "How to print", .variable = "SLATE_COMPARE_FORMAT"}, options.format,
      {{"table", Format::kTable}, {"json", Format::kJson}, {"markdown", Format::kMarkdown}});
  command_line.option({.flags = "--into",
                       .value = "FILE",
                       .help = "A page that gets the markdown, too, between its two marks",
                       .variable = "SLATE_COMPARE_INTO",
                       .default_text = "none"},
                      options.into);
  command_line.option(
      {.flags = "--data",
       .value = "DIR",
       .help = "Folder for the databases, but for PostgreSQL's; its folders compare-N are replaced",
       .variable = "SLATE_COMPARE_DATA",
       .default_text = "a temporary one"},
      options.data);
  command_line.option({.flags = "--duckdb",
                       .value = "FILE",
                       .help = "libduckdb.so; without it DuckDB is skipped",
                       .variable = "SLATE_COMPARE_DUCKDB",
                       .default_text = "none"},
                      options.duckdb);
  command_line.option({.flags = "--without-duckdb",
                       .value = "WHY",
                       .help = "Skips DuckDB, and says why in the report",
                       .variable = "SLATE_COMPARE_WITHOUT_DUCKDB",
                       .default_text = "unset"},
                      options.without_duckdb);
  command_line.option({.flags = "--postgres",
                       .value = "DIR",
                       .help = "Folder of PostgreSQL's programs initdb and postgres",
                       .variable = "SLATE_COMPARE_POSTGRES"},
                      options.postgres);
  if (const auto over = command_line.parse(arguments, terminal)) return std::unexpected(*over);
  const auto refuse = [&](const Error& error) {
    return std::unexpected(command_line.usage_error(error.message(), terminal));
  };
  auto counts = parse_records(records);
  if (!counts) return refuse(counts.error());
  options.records = *std::move(counts);
  if (const auto known = check_names("--lines", options.lines, line_names()); !known)
    return refuse(known.error());
  if (const auto known = check_names("--engines", options.engines, engine_names()); !known)
    return refuse(known.error());
  options.repeat = repeat;
  return options;
}

}  // namespace slate::bench::compare
