#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "base/try.h"
#include "cli/api_client.h"
#include "cli/list_rows.h"
#include "cli/progress_line.h"
#include "cli/record_table.h"
#include "cli/verbs.h"
#include "model/json.h"

namespace slate::cli {
namespace {

enum class Format : std::uint8_t { kTable, kJson, kNdjson, kCsv };

struct Options {
  ServerChoice server;
  std::string datasource;
  Format format = Format::kTable;
  FirstLoadWait wait;
  std::vector<std::string> words;
};

Result<void> print_table(const std::string& text, Terminal& terminal) {
  auto answer = parse_json(text);
  const auto* records = answer && answer->is_object() ? answer->get_object().if_contains("records") : nullptr;
  if (records == nullptr || !records->is_array())
    return fail(Reason::kInternal, "the server's answer holds no records");
  terminal.out << record_table(records->get_array());
  terminal.out.flush();

  std::string summary = counted(records->get_array().size(), "row");
  if (const auto* page = answer->get_object().if_contains("page"); page != nullptr && page->is_object()) {
    if (const auto* more = page->get_object().if_contains("has_more"); more != nullptr && *more == true) {
      summary += ", and there are more";
      const auto* skip = page->get_object().if_contains("skip");
      if (skip != nullptr && skip->is_number())
        summary += fmt::format(" (skip={})", skip->to_number<std::uint64_t>() + records->get_array().size());
    }
  }
  if (const auto* freshness = answer->get_object().if_contains("freshness");
      freshness && freshness->is_object())
    if (const auto* state = freshness->get_object().if_contains("state");
        state != nullptr && state->is_string())
      summary += "; " + cell_text(*state);
  terminal.err << summary << "\n";
  return {};
}

Result<void> print_answer(const RowsOf& rows, const Options& options, Terminal& terminal) {
  ApiClient client(options.server);
  if (options.format == Format::kNdjson || options.format == Format::kCsv)
    return stream_rows(client, rows, options.format == Format::kCsv ? "text/csv" : "application/x-ndjson",
                       options.wait, terminal, [&](std::string_view piece) -> Result<void> {
                         if (terminal.out.write(piece.data(), static_cast<std::streamsize>(piece.size())))
                           return {};
                         return fail(Reason::kIo, "the output could not be written");
                       });
  SLATE_TRY(const auto response, ask_when_loaded(client, path_of(rows), options.wait, terminal));
  if (options.format == Format::kTable) return print_table(response.body, terminal);
  terminal.out << response.body << "\n";
  return {};
}

}  // namespace

Exit run_query(std::span<const std::string> arguments, Terminal& terminal) {
  Options options;
  CommandLine command_line("query",
                           "Asks a server for the rows of a list, or with --datasource of a datasource");
  add_server_options(command_line, options.server);
  command_line.option({.flags = "--datasource",
                       .value = "NAME",
                       .help = "Ask this datasource itself: every argument is then a condition",
                       .default_text = "none"},
                      options.datasource);
  command_line.choice({.flags = "--format", .help = "How to print; ndjson and csv stream all rows"},
                      options.format,
                      {{"table", Format::kTable},
                       {"json", Format::kJson},
                       {"ndjson", Format::kNdjson},
                       {"csv", Format::kCsv}});
  add_wait_option(command_line, options.wait);
  command_line.arguments("LIST [CONDITION...]", "The list, then URL parameters as below", options.words);
  command_line.footer(
      "Conditions are the parameters of the URL: FIELD=VALUE or FIELD__OPERATOR=VALUE, and sort, skip, take, "
      "columns,\n"
      "count, filter. Quote what the shell would take for itself:\n"
      "  slate query active-prospects contacts_count__gte=5 sort=-contacts_count,name take=20\n"
      "  slate query --datasource prospects 'name__icontains=new york' --format csv");
  if (const auto over = command_line.parse(arguments, terminal)) return *over;

  options.wait.timeout_seconds = options.server.timeout_seconds;
  const auto rows = parse_rows_of(options.words, options.datasource);
  if (!rows) return command_line.usage_error(rows.error().to_string(), terminal);

  if (const auto printed = print_answer(*rows, options, terminal); !printed)
    return failed("query", printed.error(), terminal);
  return Exit::kOk;
}

}  // namespace slate::cli
