#include "cli/api_client.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <optional>

#include "base/try.h"
#include "cli/text_table.h"
#include "http/url.h"
#include "model/json.h"
#include "model/name.h"
#include "net/token_file.h"
#include "net/transport.h"

namespace slate::cli {
namespace {

constexpr std::size_t kLongestLine = 4'000;  // of somebody else's text on the terminal

std::optional<Reason> reason_named(std::string_view name) {
  for (std::size_t i = 0; i < kReasonCount; ++i)
    if (reason_info(static_cast<Reason>(i)).name == name) return static_cast<Reason>(i);
  return std::nullopt;
}

Reason reason_of_status(int status) {
  for (std::size_t i = 0; i < kReasonCount; ++i)
    if (reason_info(static_cast<Reason>(i)).http_status == status) return static_cast<Reason>(i);
  return status >= 500 ? Reason::kUnavailable : Reason::kInvalidArgument;
}

// What to do about a server that did not answer.
Error with_remedy(Error error) {
  if (error.reason() != Reason::kUnavailable || error.hint()) return error;
  if (error.message().find(net::kCertificateRefused) != std::string::npos)
    return std::move(error).with_hint(
        "--ca-file names the authority to trust, and --server a host that the certificate is for");
  return std::move(error).with_hint(
      "is slate serve running there? --server or SLATE_SERVER names another one");
}

}  // namespace

void add_server_options(CommandLine& command_line, ServerChoice& choice) {
  command_line.option({.flags = "--server", .value = "URL", .help = "The server to ask"}, choice.url);
  command_line.option({.flags = "--timeout",
                       .value = "SECONDS",
                       .help = "How long the server may send nothing before the request is given up"},
                      choice.timeout_seconds, 1, 3600);
  const auto file = [&](const char* flag, const char* help, std::string& target) {
    command_line.option({.flags = flag, .value = "FILE", .help = help, .default_text = "none"}, target);
  };
  command_line.repeated(
      {.flags = "--header",
       .value = "'NAME: VALUE'",
       .help = "Header to send, such as the scope headers of a loader; as often as wanted.\n"
               "Other users of this machine see arguments: the variable, or a line\n"
               "header = [...] of the file, they do not"},
      choice.headers);
  file("--token-file", "File with the token to show to the server; the first one in it counts",
       choice.token_file);
  command_line.option({.flags = "--ca-file",
                       .value = "FILE",
                       .help = "Authorities (PEM) to trust for https",
                       .default_text = "the system's"},
                      choice.ca_file);
  file("--client-cert", "Certificate (PEM) to show to a server that asks for one", choice.client_cert);
  file("--client-key", "Its private key (PEM)", choice.client_key);
}

std::string api_path(std::initializer_list<std::string_view> segments, const UrlPairs& query) {
  std::string path = "/v1";
  for (const std::string_view segment : segments) path += "/" + http::escape(segment);
  char separator = '?';
  for (const auto& [name, value] : query) {
    path += separator + http::escape(name) + "=" + http::escape(value);
    separator = '&';
  }
  return path;
}

Result<UrlPairs> parse_conditions(const std::vector<std::string>& texts) {
  UrlPairs pairs;
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(
          Error(Reason::kInvalidArgument, slate::quoted(text) + " is not NAME=VALUE")
              .with_hint("conditions are URL parameters, such as status=active or contacts_count__gt=5"));
    pairs.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return pairs;
}

Result<http::Headers::Field> parse_header(std::string_view text) {
  constexpr std::string_view kOwn[] = {"Host", "Connection", "Content-Length", "Transfer-Encoding", "Expect"};
  const auto refuse = [](const char* problem) {
    return fail(Error(Reason::kInvalidArgument, problem)
                    .with_field("--header")
                    .with_hint("write it as --header 'X-User: ann'"));
  };
  const auto is_name = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return refuse("a header has a colon behind its name");
  const std::string_view name = text.substr(0, colon);
  if (name.empty() || !std::ranges::all_of(name, is_name))
    return refuse("a header's name has letters, digits, -, _ and . only");
  if (std::ranges::any_of(kOwn, [&](auto own) { return http::equal_ignoring_case(own, name); }))
    return refuse("this header is the connection's own");
  std::string_view value = text.substr(colon + 1);
  while (value.starts_with(' ')) value.remove_prefix(1);
  while (value.ends_with(' ')) value.remove_suffix(1);
  if (std::ranges::any_of(value, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; }))
    return refuse("a header's value has no control characters");
  return http::Headers::Field(name, value);
}

