// How long answers took, in little memory.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace slate::bench::network {

// Counts durations in classes of their leading bits, so that a quantile is right within a 64th of its value.
// 30 KiB, whatever their number. One thread at a time.
class Latencies {
 public:
  using Duration = std::chrono::nanoseconds;

  // Negative ones count as zero.
  void add(Duration taken);
  void add(const Latencies& others);
  std::uint64_t count() const { return count_; }
  // The least duration that `share` (0 to 1) of all do not exceed; zero when there are none.
  Duration quantile(double share) const;
  Duration longest() const { return longest_; }

 private:
  static constexpr std::size_t kBits = 6;  // that are told apart behind the leading one
  static std::size_t class_of(std::uint64_t nanoseconds);
  static std::uint64_t most_of(std::size_t index);  // the largest duration of a class

  std::array<std::uint64_t, (64 - kBits + 1) << kBits> counts_{};
  std::uint64_t count_ = 0;
  Duration longest_{0};
};

}  // namespace slate::bench::network
