#include "loader/refresher.h"

#include <atomic>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <thread>
#include <vector>

#include "base/log.h"
#include "loader/testing/memory_target.h"
#include "loader/testing/scripted_loader.h"

namespace slate {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using testing::MemoryTarget;
using testing::numbered_datasource;
using testing::numbered_rows;
using testing::Script;
using testing::ScriptedLoader;
using SteadyClock = std::chrono::steady_clock;

// A loader, a store and a refresher that loads one into the other.
struct RefresherTest : ::testing::Test {
  explicit RefresherTest(Script script = {.rows = numbered_rows(10)})
      : loader(std::move(script)), datasource(numbered_datasource("people", loader.endpoint())) {
    datasource.loader->ttl = 60;
  }

  static void SetUpTestSuite() { log::configure(log::Level::kOff, log::Format::kText); }

  RefresherOptions options() {
    return {.clock = &clock, .random = [] { return 0.0; }};
  }
  std::future<LoadStatus> start(RefreshRequest request, LoadId* id = nullptr) {
    auto promise = std::make_shared<std::promise<LoadStatus>>();
    auto future = promise->get_future();
    const LoadId load = refresher.refresh(
        datasource, std::move(request), [promise](const LoadStatus& status) { promise->set_value(status); });
    if (id != nullptr) *id = load;
    return future;
  }
  LoadStatus refresh(RefreshRequest request = {}) {
    request.seen_generation = target.info().generation;
    return start(std::move(request)).get();
  }
  FreshnessDecision decide() { return refresher.decide(datasource, "", target.info().loaded_at); }

  ManualClock clock{1'700'000'000'000};
  ScriptedLoader loader;
  MemoryTarget target;
  Datasource datasource;
  Refresher refresher{target, options()};
};

RefreshRequest with_token(std::string token) { return {.metadata = {{"Authorization", std::move(token)}}}; }

TEST_F(RefresherTest, a_load_goes_live_with_the_time_it_began) {
  const UnixMillis began = clock.now();
  const auto status = refresh();
  EXPECT_EQ(status.state, LoadState::kSucceeded);
  EXPECT_EQ(status.rows, 10u);
  EXPECT_EQ(status.generation, 1u);
  EXPECT_EQ(status.calls, 1u);
  EXPECT_GT(status.bytes, 0u);
  EXPECT_EQ(status.finished_at, clock.now());
  EXPECT_EQ(target.info().loaded_at, began);
  EXPECT_EQ(target.rows().size(), 10u);
  EXPECT_EQ(target.open_builders(), 0);
}

TEST_F(RefresherTest, the_observer_sees_each_load_that_called_its_loader_once_and_before_the_callers) {
  std::vector<LoadState> seen;  // by one load at a time
  RefresherOptions observed = options();
  observed.observer = [&](const LoadStatus& status) { seen.push_back(status.state); };
  Refresher watched(target, observed);
  const auto load = [&](Trigger trigger) {
    std::promise<std::size_t> before;
    watched.refresh(datasource, {.trigger = trigger},
                    [&](const LoadStatus&) { before.set_value(seen.size()); });
    return before.get_future().get();
  };
  EXPECT_EQ(load(Trigger::kOnDemand), 1u);
  EXPECT_EQ(load(Trigger::kOnDemand), 1u) << "what is live answers it already";
  loader.set_script({.status = Code::kUnavailable});
  EXPECT_EQ(load(Trigger::kForced), 2u);
  EXPECT_EQ(load(Trigger::kOnDemand), 2u) << "backing off";
  EXPECT_EQ(seen, (std::vector{LoadState::kSucceeded, LoadState::kFailed}));
}

TEST_F(RefresherTest, loads_beyond_the_most_at_once_are_queued) {
  RefresherOptions narrow = options();
  narrow.max_running = 1;
  Refresher refreshes(target, narrow);
  loader.hold();
  std::promise<void> first, second;
  refreshes.refresh(datasource, {}, [&](const LoadStatus&) { first.set_value(); });
  ASSERT_TRUE(loader.wait_for_calls(1));
  refreshes.refresh(numbered_datasource("others", loader.endpoint()), {},
                    [&](const LoadStatus&) { second.set_value(); });
  EXPECT_EQ(refreshes.stats().running, 1u);
  EXPECT_EQ(refreshes.stats().queued, 1u);
  loader.release();
  first.get_future().wait();
  second.get_future().wait();
  EXPECT_EQ(refreshes.stats().running, 0u);
  EXPECT_EQ(refreshes.stats().queued, 0u);
}

TEST_F(RefresherTest, a_thousand_cold_requests_are_one_load) {
  loader.hold();
  constexpr int kThreads = 8;
  constexpr int kEach = 125;
  std::vector<std::vector<std::future<LoadStatus>>> waiting(kThreads);
  std::vector<std::thread> threads;
  for (auto& mine : waiting)
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) mine.push_back(start({}));
    });
  for (auto& thread : threads) thread.join();
  loader.release();
  for (auto& mine : waiting)
    for (auto& future : mine) {
      const auto status = future.get();
      EXPECT_EQ(status.state, LoadState::kSucceeded);
      EXPECT_EQ(status.generation, 1u);
    }
  EXPECT_EQ(loader.calls(), 1u);
}

