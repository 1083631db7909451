#include "server/refresh_board.h"

#include <gtest/gtest.h>
#include <random>
#include <set>

namespace slate::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kLease{10'000};

class RefreshBoardTest : public ::testing::Test {
 protected:
  BoardTime now() const { return {.steady = SteadyTime(time_), .wall = 1'000'000 + time_.count()}; }
  void advance(milliseconds by) { time_ += by; }

  Application application(std::string load, milliseconds wait = seconds(5)) const {
    return {.datasource = "d",
            .scope = "",
            .load_id = std::move(load),
            .trigger = Trigger::kOnDemand,
            .seen_generation = 3,
            .live_generation = 3,
            .give_up = SteadyTime(time_) + wait,
            .lease = kLease};
  }
  std::optional<Verdict> begin(ConnectionId connection, std::string load, milliseconds wait = seconds(5)) {
    return board_.begin(application(std::move(load), wait), {connection, 1}, now());
  }
  wire::Handle granted(ConnectionId connection, std::string load) {
    const auto verdict = begin(connection, std::move(load));
    EXPECT_TRUE(verdict && std::holds_alternative<Granted>(*verdict));
    return std::get<Granted>(*verdict).refresh;
  }
  static LoadFailure fault(FailureKind kind) { return {kind, slate::Error(Reason::kLoaderFailed, "no")}; }

