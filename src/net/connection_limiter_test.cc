#include "net/connection_limiter.h"

#include <gtest/gtest.h>
#include <optional>
#include <thread>
#include <vector>

namespace slate::net {
namespace {

using TimePoint = ConnectionLimiter::TimePoint;

ClientAddress client(std::uint8_t number) { return {.bytes = {10, 0, 0, number}}; }

std::shared_ptr<ConnectionLimiter> make(const ConnectionLimits& limits) {
  return std::make_shared<ConnectionLimiter>(limits);
}

TEST(ConnectionLimiter, places_are_taken_and_given_back) {
  const auto limiter = make({.connections = 1});
  {
    const auto first = limiter->ask(client(1), TimePoint{});
    ASSERT_TRUE(first.has_value());
    EXPECT_FALSE(first->refusal().has_value());
    EXPECT_EQ(first->client(), client(1));
    const auto second = limiter->ask(client(2), TimePoint{});
    ASSERT_TRUE(second && second->refusal());
    EXPECT_EQ(second->refusal()->reason(), Reason::kOverloaded);
    EXPECT_EQ(second->refusal()->retry_after_seconds(), 1);
  }
  EXPECT_FALSE(limiter->ask(client(2), TimePoint{})->refusal().has_value());
  EXPECT_EQ(limiter->accepted(), 2u);
  EXPECT_EQ(limiter->refused(), 1u);
}

TEST(ConnectionLimiter, one_client_does_not_take_the_places_of_others) {
  const auto limiter = make({.connections = 10, .client = {.connections = 1}});
  auto first = limiter->ask(client(1), TimePoint{});
  const auto second = limiter->ask(client(1), TimePoint{});
  ASSERT_TRUE(second && second->refusal());
  EXPECT_EQ(second->refusal()->reason(), Reason::kQuotaExceeded);
  EXPECT_FALSE(limiter->ask(client(2), TimePoint{})->refusal().has_value());
  first.reset();
  EXPECT_FALSE(limiter->ask(client(1), TimePoint{})->refusal().has_value());
}

TEST(ConnectionLimiter, a_refusal_for_want_of_places_counts_for_no_client) {
  const auto limiter = make({.connections = 1, .client = {.connections = 1}});
  auto first = limiter->ask(client(1), TimePoint{});
  EXPECT_TRUE(limiter->ask(client(2), TimePoint{})->refusal().has_value());
  first.reset();
  EXPECT_FALSE(limiter->ask(client(2), TimePoint{})->refusal().has_value());
}

TEST(ConnectionLimiter, not_even_refusals_are_without_limit) {
  const auto limiter = make({.connections = 0, .refusals = 1});
  auto told = limiter->ask(client(1), TimePoint{});
  ASSERT_TRUE(told && told->refusal());
  EXPECT_FALSE(limiter->ask(client(1), TimePoint{}).has_value());
  EXPECT_EQ(limiter->refused(), 2u);
  told.reset();
  EXPECT_TRUE(limiter->ask(client(1), TimePoint{}).has_value());
}

TEST(ConnectionLimiter, a_permit_that_moves_keeps_one_place) {
  const auto limiter = make({.connections = 1});
  {
    std::optional<ConnectionPermit> moved;
    {
      auto first = limiter->ask(client(1), TimePoint{});
      moved.emplace(*std::move(first));
    }
    EXPECT_TRUE(limiter->ask(client(1), TimePoint{})->refusal().has_value());
  }
  EXPECT_FALSE(limiter->ask(client(1), TimePoint{})->refusal().has_value());
}

TEST(ConnectionLimiter, threads_never_hold_more_places_than_there_are) {
  const auto limiter = make({.connections = 3, .client = {.connections = 2}});
  std::atomic<int> held = 0;
  std::atomic<bool> too_many = false;
  std::vector<std::jthread> threads;
  for (std::uint8_t i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int round = 0; round < 2'000; ++round) {
        const auto permit = limiter->ask(client(i % 2), TimePoint{});
        if (!permit || permit->refusal()) continue;
        if (++held > 3) too_many = true;
        --held;
      }
    });
  threads.clear();
  EXPECT_FALSE(too_many);
  EXPECT_EQ(limiter->accepted() + limiter->refused(), 8'000u);
}

}  // namespace
}  // namespace slate::net
