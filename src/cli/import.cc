#include <atomic>
#include <boost/json/object.hpp>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <system_error>
#include <vector>

#include "base/try.h"
#include "cli/api_client.h"
#include "cli/process.h"
#include "cli/progress_line.h"
#include "cli/record_source.h"
#include "cli/row_count.h"
#include "cli/verbs.h"
#include "model/json.h"

namespace slate::cli {
namespace {

constexpr std::size_t kBatchBytes = std::size_t{8}
                                    << 20;  // of a request's body, or one record when it is larger

enum class Mode : std::uint8_t { kMerge, kReplace };

struct Options {
  ServerChoice server;
  std::string datasource;
  std::string file = "-";
  std::string format;  // empty: by the file's name
  Mode mode = Mode::kMerge;
  std::uint64_t batch = 5'000;
  std::uint64_t skip = 0;
};

struct Counts {
  std::atomic<std::uint64_t> records = 0;  // written; for whoever ends the process, too
  std::uint64_t inserted = 0;
  std::uint64_t updated = 0;
};

// The error with another message, and the same field and hint.
Error with_message(const Error& error, std::string message) {
  Error other(error.reason(), std::move(message));
  if (error.field()) other = std::move(other).with_field(*error.field());
  if (error.hint()) other = std::move(other).with_hint(*error.hint());
  return other;
}

// One request: its records, and where they stand in the source.
struct Batch {
  std::string body;
  std::vector<std::size_t> lines;

  void add(const SourceRecord& record) {
    body += record.json;
    body += '\n';
    lines.push_back(record.line);
  }
  // The server counts the lines of the body, people those of the source.
  Error located(const Error& error) const {
    static constexpr std::string_view kLine = "line ";
    const std::string& message = error.message();
    std::size_t line = 0;
    if (message.starts_with(kLine)) {
      const char* end = message.data() + message.size();
      const auto [rest, mistake] = std::from_chars(message.data() + kLine.size(), end, line);
      if (mistake == std::errc() && rest != end && *rest == ':' && line >= 1 && line <= lines.size())
        return with_message(error, fmt::format("line {}{}", lines[line - 1], std::string_view(rest, end)));
    }
    return with_message(error, fmt::format("lines {} to {}: {}", lines.front(), lines.back(), message));
  }
};

class Import {
 public:
  Import(const Options& options, RecordSource& source, std::optional<std::uint64_t> source_bytes,
         Counts& counts, Terminal& terminal)
      : options_(options),
        source_(source),
        source_bytes_(source_bytes),
        client_(options.server),
        progress_(terminal, "import"),
        counts_(counts) {}

  // On an error what was written stays: the counts say how much.
  Result<void> run() {
    for (std::uint64_t i = 0; i < options_.skip; ++i) {
      SLATE_TRY(const auto record, source_.next());
      if (!record)
        return fail(Reason::kInvalidArgument, fmt::format("there {} {}, fewer than --skip leaves out",
                                                          i == 1 ? "is" : "are", counted(i, "record")));
    }
    Batch batch;
    for (;;) {
      auto record = source_.next();
      // What stands before a mistake is good, and counts.
      if (!record) {
        SLATE_TRY(send(batch));
        return fail(std::move(record).error());
      }
      if (!*record) return send(batch);
      if (!batch.lines.empty() && batch.body.size() + (*record)->json.size() > kBatchBytes)
        SLATE_TRY(send(batch));
      batch.add(**record);
      if (batch.lines.size() == options_.batch) SLATE_TRY(send(batch));
    }
  }

 private:
  // One transaction; the batch is empty afterwards.
  Result<void> send(Batch& batch) {
    if (batch.lines.empty()) return {};
    const auto response =
        client_.call(http::Method::kPost,
                     api_path({"datasources", options_.datasource, "records"},
                              {{"mode", options_.mode == Mode::kReplace ? "replace" : "merge"}}),
                     {{"Content-Type", "application/x-ndjson"}, {"Accept", "application/json"}}, batch.body);
    if (!response) return fail(batch.located(response.error()));
    const auto answer = parse_json(response->body);
    const auto number = [&](std::string_view member) -> std::uint64_t {
      const auto* value = answer && answer->is_object() ? answer->get_object().if_contains(member) : nullptr;
      boost::system::error_code error;
      const auto count = value == nullptr ? 0 : value->to_number<std::uint64_t>(error);
      return error ? 0 : count;
    };
    counts_.records += batch.lines.size();
    counts_.inserted += number("inserted");
    counts_.updated += number("updated");
    batch = {};
    progress_.show({.count = counts_.records, .unit = "rows", .done = source_.bytes(), .all = source_bytes_});
    return {};
  }

