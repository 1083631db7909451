#include <algorithm>
#include <atomic>
#include <barrier>
#include <future>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <slate/pool.h>

#include "client/testing/scripted_server.h"

namespace slate {
namespace {

using client::testing::ScriptedServer;
using client::testing::wait_until;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLong{600'000};

std::unique_ptr<ClientPool> make_pool(const std::string& address, ClientPoolOptions options = {}) {
  options.client.address = address;
  auto pool = ClientPool::create(std::move(options));
  EXPECT_TRUE(pool) << pool.error().to_string();
  return *std::move(pool);
}

// A port that nobody listens on, for a while.
std::string free_address() {
  const ScriptedServer server;
  return server.address();
}

TEST(ClientPool, connects_when_first_needed_and_uses_connections_again) {
  const ScriptedServer server;
  const auto pool = make_pool(server.address());
  EXPECT_EQ(server.accepted(), 0);
  for (int i = 0; i < 3; ++i) {
    const auto client = pool->checkout();
    ASSERT_TRUE(client) << client.error().to_string();
    EXPECT_TRUE((*client)->ping().get());
    EXPECT_EQ(pool->stats().idle, 0U);
  }
  EXPECT_EQ(server.accepted(), 1);
  const ClientPoolStats stats = pool->stats();
  EXPECT_EQ(stats.checkouts, 3U);
  EXPECT_EQ(stats.connects, 1U);
  EXPECT_EQ(stats.open, 1U);
  EXPECT_EQ(stats.idle, 1U);
  EXPECT_EQ(stats.waited, 0U);
}

TEST(ClientPool, sixty_four_threads_share_four_connections) {
  const ScriptedServer server;
  const auto pool = make_pool(server.address(), {.size = 4, .checkout_timeout = kLong});
  std::atomic<int> in_use = 0;
  std::atomic<int> most = 0;
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 64; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        const auto client = pool->checkout();
        const int now = ++in_use;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
        }
        if (client && (*client)->ping().get()) ++good;
        --in_use;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 64 * 20);
  EXPECT_LE(most, 4);
  EXPECT_LE(server.accepted(), 4);
  const ClientPoolStats stats = pool->stats();
  EXPECT_EQ(stats.checkouts, 64U * 20);
  EXPECT_EQ(stats.waiting, 0U);
  EXPECT_EQ(stats.open, stats.idle);
}

TEST(ClientPool, who_came_first_is_served_first) {
  const ScriptedServer server;
  const auto pool = make_pool(server.address(), {.size = 1, .checkout_timeout = kLong});
  std::optional<Result<PooledClient>> held = pool->checkout();
  ASSERT_TRUE(*held);
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      const auto client = pool->checkout();
      const std::scoped_lock lock(mutex);
      order.push_back(i);
    });
    wait_until([&] { return pool->stats().waiting == static_cast<std::size_t>(i) + 1; });
  }
  held.reset();
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_EQ(order.size(), 16U);
}

// All four connections come back at once, and their users queue up again at once, behind the sixty who wait:
// in every sixteen such rounds each thread has one turn, or somebody has overtaken somebody.
TEST(ClientPool, sixty_four_threads_take_turns_on_four_connections) {
  constexpr std::size_t kThreads = 64;
  constexpr std::size_t kConnections = 4;
  constexpr std::size_t kTurns = 20;
  constexpr std::size_t kRoundsOfATurn = kThreads / kConnections;
  const ScriptedServer server;
  const auto pool = make_pool(server.address(), {.size = kConnections, .checkout_timeout = kLong});
  // These two change while all four are in use and the others wait, so that nobody looks.
  std::size_t round = 0;
  bool is_over = false;
  std::barrier all_in_use(kConnections, [&]() noexcept {
    wait_until([&] { return pool->stats().waiting == kThreads - kConnections; });
    is_over = ++round == kTurns * kRoundsOfATurn;
  });
  std::vector<std::vector<std::size_t>> rounds(kThreads);  // in which each thread had a turn
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (;;) {
        const auto client = pool->checkout();
        if (is_over) return;
        EXPECT_TRUE(client && (*client)->ping().get());
        rounds[t].push_back(round);
        all_in_use.arrive_and_wait();
      }
    });
  for (auto& thread : threads) thread.join();
  for (const auto& turns : rounds) {
    EXPECT_EQ(turns.size(), kTurns);
    for (std::size_t i = 0; i < turns.size(); ++i)
      EXPECT_EQ(turns[i], i == 0 ? turns[0] % kRoundsOfATurn : turns[i - 1] + kRoundsOfATurn);
  }
  EXPECT_EQ(server.accepted(), static_cast<int>(kConnections));
}

