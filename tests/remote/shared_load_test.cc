// Refreshers that share a database over TCP, as those of several `slate api` processes do.
#include <chrono>
#include <filesystem>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/log.h"
#include "cli/remote_target.h"
#include "loader/refresher.h"
#include "loader/testing/scripted_loader.h"
#include "testing/served_database.h"

namespace slate {
namespace {

using slate::testing::numbered_datasource;
using slate::testing::numbered_rows;
using slate::testing::ScriptedLoader;
using slate::testing::ServedDatabase;
using std::chrono::milliseconds;

// What a process has of its own.
struct Process {
  Process(const std::string& address, const Clock& clock)
      : pool(ClientPool::create({.client = {.address = address}}).value()),
        database(make_remote_database(*pool)),
        target(*pool, *database),
        refresher(target, {.clock = &clock, .random = [] { return 0.0; }}) {}
  ~Process() { refresher.shutdown(); }

  std::unique_ptr<ClientPool> pool;
  std::unique_ptr<Database> database;
  cli::RemoteTarget target;
  Refresher refresher;
};

class SharedLoad : public ::testing::Test {
 protected:
  void SetUp() override {
    log::configure(log::Level::kOff, log::Format::kText);
    std::filesystem::remove_all(folder_);
    stored_ = Database::open({.path = folder_, .clock = &clock_}).value();
    datasource_.loader->ttl = 60;
    ASSERT_TRUE(stored_->save_datasource(datasource_));
  }
  void TearDown() override {
    processes_.clear();
    served_.reset();
    stored_.reset();
    std::filesystem::remove_all(folder_);
  }

