// A client that leaves stops the query that runs for it, whichever call it came by.
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <unistd.h>

#include "api/testing/wired_api.h"
#include "base/log.h"
#include "base/try.h"
#include "db/forwarding_database.h"
#include "http/server.h"
#include "http/testing/raw_socket.h"
#include "net/io_threads.h"

namespace slate::api {
namespace {

// Its questions begin, and end only when they are told to.
class EndlessDatabase final : public ForwardingDatabase {
 public:
  using ForwardingDatabase::ForwardingDatabase;

  // Whether so many have begun, or ended, within half a minute.
  bool have_begun(int count) { return come_to(begun_, count); }
  bool have_ended(int count) { return come_to(ended_, count); }

  Result<std::unique_ptr<Snapshot>> snapshot(CopyRef copy) override {
    SLATE_TRY(auto stored, behind().snapshot(copy));
    return std::make_unique<Endless>(*this, std::move(stored));
  }

 private:
  class Endless final : public Snapshot {
   public:
    Endless(EndlessDatabase& of, std::unique_ptr<Snapshot> stored) : of_(of), stored_(std::move(stored)) {}
    const Datasource& datasource() const override { return stored_->datasource(); }
    const SnapshotInfo& info() const override { return stored_->info(); }
    const std::vector<ResultColumn>& columns() const override { return stored_->columns(); }
    Result<std::unique_ptr<ResultSet>> query(const Query&, const QueryOptions& options) override {
      return run(options);
    }
    Result<Count> count(const std::optional<Filter>&, std::optional<std::uint64_t>,
                        const QueryOptions& options) override {
      return run(options);
    }
    Result<DistinctValues> distinct(const DistinctQuery&, const QueryOptions& options) override {
      return run(options);
    }
    Result<Explanation> explain(const Query&, ExplainMode, const QueryOptions& options) override {
      return run(options);
    }
    Result<const Batch*> find(std::string_view id) override { return stored_->find(id); }

   private:
    Failure run(const QueryOptions& options) {
      std::unique_lock lock(of_.mutex_);
      ++of_.begun_;
      of_.changed_.notify_all();
      of_.changed_.wait(lock, options.stop, [] { return false; });
      ++of_.ended_;
      of_.changed_.notify_all();
      return fail(Reason::kCancelled, "stopped");
    }

    EndlessDatabase& of_;
    std::unique_ptr<Snapshot> stored_;
  };

  bool come_to(const int& number, int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return number >= count; });
  }

  std::mutex mutex_;  // guards begun_ and ended_
  std::condition_variable_any changed_;
  int begun_ = 0;
  int ended_ = 0;
};

TEST(LeavingClient, stops_the_query_that_runs_for_it) {
  log::configure(log::Level::kOff, log::Format::kText);
  const auto folder =
      std::filesystem::temp_directory_path() / ("slate_leaving_" + std::to_string(::getpid()));
  std::filesystem::remove_all(folder);
  {
    const auto stored = Database::open({.path = folder}).value();
    ASSERT_TRUE(
        stored->save_datasource({.id = "people", .fields = {{.name = "name", .type = Type::kString}}}));
    ASSERT_TRUE(stored->save_list({.id = "all", .datasource = "people", .columns = {{.field = "name"}}}));
    EndlessDatabase endless(*stored);
    net::IoThreads io(1);
    testing::WiredApi api(endless);
    const auto server = http::Server::start({}, api.router(), io, api.pool()).value();
    const std::string rest = " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    const std::string body = "Content-Length: 2\r\n\r\n{}";
    int asked = 0;
    for (const std::string& request : {
             "GET /v1/lists/all/data" + rest + "\r\n",
             "GET /v1/lists/all/data" + rest + "Accept: text/csv\r\n\r\n",
             "GET /v1/lists/all/values/name" + rest + "\r\n",
             "POST /v1/lists/all/rows" + rest + body,
             "GET /v1/datasources/people/records" + rest + "\r\n",
             "GET /v1/datasources/people/values/name" + rest + "\r\n",
             "POST /v1/datasources/people/query" + rest + body,
             "POST /v1/datasources/people/explain?analyze=true" + rest + body,
         }) {
      ++asked;
      http::testing::RawSocket client(server->port());
      client.send(request);
      ASSERT_TRUE(endless.have_begun(asked)) << request;
      client.close();
      ASSERT_TRUE(endless.have_ended(asked)) << request;
    }
    server->stop(std::chrono::milliseconds(0));
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace slate::api