  const Options& options_;
  RecordSource& source_;
  const std::optional<std::uint64_t> source_bytes_;
  ApiClient client_;
  ProgressLine progress_;
  Counts& counts_;
};

Result<Datasource> declared(const Options& options) {
  ApiClient client(options.server);
  SLATE_TRY(auto answer, client.get_json(api_path({"datasources", options.datasource})));
  if (answer.is_object()) answer.get_object().erase("status");
  return datasource_from_json(answer);
}

RowFormat format_of(const Options& options) {
  const std::string extension = std::filesystem::path(options.file).extension().string();
  return options.format == "csv" || (options.format.empty() && extension == ".csv") ? RowFormat::kCsv
                                                                                    : RowFormat::kNdjson;
}

Result<void> import_from(std::istream& in, std::optional<std::uint64_t> bytes, const Options& options,
                         Counts& written, Terminal& terminal) {
  std::unique_ptr<RecordSource> source;
  if (format_of(options) == RowFormat::kCsv) {
    SLATE_TRY(const Datasource datasource, declared(options));
    SLATE_TRY(source, csv_source(in, datasource));
  } else {
    source = ndjson_source(in);
  }
  return Import(options, *source, bytes, written, terminal).run();
}

Result<void> import_all(const Options& options, Counts& written, Terminal& terminal) {
  if (options.file == "-") return import_from(terminal.in, std::nullopt, options, written, terminal);
  std::ifstream file(options.file, std::ios::binary);
  std::error_code error;
  if (!file || std::filesystem::is_directory(options.file, error))
    return fail(Reason::kNotFound, fmt::format("{} cannot be read", options.file));
  std::optional<std::uint64_t> bytes = std::filesystem::file_size(options.file, error);
  if (error) bytes.reset();  // a pipe by name, say
  return import_from(file, bytes, options, written, terminal);
}

// Nothing where nothing was written.
std::string how_to_go_on(const Options& options, std::uint64_t written) {
  if (written == 0) return {};
  return fmt::format("{} {} written; go on behind {} with --skip {}\n", counted(written, "record"),
                     written == 1 ? "was" : "were", written == 1 ? "it" : "them", options.skip + written);
}

}  // namespace

Exit run_import(std::span<const std::string> arguments, Terminal& terminal) {
  Options options;
  CommandLine command_line("import", "Writes the records of a file, or of standard input, into a datasource");
  add_server_options(command_line, options.server);
  command_line.choice({.flags = "--format",
                       .help = "How records are written",
                       .default_text = "csv for a file *.csv, else ndjson"},
                      options.format, {"ndjson", "csv"});
  command_line.choice(
      {.flags = "--mode",
       .help = "Of a record that exists: merge replaces the cells that are named, replace all of it"},
      options.mode, {{"merge", Mode::kMerge}, {"replace", Mode::kReplace}});
  command_line.option({.flags = "--batch",
                       .value = "N",
                       .help = "Records of one transaction; fewer where they are more than 8 MiB"},
                      options.batch, 1, 1'000'000);
  command_line.option({.flags = "--skip",
                       .value = "N",
                       .help = "Leave out the first N records: to go on where an import ended"},
                      options.skip, 0, UINT64_MAX);
  command_line.argument("DATASOURCE", "The datasource, which is there already", options.datasource);
  command_line.argument("FILE", "The file; - or nothing is standard input", options.file);
  command_line.footer(
      "NDJSON is an object of cells a line, with its _id. CSV has a header with _id and the paths of "
      "fields;\n"
      "an empty cell is null, \"\" the empty text, a list is JSON. Both are what slate export writes.\n"
      "A mistake ends the import and is named by its line; whole batches before it are written, and the\n"
      "message says how to go on behind them. Importing the same again changes nothing.");
  if (const auto over = command_line.parse(arguments, terminal)) return *over;
  if (options.datasource.empty()) return command_line.usage_error("name the datasource", terminal);

  Counts written;
  const auto signals = end_with([&] {
    const std::string words = "slate import: interrupted\n" + how_to_go_on(options, written.records);
    std::fputs(words.c_str(), stderr);
  });
  if (!signals) return failed("import", signals.error(), terminal);
  if (const auto done = import_all(options, written, terminal); !done) {
    failed("import", done.error(), terminal);
    terminal.err << how_to_go_on(options, written.records);
    return Exit::kFailed;
  }
  terminal.out << fmt::format("{}: {} inserted, {} updated\n", counted(written.records, "record"),
                              grouped(written.inserted), grouped(written.updated));
  return Exit::kOk;
}

}  // namespace slate::cli
