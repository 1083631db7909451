// Any bytes as a connection to the whole API, without sockets: parser, router, access, negotiation,
// parameters, bodies, handlers and renderers, in front of a small database. Whatever comes, each request gets
// one well-formed answer, and none that says that something is broken here.
#include <algorithm>
#include <array>
#include <boost/json/value.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <slate/database.h>

#include "api/testing/wired_api.h"
#include "base/check.h"
#include "base/log.h"
#include "http/content_coding.h"
#include "http/exchange.h"
#include "http/gzip.h"
#include "http/problem.h"
#include "http/request_parser.h"
#include "http/response_head.h"
#include "model/json.h"

namespace {

using namespace slate;

constexpr std::size_t kBodyBytes = std::size_t{1} << 20;

// A database with a datasource of every type, one with a loader that is not there and copies by scope, and a
// list over each.
class Service {
 public:
  Service() {
    log::configure(log::Level::kOff, log::Format::kText);
    std::filesystem::remove_all(folder_);
    auto opened = Database::open({.path = folder_,
                                  .clock = &clock_,
                                  .generation_map_bytes = std::uint64_t{64} << 20,
                                  .catalog_map_bytes = std::uint64_t{16} << 20,
                                  .background_sync = std::chrono::milliseconds(0),
                                  .sweep_interval = std::chrono::milliseconds(0)});
    check(opened.has_value(), "a database opens in the temporary folder");
    database_ = *std::move(opened);
    api_ = std::make_unique<api::testing::WiredApi>(*database_, clock_);
    router_.emplace(api_->router());
    // Loads fail at once: nothing is called, wherever a loader is said to be.
    api_->refresher().shutdown();
    fill();
  }
  ~Service() {
    router_.reset();
    api_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  const http::Router& router() const { return *router_; }
  // As it was in the beginning.
  void reset() {
    for (const auto& list : *database_->list_lists())
      check(database_->delete_list(list.id).has_value(), "a list goes");
    for (const auto& status : *database_->list_datasources())
      check(database_->delete_datasource(status.datasource.id).has_value(), "a datasource goes");
    fill();
  }

 private:
  void save(const char* datasource, const char* list) {
    check(database_->save_datasource(*datasource_from_json(*parse_json(datasource))).has_value(),
          "it is valid");
    check(database_->save_list(*list_view_from_json(*parse_json(list))).has_value(), "it is valid");
  }
  void fill() {
    save(R"({"id":"people","durability":"os","fields":[
             {"name":"name","type":"string","indexed":true},{"name":"age","type":"int","indexed":true},
             {"name":"score","type":"float"},{"name":"active","type":"bool"},{"name":"born","type":"date"},
             {"name":"tags","type":"list","items":{"type":"string"}},
             {"name":"address","type":"map","fields":[{"name":"city","type":"string"}]}]})",
         R"({"id":"adults","datasource":"people","columns":["name","age","address"],"sort":["-age"],
             "filter":{"field":"age","op":"gte","value":18},"pageSize":3})");
    save(R"({"id":"orders","durability":"os","fields":[{"name":"n","type":"int"}],
             "loader":{"endpoint":"grpc://127.0.0.1:1","ttl":60,"scopeHeaders":["X-User"]}})",
         R"({"id":"orders","datasource":"orders","columns":["n"]})");
    std::vector<RecordWrite> writes;
    for (int i = 0; i < 20; ++i)
      writes.push_back({.id = "p" + std::to_string(i),
                        .cells = {{"name", Value("name " + std::to_string(i % 7))},
                                  {"age", Value(i * 3)},
                                  {"score", Value(i / 4.0)},
                                  {"born", Value(Date{i * 86'400'000})},
                                  {"tags", Value(ListValue{Value("a"), Value("\"b\"")})},
                                  {"address.city", Value("Paris")}}});
    check(database_->write_batch("people", writes).has_value(), "records are written");
  }

  ManualClock clock_{1'767'225'600'000};
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("slate_api_fuzz_" + std::to_string(::getpid()));
  std::unique_ptr<EmbeddedDatabase> database_;
  std::unique_ptr<api::testing::WiredApi> api_;
  std::optional<http::Router> router_;
};

// A value that another thread may bring.
template <typename T>
class Slot {
 public:
  void put(T value) {
    const std::scoped_lock lock(mutex_);
    check(!value_, "one answer a request");
    value_.emplace(std::move(value));
    changed_.notify_one();
  }
  T take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return value_.has_value(); });
    return *std::move(value_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<T> value_;
};

// All of a stream, as the server asks for it. False: it broke off.
bool drain(http::BodyStream& stream, std::string& body) {
  for (;;) {
    const auto ready = std::make_shared<Slot<bool>>();
    stream.when_ready([ready] { ready->put(true); });
    ready->take();
    std::string chunk;
    const auto more = stream.next(chunk);
    if (!more) return false;
    body += chunk;
    if (!*more) return true;
  }
}

