// Four `slate api` processes in front of one `slate db`: who calls the loader, and what killing any of them
// leaves.
#include <algorithm>
#include <atomic>
#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>
#include <charconv>
#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

#include "http/client.h"
#include "http/testing/raw_socket.h"
#include "loader/testing/scripted_loader.h"
#include "testing/child_process.h"

namespace slate {
namespace {

using http::testing::RawSocket;
using slate::testing::ChildProcess;
using slate::testing::numbered_rows;
using slate::testing::Script;
using slate::testing::ScriptedLoader;
using slate::testing::SeenCall;
using slate::testing::TemporaryFolder;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr std::size_t kProcesses = 4;
// More than fits what a load sends at once, so that the database has some of a load that is not complete.
constexpr std::size_t kMany = 16'000;
constexpr std::size_t kSome = 15'000;
constexpr std::size_t kFew = 300;
constexpr const char* kRows = "/v1/lists/everybody/data?take=3&count=exact";

std::string with_rows(std::size_t count) { return "\"value\":" + std::to_string(count) + ","; }

struct Api {
  std::unique_ptr<ChildProcess> process;
  std::uint16_t port = 0;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }
};

class RefreshProcesses : public ::testing::Test {
 protected:
  // A thousand sockets, on either side.
  static void SetUpTestSuite() {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 8'192);
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  void SetUp() override {
    std::filesystem::create_directory(folder_.path() / "manifests");
    std::ofstream(folder_.path() / "manifests" / "all.yaml")
        << "apiVersion: slate.io/v1alpha1\nkind: Datasource\nmetadata: {name: people}\n"
           "spec:\n  fields: [{name: number, type: int, indexed: true}, {name: name, type: string}]\n"
           "  loader: {endpoint: \""
        << loader_.endpoint()
        << "\", ttl: 3600}\n"
           "---\n"
           "apiVersion: slate.io/v1alpha1\nkind: ListView\nmetadata: {name: everybody}\n"
           "spec: {datasourceRef: {name: people}, columns: [{field: number}, {field: name}]}\n";
    start_database();
    for (std::size_t i = 0; i < kProcesses; ++i) apis_.push_back(start_api());
  }
  void TearDown() override {
    if (!HasFailure()) return;
    if (database_) std::cerr << "---- slate db said\n" << database_->seen();
    for (const Api& api : apis_) std::cerr << "---- slate api said\n" << api.process->seen();
  }

  static std::uint16_t port_in(const std::string& line) {
    const auto at = line.find("127.0.0.1:") + 10;
    std::uint16_t port = 0;
    std::from_chars(line.data() + at, line.data() + line.size(), port);
    return port;
  }
  // On the same folder and port each time. A port that is given up may be somebody's end of a connection.
  void start_database() {
    for (;;) {
      database_ = std::make_unique<ChildProcess>(std::vector<std::string>{
          SLATE_PROGRAM, "db", "--data", (folder_.path() / "data").string(), "--listen",
          "127.0.0.1:" + std::to_string(database_port_), "--log-level", "error"});
      const auto ready = database_->read_until("slate db is serving on ");
      if (!ready && database_port_ != 0) continue;
      ASSERT_TRUE(ready) << database_->seen();
      database_port_ = port_in(*ready);
      return;
    }
  }
  void kill_database() {
    database_->signal(SIGKILL);
    EXPECT_EQ(database_->wait(), -SIGKILL);
  }
  Api start_api() {
    Api api;
    // Nobody reads their logs, and a pipe takes only so much.
    api.process = std::make_unique<ChildProcess>(std::vector<std::string>{
        SLATE_PROGRAM, "api", "--db", "127.0.0.1:" + std::to_string(database_port_), "--manifests",
        (folder_.path() / "manifests").string(), "--listen", "127.0.0.1:0", "--log-level", "error"});
    const auto ready = api.process->read_until("slate is serving on ");
    EXPECT_TRUE(ready) << api.process->seen();
    if (ready) api.port = port_in(*ready);
    return api;
  }

  // Asks for rows and does not wait for the answer.
  static RawSocket ask(const Api& api) {
    RawSocket socket(api.port);
    socket.send(std::string("GET ") + kRows + " HTTP/1.1\r\nHost: a\r\nPrefer: wait=60\r\n\r\n");
    return socket;
  }
  static http::ClientResponse get(const Api& api, const std::string& path, int wait = 60) {
    auto response =
        http::request(http::Method::kGet, api.url() + path, {{"Prefer", "wait=" + std::to_string(wait)}});
    EXPECT_TRUE(response) << response.error().to_string();
    return response ? *std::move(response) : http::ClientResponse{};
  }
  static http::ClientResponse force(const Api& api, int wait) {
    auto response = http::request(http::Method::kPost,
                                  api.url() + "/v1/datasources/people/refresh?wait=" + std::to_string(wait));
    EXPECT_TRUE(response) << response.error().to_string();
    return response ? *std::move(response) : http::ClientResponse{};
  }
  static std::string load_id(const http::ClientResponse& accepted) {
    EXPECT_EQ(accepted.status, 202) << accepted.body;
    return boost::json::value_to<std::string>(boost::json::parse(accepted.body).at("id"));
  }
  // Until `other` knows of the load: it is told by the database.
  static void wait_for_load(const Api& other, const std::string& id) {
    while (get(other, "/v1/loads/" + id).status != 200) std::this_thread::yield();
  }
  // Until the database has rows of the load.
  static void wait_for_rows(const Api& other, const std::string& id) {
    for (;;) {
      const auto load = get(other, "/v1/loads/" + id);
      if (load.status == 200 && load.body.find("\"rows_loaded\":0,") == std::string::npos) return;
      std::this_thread::yield();
    }
  }
  // Rows, all of them or none: whatever is not 200 may pass.
  static std::string rows_at_last(const Api& api) {
    for (;;) {
      auto answer = get(api, kRows);
      if (answer.status == 200) return std::move(answer.body);
      EXPECT_THAT(answer.status, AnyOf(202, 503)) << answer.body;
      std::this_thread::yield();
    }
  }
  void answer_calls(std::function<Script(std::size_t call)> script) {
    loader_.set_scripts([this, script = std::move(script)](const SeenCall&) { return script(++begun_); });
  }

  TemporaryFolder folder_;
  std::atomic<std::size_t> begun_ = 0;
  ScriptedLoader loader_{{.rows = numbered_rows(kFew)}};
  std::uint16_t database_port_ = 0;
  std::unique_ptr<ChildProcess> database_;
  std::vector<Api> apis_;
};

TEST_F(RefreshProcesses, a_thousand_requests_to_a_cold_database_are_one_load) {
  loader_.hold();
  std::vector<RawSocket> asked;
  for (std::size_t i = 0; i < 1'000; ++i) asked.push_back(ask(apis_[i % kProcesses]));
  for (const Api& api : apis_) {
    const auto all = [&] {
      const std::string metrics = get(api, "/metrics").body;
      const std::string name = "\nslate_http_connections ";
      return std::strtod(metrics.c_str() + metrics.find(name) + name.size(), nullptr) >= 1'000.0 / kProcesses;
    };
    while (!all()) std::this_thread::yield();
  }
  ASSERT_TRUE(loader_.wait_for_calls(1));
  loader_.release();
  std::vector<std::string> bodies;
  for (RawSocket& socket : asked) {
    const auto response = socket.read_response();
    EXPECT_EQ(response.status, 200) << response.body;
    bodies.push_back(response.body);
  }
  EXPECT_THAT(bodies.front(), HasSubstr(with_rows(kFew)));
  EXPECT_THAT(bodies, ::testing::Each(bodies.front()));
  EXPECT_EQ(loader_.calls(), 1U);
}

TEST_F(RefreshProcesses, killing_the_one_that_loads_hands_the_refresh_on) {
  answer_calls([](std::size_t call) -> Script {
    if (call == 1) return {.rows = numbered_rows(kMany), .stall_after = kSome};
    return {.rows = numbered_rows(kMany)};
  });
  const std::string first = load_id(get(apis_[0], kRows, 0));
  ASSERT_TRUE(loader_.wait_for_calls(1));
  wait_for_rows(apis_[1], first);
  std::vector<RawSocket> waiting;
  for (std::size_t i = 1; i < kProcesses; ++i) {
    waiting.push_back(ask(apis_[i]));
    wait_for_load(apis_[0], load_id(get(apis_[i], kRows, 0)));
  }
  EXPECT_EQ(loader_.calls(), 1U);
  apis_[0].process->signal(SIGKILL);
  EXPECT_EQ(apis_[0].process->wait(), -SIGKILL);
  for (RawSocket& socket : waiting) {
    const auto response = socket.read_response();
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_THAT(response.body, HasSubstr(with_rows(kMany)));
  }
  EXPECT_EQ(loader_.calls(), 2U);
  EXPECT_THAT(get(apis_[1], "/v1/loads/" + first).body, HasSubstr("\"state\":\"failed\""));
}

TEST_F(RefreshProcesses, a_failing_loader_is_called_once_for_all_of_them) {
  loader_.set_script({.status = Code::kUnavailable, .message = "not today"});
  loader_.hold();
  std::vector<RawSocket> waiting;
  waiting.push_back(ask(apis_[0]));
  ASSERT_TRUE(loader_.wait_for_calls(1));
  for (std::size_t i = 1; i < kProcesses; ++i) {
    waiting.push_back(ask(apis_[i]));
    wait_for_load(apis_[0], load_id(get(apis_[i], kRows, 0)));
  }
  loader_.release();
  for (RawSocket& socket : waiting) {
    const auto response = socket.read_response();
    EXPECT_EQ(response.status, 502) << response.body;
    EXPECT_THAT(response.body, HasSubstr("not today"));
  }
  EXPECT_EQ(loader_.calls(), 1U);
}

TEST_F(RefreshProcesses, a_database_killed_in_mid_load_has_no_rows_and_fills) {
  answer_calls([](std::size_t call) -> Script {
    if (call == 1) return {.rows = numbered_rows(kMany), .stall_after = kSome};
    return {.rows = numbered_rows(kMany)};
  });
  std::vector<RawSocket> waiting;
  waiting.push_back(ask(apis_[0]));
  ASSERT_TRUE(loader_.wait_for_calls(1));
  waiting.push_back(ask(apis_[1]));
  wait_for_rows(apis_[1], load_id(get(apis_[0], kRows, 0)));
  kill_database();
  for (RawSocket& socket : waiting) EXPECT_EQ(socket.read_response().status, 503);
  start_database();
  for (const Api& api : apis_) EXPECT_THAT(rows_at_last(api), HasSubstr(with_rows(kMany)));
  EXPECT_EQ(loader_.calls(), 2U);
}

TEST_F(RefreshProcesses, a_database_killed_in_mid_load_has_the_old_rows) {
  answer_calls([](std::size_t call) -> Script {
    if (call == 1) return {.rows = numbered_rows(kFew)};
    if (call == 2) return {.rows = numbered_rows(kMany), .stall_after = kSome};
    return {.rows = numbered_rows(kMany)};
  });
  EXPECT_THAT(rows_at_last(apis_[0]), HasSubstr(with_rows(kFew)));
  wait_for_rows(apis_[1], load_id(force(apis_[0], 0)));
  EXPECT_THAT(rows_at_last(apis_[1]), HasSubstr(with_rows(kFew)));
  kill_database();
  start_database();
  for (const Api& api : apis_) EXPECT_THAT(rows_at_last(api), HasSubstr(with_rows(kFew)));
  const auto loaded = force(apis_[2], 60);
  EXPECT_EQ(loaded.status, 200) << loaded.body;
  for (const Api& api : apis_) EXPECT_THAT(rows_at_last(api), HasSubstr(with_rows(kMany)));
}

}  // namespace
}  // namespace slate