ApiClient::ApiClient(const ServerChoice& choice) : base_(choice.url) {
  while (base_.ends_with('/')) base_.pop_back();
  http::ClientOptions options{.timeout = std::chrono::seconds(choice.timeout_seconds)};
  choice_ = read(choice, options);
  client_ = http::Client(std::move(options));
}

Result<void> ApiClient::read(const ServerChoice& choice, http::ClientOptions& options) {
  for (const std::string& text : choice.headers) {
    SLATE_TRY(auto header, parse_header(text));
    headers_.add(std::move(header.first), std::move(header.second));
  }
  if (choice.client_cert.empty() != choice.client_key.empty())
    return fail(Error(Reason::kInvalidArgument, "a certificate and its key go together")
                    .with_field(choice.client_cert.empty() ? "--client-cert" : "--client-key"));
  if (!choice.token_file.empty()) {
    SLATE_TRY(token_, net::read_token(choice.token_file));
  }
  if (choice.ca_file.empty() && choice.client_cert.empty()) return {};
  SLATE_TRY(options.tls, net::TlsContext::client({.ca = choice.ca_file,
                                                  .certificate = choice.client_cert,
                                                  .key = choice.client_key,
                                                  .protocols = {"http/1.1"}},
                                                 net::Reload::kNever));
  return {};
}

Result<http::ClientResponse> ApiClient::call(http::Method method, std::string path,
                                             const http::Headers& headers, std::string body,
                                             std::function<Result<void>(std::string_view)> sink) {
  SLATE_TRY(choice_);
  http::Headers all = headers_;
  for (const auto& [name, value] : headers) all.set(name, value);
  // Where Authorization is the loader's, the server's token has a header of its own.
  if (!token_.empty() && headers_.has("Authorization"))
    all.set("Slate-Token", token_);
  else if (!token_.empty())
    all.set("Authorization", "Bearer " + token_);
  auto response = client_.request({.method = method,
                                   .url = base_ + path,
                                   .headers = std::move(all),
                                   .body = std::move(body),
                                   .sink = std::move(sink)});
  if (!response) return fail(with_remedy(std::move(response).error()));
  if (response->status / 100 != 2) return fail(error_of(*response));
  // 202 says that a load is running, whatever was asked for.
  if (const auto wanted = headers.get("Accept"); wanted && response->status != 202) {
    const auto got = response->headers.get("Content-Type").value_or("nothing");
    if (!got.starts_with(*wanted))
      return fail(Error(Reason::kInternal,
                        fmt::format("the server's answer: expected {}, got {}", *wanted, printable(got)))
                      .with_hint("is it slate serve that answers there?"));
  }
  return response;
}

Result<boost::json::value> ApiClient::get_json(std::string path) {
  SLATE_TRY(const auto response, call(http::Method::kGet, std::move(path), {{"Accept", "application/json"}}));
  auto parsed = parse_json(response.body);
  if (!parsed) return fail(Reason::kInternal, "the server's answer is no JSON: " + parsed.error().message());
  return parsed;
}

Error error_of(const http::ClientResponse& response) {
  const auto problem = parse_json(response.body);
  const auto text = [&](std::string_view member) -> std::optional<std::string> {
    if (!problem || !problem->is_object()) return std::nullopt;
    const auto* value = problem->get_object().if_contains(member);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return printable(std::string_view(value->get_string()), kLongestLine);
  };
  const auto code = text("code");
  const Reason reason = reason_named(code.value_or("")).value_or(reason_of_status(response.status));
  const auto detail = text("detail");
  Error error(reason, detail.value_or(fmt::format("the server answered with status {}", response.status)));
  if (const auto field = text("field")) error = std::move(error).with_field(*field);
  if (const auto hint = text("hint"))
    error = std::move(error).with_hint(*hint);
  else if (const auto to = response.headers.get("Location"))
    error = std::move(error).with_hint("it redirects to " + printable(*to, kLongestLine) +
                                       ": --server names where to ask");
  return error;
}

Exit failed(std::string_view verb, const Error& error, Terminal& terminal) {
  terminal.err << fmt::format("slate {}: {}\n", verb, printable(error.to_string(), kLongestLine));
  return Exit::kFailed;
}

}  // namespace slate::cli