TEST_F(RefresherTest, requests_that_judged_the_old_data_do_not_load_again_while_others_finish) {
  constexpr int kThreads = 8;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i)
        EXPECT_EQ(start({.seen_generation = 0}).get().state, LoadState::kSucceeded);
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(loader.calls(), 1u);
  EXPECT_EQ(target.info().generation, 1u);
}

TEST_F(RefresherTest, a_forced_refresh_always_loads) {
  refresh();
  EXPECT_EQ(start({.trigger = Trigger::kForced, .seen_generation = 0}).get().generation, 2u);
  EXPECT_EQ(loader.calls(), 2u);
}

TEST_F(RefresherTest, a_caller_that_gives_up_gets_progress_and_cancels_nothing) {
  loader.set_script({.rows = numbered_rows(10), .stall_after = 4});
  LoadId id;
  auto patient = start({});
  auto impatient = start({.give_up = SteadyClock::now()}, &id);
  const auto status = impatient.get();
  EXPECT_EQ(status.state, LoadState::kRunning);
  EXPECT_EQ(status.id, id);
  EXPECT_FALSE(status.finished_at);
  ASSERT_TRUE(loader.wait_for_calls(1));
  while (refresher.current("people")->rows < 4) std::this_thread::yield();
  EXPECT_EQ(refresher.status(id)->state, LoadState::kRunning);
  refresher.shutdown();
  EXPECT_EQ(patient.get().state, LoadState::kFailed);
}

TEST_F(RefresherTest, the_only_caller_may_give_up_and_the_rows_still_arrive) {
  loader.hold();
  LoadId id;
  EXPECT_EQ(start({.give_up = SteadyClock::now()}, &id).get().state, LoadState::kRunning);
  auto second = start({});
  loader.release();
  EXPECT_EQ(second.get().id, id);
  EXPECT_EQ(target.info().generation, 1u);
}

TEST_F(RefresherTest, a_background_refresh_needs_no_listener) {
  loader.hold();
  const LoadId id = refresher.refresh(datasource, {}, nullptr);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(refresher.refresh(datasource, {}, nullptr), id);
  auto ended = start({});
  loader.release();
  EXPECT_EQ(ended.get().state, LoadState::kSucceeded);
  EXPECT_EQ(refresher.status(id)->state, LoadState::kSucceeded);
  EXPECT_EQ(loader.calls(), 1u);
}