  RefreshBoard board_{8};
  milliseconds time_{1'000};
};

TEST_F(RefreshBoardTest, the_first_is_granted_and_the_second_waits) {
  EXPECT_EQ(granted(1, "a"), 1u);
  EXPECT_FALSE(begin(2, "b"));
  EXPECT_EQ(board_.running(), 1u);
}

TEST_F(RefreshBoardTest, other_copies_are_refreshed_beside_it) {
  granted(1, "a");
  auto other = application("b");
  other.scope = "s";
  EXPECT_TRUE(std::holds_alternative<Granted>(board_.begin(other, {2, 1}, now()).value()));
  other.datasource = "e";
  EXPECT_TRUE(std::holds_alternative<Granted>(board_.begin(other, {2, 2}, now()).value()));
}

TEST_F(RefreshBoardTest, who_does_not_wait_is_told_of_the_load_that_runs) {
  const auto refresh = granted(1, "a");
  board_.report(refresh, {.rows = 7, .bytes = 8, .calls = 1});
  const auto verdict = begin(2, "b", milliseconds(0));
  const auto& busy = std::get<Busy>(verdict.value());
  EXPECT_EQ(busy.load.load_id, "a");
  EXPECT_EQ(busy.load.counts.rows, 7u);
}

TEST_F(RefreshBoardTest, what_is_newer_than_what_was_seen_ends_a_demand_but_not_a_forced_one) {
  auto stale = application("a");
  stale.live_generation = 4;
  EXPECT_EQ(std::get<Ended>(board_.begin(stale, {1, 1}, now()).value()).generation, 4u);
  stale.trigger = Trigger::kForced;
  EXPECT_TRUE(std::holds_alternative<Granted>(board_.begin(stale, {1, 1}, now()).value()));
}

TEST_F(RefreshBoardTest, a_success_answers_all_who_wait) {
  const auto refresh = granted(1, "a");
  begin(2, "b");
  begin(3, "c");
  ASSERT_TRUE(board_.enter(refresh, 1, now()));
  const auto effects = board_.succeed(refresh, 4, 2, now());
  ASSERT_EQ(effects.notices.size(), 2u);
  EXPECT_EQ(effects.notices[0].applicant, (Applicant{2, 1}));
  EXPECT_EQ(std::get<Ended>(effects.notices[1].verdict).generation, 4u);
  EXPECT_TRUE(effects.lost.empty());
  EXPECT_EQ(board_.running(), 0u);
  const auto report = board_.find("c");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->load_id, "a");
  EXPECT_EQ(report->state, LoadState::kSucceeded);
  EXPECT_EQ(report->generation, 4u);
  EXPECT_EQ(report->duplicates, 2u);
}

TEST_F(RefreshBoardTest, a_failure_of_the_loader_answers_all_and_holds_back_the_next_demand) {
  const auto refresh = granted(1, "a");
  begin(2, "b");
  const auto effects = board_.fail(refresh, fault(FailureKind::kUnavailable), now(), 0.5);
  ASSERT_EQ(effects.notices.size(), 1u);
  EXPECT_EQ(std::get<Failed>(effects.notices[0].verdict).failures.count, 1u);
  const auto verdict = begin(3, "c");
  EXPECT_TRUE(std::holds_alternative<Failed>(verdict.value()));
  advance(seconds(2));
  EXPECT_TRUE(std::holds_alternative<Granted>(begin(3, "c").value()));
}

TEST_F(RefreshBoardTest, failures_in_a_row_are_counted_until_a_success) {
  for (std::uint32_t count = 1; count <= 3; ++count) {
    const auto refresh = granted(1, "a");
    board_.fail(refresh, fault(FailureKind::kData), now(), 0);
    EXPECT_EQ(std::get<Failed>(begin(1, "x").value()).failures.count, count);
    advance(seconds(60));
  }
  board_.succeed(granted(1, "a"), 4, 0, now());
  board_.fail(granted(1, "b"), fault(FailureKind::kData), now(), 0);
  EXPECT_EQ(std::get<Failed>(begin(1, "x").value()).failures.count, 1u);
}

TEST_F(RefreshBoardTest, a_forced_one_is_not_held_back) {
  board_.fail(granted(1, "a"), fault(FailureKind::kData), now(), 0);
  auto forced = application("b");
  forced.trigger = Trigger::kForced;
  EXPECT_TRUE(std::holds_alternative<Granted>(board_.begin(forced, {1, 1}, now()).value()));
}

TEST_F(RefreshBoardTest, refused_credentials_are_only_the_holders_and_the_next_one_has_the_right) {
  const auto refresh = granted(1, "a");
  begin(2, "b");
  begin(3, "c");
  const auto effects = board_.fail(refresh, fault(FailureKind::kCredentials), now(), 0);
  ASSERT_EQ(effects.notices.size(), 1u);
  EXPECT_EQ(effects.notices[0].applicant, (Applicant{2, 1}));
  EXPECT_TRUE(std::holds_alternative<Granted>(effects.notices[0].verdict));
  EXPECT_EQ(board_.find("a")->state, LoadState::kFailed);
  EXPECT_EQ(board_.find("c")->load_id, "b");
  EXPECT_FALSE(begin(4, "d"));
}

TEST_F(RefreshBoardTest, an_abort_without_a_fault_is_as_if_it_had_never_been) {
  const auto refresh = granted(1, "a");
  begin(2, "b");
  const auto effects = board_.fail(refresh, std::nullopt, now(), 0);
  EXPECT_TRUE(std::holds_alternative<Granted>(effects.notices.at(0).verdict));
  EXPECT_TRUE(effects.lost.empty());
}

TEST_F(RefreshBoardTest, a_lease_that_is_not_renewed_is_lost_to_the_next) {
  const auto refresh = granted(1, "a");
  begin(2, "b", seconds(60));
  EXPECT_EQ(board_.next_deadline(), SteadyTime(time_) + kLease);
  advance(kLease - milliseconds(1));
  EXPECT_TRUE(board_.expire(now()).lost.empty());
  advance(milliseconds(1));
  const auto effects = board_.expire(now());
  EXPECT_EQ(effects.lost, std::vector{refresh});
  EXPECT_TRUE(std::holds_alternative<Granted>(effects.notices.at(0).verdict));
  EXPECT_EQ(board_.enter(refresh, 1, now()).error().reason(), Reason::kFailedPrecondition);
}

TEST_F(RefreshBoardTest, a_message_renews_the_lease_and_it_does_not_run_out_while_one_is_handled) {
  const auto refresh = granted(1, "a");
  advance(kLease - milliseconds(1));
  ASSERT_TRUE(board_.enter(refresh, 1, now()));
  EXPECT_FALSE(board_.next_deadline());
  advance(3 * kLease);
  EXPECT_TRUE(board_.expire(now()).lost.empty());
  board_.leave(refresh, now());
  EXPECT_EQ(board_.next_deadline(), SteadyTime(time_) + kLease);
  advance(kLease);
  EXPECT_EQ(board_.expire(now()).lost.size(), 1u);
}

TEST_F(RefreshBoardTest, a_connection_that_goes_takes_its_rights_and_waits_along) {
  const auto refresh = granted(1, "a");
  begin(2, "b");
  begin(3, "c");
  EXPECT_TRUE(board_.disconnect(2, now()).notices.empty());
  const auto effects = board_.disconnect(1, now());
  EXPECT_EQ(effects.lost, std::vector{refresh});
  EXPECT_EQ(effects.notices.at(0).applicant, (Applicant{3, 1}));
  EXPECT_EQ(board_.find("a")->failure->kind, FailureKind::kCancelled);
}

TEST_F(RefreshBoardTest, a_connection_that_goes_while_it_publishes_has_published) {
  const auto refresh = granted(1, "a");
  begin(2, "b");
  ASSERT_TRUE(board_.enter(refresh, 1, now()));
  EXPECT_TRUE(board_.disconnect(1, now()).lost.empty());
  EXPECT_EQ(std::get<Ended>(board_.succeed(refresh, 4, 0, now()).notices.at(0).verdict).generation, 4u);
}

TEST_F(RefreshBoardTest, a_connection_that_goes_while_rows_are_taken_is_lost_after_them) {
  const auto refresh = granted(1, "a");
  ASSERT_TRUE(board_.enter(refresh, 1, now()));
  board_.disconnect(1, now());
  EXPECT_EQ(board_.leave(refresh, now()).lost, std::vector{refresh});
  EXPECT_EQ(board_.running(), 0u);
}

TEST_F(RefreshBoardTest, a_refresh_belongs_to_its_connection) {
  const auto refresh = granted(1, "a");
  EXPECT_FALSE(board_.enter(refresh, 2, now()));
  EXPECT_FALSE(board_.enter(refresh + 1, 1, now()));
}

TEST_F(RefreshBoardTest, a_wait_ends_with_the_progress_of_the_load) {
  granted(1, "a");
  begin(2, "b", seconds(2));
  EXPECT_EQ(board_.next_deadline(), SteadyTime(time_) + seconds(2));
  advance(seconds(2));
  const auto effects = board_.expire(now());
  EXPECT_EQ(std::get<Busy>(effects.notices.at(0).verdict).load.load_id, "a");
  EXPECT_TRUE(board_.expire(now()).notices.empty());
}

TEST_F(RefreshBoardTest, who_withdraws_is_not_answered) {
  const auto refresh = granted(1, "a");
  begin(2, "b");
  EXPECT_TRUE(board_.withdraw({2, 1}));
  EXPECT_FALSE(board_.withdraw({2, 1}));
  EXPECT_TRUE(board_.succeed(refresh, 4, 0, now()).notices.empty());
}

TEST_F(RefreshBoardTest, only_so_many_ended_loads_are_remembered_and_all_that_run) {
  auto running = application("running");
  running.datasource = "other";
  board_.begin(running, {9, 1}, now());
  for (int i = 0; i < 20; ++i) board_.succeed(granted(1, "load" + std::to_string(i)), 4, 0, now());
  EXPECT_FALSE(board_.find("load0"));
  EXPECT_FALSE(board_.find("load11"));
  EXPECT_TRUE(board_.find("load19"));
  EXPECT_TRUE(board_.find("running"));
  EXPECT_FALSE(board_.find("never"));
}

TEST_F(RefreshBoardTest, failures_of_a_dropped_datasource_are_forgotten) {
  board_.fail(granted(1, "a"), fault(FailureKind::kData), now(), 0);
  board_.forget("other");
  EXPECT_TRUE(std::holds_alternative<Failed>(begin(1, "b").value()));
  board_.forget("d");
  EXPECT_TRUE(std::holds_alternative<Granted>(begin(1, "b").value()));
}

TEST_F(RefreshBoardTest, failures_of_so_many_copies_are_remembered_the_latest_of_them) {
  const auto begin_scope = [&](int scope) {
    auto scoped = application("load" + std::to_string(scope));
    scoped.scope = std::to_string(scope);
    return board_.begin(scoped, {1, 1}, now()).value();
  };
  for (int scope = 0; scope < 100; ++scope) {
    const auto refresh = std::get<Granted>(begin_scope(scope)).refresh;
    advance(milliseconds(1));
    board_.fail(refresh, fault(FailureKind::kData), now(), 0);
  }
  EXPECT_EQ(board_.copies(), 8u);
  EXPECT_TRUE(std::holds_alternative<Failed>(begin_scope(99)));
  EXPECT_TRUE(std::holds_alternative<Granted>(begin_scope(91)));
}

TEST_F(RefreshBoardTest, calls_about_a_refresh_that_is_over_change_nothing) {
  const auto refresh = granted(1, "a");
  board_.succeed(refresh, 4, 0, now());
  EXPECT_TRUE(board_.succeed(refresh, 5, 0, now()).notices.empty());
  EXPECT_TRUE(board_.fail(refresh, fault(FailureKind::kData), now(), 0).notices.empty());
  EXPECT_TRUE(board_.leave(refresh, now()).lost.empty());
  board_.report(refresh, {});
  EXPECT_EQ(board_.find("a")->generation, 4u);
}

// Random calls against what must always hold: one holder a copy, every applicant answered exactly once or
// gone, and every right that was given ended once.
TEST_F(RefreshBoardTest, whatever_happens_each_applicant_is_answered_once_and_each_copy_has_one_holder) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    const auto pick = [&](std::uint64_t below) { return random() % below; };
    RefreshBoard board(4);
    std::map<std::pair<ConnectionId, wire::RequestId>, std::string> waiting;  // with the copy
    struct Holder {
      ConnectionId connection;
      std::string copy;
      bool entered = false;
      bool gone = false;
    };
    std::map<wire::Handle, Holder> holders;
    wire::RequestId last_request = 0;
    const auto grant = [&](wire::Handle handle, ConnectionId connection, const std::string& copy) {
      for (const auto& [other, holder] : holders) ASSERT_NE(holder.copy, copy) << "seed " << seed;
      ASSERT_TRUE(holders.emplace(handle, Holder{connection, copy}).second);
    };
    const auto take = [&](const BoardEffects& effects) {
      for (const wire::Handle handle : effects.lost) ASSERT_EQ(holders.erase(handle), 1u) << "seed " << seed;
      for (const Notice& notice : effects.notices) {
        const auto found = waiting.find({notice.applicant.connection, notice.applicant.request});
        ASSERT_NE(found, waiting.end()) << "seed " << seed;
        if (const auto* given = std::get_if<Granted>(&notice.verdict))
          grant(given->refresh, notice.applicant.connection, found->second);
        waiting.erase(found);
      }
    };
    const auto some_holder = [&] {
      auto holder = holders.begin();
      std::advance(holder, static_cast<std::ptrdiff_t>(pick(holders.size())));
      return holder;
    };
    for (int step = 0; step < 300; ++step) {
      advance(milliseconds(pick(4'000)));
      switch (pick(9)) {
        case 0:
        case 1: {
          const ConnectionId connection = 1 + pick(4);
          auto asked = application("load" + std::to_string(pick(10)), milliseconds(pick(20'000)));
          asked.datasource = std::string(1, static_cast<char>('a' + pick(2)));
          asked.trigger = pick(2) == 0 ? Trigger::kForced : Trigger::kOnDemand;
          const Applicant applicant{connection, ++last_request};
          const auto verdict = board.begin(asked, applicant, now());
          if (!verdict)
            waiting[{connection, last_request}] = asked.datasource;
          else if (const auto* given = std::get_if<Granted>(&*verdict))
            grant(given->refresh, connection, asked.datasource);
          break;
        }
        case 2:
        case 3:
          if (!holders.empty()) {
            const auto holder = some_holder();
            if (holder->second.entered) {
              holder->second.entered = false;
              take(board.leave(holder->first, now()));
            } else {
              holder->second.entered =
                  board.enter(holder->first, holder->second.connection, now()).has_value();
              ASSERT_TRUE(holder->second.entered);
            }
          }
          break;
        case 4:
          if (!holders.empty()) {
            const auto handle = some_holder()->first;
            holders.erase(handle);
            take(board.succeed(handle, 4, 0, now()));
          }
          break;
        case 5:
          if (!holders.empty()) {
            const auto handle = some_holder()->first;
            holders.erase(handle);
            std::optional<LoadFailure> with;
            if (pick(3) != 0) with = fault(static_cast<FailureKind>(pick(7)));
            take(board.fail(handle, with, now(), 0.5));
          }
          break;
        case 6: {
          const ConnectionId connection = 1 + pick(4);
          std::erase_if(waiting, [&](const auto& each) { return each.first.first == connection; });
          take(board.disconnect(connection, now()));
          break;
        }
        case 7: take(board.expire(now())); break;
        default:
          if (!waiting.empty()) {
            const auto [connection, request] = waiting.begin()->first;
            ASSERT_TRUE(board.withdraw({connection, request}));
            waiting.erase(waiting.begin());
          }
      }
      ASSERT_EQ(board.running(), holders.size()) << "seed " << seed << " step " << step;
      ASSERT_TRUE(waiting.empty() || !holders.empty());
    }
  }
}

}  // namespace
}  // namespace slate::server
