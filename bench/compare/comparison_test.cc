#include "bench/compare/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/bench_folder.h"
#include "bench/compare/engines.h"

namespace slate::bench::compare {
namespace {

using ::testing::HasSubstr;

const Line& line_named(std::string_view name) {
  for (const Line& line : lines())
    if (line.name == name) return line;
  ADD_FAILURE() << name;
  return lines().front();
}

// Answers what it was told, and writes down its calls.
class ToldEngine : public Engine {
 public:
  ToldEngine(std::string name, Answer checked, Answer answer, std::string& calls)
      : name_(std::move(name)), checked_(checked), answer_(answer), calls_(calls) {}

  Role role() const override { return Role::kPeer; }
  std::string_view name() const override { return name_; }
  Indexes indexes() const override { return Indexes::kTwo; }
  bool runs(const Line&) const override { return true; }
  Result<void> prepare(const Line&) override { return {}; }
  Result<Answer> run(const Line&) override {
    calls_ += name_;
    return answer_;
  }
  Result<Answer> check(const Line&) override {
    calls_ += name_ + "? ";
    return checked_;
  }

 private:
  std::string name_;
  Answer checked_;
  Answer answer_;
  std::string& calls_;
};

std::vector<std::unique_ptr<Engine>> two_engines(const Answer& checked, const Answer& answer,
                                                 std::string& calls) {
  std::vector<std::unique_ptr<Engine>> engines;
  engines.push_back(std::make_unique<ToldEngine>("A", Answer{.rows = 2, .folded = 7},
                                                 Answer{.rows = 2, .folded = 7}, calls));
  engines.push_back(std::make_unique<ToldEngine>("B", checked, answer, calls));
  return engines;
}

TEST(CompareEngines, lines_that_write_take_turns_and_are_checked_after_the_last) {
  std::string calls;
  const auto engines = two_engines({.rows = 2, .folded = 7}, {.rows = 2, .folded = 7}, calls);
  const auto compared = compare_engines(engines, {.lines = {"INS"}, .repeat = 9});
  ASSERT_TRUE(compared) << compared.error().to_string();
  EXPECT_EQ(calls, "ABABABABA? B? ");
  ASSERT_EQ(compared->size(), 1U);
  EXPECT_EQ(compared->front().line->name, "INS");
  EXPECT_EQ(compared->front().timings.at(1).engine, "B");
  EXPECT_EQ(compared->front().timings.at(1).runs, 3U);
}

TEST(CompareEngines, queries_are_checked_before_they_are_timed) {
  std::string calls;
  const auto engines = two_engines({.rows = 2, .folded = 7}, {.rows = 2, .folded = 7}, calls);
  ASSERT_TRUE(compare_engines(engines, {.lines = {"Q1"}, .repeat = 1}));
  EXPECT_THAT(calls, ::testing::StartsWith("A? B? ABAA"));
}

TEST(CompareEngines, an_answer_that_differs_fails_with_line_and_engines) {
  std::string calls;
  const auto engines = two_engines({.rows = 3}, {.rows = 3}, calls);
  const auto compared = compare_engines(engines, {.lines = {"Q3"}});
  ASSERT_FALSE(compared);
  EXPECT_EQ(compared.error().message(), "Q3: A (two indexes) and B (two indexes) disagree: rows 2 and 3");
}

TEST(CompareEngines, a_timed_run_that_read_fewer_cells_than_the_check_fails) {
  std::string calls;
  const auto engines = two_engines({.rows = 2, .folded = 7}, {.rows = 2, .folded = 6}, calls);
  const auto compared = compare_engines(engines, {.lines = {"Q1"}});
  ASSERT_FALSE(compared);
  EXPECT_THAT(compared.error().message(), HasSubstr("B (two indexes) returned 2 rows, folded to 6"));
}

TEST(CompareEngines, ends_when_it_is_told_to) {
  std::string calls;
  const auto engines = two_engines({.rows = 2}, {.rows = 2}, calls);
  const auto compared = compare_engines(engines, {.stopped = [] { return true; }});
  ASSERT_FALSE(compared);
  EXPECT_EQ(compared.error().reason(), Reason::kCancelled);
  EXPECT_EQ(calls, "");
}

TEST(Agree, rows_and_every_checksum_count_where_the_set_is_determined) {
  const Answer answer{.rows = 2, .folded = 1, .checksum = 5, .keys = 6};
  const Line& line = line_named("Q6");
  EXPECT_TRUE(agree(line, "a", answer, "b", answer));
  EXPECT_FALSE(agree(line, "a", answer, "b", {.rows = 3, .folded = 1, .checksum = 5, .keys = 6}));
  EXPECT_FALSE(agree(line, "a", answer, "b", {.rows = 2, .folded = 1, .checksum = 4, .keys = 6}));
  EXPECT_FALSE(agree(line, "a", answer, "b", {.rows = 2, .folded = 1, .checksum = 5, .keys = 7}));
}

TEST(Agree, ties_at_the_cut_may_fall_either_way_but_the_keys_may_not) {
  const Answer answer{.rows = 2, .folded = 1, .checksum = 5, .keys = 6};
  const Line& line = line_named("Q8");
  EXPECT_TRUE(agree(line, "a", answer, "b", {.rows = 2, .folded = 2, .checksum = 4, .keys = 6}));
  EXPECT_FALSE(agree(line, "a", answer, "b", {.rows = 2, .folded = 1, .checksum = 5, .keys = 7}));
}

// The engines that every build has: 2,003 records, so that no share and no segment is full.
TEST(Engines, slate_and_the_limits_agree_on_every_line) {
  const Workload workload(2'003);
  const auto folder = BenchFolder::make("");
  ASSERT_TRUE(folder);
  std::vector<std::unique_ptr<Engine>> engines;
  const auto add = [&](Result<EngineFamily> family) {
    ASSERT_TRUE(family) << family.error().to_string();
    for (auto& engine : family->engines) engines.push_back(std::move(engine));
  };
  add(open_slate(folder->path() / "slate", workload));
  add(open_vector(workload));
  add(open_lmdb(folder->path() / "lmdb", workload));
  const auto compared = compare_engines(engines, {.repeat = 1});
  ASSERT_TRUE(compared) << compared.error().to_string();
  ASSERT_EQ(compared->size(), 21U);
  for (const LineComparison& line : *compared)
    EXPECT_GE(line.timings.size(), 2U) << line.line->name << " is compared with nothing";
}

}  // namespace
}  // namespace slate::bench::compare
