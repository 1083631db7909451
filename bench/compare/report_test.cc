#include "bench/compare/report.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slate::bench::compare {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Header kHeader{.cpu = "Some CPU",
                     .cores = 2,
                     .kernel = "Linux 6.1",
                     .load = 0.5,
                     .engines = {"Slate 0.1.0", "DuckDB: skipped, no npm"},
                     .repeat = 9};

Timing timing(Role role, std::string engine, double ms, Indexes indexes = Indexes::kTwo) {
  return {.role = role,
          .engine = std::move(engine),
          .setup = std::string(setup_name(indexes)),
          .indexes = indexes,
          .median_ms = ms,
          .least_ms = ms / 2,
          .runs = 9};
}

const Line* line_named(std::string_view name) {
  for (const Line& line : lines())
    if (line.name == name) return &line;
  return nullptr;
}

RecordsComparison result(std::size_t records) {
  using enum Indexes;
  return {.records = records,
          .lines = {
              {.line = line_named("Q1"),
               .rows = records,
               .timings = {timing(Role::kSlate, "Slate", 4), timing(Role::kPeer, "SQLite", 30),
                           timing(Role::kPeer, "SQLite", 29.5, kTwoAndCompound),
                           timing(Role::kPeer, "DuckDB", 10), timing(Role::kLimit, "V", 2)}},
              {.line = line_named("Q8"),
               .rows = 200,
               .timings = {timing(Role::kSlate, "Slate", 0.06),
                           timing(Role::kSlate, "Slate", 0.03, kTwoAndCompound),
                           timing(Role::kPeer, "SQLite", 0.08),
                           timing(Role::kPeer, "SQLite", 0.024, kTwoAndCompound)}},
              {.line = line_named("LOAD"), .rows = records, .timings = {timing(Role::kSlate, "Slate", 60)}}}};
}

TEST(TableReport, has_a_column_an_engine_and_the_ratio_of_the_best) {
  const std::vector results{result(kGoalRecords)};
  const std::string table = table_report(kHeader, results);
  EXPECT_THAT(table, HasSubstr("2 x Some CPU, Linux 6.1, load average 0.5 before the run; 9 turns\nSlate "
                               "0.1.0\nDuckDB: skipped, no npm\n"));
  EXPECT_THAT(
      table,
      HasSubstr("line  what                                             Slate  Slate c    SQLite  DuckDB     "
                "V  peer / Slate"
                "          goal  met\n"
                "Q1    all records, all cells                            4.00               29.5    10.0  "
                "2.00          2.50"
                "           4.5  yes\n"
                "Q8    status, sort contacts_count, take 200           0.0600   0.0300  0.0240 c       -     "
                "           0.80"
                "  0.05; 0.03 c  no\n"
                "LOAD  refresh of N records from memory, both indexes    60.0                  -       -"
                "                                60  yes\n"));
}

TEST(TableReport, names_the_lines_on_which_a_peer_wins_and_the_slow_scans) {
  const std::vector results{result(1'000)};
  const std::string table = table_report(kHeader, results);
  EXPECT_THAT(table, HasSubstr("faster than Slate: Q8 (0.80).\n"));
  EXPECT_THAT(table, HasSubstr("times as fast as the best peer: Q1 (2.50).\n"));
}

TEST(TableReport, goals_are_those_at_a_hundred_thousand_records) {
  const std::vector results{result(1'000)};
  EXPECT_THAT(table_report(kHeader, results), Not(HasSubstr("goal")));
}

TEST(MarkdownReport, is_a_table_of_the_same_cells) {
  const std::vector results{result(kGoalRecords)};
  const std::string markdown = markdown_report(kHeader, results);
  EXPECT_THAT(markdown, HasSubstr("- DuckDB: skipped, no npm\n"));
  EXPECT_THAT(markdown, HasSubstr("| line | what | Slate | Slate c |"));
  EXPECT_THAT(
      markdown,
      HasSubstr("| Q1 | all records, all cells | 4.00 | | 29.5 | 10.0 | 2.00 | 2.50 | 4.5 | yes |\n"));
}

TEST(JsonReport, has_every_setup) {
  const std::vector results{result(kGoalRecords)};
  const auto json = boost::json::parse(json_report(kHeader, results));
  EXPECT_EQ(json.at("engines").at(1), "DuckDB: skipped, no npm");
  const auto& line = json.at("runs").at(0).at("lines").at(1);
  EXPECT_EQ(line.at("goal_compound_ms"), 0.03);
  EXPECT_EQ(line.at("engines").as_array().size(), 4U);
  EXPECT_EQ(line.at("engines").at(3).at("setup"), "two indexes and a compound one");
  EXPECT_EQ(line.at("engines").at(0).at("role"), "slate");
  EXPECT_EQ(json.at("runs").at(0).at("lines").at(2).as_object().if_contains("peer_to_slate"), nullptr);
}

}  // namespace
}  // namespace slate::bench::compare