TEST(ClientPool, exhaustion_ends_with_the_timeout) {
  const ScriptedServer server;
  const auto pool = make_pool(server.address(), {.size = 1});
  auto held = std::make_unique<Result<PooledClient>>(pool->checkout());
  const auto second = pool->checkout(milliseconds(10));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason(), Reason::kOverloaded);
  EXPECT_EQ(pool->stats().timeouts, 1U);
  held.reset();
  EXPECT_TRUE(pool->checkout(milliseconds(0))) << "what is idle needs no wait";
}

TEST(ClientPool, a_connection_that_broke_in_use_is_replaced) {
  const ScriptedServer server([](const auto& peer, auto id, const auto& request) {
    if (std::holds_alternative<wire::Ping>(request.body)) peer->answer(id, wire::Pong{});
    if (std::holds_alternative<wire::GetList>(request.body)) peer->cut();
  });
  const auto pool = make_pool(server.address(), {.size = 1});
  {
    const auto client = pool->checkout();
    ASSERT_TRUE(client);
    EXPECT_EQ((*client)->get_list("a").get().error().reason(), Reason::kUnavailable);
  }
  EXPECT_EQ(pool->stats().dropped, 1U);
  EXPECT_EQ(pool->stats().open, 0U);
  const auto next = pool->checkout();
  ASSERT_TRUE(next);
  EXPECT_TRUE((*next)->ping().get());
  EXPECT_EQ(pool->stats().connects, 2U);
}

TEST(ClientPool, connections_that_died_while_idle_are_not_handed_out) {
  ScriptedServer server;
  const auto pool = make_pool(server.address(), {.size = 4});
  {
    std::vector<Result<PooledClient>> held;
    for (int i = 0; i < 4; ++i) held.push_back(pool->checkout());
    EXPECT_EQ(pool->stats().open, 4U);
  }
  server.cut_all();
  wait_until([&] { return server.open() == 0; });
  std::vector<Result<PooledClient>> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(pool->checkout());
    ASSERT_TRUE(held.back()) << held.back().error().to_string();
    EXPECT_TRUE((*held.back())->ping().get()) << "each one works";
  }
  EXPECT_EQ(pool->stats().dropped, 4U);
  EXPECT_EQ(pool->stats().connects, 8U);
}

TEST(ClientPool, a_connection_that_owes_an_answer_is_not_used_again) {
  std::atomic<int> lists = 0;
  const ScriptedServer server([&](const auto& peer, auto id, const auto& request) {
    if (std::holds_alternative<wire::GetList>(request.body)) ++lists;
    if (std::holds_alternative<wire::Ping>(request.body)) peer->answer(id, wire::Pong{});
  });
  const auto pool = make_pool(server.address(), {.size = 1});
  {
    const auto client = pool->checkout();
    const auto late = (*client)->get_list("a", {.deadline = steady_clock::now()}).get();
    EXPECT_EQ(late.error().reason(), Reason::kDeadlineExceeded);
    if (lists == 0) {
      // It was too late to be sent: once more, with a little time.
      const auto sent = (*client)->get_list("a", {.deadline = steady_clock::now() + milliseconds(20)}).get();
      EXPECT_EQ(sent.error().reason(), Reason::kDeadlineExceeded);
    }
  }
  EXPECT_EQ(pool->stats().dropped, 1U);
}

TEST(ClientPool, a_server_that_accepts_and_never_answers_is_unavailable) {
  const ScriptedServer server({}, "");
  const auto pool = make_pool(server.address(), {.client = {.connect_timeout = milliseconds(20)},
                                                 .checkout_timeout = milliseconds(100),
                                                 .first_back_off = milliseconds(1)});
  const auto client = pool->checkout();
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().reason(), Reason::kUnavailable);
  wait_until([&] { return pool->stats().connect_failures > 0; });
  EXPECT_EQ(pool->stats().open, 0U);
}

