// A pool that has no thread left, for tests of what needs none.
#pragma once

#include <gtest/gtest.h>
#include <latch>
#include <memory>

#include "net/blocking_pool.h"

namespace slate::net::testing {

// Every thread of a pool, which has so many, waits from when this is made until it goes.
class HeldPool {
 public:
  HeldPool(BlockingPool& pool, int threads) {
    const auto entered = std::make_shared<std::latch>(threads + 1);
    for (int i = 0; i < threads; ++i)
      EXPECT_TRUE(pool.submit([entered, opened = opened_] {
        entered->count_down();
        opened->wait();
      }));
    entered->arrive_and_wait();
  }
  ~HeldPool() { opened_->count_down(); }
  HeldPool(const HeldPool&) = delete;
  HeldPool& operator=(const HeldPool&) = delete;

 private:
  const std::shared_ptr<std::latch> opened_ = std::make_shared<std::latch>(1);
};

}  // namespace slate::net::testing