TEST_F(RefresherTest, every_failure_leaves_the_old_rows_whole_and_served_stale) {
  ASSERT_EQ(refresh().state, LoadState::kSucceeded);
  const auto before = target.rows();
  auto bad_row = numbered_rows(10);
  bad_row[7].cells = {{"number", Value(true)}};
  datasource.loader->min_rows = 3;
  datasource.loader->max_shrink = 0.5;
  datasource.loader->idle_timeout = 1;
  struct Failing {
    const char* name;
    Script script;
    Reason reason;
    const char* words;
  };
  const Failing scripts[] = {
      {"status",
       {.rows = numbered_rows(5), .status = Code::kInternal, .message = "oops"},
       Reason::kLoaderFailed,
       "oops"},
      {"unavailable", {.status = Code::kUnavailable}, Reason::kLoaderUnavailable, "UNAVAILABLE"},
      {"bad row",
       {.rows = bad_row},
       Reason::kLoaderFailed,
       "record \"r7\", field \"number\": expected int, got bool"},
      {"dies", {.rows = numbered_rows(10), .die_after = 5}, Reason::kLoaderUnavailable, ""},
      {"stalls",
       {.rows = numbered_rows(10), .stall_after = 5},
       Reason::kLoaderTimeout,
       "sent nothing for 1000 ms"},
      {"nothing", {}, Reason::kLoaderFailed, "minRows"},
      {"shrinks", {.rows = numbered_rows(4)}, Reason::kLoaderFailed, "maxShrink"},
      {"ends early",
       {.rows = numbered_rows(9), .row_count = "10"},
       Reason::kLoaderFailed,
       "announced 10 rows and sent 9"},
  };
  clock.advance(std::chrono::seconds(61));
  for (const Failing& failing : scripts) {
    loader.set_script(failing.script);
    const auto status = refresh();
    EXPECT_EQ(status.state, LoadState::kFailed) << failing.name;
    ASSERT_TRUE(status.error) << failing.name;
    EXPECT_EQ(status.error->reason(), failing.reason) << failing.name << ": " << status.error->to_string();
    EXPECT_THAT(status.error->message(), HasSubstr(failing.words)) << failing.name;
    EXPECT_EQ(target.rows(), before) << failing.name;
    EXPECT_EQ(target.info().generation, 1u) << failing.name;
    EXPECT_EQ(target.open_builders(), 0) << failing.name;
    const auto decision = decide();
    EXPECT_EQ(decision.serve, Serve::kStale) << failing.name;
    ASSERT_TRUE(decision.reason) << failing.name;
    EXPECT_EQ(decision.reason->message(), status.error->message()) << failing.name;
    clock.advance(std::chrono::seconds(300));
  }
}

TEST_F(RefresherTest, failures_back_off_and_a_success_forgets_them) {
  loader.set_script({.status = Code::kUnavailable, .message = "down"});
  EXPECT_EQ(decide().serve, Serve::kWait);
  for (const int delay : {1, 2, 4, 8}) {
    const auto calls = loader.calls();
    EXPECT_EQ(refresh().state, LoadState::kFailed);
    EXPECT_EQ(loader.calls(), calls + 1);

    clock.advance(milliseconds(delay * 1000 - 1));
    EXPECT_EQ(decide().serve, Serve::kError);
    EXPECT_EQ(decide().reason->retry_after_seconds(), 1);
    const auto remembered = refresh();
    EXPECT_EQ(remembered.state, LoadState::kFailed);
    EXPECT_EQ(remembered.error->reason(), Reason::kLoaderUnavailable);
    EXPECT_EQ(remembered.error->retry_after_seconds(), 1);
    EXPECT_EQ(loader.calls(), calls + 1) << "no call while backing off";

    clock.advance(milliseconds(1));
    EXPECT_EQ(decide().serve, Serve::kWait);
  }
  loader.set_script({.rows = numbered_rows(1)});
  EXPECT_EQ(refresh().state, LoadState::kSucceeded);
  EXPECT_EQ(decide().serve, Serve::kFresh);
  loader.set_script({.status = Code::kUnavailable});
  clock.advance(std::chrono::seconds(60));
  refresh();
  clock.advance(milliseconds(999));
  EXPECT_EQ(decide().refresh, RefreshAction::kNone);
  clock.advance(milliseconds(1));
  EXPECT_EQ(decide().refresh, RefreshAction::kJoin) << "the first delay is one second again";
}

