#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace slate::net {

// A number that many threads take from and give back to, up to a limit.
class Allowance {
 public:
  explicit Allowance(std::uint64_t limit) : limit_(limit) {}

  // All of it or nothing.
  bool take(std::uint64_t amount) {
    std::uint64_t taken = taken_.load(std::memory_order_relaxed);
    do {
      if (amount > limit_ || taken > limit_ - amount) return false;
    } while (!taken_.compare_exchange_weak(taken, taken + amount, std::memory_order_relaxed));
    return true;
  }
  // Whatever the limit: what bounds it otherwise is small.
  void take_always(std::uint64_t amount) { taken_.fetch_add(amount, std::memory_order_relaxed); }
  void give_back(std::uint64_t amount) { taken_.fetch_sub(amount, std::memory_order_relaxed); }
  std::uint64_t taken() const { return taken_.load(std::memory_order_relaxed); }
  std::uint64_t left() const { return limit_ - std::min(taken(), limit_); }

 private:
  const std::uint64_t limit_;
  std::atomic<std::uint64_t> taken_ = 0;
};

}  // namespace slate::net
