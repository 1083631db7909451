#include "cli/list_rows.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <charconv>
#include <fmt/format.h>
#include <thread>
#include <utility>

#include "base/try.h"
#include "cli/record_table.h"
#include "model/json.h"

namespace slate::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::seconds kLongestWait{30};  // of one request for a first load

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

}  // namespace

Result<RowsOf> parse_rows_of(std::vector<std::string> words, const std::string& datasource) {
  RowsOf rows{.list = {}, .datasource = datasource, .conditions = {}};
  if (datasource.empty()) {
    if (words.empty() || words.front().find('=') != std::string::npos)
      return fail(Reason::kInvalidArgument, "name a list first, or a datasource with --datasource");
    rows.list = words.front();
    words.erase(words.begin());
  }
  SLATE_TRY(rows.conditions, parse_conditions(words));
  return rows;
}

std::string path_of(const RowsOf& rows, UrlPairs more) {
  more.insert(more.begin(), rows.conditions.begin(), rows.conditions.end());
  return rows.list.empty() ? api_path({"datasources", rows.datasource, "records"}, more)
                           : api_path({"lists", rows.list, "data"}, more);
}

void add_wait_option(CommandLine& command_line, FirstLoadWait& wait) {
  command_line.option({.flags = "--wait", .value = "SECONDS", .help = "How long to wait for a first load"},
                      wait.seconds, 0, 86'400);
}

Result<http::ClientResponse> ask_when_loaded(ApiClient& client, const std::string& path,
                                             const FirstLoadWait& wait, Terminal& terminal) {
  const auto deadline = SteadyClock::now() + std::chrono::seconds(wait.seconds);
  // Shorter than the client lets the server be silent.
  const auto longest = std::min(kLongestWait, std::chrono::seconds(wait.timeout_seconds / 2));
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(deadline - SteadyClock::now());
    const auto this_time = std::clamp(left, std::chrono::seconds(0), longest);
    SLATE_TRY(auto response, client.call(http::Method::kGet, path,
                                         {{"Accept", "application/json"},
                                          {"Prefer", fmt::format("wait={}", this_time.count())}}));
    if (response.status != 202) return response;
    if (SteadyClock::now() >= deadline)
      return fail(Error(Reason::kDeadlineExceeded, "the first load has not ended" + rows_loaded(response))
                      .with_hint("it goes on; ask again, or wait longer with --wait"));
    terminal.err << "loading" << rows_loaded(response) << std::endl;
    std::this_thread::sleep_for(retry_after(response));
  }
}

Result<void> stream_rows(ApiClient& client, const RowsOf& rows, std::string_view media_type,
                         const FirstLoadWait& wait, Terminal& terminal,
                         std::function<Result<void>(std::string_view)> sink) {
  // A stream cannot say that a load is running: so that is waited for first.
  if (!rows.list.empty())
    SLATE_TRY(
        ask_when_loaded(client, api_path({"lists", rows.list, "data"}, {{"take", "1"}}), wait, terminal));
  SLATE_TRY(const auto response, client.call(http::Method::kGet, path_of(rows),
                                             {{"Accept", std::string(media_type)}}, {}, std::move(sink)));
  if (response.status == 202)
    return fail(Reason::kUnavailable, "the rows are being loaded again; ask once more");
  return {};
}

}  // namespace slate::cli