TEST_F(RefresherTest, a_forced_refresh_does_not_wait_for_the_back_off) {
  loader.set_script({.status = Code::kUnavailable});
  refresh();
  loader.set_script({.rows = numbered_rows(1)});
  EXPECT_EQ(refresh({.trigger = Trigger::kForced}).state, LoadState::kSucceeded);
}

TEST_F(RefresherTest, a_changed_configuration_may_be_tried_at_once) {
  loader.set_script({.status = Code::kUnimplemented});
  EXPECT_EQ(refresh().failure, FailureKind::kConfiguration);
  EXPECT_EQ(decide().serve, Serve::kError);
  loader.set_script({.rows = numbered_rows(1)});
  datasource.loader->ttl = 120;
  EXPECT_EQ(decide().serve, Serve::kWait);
  EXPECT_EQ(refresh().state, LoadState::kSucceeded);
}

TEST_F(RefresherTest, a_configuration_error_is_shown_in_the_latest_status) {
  loader.set_script({.status = Code::kNotFound, .message = "no datasource people"});
  refresh();
  const auto status = refresher.latest("people");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->failure, FailureKind::kConfiguration);
  EXPECT_THAT(status->error->message(), HasSubstr("no datasource people"));
  EXPECT_FALSE(refresher.current("people"));
}

TEST_F(RefresherTest, refused_credentials_answer_their_caller_only) {
  loader.set_script(
      {.rows = numbered_rows(10),
       .refused_tokens = {{"expired", Code::kUnauthenticated}, {"guest", Code::kPermissionDenied}}});
  loader.hold();
  auto expired = start(with_token("expired"));
  auto guest = start(with_token("guest"));
  auto expired_too = start(with_token("expired"));
  auto good = start(with_token("good"));
  auto after = start(with_token("guest"));
  loader.release();
  EXPECT_EQ(expired.get().error->reason(), Reason::kUnauthenticated);
  EXPECT_EQ(expired_too.get().error->reason(), Reason::kUnauthenticated);
  EXPECT_EQ(guest.get().error->reason(), Reason::kPermissionDenied);
  EXPECT_EQ(after.get().error->reason(), Reason::kPermissionDenied);
  const auto status = good.get();
  EXPECT_EQ(status.state, LoadState::kSucceeded);
  EXPECT_EQ(status.calls, 3u);
  EXPECT_EQ(loader.calls(), 3u);
}

TEST_F(RefresherTest, refused_credentials_do_not_hold_back_the_next_caller) {
  loader.set_script({.rows = numbered_rows(10), .refused_tokens = {{"expired", Code::kUnauthenticated}}});
  EXPECT_EQ(refresh(with_token("expired")).error->reason(), Reason::kUnauthenticated);
  EXPECT_EQ(decide().serve, Serve::kWait);
  EXPECT_EQ(refresh(with_token("good")).state, LoadState::kSucceeded);
}

TEST_F(RefresherTest, refused_credentials_do_not_end_a_back_off_of_the_loader) {
  loader.set_script({.status = Code::kUnavailable});
  refresh();
  loader.set_script({.refused_tokens = {{"expired", Code::kUnauthenticated}}});
  auto forced = with_token("expired");
  forced.trigger = Trigger::kForced;
  EXPECT_EQ(refresh(forced).error->reason(), Reason::kUnauthenticated);
  EXPECT_EQ(decide().serve, Serve::kError);
}

TEST_F(RefresherTest, metadata_of_a_caller_that_gave_up_is_still_tried) {
  loader.set_script({.rows = numbered_rows(10), .refused_tokens = {{"expired", Code::kUnauthenticated}}});
  loader.hold();
  auto expired = start(with_token("expired"));
  auto request = with_token("good");
  request.give_up = SteadyClock::now();
  LoadId id;
  EXPECT_EQ(start(request, &id).get().state, LoadState::kRunning);
  loader.release();
  EXPECT_EQ(expired.get().error->reason(), Reason::kUnauthenticated);
  while (refresher.status(id)->state == LoadState::kRunning) std::this_thread::yield();
  EXPECT_EQ(refresher.status(id)->state, LoadState::kSucceeded);
}