  void start(std::size_t processes, milliseconds lease = milliseconds(15'000)) {
    served_ = ServedDatabase::start(*stored_, {.clock = &clock_, .lease = lease}).value();
    for (std::size_t i = 0; i < processes; ++i)
      processes_.push_back(std::make_unique<Process>(served_->address(), clock_));
  }
  Refresher& process(std::size_t i) { return processes_[i]->refresher; }
  SnapshotInfo live() { return stored_->snapshot("people").value()->info(); }

  std::future<LoadStatus> refresh(std::size_t i, std::string token = {}, LoadId* id = nullptr) {
    auto promise = std::make_shared<std::promise<LoadStatus>>();
    auto future = promise->get_future();
    const SnapshotInfo seen = live();
    RefreshRequest request{.seen_generation = seen.generation, .seen_loaded_at = seen.loaded_at};
    if (!token.empty()) request.metadata = {{"Authorization", std::move(token)}};
    auto load = process(i).refresh(datasource_, std::move(request),
                                   [promise](const LoadStatus& status) { promise->set_value(status); });
    if (id != nullptr) *id = std::move(load);
    return future;
  }
  // Until process `i` knows of the load, which is another's: from the database.
  void wait_for_load(std::size_t i, const LoadId& load) {
    while (!process(i).status(load)) std::this_thread::yield();
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("slate_shared_load_" + std::to_string(::getpid()));
  ManualClock clock_{1'700'000'000'000};
  ScriptedLoader loader_{{.rows = numbered_rows(10)}};
  Datasource datasource_ = numbered_datasource("people", loader_.endpoint());
  std::unique_ptr<EmbeddedDatabase> stored_;
  std::unique_ptr<ServedDatabase> served_;
  std::vector<std::unique_ptr<Process>> processes_;
};

TEST_F(SharedLoad, however_many_wait_in_however_many_processes_the_loader_is_called_once) {
  start(4);
  loader_.hold();
  std::vector<std::future<LoadStatus>> waiting;
  for (std::size_t i = 0; i < 400; ++i) waiting.push_back(refresh(i % 4));
  ASSERT_TRUE(loader_.wait_for_calls(1));
  loader_.release();
  for (auto& each : waiting) {
    const auto status = each.get();
    EXPECT_EQ(status.state, LoadState::kSucceeded);
    EXPECT_EQ(status.generation, live().generation);
  }
  EXPECT_EQ(loader_.calls(), 1U);
  EXPECT_EQ(live().rows, 10U);
}

TEST_F(SharedLoad, a_load_is_known_everywhere_by_its_id_and_by_those_that_wait_for_it) {
  start(3);
  loader_.hold();
  LoadId running;
  LoadId waiting;
  auto first = refresh(0, {}, &running);
  ASSERT_TRUE(loader_.wait_for_calls(1));
  auto second = refresh(1, {}, &waiting);
  wait_for_load(2, running);
  wait_for_load(2, waiting);
  EXPECT_EQ(process(2).status(running)->state, LoadState::kRunning);
  EXPECT_EQ(process(2).status(waiting)->id, waiting) << "under the id that was asked for";
  loader_.release();
  const auto own = first.get();
  const auto joined = second.get();
  for (const auto& told : {joined, *process(2).status(running), *process(2).status(waiting)}) {
    EXPECT_EQ(told.state, LoadState::kSucceeded);
    EXPECT_EQ(told.rows, own.rows);
    EXPECT_EQ(told.bytes, own.bytes) << "as the loader sent them";
    EXPECT_EQ(told.calls, 1U);
    EXPECT_EQ(told.generation, own.generation);
  }
  EXPECT_EQ(process(2).status("never").error().reason(), Reason::kNotFound);
}

TEST_F(SharedLoad, how_far_a_slow_loader_is_can_be_seen_in_other_processes_while_it_fills_no_frame) {
  start(3, std::chrono::hours(1));  // no sign of life tells it
  loader_.set_script({.rows = numbered_rows(10), .stall_after = 3});
  LoadId running;
  LoadId waiting;
  auto first = refresh(0, {}, &running);
  ASSERT_TRUE(loader_.wait_for_calls(1));
  auto second = refresh(1, {}, &waiting);
  wait_for_load(2, waiting);
  const auto rows = [&](std::size_t i, const LoadId& load) {
    const auto status = process(i).status(load);
    return status ? status->rows : 0;
  };
  while (rows(2, running) != 3 || rows(2, waiting) != 3 || rows(1, waiting) != 3) std::this_thread::yield();
  EXPECT_EQ(process(2).status(running)->state, LoadState::kRunning);
  EXPECT_EQ(live().rows, 0U);
  process(1).shutdown();
  process(0).shutdown();
}

TEST_F(SharedLoad, all_processes_back_off_until_the_same_moment) {
  start(2);
  loader_.set_script({.status = Code::kUnavailable, .message = "not today"});
  loader_.hold();
  LoadId waiting;
  auto first = refresh(0);
  ASSERT_TRUE(loader_.wait_for_calls(1));
  auto second = refresh(1, {}, &waiting);
  wait_for_load(0, waiting);
  loader_.release();
  EXPECT_EQ(first.get().failure, FailureKind::kUnavailable);
  EXPECT_EQ(second.get().failure, FailureKind::kUnavailable);
  EXPECT_EQ(loader_.calls(), 1U);
  clock_.advance(milliseconds(1'001));
  EXPECT_EQ(refresh(1).get().failure, FailureKind::kUnavailable);
  EXPECT_EQ(loader_.calls(), 2U);
  // The first process has not been told yet: it asks, and hears.
  clock_.advance(milliseconds(900));
  const auto told = refresh(0).get();
  EXPECT_EQ(told.failure, FailureKind::kUnavailable);
  EXPECT_GE(told.error->retry_after_seconds(), 1);
  EXPECT_EQ(loader_.calls(), 2U);
  loader_.set_script({.rows = numbered_rows(10)});
  clock_.advance(milliseconds(1'101));
  EXPECT_EQ(refresh(0).get().state, LoadState::kSucceeded);
}

TEST_F(SharedLoad, a_changed_loader_is_tried_at_once_wherever_it_failed) {
  start(2);
  loader_.set_script({.status = Code::kUnavailable});
  EXPECT_EQ(refresh(0).get().state, LoadState::kFailed);
  loader_.set_script({.rows = numbered_rows(10)});
  datasource_.loader->ttl = 61;
  ASSERT_TRUE(processes_[1]->database->save_datasource(datasource_));
  EXPECT_EQ(refresh(0).get().state, LoadState::kSucceeded);
}

TEST_F(SharedLoad, refused_credentials_are_answered_and_another_process_tries_its_own) {
  start(2);
  loader_.set_script({.rows = numbered_rows(10), .refused_tokens = {{"old", Code::kUnauthenticated}}});
  loader_.hold();
  LoadId waiting;
  auto refused = refresh(0, "old");
  ASSERT_TRUE(loader_.wait_for_calls(1));
  auto served = refresh(1, "new", &waiting);
  wait_for_load(0, waiting);
  loader_.release();
  EXPECT_EQ(refused.get().failure, FailureKind::kCredentials);
  EXPECT_EQ(served.get().state, LoadState::kSucceeded);
  EXPECT_EQ(loader_.calls(), 2U);
}

TEST_F(SharedLoad, a_process_that_ends_hands_its_load_on) {
  start(2);
  loader_.hold();
  LoadId waiting;
  auto first = refresh(0);
  ASSERT_TRUE(loader_.wait_for_calls(1));
  auto second = refresh(1, {}, &waiting);
  wait_for_load(0, waiting);
  process(0).shutdown();
  EXPECT_EQ(first.get().failure, FailureKind::kCancelled);
  ASSERT_TRUE(loader_.wait_for_calls(2));
  loader_.release();
  EXPECT_EQ(second.get().state, LoadState::kSucceeded);
  EXPECT_EQ(loader_.calls(), 2U);
}

TEST_F(SharedLoad, a_load_whose_database_goes_ends_though_its_loader_is_silent) {
  start(2, milliseconds(1000));  // long enough for a machine that pauses
  loader_.set_script({.rows = numbered_rows(10), .stall_after = 3});
  LoadId waiting;
  auto first = refresh(0);
  ASSERT_TRUE(loader_.wait_for_calls(1));
  auto second = refresh(1, {}, &waiting);
  wait_for_load(0, waiting);
  served_->server().stop(milliseconds(0));
  const auto own = first.get();
  EXPECT_EQ(own.error->reason(), Reason::kUnavailable) << own.error->to_string();
  EXPECT_TRUE(loader_.wait_for_cancelled_calls(1));
  EXPECT_EQ(second.get().error->reason(), Reason::kUnavailable);
  EXPECT_EQ(loader_.calls(), 1U);
  EXPECT_EQ(live().rows, 0U);
}

TEST_F(SharedLoad, rows_made_for_an_older_declaration_are_not_loaded) {
  start(1);
  Datasource changed = datasource_;
  changed.fields.push_back({.name = "more"});
  ASSERT_TRUE(stored_->save_datasource(changed));
  const auto status = refresh(0).get();
  EXPECT_EQ(status.failure, FailureKind::kChanged);
  EXPECT_EQ(loader_.calls(), 0U);
  datasource_ = changed;
  EXPECT_EQ(refresh(0).get().state, LoadState::kSucceeded) << "and nothing is held back";
}

}  // namespace
}  // namespace slate
