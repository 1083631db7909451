#include "bench/net/latencies.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace slate::bench::network {

std::size_t Latencies::class_of(std::uint64_t nanoseconds) {
  if (nanoseconds < (std::uint64_t{1} << kBits)) return nanoseconds;
  const auto shift = static_cast<std::size_t>(std::bit_width(nanoseconds)) - kBits - 1;
  return (shift << kBits) + (nanoseconds >> shift);
}

std::uint64_t Latencies::most_of(std::size_t index) {
  if (index < (std::size_t{2} << kBits)) return index;
  const std::size_t shift = (index >> kBits) - 1;
  return ((index - (shift << kBits) + 1) << shift) - 1;
}

void Latencies::add(Duration taken) {
  taken = std::max(taken, Duration(0));
  ++counts_[class_of(static_cast<std::uint64_t>(taken.count()))];
  ++count_;
  longest_ = std::max(longest_, taken);
}

void Latencies::add(const Latencies& others) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += others.counts_[i];
  count_ += others.count_;
  longest_ = std::max(longest_, others.longest_);
}

Latencies::Duration Latencies::quantile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= wanted && seen > 0) return std::min(Duration(most_of(i)), longest_);
  }
  return Duration(0);
}

}  // namespace slate::bench::network