TEST_F(RefresherTest, metadata_and_context_reach_the_loader_as_given) {
  auto request = with_token("good");
  request.context = {.traceparent = "00-1-2-01", .request_id = "req-9"};
  refresh(request);
  EXPECT_EQ(loader.last_call()->metadata, (std::map<std::string, std::string>{{"Authorization", "good"}}));
  EXPECT_EQ(loader.last_call()->grpc_metadata.find("x-request-id")->second, "req-9");
}

TEST_F(RefresherTest, duplicates_are_counted_and_the_last_one_wins) {
  auto rows = numbered_rows(3);
  rows.push_back({"r1", {{"number", Value(77)}}});
  loader.set_script({.rows = rows, .row_count = "4"});
  const auto status = refresh();
  EXPECT_EQ(status.state, LoadState::kSucceeded);
  EXPECT_EQ(status.rows, 4u);
  EXPECT_EQ(status.duplicates, 1u);
  EXPECT_EQ(target.rows().at("r1").front().second, Value(77));
}

TEST_F(RefresherTest, a_row_that_the_store_refuses_fails_the_load) {
  target.refuse_record("r3");
  const auto status = refresh();
  EXPECT_EQ(status.failure, FailureKind::kData);
  EXPECT_EQ(status.error->reason(), Reason::kLoaderFailed);
  EXPECT_EQ(target.info().generation, 0u);
}

TEST_F(RefresherTest, errors_of_the_store_are_reported_as_they_are) {
  target.fail_begin(Error(Reason::kIo, "disk full"));
  EXPECT_EQ(refresh().error->reason(), Reason::kIo);
  EXPECT_EQ(loader.calls(), 0u);
  EXPECT_EQ(decide().serve, Serve::kError) << "a full disk is not hammered either";
}

TEST_F(RefresherTest, a_datasource_that_changed_meanwhile_may_be_loaded_again_at_once) {
  target.fail_publish(Error(Reason::kFailedPrecondition, "fields changed"));
  const auto status = refresh();
  EXPECT_EQ(status.error->reason(), Reason::kUnavailable);
  EXPECT_EQ(status.failure, FailureKind::kChanged);
  EXPECT_EQ(decide().serve, Serve::kWait);
  target.fail_publish({});
  EXPECT_EQ(refresh().state, LoadState::kSucceeded);
}

TEST_F(RefresherTest, shutdown_cancels_running_loads_and_answers_everybody) {
  loader.set_script({.rows = numbered_rows(10), .stall_after = 5});
  std::vector<std::future<LoadStatus>> waiting;
  for (int i = 0; i < 10; ++i) waiting.push_back(start({}));
  ASSERT_TRUE(loader.wait_for_calls(1));
  refresher.shutdown();
  for (auto& future : waiting) EXPECT_EQ(future.get().error->reason(), Reason::kUnavailable);
  EXPECT_TRUE(loader.wait_for_cancelled_calls(1));
  EXPECT_EQ(target.open_builders(), 0);
  EXPECT_EQ(target.info().generation, 0u);
  EXPECT_EQ(start({}).get().error->reason(), Reason::kUnavailable) << "a late caller is answered, too";
}

// The database may be slow to answer, or away.
TEST_F(RefresherTest, shutdown_asks_the_database_nothing_for_queued_loads) {
  RefresherOptions narrow = options();
  narrow.max_running = 1;
  Refresher refreshes(target, narrow);
  loader.hold();
  refreshes.refresh(datasource, {}, {});
  ASSERT_TRUE(loader.wait_for_calls(1));
  std::promise<LoadStatus> queued;
  refreshes.refresh(numbered_datasource("others", loader.endpoint()), {},
                    [&](const LoadStatus& status) { queued.set_value(status); });
  const int before = target.questions();
  refreshes.shutdown();
  const LoadStatus status = queued.get_future().get();
  EXPECT_EQ(status.failure, FailureKind::kCancelled);
  EXPECT_EQ(status.error->reason(), Reason::kUnavailable);
  EXPECT_EQ(target.questions(), before);
}

