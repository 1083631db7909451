#include "bench/net/latencies.h"

#include <gtest/gtest.h>

namespace slate::bench::network {
namespace {

using std::chrono::nanoseconds;

TEST(Latencies, quantile_is_right_within_a_64th) {
  Latencies all;
  for (int i = 1; i <= 100'000; ++i) all.add(nanoseconds(i * 37));
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double expected = share * 100'000 * 37;
    const auto found = static_cast<double>(all.quantile(share).count());
    EXPECT_GE(found, expected * 0.999) << share;
    EXPECT_LE(found, expected * (1 + 1.0 / 63)) << share;
  }
  EXPECT_EQ(all.longest(), nanoseconds(3'700'000));
  EXPECT_EQ(all.count(), 100'000u);
}

TEST(Latencies, short_and_very_long_ones_have_a_class) {
  Latencies all;
  all.add(nanoseconds(-5));
  EXPECT_EQ(all.quantile(1), nanoseconds(0));
  all.add(nanoseconds(63));
  all.add(nanoseconds::max());
  EXPECT_EQ(all.quantile(0.5), nanoseconds(63));
  EXPECT_EQ(all.quantile(1), nanoseconds::max());
}

TEST(Latencies, none_have_no_quantile_and_sums_are_sums) {
  Latencies none;
  EXPECT_EQ(none.quantile(0.5), nanoseconds(0));
  Latencies some;
  some.add(nanoseconds(10));
  none.add(some);
  none.add(some);
  EXPECT_EQ(none.count(), 2u);
  EXPECT_EQ(none.quantile(0.5), nanoseconds(10));
}

}  // namespace
}  // namespace slate::bench::network