TEST(ClientPool, a_server_that_never_answers_is_not_waited_for_beyond_the_checkout) {
  std::optional<ScriptedServer> silent(std::in_place, ScriptedServer::Handler{}, "");
  const auto pool = make_pool(silent->address(),
                              {.client = {.connect_timeout = kLong}, .checkout_timeout = milliseconds(20)});
  const auto client = pool->checkout();
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().reason(), Reason::kUnavailable);
  EXPECT_EQ(pool->stats().connect_failures, 0U) << "it is still being connected to";
  EXPECT_EQ(pool->stats().timeouts, 1U);
  silent.reset();  // which ends that
}

TEST(ClientPool, another_address_is_used_when_the_first_does_not_answer) {
  const ScriptedServer silent({}, "");
  const ScriptedServer good;
  const auto pool = make_pool(silent.address() + "," + free_address() + "," + good.address(),
                              {.client = {.connect_timeout = milliseconds(50)}});
  std::vector<Result<PooledClient>> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(pool->checkout());
    ASSERT_TRUE(held.back()) << held.back().error().to_string();
    EXPECT_EQ((*held.back())->address(), good.address());
  }
  EXPECT_EQ(silent.accepted(), 1) << "the one that answered is asked first from then on";
}

TEST(ClientPool, a_server_that_has_been_away_for_long_is_not_waited_for) {
  const auto pool = make_pool(free_address(), {.checkout_timeout = milliseconds(20),
                                               .first_back_off = milliseconds(100'000),
                                               .most_back_off = milliseconds(100'000)});
  const auto first = pool->checkout();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().reason(), Reason::kUnavailable);
  // Away for as long as anybody would wait, from the first failure on.
  wait_until([&] { return !pool->checkout() && pool->stats().refused > 0; });
  const auto refused = pool->checkout();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason(), Reason::kUnavailable);
  EXPECT_GT(refused.error().retry_after_seconds().value_or(0), 0);
  EXPECT_EQ(pool->stats().connect_failures, 1U) << "the server is left alone until the back-off is over";
}

TEST(ClientPool, a_server_that_comes_back_is_found_by_those_who_wait) {
  auto server = std::make_unique<ScriptedServer>();
  const std::uint16_t port = server->port();
  const auto pool = make_pool(server->address(), {.size = 2,
                                                  .checkout_timeout = kLong,
                                                  .first_back_off = milliseconds(1),
                                                  .most_back_off = milliseconds(5)});
  server.reset();
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      const auto client = pool->checkout();
      if (client && (*client)->ping().get()) ++good;
    });
  wait_until([&] { return pool->stats().connect_failures >= 3; });
  server = std::make_unique<ScriptedServer>(ScriptedServer::Handler(), "one", port);
  ASSERT_TRUE(server->is_bound());
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 8);
}

TEST(ClientPool, server_restarts_under_load_break_calls_and_nothing_else) {
  auto server = std::make_unique<ScriptedServer>();
  const std::uint16_t port = server->port();
  const auto pool = make_pool(server->address(), {.size = 4,
                                                  .checkout_timeout = kLong,
                                                  .first_back_off = milliseconds(1),
                                                  .most_back_off = milliseconds(5)});
  std::atomic<bool> ends = false;
  std::atomic<int> good = 0;
  std::atomic<int> strange = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t)
    threads.emplace_back([&] {
      while (!ends) {
        const auto client = pool->checkout();
        if (!client) {
          ++strange;
          continue;
        }
        const auto pong = (*client)->ping().get();
        if (pong)
          ++good;
        else if (pong.error().reason() != Reason::kUnavailable)
          ++strange;
      }
    });
  for (int restart = 0; restart < 5; ++restart) {
    const int before = good;
    wait_until([&] { return good > before + 20; });
    server.reset();
    server = std::make_unique<ScriptedServer>(ScriptedServer::Handler(), "one", port);
    ASSERT_TRUE(server->is_bound());
  }
  const int before = good;
  wait_until([&] { return good > before + 20; });
  ends = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(strange, 0);
  EXPECT_EQ(pool->stats().open, pool->stats().idle);
  EXPECT_LE(pool->stats().open, 4U);
}

TEST(ClientPool, destruction_ends_the_checkouts_that_wait) {
  const ScriptedServer server;
  auto pool = make_pool(server.address(), {.size = 1, .checkout_timeout = kLong});
  auto held = pool->checkout();
  ASSERT_TRUE(held);
  std::vector<std::thread> threads;
  std::atomic<int> ended = 0;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, raw = pool.get()] {
      const auto client = raw->checkout();
      if (!client && client.error().reason() == Reason::kUnavailable) ++ended;
    });
  wait_until([&] { return pool->stats().waiting == 8; });
  pool.reset();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(ended, 8);
  EXPECT_TRUE((*held)->ping().get()) << "what is in use stays";
}

