// The rows of a list or a datasource, as `slate query` and `slate export` ask for them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>

#include "cli/api_client.h"

namespace slate::cli {

struct RowsOf {
  std::string list;        // or empty, and then
  std::string datasource;  // this one itself
  UrlPairs conditions;     // with sort, columns and the like
};

// From `words`, the arguments of a verb: a list first, unless `datasource` is named; conditions then. Errors:
// invalid_argument for words that are neither.
Result<RowsOf> parse_rows_of(std::vector<std::string> words, const std::string& datasource);

// The path to ask, with `more` parameters.
std::string path_of(const RowsOf& rows, UrlPairs more = {});

struct FirstLoadWait {
  std::uint64_t seconds = 600;         // for a first load to end
  std::uint64_t timeout_seconds = 60;  // of the client
};
// --wait.
void add_wait_option(CommandLine& command_line, FirstLoadWait& wait);

// Asks for JSON until the answer is no longer that a first load is running: that may take longer than one
// request waits. Says on `err` how far the load is. Errors: deadline_exceeded, and those of
// ApiClient::call().
Result<http::ClientResponse> ask_when_loaded(ApiClient& client, const std::string& path,
                                             const FirstLoadWait& wait, Terminal& terminal);

// Hands on all rows as they come, however many, in a form that streams: "application/x-ndjson" or "text/csv".
// Waits for a first load before that. An error in the middle means that what came is not all of it.
Result<void> stream_rows(ApiClient& client, const RowsOf& rows, std::string_view media_type,
                         const FirstLoadWait& wait, Terminal& terminal,
                         std::function<Result<void>(std::string_view)> sink);

}  // namespace slate::cli