void check_json_lines(std::string_view body) {
  while (!body.empty()) {
    const auto line = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(line.size() + 1, body.size()));
    check(parse_json(line).has_value(), "a line of NDJSON is JSON");
  }
}

int check_answer(http::Response answer, const http::Exchange& exchange) {
  answer = http::with_problem_body(std::move(answer), exchange.request_id);
  const int status = answer.status;
  constexpr std::array kKnown = {200, 201, 202, 204, 304, 400, 401, 403, 404, 405,
                                 406, 409, 410, 413, 415, 422, 429, 431, 501, 503};
  check(std::ranges::find(kKnown, status) != kKnown.end(),
        fmt::format("the status {} is nothing that a caller can bring about", status).c_str());
  const std::string type(answer.headers.get("Content-Type").value_or(""));
  if (answer.stream && status == 200) {
    check(drain(*answer.stream, answer.body), "a stream over sound data does not break off");
    answer.stream.reset();
  }
  std::string content(answer.content());
  if (answer.headers.has("Content-Encoding")) {  // a kept page is kept as it is sent
    auto plain = http::gunzip(content, kBodyBytes, [](std::size_t) -> Result<void> { return {}; });
    check(plain.has_value(), "what is said to be compressed is");
    content = *std::move(plain);
  }
  check(content.empty() || !type.empty(), "a body has a type");
  check(content.empty() || (status != 204 && status != 304), "no body where there is none");
  check(type.empty() || status != 304, "nothing that is not there has a type");
  if (type == "application/json") check(parse_json(content).has_value(), "JSON is JSON");
  if (type == "application/x-ndjson") check_json_lines(content);
  if (status >= 400) {
    check(type == "application/problem+json", "errors are problems");
    const auto problem = parse_json(content);
    check(problem && problem->at("status") == boost::json::value(status), "a problem tells its status");
  }
  http::encode(answer, exchange.accepted);
  std::string head;
  http::append_head(head, {.status = status,
                           .headers = answer.headers,
                           .framing = http::Framing::kLength,
                           .length = answer.content().size(),
                           .version = exchange.version,
                           .after = exchange.after,
                           .request_id = exchange.request_id,
                           .now = 0});
  check(head.ends_with("\r\n\r\n") && head.find("\r\n\r\n") == head.size() - 4, "a head has one end");
  return status;
}

bool may_write(const http::Route& route) {
  if (route.method == http::Method::kGet) return false;
  return route.method != http::Method::kPost || route.pattern.ends_with("/records") ||
         route.pattern.ends_with("/datasources");
}

// Whether it may have changed what is stored.
bool call(const http::RequestHead& head, std::string body, http::Exchange& exchange) {
  if (exchange.body_coding == http::Coding::kGzip && !body.empty()) {
    auto plain = http::gunzip(body, kBodyBytes, [](std::size_t) -> Result<void> { return {}; });
    if (!plain) {
      check_answer(http::Response::problem(std::move(plain).error()), exchange);
      return false;
    }
    body = *std::move(plain);
  }
  http::Request request{.method = exchange.route->method,
                        .target = head.target,
                        .path = exchange.target.path,
                        .params = exchange.params,
                        .query = exchange.target.query,
                        .headers = head.headers,
                        .body = std::move(body),
                        .request_id = exchange.request_id,
                        .stop = exchange.stop.get_token()};
  if (exchange.route->at_once && exchange.body_coding == http::Coding::kIdentity)
    if (auto known = exchange.route->at_once(request)) check_answer(*std::move(known), exchange);
  const auto answered = std::make_shared<Slot<http::Response>>();
  exchange.route->handler(std::move(request),
                          [answered](http::Response response) { answered->put(std::move(response)); });
  return check_answer(answered->take(), exchange) < 300 && may_write(*exchange.route);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Service service;
  bool is_changed = false;
  http::RequestParser parser({.header_bytes = std::size_t{32} << 10, .body_bytes = kBodyBytes});
  parser.feed({reinterpret_cast<const char*>(data), size});
  std::optional<http::Exchange> exchange;
  std::uint64_t number = 0;
  for (;;) {
    const auto step = parser.advance();
    if (!step || *step == http::RequestParser::Step::kNeedMore) break;
    if (*step == http::RequestParser::Step::kHead) {
      exchange.emplace(parser.head(), ++number, std::chrono::steady_clock::now());
      if (auto early = exchange->find_route(parser.head(), service.router())) {
        check_answer(std::move(*early), *exchange);
        exchange.reset();
      }
      continue;
    }
    if (exchange) is_changed |= call(parser.head(), parser.take_body(), *exchange);
    exchange.reset();
    parser.next_request();
  }
  if (is_changed) service.reset();
  return 0;
}
