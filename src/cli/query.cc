#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <chrono>
#include <fmt/format.h>
#include <thread>

#include "base/try.h"
#include "cli/api_client.h"
#include "cli/record_table.h"
#include "cli/verbs.h"
#include "model/json.h"

namespace slate::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::seconds kLongestWait{30};  // of one request for a first load

enum class Format : std::uint8_t { kTable, kJson, kNdjson, kCsv };

struct Options {
  ServerChoice server;
  std::string datasource;
  Format format = Format::kTable;
  std::uint64_t wait_seconds = 600;
  std::vector<std::string> words;
};

std::string_view media_type(Format format) {
  switch (format) {
    case Format::kNdjson: return "application/x-ndjson";
    case Format::kCsv: return "text/csv";
    case Format::kTable:
    case Format::kJson: break;
  }
  return "application/json";
}

std::string rows_loaded(const http::ClientResponse& response) {
  const auto body = parse_json(response.body);
  const auto* rows = body && body->is_object() ? body->get_object().if_contains("rows_loaded") : nullptr;
  return rows == nullptr ? "" : fmt::format(", {} rows so far", cell_text(*rows));
}

std::chrono::seconds retry_after(const http::ClientResponse& response) {
  unsigned seconds = 1;
  if (const auto header = response.headers.get("Retry-After"))
    std::from_chars(header->data(), header->data() + header->size(), seconds);
  return std::chrono::seconds(std::clamp(seconds, 1U, 10U));
}

// Asks until the answer is no longer that a first load is running: that may take longer than one request
// waits.
Result<http::ClientResponse> ask(ApiClient& client, const std::string& path, const Options& options,
                                 Terminal& terminal) {
  const auto deadline = SteadyClock::now() + std::chrono::seconds(options.wait_seconds);
  // Shorter than the client lets the server be silent.
  const auto longest = std::min(kLongestWait, std::chrono::seconds(options.server.timeout_seconds / 2));
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(deadline - SteadyClock::now());
    const auto wait = std::clamp(left, std::chrono::seconds(0), longest);
    SLATE_TRY(auto response, client.call(http::Method::kGet, path,
                                         {{"Accept", "application/json"},
                                          {"Prefer", fmt::format("wait={}", wait.count())}}));
    if (response.status != 202) return response;
    if (SteadyClock::now() >= deadline)
      return fail(Error(Reason::kDeadlineExceeded, "the first load has not ended" + rows_loaded(response))
                      .with_hint("it goes on; ask again, or wait longer with --wait"));
    terminal.err << "loading" << rows_loaded(response) << std::endl;
    std::this_thread::sleep_for(retry_after(response));
  }
}

// Rows go to the terminal as they come, however many.
Result<void> stream(ApiClient& client, const std::string& path, Format format, Terminal& terminal) {
  const auto sink = [&](std::string_view piece) -> Result<void> {
    if (terminal.out.write(piece.data(), static_cast<std::streamsize>(piece.size()))) return {};
    return fail(Reason::kIo, "the output could not be written");
  };
  SLATE_TRY(const auto response,
            client.call(http::Method::kGet, path, {{"Accept", std::string(media_type(format))}}, {}, sink));
  if (response.status == 202)
    return fail(Reason::kUnavailable, "the rows are being loaded again; ask once more");
  return {};
}

Result<void> print_table(const std::string& text, Terminal& terminal) {
  auto answer = parse_json(text);
  const auto* records = answer && answer->is_object() ? answer->get_object().if_contains("records") : nullptr;
  if (records == nullptr || !records->is_array())
    return fail(Reason::kInternal, "the server's answer holds no records");
  terminal.out << record_table(records->get_array());
  terminal.out.flush();

  std::string summary = fmt::format("{} rows", records->get_array().size());
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

Result<void> print_answer(const std::string& list, const std::string& path, const Options& options,
                          Terminal& terminal) {
  ApiClient client(options.server);
  if (options.format == Format::kNdjson || options.format == Format::kCsv) {
    // A stream cannot say that a load is running: so that is waited for first.
    if (!list.empty())
      SLATE_TRY(ask(client, api_path({"lists", list, "data"}, {{"take", "1"}}), options, terminal));
    return stream(client, path, options.format, terminal);
  }
  SLATE_TRY(const auto response, ask(client, path, options, terminal));
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
  command_line.option({.flags = "--wait", .value = "SECONDS", .help = "How long to wait for a first load"},
                      options.wait_seconds, 0, 86'400);
  command_line.arguments("LIST [CONDITION...]", "The list, then URL parameters as below", options.words);
  command_line.footer(
      "Conditions are the parameters of the URL: FIELD=VALUE or FIELD__OPERATOR=VALUE, and sort, skip, take, "
      "columns,\n"
      "count, filter. Quote what the shell would take for itself:\n"
      "  slate query active-prospects contacts_count__gte=5 sort=-contacts_count,name take=20\n"
      "  slate query --datasource prospects 'name__icontains=new york' --format csv");
  if (const auto over = command_line.parse(arguments, terminal)) return *over;

  std::vector<std::string> words = options.words;
  std::string list;
  if (options.datasource.empty()) {
    if (words.empty() || words.front().find('=') != std::string::npos)
      return command_line.usage_error("name a list first, or a datasource with --datasource", terminal);
    list = words.front();
    words.erase(words.begin());
  }
  const auto conditions = parse_conditions(words);
  if (!conditions) return command_line.usage_error(conditions.error().to_string(), terminal);
  const std::string path = options.datasource.empty()
                               ? api_path({"lists", list, "data"}, *conditions)
                               : api_path({"datasources", options.datasource, "records"}, *conditions);

  if (const auto printed = print_answer(list, path, options, terminal); !printed)
    return failed("query", printed.error(), terminal);
  return Exit::kOk;
}

}  // namespace slate::cli
