#include "loader/refresh_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <string>
#include <vector>

namespace slate {
namespace {

using ::testing::HasSubstr;

constexpr UnixMillis kSecond = 1'000;
constexpr UnixMillis kNow = 1'700'000'000'000;

LoaderConfig config(std::optional<std::int64_t> ttl, std::int64_t while_revalidate = 0,
                    std::int64_t if_error = 86'400) {
  return LoaderConfig{.endpoint = "grpc://host:1",
                      .ttl = ttl,
                      .stale_while_revalidate = while_revalidate,
                      .stale_if_error = if_error};
}

// Failed first `first` and last `latest` seconds ago; the next load may start in `retry` seconds.
FailureMemory failures(UnixMillis first, UnixMillis latest, UnixMillis retry) {
  return {.error = Error(Reason::kLoaderUnavailable, "down"),
          .kind = FailureKind::kUnavailable,
          .count = 2,
          .first_at = kNow - first * kSecond,
          .latest_at = kNow - latest * kSecond,
          .retry_at = kNow + retry * kSecond};
}

struct Case {
  std::string name;
  LoaderConfig config;
  std::optional<UnixMillis> age;  // seconds since the load; absent: never loaded
  LoadActivity activity;
  std::optional<FailureMemory> failures;
  Serve serve;
  RefreshAction refresh;
  bool with_reason;
};

TEST(DecideFreshness, table) {
  constexpr auto kIdle = LoadActivity::kIdle;
  constexpr auto kRunning = LoadActivity::kRunning;
  constexpr auto kNone = RefreshAction::kNone;
  constexpr auto kJoin = RefreshAction::kJoin;
  const auto backing_off = failures(5, 2, 3);
  const auto may_retry = failures(5, 2, 0);
  const std::vector<Case> cases{
      {"never loaded", config(60), {}, kIdle, {}, Serve::kWait, kJoin, false},
      {"never loaded, no ttl", config({}), {}, kIdle, {}, Serve::kWait, kJoin, false},
      {"never loaded, running", config(60), {}, kRunning, {}, Serve::kWait, kJoin, false},
      {"never loaded, backing off", config(60), {}, kIdle, backing_off, Serve::kError, kNone, true},
      {"never loaded, failed, may retry", config(60), {}, kIdle, may_retry, Serve::kWait, kJoin, false},
      {"never loaded, failed, forced run", config(60), {}, kRunning, backing_off, Serve::kWait, kJoin, false},

      {"young", config(60), 59, kIdle, {}, Serve::kFresh, kNone, false},
      {"young, running", config(60), 1, kRunning, {}, Serve::kFresh, kNone, false},
      {"young, a forced load failed", config(60), 1, kIdle, backing_off, Serve::kFresh, kNone, false},
      {"no ttl", config({}), 1'000'000'000, kIdle, {}, Serve::kFresh, kNone, false},
      {"a ttl beyond time",
       config(std::numeric_limits<std::int64_t>::max()),
       9,
       kIdle,
       {},
       Serve::kFresh,
       kNone,
       false},
      {"slightly in the future", config(60), -59, kIdle, {}, Serve::kFresh, kNone, false},
      {"far in the future", config(60), -61, kIdle, {}, Serve::kWait, kJoin, false},
      {"far in the future, may revalidate", config(60, 600), -61, kIdle, {}, Serve::kWait, kJoin, false},

      {"just expired", config(60), 60, kIdle, {}, Serve::kWait, kJoin, false},
      {"ttl of zero", config(0), 0, kIdle, {}, Serve::kWait, kJoin, false},
      {"expired, running", config(60), 61, kRunning, {}, Serve::kWait, kJoin, false},
      {"expired, may revalidate", config(60, 30), 89, kIdle, {}, Serve::kStale, kJoin, false},
      {"expired, may revalidate, running", config(60, 30), 89, kRunning, {}, Serve::kStale, kJoin, false},
      {"expired, beyond revalidation", config(60, 30), 90, kIdle, {}, Serve::kWait, kJoin, false},

      {"failed, loaded since, expired", config(0), 1, kIdle, backing_off, Serve::kWait, kJoin, false},
      {"failing, backing off", config(60), 100, kIdle, backing_off, Serve::kStale, kNone, true},
      {"failing, may retry", config(60), 100, kIdle, may_retry, Serve::kStale, kJoin, true},
      {"failing, running", config(60), 100, kRunning, backing_off, Serve::kStale, kJoin, true},
      {"failing, within stale_if_error", config(60, 0, 10), 100, kIdle, failures(9, 2, 3), Serve::kStale,
       kNone, true},
      {"failing, beyond it, backing off", config(60, 0, 10), 100, kIdle, failures(10, 2, 3), Serve::kError,
       kNone, true},
      {"failing, beyond it, may retry", config(60, 0, 10), 100, kIdle, failures(10, 2, 0), Serve::kWait,
       kJoin, false},
      {"failing, stale_if_error of zero", config(60, 0, 0), 100, kIdle, backing_off, Serve::kError, kNone,
       true},
      {"clock set back while backing off",
       config(60),
       {},
       kIdle,
       failures(0, 0, 301),
       Serve::kWait,
       kJoin,
       false},
  };
  for (const Case& c : cases) {
    FreshnessFacts facts{.now = kNow, .activity = c.activity};
    if (c.age) facts.loaded_at = kNow - *c.age * kSecond;
    if (c.failures) facts.failures = &*c.failures;
    const auto decision = decide_freshness(c.config, facts);
    EXPECT_EQ(decision.serve, c.serve) << c.name;
    EXPECT_EQ(decision.refresh, c.refresh) << c.name;
    EXPECT_EQ(decision.reason.has_value(), c.with_reason) << c.name;
  }
}

TEST(DecideFreshness, the_expiry_is_the_load_time_and_the_ttl) {
  EXPECT_EQ(decide_freshness(config(60), {.now = kNow, .loaded_at = kNow}).expires_at, kNow + 60 * kSecond);
  EXPECT_EQ(decide_freshness(config(60), {.now = kNow, .loaded_at = kNow - 70 * kSecond}).expires_at,
            kNow - 10 * kSecond);
  EXPECT_FALSE(decide_freshness(config({}), {.now = kNow, .loaded_at = kNow}).expires_at);
}

TEST(DecideFreshness, the_remembered_error_tells_when_to_come_back) {
  auto memory = failures(5, 2, 3);
  memory.retry_at = kNow + 2'001;
  const auto decision = decide_freshness(config(60), {.now = kNow, .failures = &memory});
  ASSERT_TRUE(decision.reason);
  EXPECT_EQ(decision.reason->reason(), Reason::kLoaderUnavailable);
  EXPECT_EQ(decision.reason->message(), "down");
  EXPECT_EQ(decision.reason->retry_after_seconds(), 3);
}

TEST(Backoff, doubles_from_one_second_to_five_minutes) {
  std::optional<FailureMemory> memory;
  std::vector<UnixMillis> delays;
  for (int i = 0; i < 12; ++i) {
    memory = remember_failure(memory ? &*memory : nullptr,
                              {FailureKind::kData, Error(Reason::kLoaderFailed, "bad")}, kNow + i, 0);
    delays.push_back((memory->retry_at - memory->latest_at) / kSecond);
  }
  EXPECT_EQ(delays, (std::vector<UnixMillis>{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300}));
  EXPECT_EQ(memory->count, 12u);
  EXPECT_EQ(memory->first_at, kNow);
  EXPECT_EQ(memory->latest_at, kNow + 11);
}

TEST(Backoff, jitter_takes_a_quarter_at_most) {
  for (const double random : {0.0, 0.5, 0.999, 1.0, 7.0, -3.0}) {
    const auto memory =
        remember_failure(nullptr, {FailureKind::kData, Error(Reason::kLoaderFailed, "bad")}, kNow, random);
    EXPECT_GE(memory.retry_at - kNow, 750) << random;
    EXPECT_LE(memory.retry_at - kNow, 1'000) << random;
  }
}

TEST(Backoff, keeps_the_latest_error) {
  const auto first =
      remember_failure(nullptr, {FailureKind::kData, Error(Reason::kLoaderFailed, "first")}, kNow, 0);
  const auto second =
      remember_failure(&first, {FailureKind::kUnavailable, Error(Reason::kLoaderTimeout, "second")}, kNow, 0);
  EXPECT_EQ(second.error.message(), "second");
  EXPECT_EQ(second.kind, FailureKind::kUnavailable);
}

TEST(Backoff, ends_at_the_instant_it_names) {
  const auto memory = failures(5, 2, 3);
  EXPECT_TRUE(is_backing_off(memory, memory.retry_at - 1));
  EXPECT_FALSE(is_backing_off(memory, memory.retry_at));
}

struct GuardCase {
  std::string name;
  LoadMode mode;
  std::optional<std::int64_t> min_rows;
  std::optional<double> max_shrink;
  GuardFacts facts;
  std::string error;  // empty: passes
};

TEST(Guards, table) {
  constexpr auto kReplace = LoadMode::kReplace;
  constexpr auto kMerge = LoadMode::kMerge;
  const std::vector<GuardCase> cases{
      {"none, empty", kReplace, {}, {}, {.live_rows = 100}, ""},
      {"announced", kReplace, {}, {}, {.received = 5, .rows = 5, .announced_rows = 5}, ""},
      {"announced, duplicates sent",
       kReplace,
       {},
       {},
       {.received = 5, .duplicates = 1, .rows = 4, .announced_rows = 5},
       ""},
      {"announced more",
       kReplace,
       {},
       {},
       {.received = 5, .rows = 5, .announced_rows = 6},
       "announced 6 rows and sent 5"},
      {"announced none",
       kReplace,
       {},
       {},
       {.received = 5, .rows = 5, .announced_rows = 0},
       "announced 0 rows and sent 5"},
      {"enough", kReplace, 5, {}, {.received = 5, .rows = 5}, ""},
      {"too few", kReplace, 5, {}, {.received = 4, .rows = 4}, "minRows: expected at least 5 rows, got 4"},
      {"too few different", kReplace, 5, {}, {.received = 5, .duplicates = 1, .rows = 4}, "got 4"},
      {"merge, too few sent", kMerge, 5, {}, {.live_rows = 9, .received = 1, .rows = 9}, "got 1"},
      {"merge, enough sent", kMerge, 5, {}, {.live_rows = 9, .received = 5, .rows = 9}, ""},
      {"first load may be small", kReplace, {}, 0.5, {.received = 1, .rows = 1}, ""},
      {"first load may be empty", kReplace, {}, 0.5, {}, ""},
      {"half lost", kReplace, {}, 0.5, {.live_rows = 100, .received = 50, .rows = 50}, ""},
      {"more than half lost",
       kReplace,
       {},
       0.5,
       {.live_rows = 100, .received = 49, .rows = 49},
       "maxShrink: 100 rows became 49"},
      {"all lost", kReplace, {}, 0.99, {.live_rows = 100}, "maxShrink: 100 rows became 0"},
      {"all may be lost", kReplace, {}, 1.0, {.live_rows = 100}, ""},
      {"nothing may be lost", kReplace, {}, 0.0, {.live_rows = 100, .received = 99, .rows = 99}, "maxShrink"},
      {"grown", kReplace, {}, 0.0, {.live_rows = 100, .received = 101, .rows = 101}, ""},
  };
  for (const GuardCase& c : cases) {
    auto guarded = config(60);
    guarded.mode = c.mode;
    guarded.min_rows = c.min_rows;
    guarded.max_shrink = c.max_shrink;
    const auto result = check_guards(guarded, c.facts);
    EXPECT_EQ(result.has_value(), c.error.empty()) << c.name;
    if (result) continue;
    EXPECT_EQ(result.error().reason(), Reason::kLoaderFailed) << c.name;
    EXPECT_THAT(result.error().message(), HasSubstr(c.error)) << c.name;
  }
}

}  // namespace
}  // namespace slate
