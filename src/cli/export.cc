#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <system_error>

#include "base/try.h"
#include "cli/api_client.h"
#include "cli/list_rows.h"
#include "cli/process.h"
#include "cli/progress_line.h"
#include "cli/row_count.h"
#include "cli/verbs.h"

namespace slate::cli {
namespace {

struct Options {
  ServerChoice server;
  std::string datasource;
  RowFormat format = RowFormat::kNdjson;
  std::string output = "-";
  FirstLoadWait wait;
  std::vector<std::string> words;
};

using Sink = std::function<Result<void>(std::string_view)>;

Result<void> write_to(std::ostream& out, std::string_view piece) {
  if (out.write(piece.data(), static_cast<std::streamsize>(piece.size()))) return {};
  return fail(Reason::kIo, "the output could not be written");
}

// What `path` names in the end, so that a link stays one.
std::filesystem::path behind_links(const std::filesystem::path& path) {
  std::error_code error;
  auto target = std::filesystem::canonical(path, error);
  return error ? path : target;
}

// A file has its name only once all of it is there. A device or a pipe is written as it is.
Result<void> write_file(const std::filesystem::path& named,
                        const std::function<Result<void>(const Sink&)>& fill) {
  const std::filesystem::path path = behind_links(named);
  std::error_code error;
  const bool is_replaced =
      !std::filesystem::exists(path, error) || std::filesystem::is_regular_file(path, error);
  const std::filesystem::path part = path.string() + (is_replaced ? ".part" : "");
  const auto remove_part = [&] {
    std::error_code ignored;
    if (is_replaced) std::filesystem::remove(part, ignored);
  };
  SLATE_TRY(const auto signals, end_with([&] {
              remove_part();
              std::fputs("slate export: interrupted\n", stderr);
            }));
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  if (!file) return fail(Reason::kIo, fmt::format("{} cannot be written", part.string()));
  auto filled = fill([&](std::string_view piece) { return write_to(file, piece); });
  file.close();
  if (filled && !file) filled = fail(Reason::kIo, fmt::format("{} could not be written", part.string()));
  if (filled && is_replaced) std::filesystem::rename(part, path, error);
  if (filled && error)
    filled = fail(Reason::kIo,
                  fmt::format("{} could not be named {}: {}", part.string(), path.string(), error.message()));
  if (!filled) remove_part();
  return filled;
}

Result<std::uint64_t> export_rows(const RowsOf& rows, const Options& options, Terminal& terminal) {
  ApiClient client(options.server);
  RowCount count(options.format);
  const std::string_view media_type = options.format == RowFormat::kCsv ? "text/csv" : "application/x-ndjson";
  if (options.output == "-") {
    SLATE_TRY(stream_rows(client, rows, media_type, options.wait, terminal, [&](std::string_view piece) {
      count.add(piece);
      return write_to(terminal.out, piece);
    }));
  } else {
    ProgressLine progress(terminal, "export");
    SLATE_TRY(write_file(options.output, [&](const Sink& sink) {
      return stream_rows(client, rows, media_type, options.wait, terminal, [&](std::string_view piece) {
        count.add(piece);
        progress.show({.count = count.rows(), .unit = "rows"});
        return sink(piece);
      });
    }));
  }
  return count.rows();
}

}  // namespace

Exit run_export(std::span<const std::string> arguments, Terminal& terminal) {
  Options options;
  CommandLine command_line(
      "export",
      "Writes all rows of a list, or with --datasource of a datasource, to a file or standard output");
  add_server_options(command_line, options.server);
  command_line.option({.flags = "--datasource",
                       .value = "NAME",
                       .help = "Export this datasource itself: every argument is then a condition",
                       .default_text = "none"},
                      options.datasource);
  command_line.choice({.flags = "--format", .help = "How to write rows"}, options.format,
                      {{"ndjson", RowFormat::kNdjson}, {"csv", RowFormat::kCsv}});
  command_line.option({.flags = "-o,--output",
                       .value = "FILE",
                       .help = "Where to; - is standard output. A file has its name only once it is whole"},
                      options.output);
  add_wait_option(command_line, options.wait);
  command_line.arguments("LIST [CONDITION...]", "The list, then conditions as for slate query",
                         options.words);
  command_line.footer(
      "All rows are of one moment. Without a sort they come in the order of their arrival, so that an "
      "import\n"
      "gives the same order again:\n"
      "  slate export --datasource prospects -o prospects.ndjson\n"
      "  slate export active-prospects status=active sort=-contacts_count --format csv > active.csv");
  if (const auto over = command_line.parse(arguments, terminal)) return *over;
  options.wait.timeout_seconds = options.server.timeout_seconds;
  const auto rows = parse_rows_of(options.words, options.datasource);
  if (!rows) return command_line.usage_error(rows.error().to_string(), terminal);

  const auto count = export_rows(*rows, options, terminal);
  if (!count) return failed("export", count.error(), terminal);
  terminal.err << counted(*count, "row") << "\n";
  return Exit::kOk;
}

}  // namespace slate::cli
