// `slate api` as processes in front of a database in this one.
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <slate/database.h>

#include "http/client.h"
#include "net/blocking_pool.h"
#include "net/io_threads.h"
#include "net/testing/patience.h"
#include "server/server.h"
#include "testing/child_process.h"

namespace slate {
namespace {

using slate::testing::ChildProcess;
using slate::testing::TemporaryFolder;
using ::testing::HasSubstr;

constexpr const char* kManifest =
    "apiVersion: slate.io/v1alpha1\nkind: Datasource\nmetadata: {name: orders}\n"
    "spec:\n  fields:\n    - {name: customer, type: string}\n"
    "---\n"
    "apiVersion: slate.io/v1alpha1\nkind: ListView\nmetadata: {name: all-orders}\n"
    "spec: {datasourceRef: {name: orders}, columns: [{field: customer}]}\n";

// A database behind TCP, on a port that stays.
class Served {
 public:
  Served(const std::filesystem::path& folder, std::uint16_t port, std::optional<std::string> token = {}) {
    database_ = std::move(Database::open({.path = folder})).value();
    server::ServerOptions options{.port = port};
    if (token) options.accepts_token = [token](std::string_view sent) { return sent == *token; };
    // A port that is given up may be somebody's end of a connection for a moment.
    for (;;) {
      auto server = server::Server::start(options, *database_, io_, workers_);
      if (server) {
        server_ = *std::move(server);
        break;
      }
      if (server.error().reason() != Reason::kFailedPrecondition) break;
      std::this_thread::yield();
    }
    EXPECT_NE(server_, nullptr);
  }
  std::uint16_t port() const { return server_->port(); }
  Database& database() { return *database_; }

 private:
  std::unique_ptr<EmbeddedDatabase> database_;
  net::IoThreads io_{1};
  net::BlockingPool workers_{net::testing::patient_pool(2)};
  std::unique_ptr<server::Server> server_;
};

class ApiProcess : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(folder_.path() / "manifests");
    std::ofstream(folder_.path() / "manifests" / "all.yaml") << kManifest;
  }
  void TearDown() override {
    if (HasFailure() && api_) std::cerr << "---- slate api said\n" << api_->seen();
  }

  void start(std::uint16_t database, std::vector<std::string> options = {}) {
    std::vector<std::string> command{SLATE_PROGRAM, "api",
                                     "--db",        "127.0.0.1:" + std::to_string(database),
                                     "--manifests", (folder_.path() / "manifests").string(),
                                     "--listen",    "127.0.0.1:0"};
    // Nobody reads its log while requests go on, and a pipe takes only so much.
    options.insert(options.end(), {"--log-level", "warning"});
    command.insert(command.end(), options.begin(), options.end());
    api_ = std::make_unique<ChildProcess>(std::move(command));
    const auto ready = api_->read_until("slate is serving on ");
    ASSERT_TRUE(ready) << api_->seen();
    const auto begin = ready->find("http://");
    url_ = ready->substr(begin, ready->find(',') - begin);
  }
  void stop() {
    api_->signal(SIGTERM);
    EXPECT_EQ(api_->wait(), 0) << api_->seen();
  }
  http::ClientResponse get(const std::string& path) const {
    auto response = http::request(http::Method::kGet, url_ + path);
    EXPECT_TRUE(response) << response.error().to_string();
    return response ? *std::move(response) : http::ClientResponse{};
  }
  void wait_for(const std::string& path, int status) const {
    while (get(path).status != status) std::this_thread::yield();
  }
  static void write(Database& database, const std::string& id) {
    const std::vector<RecordWrite> writes{{.id = id, .cells = {{"customer", "Zürich AG"}}}};
    EXPECT_TRUE(database.write_batch("orders", writes));
  }

  TemporaryFolder folder_;
  std::unique_ptr<ChildProcess> api_;
  std::string url_;
};

TEST_F(ApiProcess, serves_a_database_elsewhere) {
  Served served(folder_.path() / "data", 0);
  start(served.port());
  EXPECT_EQ(get("/readyz").status, 200);
  write(served.database(), "o1");
  EXPECT_THAT(get("/v1/lists/all-orders/data").body, HasSubstr("\"customer\":\"Zürich AG\""));
  const auto posted = http::request(http::Method::kPost, url_ + "/v1/datasources/orders/records",
                                    {{"Content-Type", "application/json"}}, R"([{"_id":"o2"}])");
  ASSERT_TRUE(posted);
  EXPECT_EQ(posted->status, 200) << posted->body;
  EXPECT_EQ((*served.database().snapshot("orders"))->info().rows, 2U);
  stop();
}

TEST_F(ApiProcess, is_not_ready_until_the_database_can_be_reached) {
  std::uint16_t port = 0;
  { port = Served(folder_.path() / "data", 0).port(); }
  start(port);
  const auto early = get("/readyz");
  EXPECT_EQ(early.status, 503) << early.body;
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/metrics").status, 200);
  EXPECT_EQ(get("/v1/lists/all-orders/data").status, 503);
  Served served(folder_.path() / "data", port);
  wait_for("/readyz", 200);
  wait_for("/v1/lists/all-orders/data", 200);
  stop();
}

TEST_F(ApiProcess, an_empty_database_is_filled_again_without_a_restart) {
  // The process would keep a socket open that listens when it starts.
  std::uint16_t port = 0;
  { port = Served(folder_.path() / "first", 0).port(); }
  start(port);
  auto served = std::make_unique<Served>(folder_.path() / "first", port);
  wait_for("/v1/lists/all-orders/data", 200);
  write(served->database(), "o1");
  EXPECT_THAT(get("/v1/lists/all-orders/data").body, HasSubstr("o1"));
  served.reset();
  served = std::make_unique<Served>(folder_.path() / "second", port);
  wait_for("/v1/lists/all-orders/data", 200);
  EXPECT_THAT(get("/v1/lists/all-orders/data").body, ::testing::Not(HasSubstr("o1")));
  EXPECT_EQ(served->database().list_lists()->size(), 1U);
  stop();
}

TEST_F(ApiProcess, shows_the_token_of_a_file) {
  Served served(folder_.path() / "data", 0, "a-token-of-sixteen-or-more");
  std::ofstream(folder_.path() / "token") << "a-token-of-sixteen-or-more\n";
  start(served.port(), {"--db-token-file", (folder_.path() / "token").string()});
  EXPECT_EQ(get("/v1/lists/all-orders/data").status, 200);
  stop();
}

}  // namespace
}  // namespace slate