TEST(ClientPool, a_new_instance_is_met_once_before_any_connection_is_handed_out) {
  auto server = std::make_unique<ScriptedServer>(ScriptedServer::Handler(), "first");
  const std::uint16_t port = server->port();
  std::mutex mutex;
  std::vector<std::string> met;
  std::promise<void> may_go_on;
  const std::shared_future<void> go(may_go_on.get_future());
  ClientPoolOptions options{.size = 4,
                            .checkout_timeout = kLong,
                            .first_back_off = milliseconds(1),
                            .most_back_off = milliseconds(5)};
  options.on_new_instance = [&](Database&, const std::string& instance) -> Result<void> {
    {
      const std::scoped_lock lock(mutex);
      met.push_back(instance);
    }
    if (instance == "second") go.wait();
    return {};
  };
  const auto pool = make_pool(server->address(), std::move(options));
  { ASSERT_TRUE(pool->checkout()); }
  { ASSERT_TRUE(pool->checkout()); }
  EXPECT_EQ(met, (std::vector<std::string>{"first"}));
  server.reset();
  server = std::make_unique<ScriptedServer>(ScriptedServer::Handler(), "second", port);
  std::atomic<int> handed_out = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      const auto client = pool->checkout();
      if (client && (*client)->instance() == "second") ++handed_out;
    });
  wait_until([&] { return server->open() >= 2; });
  EXPECT_EQ(handed_out, 0);
  may_go_on.set_value();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(handed_out, 4);
  EXPECT_EQ(met, (std::vector<std::string>{"first", "second"}));
  EXPECT_EQ(pool->instance(), "second");
  EXPECT_EQ(pool->stats().instances, 2U);
}

TEST(ClientPool, an_instance_that_could_not_be_met_is_met_again) {
  const ScriptedServer server;
  std::atomic<bool> is_bad = true;
  ClientPoolOptions options{.first_back_off = milliseconds(1)};
  options.on_new_instance = [&](Database& database, const std::string&) -> Result<void> {
    EXPECT_EQ(database.instance_id(), "one");
    if (is_bad) return fail(Reason::kInvalidArgument, "a bad manifest");
    return {};
  };
  const auto pool = make_pool(server.address(), std::move(options));
  const auto first = pool->checkout();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().message(), "a bad manifest");
  is_bad = false;
  wait_until([&] { return static_cast<bool>(pool->checkout()); });
  EXPECT_EQ(pool->stats().instances, 1U);
}

TEST(ClientPool, a_server_that_is_too_busy_for_a_connection_is_tried_again) {
  std::atomic<int> asked = 0;
  std::optional<ScriptedServer> server;
  const auto greet = [&](const auto& peer, auto id, const auto& request) {
    if (!std::holds_alternative<wire::Hello>(request.body)) return;
    if (++asked == 1)
      peer->answer(id, Error(Reason::kQuotaExceeded, "too many connections come from this address"));
    else
      peer->answer(id, server->welcome());
  };
  server.emplace(greet, "one", 0, ScriptedServer::Hello::kHandler);
  const auto pool =
      make_pool(server->address(), {.checkout_timeout = kLong, .first_back_off = milliseconds(1)});
  EXPECT_TRUE(pool->checkout());
  EXPECT_EQ(pool->stats().connect_failures, 1U);
}

TEST(PooledDatabase, whatever_keeps_it_from_connecting_is_no_matter_of_who_asks) {
  const ScriptedServer server;
  const auto pool = make_pool(server.address(), {.client = {.token_file = "/nowhere/token"}});
  const auto list = make_remote_database(*pool)->get_list("a");
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().reason(), Reason::kUnavailable) << list.error().to_string();
}

TEST(ClientPool, wrong_options_are_refused) {
  EXPECT_FALSE(ClientPool::create({.client = {.address = "db:x"}}));
  EXPECT_FALSE(ClientPool::create({.client = {.address = ""}}));
  EXPECT_FALSE(ClientPool::create({.size = 0}));
}

}  // namespace
}  // namespace slate