TEST_F(RefresherTest, an_answer_may_ask_for_the_next_refresh) {
  std::promise<LoadStatus> second;
  refresher.refresh(datasource, {}, [&](const LoadStatus& first) {
    refresher.refresh(datasource, {.trigger = Trigger::kForced, .seen_generation = first.generation},
                      [&](const LoadStatus& status) { second.set_value(status); });
  });
  EXPECT_EQ(second.get_future().get().generation, 2u);
}

TEST_F(RefresherTest, a_datasource_without_a_loader_is_always_fresh) {
  datasource.loader.reset();
  EXPECT_EQ(decide().serve, Serve::kFresh);
}

TEST_F(RefresherTest, forgetting_a_datasource_ends_its_back_off) {
  loader.set_script({.status = Code::kUnavailable});
  refresh();
  EXPECT_EQ(decide().serve, Serve::kError);
  refresher.forget("people");
  EXPECT_EQ(decide().serve, Serve::kWait);
  EXPECT_FALSE(refresher.latest("people"));
}

TEST(Refresher, loads_beyond_the_limit_wait_for_their_turn) {
  ScriptedLoader loader({.rows = numbered_rows(3)});
  loader.hold();
  MemoryTarget target;
  Refresher refresher(target, {.max_running = 2});
  std::vector<std::future<LoadStatus>> waiting;
  for (int i = 0; i < 6; ++i) {
    auto promise = std::make_shared<std::promise<LoadStatus>>();
    waiting.push_back(promise->get_future());
    refresher.refresh(numbered_datasource("people" + std::to_string(i), loader.endpoint()),
                      {.trigger = Trigger::kForced},
                      [promise](const LoadStatus& status) { promise->set_value(status); });
  }
  ASSERT_TRUE(loader.wait_for_calls(2));
  EXPECT_EQ(target.open_builders(), 2);
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(refresher.current("people" + std::to_string(i)));
  loader.release();
  for (auto& future : waiting) EXPECT_EQ(future.get().state, LoadState::kSucceeded);
  EXPECT_EQ(loader.calls(), 6u);
}

TEST(Refresher, only_the_latest_loads_are_remembered) {
  ScriptedLoader loader({.rows = numbered_rows(1)});
  MemoryTarget target;
  Refresher refresher(target, {.remembered_loads = 2});
  const auto datasource = numbered_datasource("people", loader.endpoint());
  std::vector<LoadId> ids;
  for (int i = 0; i < 3; ++i) {
    std::promise<void> ended;
    ids.push_back(refresher.refresh(datasource, {.trigger = Trigger::kForced},
                                    [&](const LoadStatus&) { ended.set_value(); }));
    ended.get_future().wait();
  }
  EXPECT_FALSE(refresher.status(ids[0]));
  EXPECT_TRUE(refresher.status(ids[1]));
  EXPECT_EQ(refresher.status(ids[2])->generation, 3u);
  EXPECT_FALSE(refresher.status("nonsense"));
}

TEST(Refresher, shutting_down_answers_callers_that_still_come) {
  ScriptedLoader loader({.rows = numbered_rows(100)});
  MemoryTarget target;
  std::atomic<int> asked{0};
  std::atomic<int> answered{0};
  {
    Refresher refresher(target, {});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        const auto datasource = numbered_datasource("people" + std::to_string(t % 2), loader.endpoint());
        for (int i = 0; i < 100; ++i) {
          ++asked;
          refresher.refresh(datasource, {.trigger = Trigger::kForced, .give_up = SteadyClock::now()},
                            [&](const LoadStatus&) { ++answered; });
        }
      });
    refresher.shutdown();
    for (auto& thread : threads) thread.join();
  }
  EXPECT_EQ(answered, asked);
}

