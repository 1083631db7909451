// `slate api` as processes in front of a database in this one.
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <slate/database.h>

#include "db/forwarding_database.h"
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
using ::testing::Not;

constexpr const char* kManifest =
    "apiVersion: slate.io/v1alpha1\nkind: Datasource\nmetadata: {name: orders}\n"
    "spec:\n  fields:\n    - {name: customer, type: string}\n"
    "---\n"
    "apiVersion: slate.io/v1alpha1\nkind: ListView\nmetadata: {name: all-orders}\n"
    "spec: {datasourceRef: {name: orders}, columns: [{field: customer}]}\n";

// Saves datasources once it is let.
class Hesitant final : public ForwardingDatabase {
 public:
  using ForwardingDatabase::ForwardingDatabase;

  Result<Saved> save_datasource(const Datasource& datasource, Existing existing) override {
    std::unique_lock lock(mutex_);
    is_asked_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return is_let_; });
    return behind().save_datasource(datasource, existing);
  }
  void wait_until_asked() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_asked_; });
  }
  void let() {
    const std::scoped_lock lock(mutex_);
    is_let_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_asked_ = false;
  bool is_let_ = false;
};

// A database behind TCP, on a port that stays.
class Served {
 public:
  Served(const std::filesystem::path& folder, std::uint16_t port, std::optional<std::string> token = {})
      : Served(std::move(Database::open({.path = folder})).value(), {}, port, std::move(token)) {}
  // `front` stands before the database.
  Served(std::unique_ptr<EmbeddedDatabase> database, std::unique_ptr<Database> front, std::uint16_t port,
         std::optional<std::string> token = {})
      : database_(std::move(database)), front_(std::move(front)) {
    server::ServerOptions options{.port = port};
    if (token) options.accepts_token = [token](std::string_view sent) { return sent == *token; };
    // A port that is given up may be somebody's end of a connection for a moment.
    for (;;) {
      auto server = server::Server::start(options, front_ ? *front_ : *database_, io_, workers_);
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
  std::unique_ptr<Database> front_;
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
  // Whether the process still has a thread of that name.
  bool has_thread(std::string_view name) const {
    std::error_code gone;
    for (const auto& task :
         std::filesystem::directory_iterator("/proc/" + std::to_string(api_->id()) + "/task", gone)) {
      std::string found;
      std::getline(std::ifstream(task.path() / "comm"), found);
      if (found == name) return true;
    }
    return false;
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

TEST_F(ApiProcess, who_reads_lists_is_not_told_where_the_database_is) {
  std::uint16_t port = 0;
  { port = Served(folder_.path() / "data", 0).port(); }
  const std::string address = "127.0.0.1:" + std::to_string(port);
  start(port, {"--lists-only"});
  for (const char* path : {"/v1/lists", "/v1/lists/all-orders", "/v1/lists/all-orders/data",
                           "/v1/lists/all-orders/values/customer", "/openapi.json", "/readyz"}) {
    const auto answer = get(path);
    EXPECT_EQ(answer.status, 503) << path;
    EXPECT_THAT(answer.body, Not(HasSubstr(address))) << path;
    EXPECT_THAT(answer.body, HasSubstr("the server's log says why")) << path;
  }
  stop();
  EXPECT_THAT(api_->seen(), HasSubstr(address));

  start(port);
  EXPECT_THAT(get("/v1/datasources").body, HasSubstr(address));
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
  EXPECT_THAT(get("/v1/lists/all-orders/data").body, Not(HasSubstr("o1")));
  EXPECT_EQ(served->database().list_lists()->size(), 1U);
  stop();
}

TEST_F(ApiProcess, ends_well_while_an_empty_database_is_being_filled) {
  std::uint16_t port = 0;
  { port = Served(folder_.path() / "first", 0).port(); }
  start(port);
  auto database = Database::open({.path = folder_.path() / "second"}).value();
  auto front = std::make_unique<Hesitant>(*database);
  Hesitant& hesitant = *front;
  const Served served(std::move(database), std::move(front), port);
  hesitant.wait_until_asked();
  api_->signal(SIGTERM);
  // What serves has gone, and manifests are still on their way.
  while (has_thread("pool-0")) std::this_thread::yield();
  hesitant.let();
  EXPECT_EQ(api_->wait(), 0) << api_->seen();
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
