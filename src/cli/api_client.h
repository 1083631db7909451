// The HTTP API of a running server, as the client verbs see it.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <slate/error.h>

#include "cli/command_line.h"
#include "http/client.h"

namespace slate::cli {

struct ServerChoice {
  std::string url = "http://127.0.0.1:8080";
  std::uint64_t timeout_seconds = 60;  // without a byte from the server
  std::string token_file;              // empty: no token is shown
  std::string ca_file;                 // empty: the system's authorities are trusted
  std::string client_cert;             // shown to a server that asks; with its key
  std::string client_key;
  std::vector<std::string> headers;  // "Name: value", for the loader; values are secrets
};
// --server, --timeout, --header, --token-file, --ca-file, --client-cert and --client-key.
void add_server_options(CommandLine& command_line, ServerChoice& choice);

using UrlPairs = std::vector<std::pair<std::string, std::string>>;

// "/v1/lists/a%20b?take=2": segments and pairs escaped.
std::string api_path(std::initializer_list<std::string_view> segments, const UrlPairs& query = {});
// "status=active" to a pair, cut at the first "=". Errors: invalid_argument without one.
Result<UrlPairs> parse_conditions(const std::vector<std::string>& texts);

// "X-User: ann", as a header that is sent with every request. Errors: invalid_argument, which shows nothing
// of the text, as does one for a name that is the client's own, such as Host.
Result<http::Headers::Field> parse_header(std::string_view text);

// One thread at a time; keeps its connection.
class ApiClient {
 public:
  explicit ApiClient(const ServerChoice& choice);

  // Errors: those of the choice's files and headers; unavailable when the server cannot be reached; whatever
  // an answer of another status than 2xx says, with its reason, field and hint; internal for an answer of
  // another type than `Accept` asks for.
  Result<http::ClientResponse> call(http::Method method, std::string path, const http::Headers& headers = {},
                                    std::string body = {},
                                    std::function<Result<void>(std::string_view)> sink = {});
  // The answer's body as JSON.
  Result<boost::json::value> get_json(std::string path);

 private:
  Result<void> read(const ServerChoice& choice, http::ClientOptions& options);

  std::string base_;  // without a slash at its end
  std::string token_;
  http::Headers headers_;
  Result<void> choice_;  // what the first call fails with
  http::Client client_;
};

// What problem+json says; for a body that is none, the status.
Error error_of(const http::ClientResponse& response);

// One line on `err`: "slate get: not_found: there is no datasource ..." Always kFailed.
Exit failed(std::string_view verb, const Error& error, Terminal& terminal);

}  // namespace slate::cli
