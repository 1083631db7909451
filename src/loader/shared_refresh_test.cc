// The refresher beside those of other processes, which a target speaks for.
#include <atomic>
#include <condition_variable>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/log.h"
#include "loader/refresher.h"
#include "loader/testing/memory_target.h"
#include "loader/testing/scripted_loader.h"

namespace slate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::MemoryTarget;
using testing::numbered_datasource;
using testing::numbered_rows;
using testing::ScriptedLoader;

using Answer = std::optional<Result<ClaimAnswer>>;

struct SharedRefreshTest : ::testing::Test {
  SharedRefreshTest() { datasource.loader->ttl = 60; }
  ~SharedRefreshTest() override { refresher.shutdown(); }

  static void SetUpTestSuite() { log::configure(log::Level::kOff, log::Format::kText); }

  RefresherOptions options() {
    return {
        .clock = &clock, .random = [] { return 0.0; }, .observer = [this](const LoadStatus&) { ++observed; }};
  }
  std::future<LoadStatus> start(RefreshRequest request = {}) {
    request.seen_generation = target.info().generation;
    request.seen_loaded_at = target.info().loaded_at;
    auto promise = std::make_shared<std::promise<LoadStatus>>();
    auto future = promise->get_future();
    load = refresher.refresh(datasource, std::move(request),
                             [promise](const LoadStatus& status) { promise->set_value(status); });
    return future;
  }
  LoadStatus refresh(RefreshRequest request = {}) { return start(std::move(request)).get(); }
  FreshnessDecision decide() { return refresher.decide(datasource, "", target.info().loaded_at); }
  // Another process loads when it is asked first, and has published when it is asked again.
  void load_elsewhere() {
    target.on_claim([this](const RefreshClaim& claim, int number) -> Answer {
      triggers.push_back(claim.trigger);
      if (number == 1) return ClaimBusy{{.rows = 3, .bytes = 30, .calls = 1}};
      target.publish_elsewhere(clock.now());
      return ClaimEnded{};
    });
  }
  FailureMemory failed_elsewhere(std::uint32_t count) {
    return {.error = Error(Reason::kLoaderUnavailable, "elsewhere"),
            .kind = FailureKind::kUnavailable,
            .count = count,
            .first_at = clock.now(),
            .latest_at = clock.now(),
            .retry_at = clock.now() + 4'000};
  }

  ManualClock clock{1'700'000'000'000};
  ScriptedLoader loader{{.rows = numbered_rows(10)}};
  MemoryTarget target;
  Datasource datasource = numbered_datasource("people", loader.endpoint());
  std::vector<Trigger> triggers;
  std::atomic<int> observed = 0;
  LoadId load;
  Refresher refresher{target, options()};
};

TEST_F(SharedRefreshTest, a_load_of_another_process_is_waited_for_and_not_repeated) {
  load_elsewhere();
  const auto status = refresh();
  EXPECT_EQ(status.state, LoadState::kSucceeded);
  EXPECT_EQ(status.generation, 1u);
  EXPECT_EQ(loader.calls(), 0u);
  EXPECT_EQ(observed, 0) << "it is the other process' to count";
  EXPECT_THAT(triggers, ElementsAre(Trigger::kOnDemand, Trigger::kOnDemand));
}

TEST_F(SharedRefreshTest, the_progress_of_another_process_is_shown) {
  std::promise<void> seen;
  auto is_seen = seen.get_future().share();
  target.on_claim([&](const RefreshClaim&, int number) -> Answer {
    if (number == 1) return ClaimBusy{{.rows = 3, .bytes = 30, .calls = 2}};
    is_seen.wait();
    target.run_elsewhere({.id = load, .rows = 7, .bytes = 70, .duplicates = 1, .calls = 2});
    target.publish_elsewhere(clock.now());
    return ClaimEnded{};
  });
  auto waiting = start();
  while (refresher.status(load)->rows != 3) std::this_thread::yield();
  EXPECT_EQ(refresher.status(load)->bytes, 30u);
  EXPECT_EQ(refresher.status(load)->calls, 2u);
  seen.set_value();
  const auto status = waiting.get();
  EXPECT_EQ(status.rows, 7u) << "as it ended";
  EXPECT_EQ(status.duplicates, 1u);
}

TEST_F(SharedRefreshTest, a_forced_refresh_joins_the_one_of_another_process) {
  load_elsewhere();
  EXPECT_EQ(refresh({.trigger = Trigger::kForced}).state, LoadState::kSucceeded);
  EXPECT_EQ(loader.calls(), 0u);
  EXPECT_THAT(triggers, ElementsAre(Trigger::kForced, Trigger::kOnDemand));
}

TEST_F(SharedRefreshTest, a_forced_refresh_takes_what_another_process_has_loaded_while_it_waited) {
  target.on_claim([&](const RefreshClaim&, int) -> Answer {
    target.publish_elsewhere(clock.now());
    return ClaimEnded{};
  });
  EXPECT_EQ(refresh({.trigger = Trigger::kForced}).generation, 1u);
  EXPECT_EQ(loader.calls(), 0u);
  EXPECT_EQ(refresher.latest("people")->id, load);
}

TEST_F(SharedRefreshTest, a_forced_refresh_does_not_take_what_another_process_has_loaded_before) {
  target.on_claim([&](const RefreshClaim&, int) -> Answer {
    target.on_claim({});
    target.publish_elsewhere(clock.now());
    return std::nullopt;
  });
  EXPECT_EQ(refresh({.trigger = Trigger::kForced}).generation, 2u);
  EXPECT_EQ(loader.calls(), 1u);
}

TEST_F(SharedRefreshTest, what_was_published_before_the_right_came_is_enough) {
  target.on_claim([&](const RefreshClaim&, int) -> Answer {
    target.publish_elsewhere(clock.now());
    return std::nullopt;
  });
  EXPECT_EQ(refresh().generation, 1u);
  EXPECT_EQ(loader.calls(), 0u);
  EXPECT_EQ(target.open_builders(), 0);
  EXPECT_THAT(target.given_up(), IsEmpty());
}

TEST_F(SharedRefreshTest, the_right_of_a_process_that_has_gone_is_taken_over) {
  target.on_claim([](const RefreshClaim&, int number) -> Answer {
    if (number == 1) return ClaimBusy{{.rows = 3, .bytes = 30, .calls = 5}};
    return std::nullopt;
  });
  const auto status = refresh();
  EXPECT_EQ(status.rows, 10u);
  EXPECT_EQ(status.calls, 1u) << "its own";
  EXPECT_EQ(loader.calls(), 1u);
}

TEST_F(SharedRefreshTest, a_failure_elsewhere_holds_back_this_process_until_the_same_moment) {
  target.on_claim([&](const RefreshClaim&, int) -> Answer { return failed_elsewhere(3); });
  const auto status = refresh();
  EXPECT_EQ(status.state, LoadState::kFailed);
  EXPECT_EQ(status.failure, FailureKind::kUnavailable);
  EXPECT_EQ(status.error->message(), "elsewhere");
  EXPECT_EQ(status.error->retry_after_seconds(), 4);
  EXPECT_EQ(decide().serve, Serve::kError);
  EXPECT_EQ(refresh().error->message(), "elsewhere");
  EXPECT_EQ(target.claims(), 1) << "it is remembered here";
  EXPECT_EQ(loader.calls(), 0u);
  EXPECT_EQ(observed, 0);
  // The next failure is the fourth in a row.
  clock.advance(std::chrono::milliseconds(4'000));
  target.on_claim({});
  loader.set_script({.status = Code::kUnavailable});
  EXPECT_EQ(refresh().state, LoadState::kFailed);
  EXPECT_EQ(decide().reason->retry_after_seconds(), 8);
}

TEST_F(SharedRefreshTest, failures_are_over_when_another_process_has_loaded_since) {
  FailureMemory long_one = failed_elsewhere(3);
  long_one.retry_at = clock.now() + 200'000;
  target.on_claim([&](const RefreshClaim&, int) -> Answer { return long_one; });
  EXPECT_EQ(refresh().state, LoadState::kFailed);
  clock.advance(std::chrono::seconds(1));
  target.publish_elsewhere(clock.now());
  clock.advance(std::chrono::seconds(61));
  EXPECT_EQ(decide().serve, Serve::kWait) << "expired, and nothing holds back";
  target.on_claim({});
  loader.set_script({.status = Code::kUnavailable});
  EXPECT_EQ(refresh().state, LoadState::kFailed);
  EXPECT_EQ(loader.calls(), 1u);
  EXPECT_EQ(decide().reason->retry_after_seconds(), 1) << "the first in a row";
}

TEST_F(SharedRefreshTest, what_the_loader_failed_with_is_told_to_the_others) {
  loader.set_script({.status = Code::kUnavailable});
  refresh();
  EXPECT_THAT(target.given_up(), ElementsAre(FailureKind::kUnavailable));
  EXPECT_EQ(target.open_builders(), 0);
}

TEST_F(SharedRefreshTest, refused_credentials_give_the_right_up_before_the_next_caller_is_tried) {
  loader.set_script({.rows = numbered_rows(10), .refused_tokens = {{"old", Code::kUnauthenticated}}});
  std::promise<void> both;
  target.on_claim([&](const RefreshClaim&, int number) -> Answer {
    if (number == 1) both.get_future().wait();
    return std::nullopt;
  });
  auto refused = start({.metadata = {{"Authorization", "old"}}});
  auto served = start({.metadata = {{"Authorization", "new"}}});
  both.set_value();
  EXPECT_EQ(refused.get().failure, FailureKind::kCredentials);
  EXPECT_EQ(served.get().state, LoadState::kSucceeded);
  EXPECT_THAT(target.given_up(), ElementsAre(FailureKind::kCredentials));
  EXPECT_EQ(target.claims(), 2);
}

TEST_F(SharedRefreshTest, a_load_that_lost_its_right_ends_though_its_loader_is_silent) {
  loader.set_script({.rows = numbered_rows(10), .stall_after = 3});
  auto waiting = start();
  ASSERT_TRUE(loader.wait_for_calls(1));
  target.lose();
  EXPECT_EQ(waiting.get().failure, FailureKind::kChanged);
  EXPECT_TRUE(loader.wait_for_cancelled_calls(1));
  EXPECT_EQ(decide().serve, Serve::kWait) << "nothing holds back the next one";
}

TEST_F(SharedRefreshTest, shutting_down_in_mid_load_blames_nobody) {
  loader.hold();
  auto waiting = start();
  ASSERT_TRUE(loader.wait_for_calls(1));
  refresher.shutdown();
  EXPECT_EQ(waiting.get().failure, FailureKind::kCancelled);
  EXPECT_THAT(target.given_up(), IsEmpty());
  EXPECT_EQ(target.open_builders(), 0);
}

TEST_F(SharedRefreshTest, shutting_down_ends_the_wait_for_another_process) {
  std::promise<void> asked;
  target.on_claim([&](const RefreshClaim& claim, int) -> Answer {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    asked.set_value();
    wake.wait(lock, claim.stop, [] { return false; });
    return fail(Reason::kCancelled, "stopped");
  });
  auto waiting = start();
  asked.get_future().wait();
  refresher.shutdown();
  const auto status = waiting.get();
  EXPECT_EQ(status.failure, FailureKind::kCancelled);
  EXPECT_EQ(status.error->reason(), Reason::kUnavailable);
}

TEST_F(SharedRefreshTest, a_database_that_is_away_is_no_failure_of_the_loader) {
  target.fail_begin(Error(Reason::kUnavailable, "away"));
  const auto status = refresh();
  EXPECT_EQ(status.failure, FailureKind::kCancelled);
  EXPECT_EQ(status.error->message(), "away");
  EXPECT_EQ(decide().serve, Serve::kWait) << "nothing holds back the next one";
  target.fail_begin({});
  EXPECT_EQ(refresh().state, LoadState::kSucceeded);
}

TEST_F(SharedRefreshTest, a_load_of_another_process_is_found_by_its_id) {
  EXPECT_EQ(refresher.status("other").error().reason(), Reason::kNotFound);
  target.run_elsewhere({.id = "other", .datasource = "people", .rows = 4});
  EXPECT_EQ(refresher.status("other")->rows, 4u);
  target.fail_begin(Error(Reason::kUnavailable, "away"));
  EXPECT_EQ(refresher.status("other").error().reason(), Reason::kUnavailable);
}

}  // namespace
}  // namespace slate
