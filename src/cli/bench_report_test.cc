#include "cli/bench_report.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slate::cli {
namespace {

using ::testing::HasSubstr;

const MachineInfo kMachine{
    .cpu = "Some CPU", .cores = 2, .compiler = "g++ 12.2.0", .build_type = "Release", .version = "0.1.0"};

bench::RunResult result() {
  return {.records = 1000,
          .lines =
              {{.name = "Q9",
                .what = "sort",
                .median_ms = 0.01234,
                .least_ms = 0.009,
                .runs = 9,
                .counters = QueryCounters{200, 3, 200, 200},
                .rows = 200},
               {.name = "LOAD", .what = "load", .median_ms = 61.26, .least_ms = 60, .runs = 3, .rows = 1000}},
          .file_bytes = 3 << 20,
          .resident_bytes = 30 << 20,
          .private_bytes = 10 << 20};
}

TEST(ThreeDigits, keeps_three_that_count) {
  EXPECT_EQ(three_digits(0.0123456), "0.0123");
  EXPECT_EQ(three_digits(1.2345), "1.23");
  EXPECT_EQ(three_digits(12.345), "12.3");
  EXPECT_EQ(three_digits(123.45), "123");
  EXPECT_EQ(three_digits(1234.5), "1234");
  EXPECT_EQ(three_digits(0), "0");
}

TEST(BenchReport, the_table_names_the_machine_and_aligns_its_columns) {
  const std::vector results{result()};
  const std::string table = bench_table(kMachine, results);
  EXPECT_THAT(table, HasSubstr("slate 0.1.0, Release build, g++ 12.2.0, 2 x Some CPU\n"));
  EXPECT_THAT(table, HasSubstr("1000 records; file 3.0 MiB; resident 30.0 MiB, of it 10.0 MiB private\n"));
  EXPECT_THAT(table, HasSubstr("LINE  WHAT  MEDIAN ms   MIN ms  KEYS  BLOCKS  EXAMINED  ROWS\n"
                               "Q9    sort     0.0123  0.00900   200       3       200   200\n"
                               "LOAD  load       61.3     60.0                          1000\n"));
}

TEST(BenchReport, prices_stand_next_to_what_was_measured) {
  const std::vector<bench::Price> prices{{"key", "the next key", 90, 101.25}};
  EXPECT_THAT(prices_table(kMachine, prices), HasSubstr("PRICE  WHAT          USED ns  MEASURED ns\n"
                                                        "key    the next key     90.0          101\n"));
  const auto json = boost::json::parse(prices_json(kMachine, prices));
  EXPECT_EQ(json.at("prices").at(0).at("used_ns"), 90.0);
  EXPECT_EQ(json.at("prices").at(0).at("measured_ns"), 101.25);
  EXPECT_EQ(json.at("cores"), 2);
}

TEST(BenchReport, json_has_counters_where_there_are_some) {
  const std::vector results{result()};
  const auto json = boost::json::parse(bench_json(kMachine, results));
  const auto& run = json.at("runs").at(0);
  EXPECT_EQ(run.at("records"), 1000);
  EXPECT_EQ(run.at("file_bytes"), 3 << 20);
  EXPECT_EQ(run.at("lines").at(0).at("keys_examined"), 200);
  EXPECT_EQ(run.at("lines").at(0).at("median_ms"), 0.01234);
  EXPECT_EQ(run.at("lines").at(1).as_object().if_contains("keys_examined"), nullptr);
  EXPECT_EQ(json.at("build_type"), "Release");
}

}  // namespace
}  // namespace slate::cli