TEST_F(RefresherTest, each_scope_has_a_refresh_of_its_own_and_one_at_a_time) {
  loader.hold();
  std::vector<std::future<LoadStatus>> waiting;
  for (int i = 0; i < 20; ++i)
    for (const char* scope : {"alice", "bob"}) waiting.push_back(start({.scope = scope}));
  ASSERT_TRUE(loader.wait_for_calls(2));
  EXPECT_EQ(refresher.current({"people", "alice"})->scope, "alice");
  EXPECT_EQ(refresher.current({"people", "bob"})->scope, "bob");
  EXPECT_FALSE(refresher.current("people"));
  EXPECT_TRUE(refresher.latest("people")) << "of any scope";
  loader.release();
  for (std::size_t i = 0; i < waiting.size(); ++i)
    EXPECT_EQ(waiting[i].get().scope, i % 2 == 0 ? "alice" : "bob");
  EXPECT_EQ(loader.calls(), 2u);
}

TEST_F(RefresherTest, failures_of_one_scope_hold_back_no_other) {
  loader.set_script({.status = Code::kUnavailable, .message = "closed"});
  EXPECT_EQ(start({.scope = "alice"}).get().state, LoadState::kFailed);
  EXPECT_EQ(refresher.decide(datasource, "alice", std::nullopt).serve, Serve::kError);
  EXPECT_EQ(refresher.decide(datasource, "bob", std::nullopt).serve, Serve::kWait);
  EXPECT_EQ(start({.scope = "alice"}).get().error->message(),
            start({.scope = "alice"}).get().error->message());
  EXPECT_EQ(loader.calls(), 1u);
  loader.set_script({.rows = numbered_rows(1)});
  EXPECT_EQ(start({.scope = "bob"}).get().state, LoadState::kSucceeded);
  EXPECT_EQ(refresher.decide(datasource, "alice", std::nullopt).serve, Serve::kError);
  refresher.forget("people");
  EXPECT_EQ(refresher.decide(datasource, "alice", std::nullopt).serve, Serve::kWait);
  EXPECT_FALSE(refresher.latest("people"));
}

TEST_F(RefresherTest, what_is_remembered_of_scopes_is_bounded_by_the_loads_that_are) {
  RefresherOptions few = options();
  few.remembered_loads = 3;
  Refresher forgetful(target, few);
  const auto load = [&](std::string scope) {
    std::promise<LoadStatus> done;
    forgetful.refresh(datasource, {.scope = std::move(scope), .trigger = Trigger::kForced},
                      [&](const LoadStatus& status) { done.set_value(status); });
    return done.get_future().get().state;
  };
  loader.set_script({.status = Code::kUnavailable});
  EXPECT_EQ(load("alice"), LoadState::kFailed);
  EXPECT_EQ(load(""), LoadState::kFailed);
  for (const char* scope : {"a", "b", "c"}) load(scope);
  EXPECT_EQ(forgetful.decide(datasource, "alice", std::nullopt).serve, Serve::kWait);
  EXPECT_EQ(forgetful.decide(datasource, "c", std::nullopt).serve, Serve::kError);
  EXPECT_EQ(forgetful.decide(datasource, "", std::nullopt).serve, Serve::kError) << "what is shared stays";
}

TEST_F(RefresherTest, the_log_says_once_that_callers_share_a_copy) {
  log::configure(log::Level::kInfo, log::Format::kText);
  ::testing::internal::CaptureStderr();
  start({.trigger = Trigger::kForced}).get();
  start({.trigger = Trigger::kForced}).get();
  start({.scope = "alice", .trigger = Trigger::kForced}).get();
  refresher.shutdown();
  const std::string lines = ::testing::internal::GetCapturedStderr();
  log::configure(log::Level::kOff, log::Format::kText);
  const auto first = lines.find("all callers share one copy");
  ASSERT_NE(first, std::string::npos) << lines;
  EXPECT_EQ(lines.find("all callers share one copy", first + 1), std::string::npos) << lines;
}

TEST_F(RefresherTest, a_load_id_tells_nothing_of_the_next_one) {
  LoadId first;
  LoadId second;
  start({.trigger = Trigger::kForced}, &first).get();
  start({.trigger = Trigger::kForced}, &second).get();
  ASSERT_EQ(first.size(), 32u);
  ASSERT_EQ(second.size(), 32u);
  EXPECT_NE(first.substr(0, 16), second.substr(0, 16));
}

}  // namespace
}  // namespace slate
