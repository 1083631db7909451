// A server in front of a database in a folder of its own.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <slate/database.h>

#include "net/blocking_pool.h"
#include "net/io_threads.h"
#include "net/testing/patience.h"
#include "server/server.h"
#include "server/testing/raw_client.h"
#include "wire/row_payload.h"

namespace slate::server::testing {

using net::testing::kPatience;
using net::testing::patient_pool;

class ServerFixture : public ::testing::Test {
 protected:
  ServerFixture() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              ("slate_" + std::to_string(::getpid()) + "_" + info->test_suite_name() + "_" + info->name());
    std::filesystem::remove_all(folder_);
    auto opened = Database::open({.path = folder_,
                                  .generation_map_bytes = std::uint64_t{1} << 30,
                                  .catalog_map_bytes = std::uint64_t{16} << 20,
                                  .background_sync = std::chrono::milliseconds(0),
                                  .sweep_interval = std::chrono::milliseconds(0)});
    EXPECT_TRUE(opened.has_value());
    database_ = *std::move(opened);
    options_.version = "1.2.3";
    options_.handshake_timeout = kPatience;
    options_.frame_timeout = kPatience;
    options_.idle_timeout = kPatience;
    options_.write_timeout = kPatience;
    options_.stall_timeout = kPatience;
    options_.snapshot_idle = kPatience;
    options_.lease = kPatience;
    options_.observer = [this](const Answered& answered) {
      const std::scoped_lock lock(mutex_);
      ++answered_[std::string(answered.request) + " " + std::string(answered.outcome)];
      changed_.notify_all();
    };
  }
  ~ServerFixture() override {
    server_.reset();
    database_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void start() {
    auto started = Server::start(options_, *database_, io_, pool_);
    ASSERT_TRUE(started.has_value()) << started.error().to_string();
    server_ = *std::move(started);
  }
  RawClient connect(std::string token = {}) {
    RawClient client(server_->port());
    (void)client.greet(std::move(token)).as<wire::Welcome>();
    return client;
  }
  // Until the server has answered so many requests like that: "run_query ok".
  void wait_for(const std::string& what, std::size_t count = 1) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kPatience, [&] { return answered_[what] >= count; })) << what;
  }
  template <typename Condition>
  void wait_until(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up);
      std::this_thread::yield();
    }
  }

  static Datasource prospects() {
    return {.id = "prospects",
            .fields = {{.name = "name", .type = Type::kString},
                       {.name = "status", .type = Type::kString, .indexed = true},
                       {.name = "contacts", .type = Type::kInt, .indexed = true},
                       {.name = "notes", .type = Type::kString}},
            .durability = Durability::kOs};
  }
  // Records r0, r1, ... of `notes_bytes` and something.
  void fill(std::size_t count, std::size_t notes_bytes = 20) {
    ASSERT_TRUE(database_->save_datasource(prospects()).has_value());
    std::vector<RecordWrite> writes;
    for (std::size_t i = 0; i < count; ++i)
      writes.push_back({.id = fmt::format("r{}", i),
                        .cells = {{"name", fmt::format("name {}", i)},
                                  {"status", i % 2 == 0 ? "active" : "rejected"},
                                  {"contacts", static_cast<std::int64_t>(i % 100)},
                                  {"notes", fmt::format("{:0>{}}", i, notes_bytes)}}});
    ASSERT_TRUE(database_->write_batch("prospects", writes).has_value());
  }
  static std::string payload_of(const std::vector<RecordWrite>& writes) {
    std::string payload;
    for (const RecordWrite& write : writes) wire::append_write(write, payload);
    return payload;
  }
  static wire::RunQuery all_of(std::uint64_t credit = 0) {
    return {
        .target = {.datasource = "prospects"}, .query = {}, .credit = credit, .paging = wire::Paging::kNone};
  }

  std::filesystem::path folder_;
  std::unique_ptr<Database> database_;
  net::IoThreads io_{2};
  net::BlockingPool pool_{patient_pool(3)};
  ServerOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::size_t> answered_;
  std::unique_ptr<Server> server_;
};

}  // namespace slate::server::testing
