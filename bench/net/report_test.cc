#include "bench/net/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slate::bench::network {
namespace {

using std::chrono::microseconds;
using ::testing::HasSubstr;
using ::testing::Not;

const Header kHeader{.cpu = "Some CPU", .cores = 2, .kernel = "Linux 6.1", .load = 0.5, .records = 1000};

HttpResult http(double slate_capacity, microseconds p99) {
  return {.body_bytes = 45'000,
          .lines = {{.what = "nginx", .capacity = 20'000, .busy = 0.5},
                    {.what = "slate",
                     .capacity = slate_capacity,
                     .busy = 0.5,
                     .half_rate = slate_capacity / 2,
                     .median = microseconds(100),
                     .p99 = p99,
                     .worst_p99 = microseconds(900)}}};
}

TEST(NetReport, tells_ratios_and_whether_goals_are_met) {
  const std::vector<TcpResult> tcp{
      {.placement = "one core",
       .round_trip = 12,
       .lines = {{.what = "page", .embedded = 50, .tcp = 80, .goal = 77, .goal_text = "1.3 x"},
                 {.what = "ping", .tcp = 15}}}};
  const auto text = net_report(kHeader, tcp, http(12'000, microseconds(400)), Format::kMarkdown);
  EXPECT_THAT(text, HasSubstr("2 x Some CPU, Linux 6.1, load average 0.50"));
  EXPECT_THAT(text, HasSubstr("| page | 50.0 | 80.0 | 77.0 | 1.3 x | no |"));
  EXPECT_THAT(text, HasSubstr("| ping | | 15.0 | | | |"));
  EXPECT_THAT(text, HasSubstr("| slate | 12000 | 0.60 | yes | 6000 | 100 | 400 | yes | 900 | 50 % |"));
  EXPECT_THAT(text, Not(HasSubstr("could do more")));
}

TEST(NetReport, missed_goals_and_a_busy_generator_are_told) {
  auto result = http(9'000, microseconds(500));
  result.lines.front().busy = 0.99;
  const auto text = net_report(kHeader, {}, result, Format::kMarkdown);
  EXPECT_THAT(text, HasSubstr("| slate | 9000 | 0.45 | no | 4500 | 100 | 500 | no | 900 | 50 % |"));
  EXPECT_THAT(text, HasSubstr("could do more"));
}

TEST(OverloadReport, tells_goodput_answers_and_problems) {
  OverloadResult result{.capacity = 4'000, .offered = 40'000, .good = 3'600};
  result.answers = {{200, 10}, {503, 90}};
  auto text = overload_report(kHeader, result, Format::kTable);
  EXPECT_THAT(text, HasSubstr("90 % of capacity (goal: 80 %, met)"));
  EXPECT_THAT(text, HasSubstr("10 x 200, 90 x 503"));
  EXPECT_THAT(text, HasSubstr("none"));
  result.good = 100;
  result.problems = {"the server ended: signal 9"};
  text = overload_report(kHeader, result, Format::kTable);
  EXPECT_THAT(text, HasSubstr("missed"));
  EXPECT_THAT(text, HasSubstr("signal 9"));
}

}  // namespace
}  // namespace slate::bench::network
