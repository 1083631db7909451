#include "cli/plan_text.h"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace slate::cli {
namespace {

TEST(PlanText, shows_the_tree_the_cost_the_counters_and_the_refused_ways) {
  const auto text = plan_text(boost::json::parse(R"({
    "plan":{"op":"limit","detail":"take 200","estimated_rows":200,"children":[
      {"op":"filter","detail":"status = \"active\"","children":[
        {"op":"index_walk","detail":"index contacts_count: all values, ascending","estimated_rows":99.5,"children":[]}]}]},
    "cost":12.25,
    "refused":[{"detail":"scan","cost":1000,"why":"costs more"}],
    "actual":{"keys_examined":400,"blocks_examined":7,"rows_examined":400,"rows_returned":200},
    "milliseconds":0.0421})"));
  ASSERT_TRUE(text) << text.error().to_string();
  EXPECT_EQ(*text,
            "limit  take 200  (about 200 rows)\n"
            "└ filter  status = \"active\"\n"
            "  └ index_walk  index contacts_count: all values, ascending  (about 100 rows)\n"
            "cost: 12.2\n"
            "actual: 400 keys, 7 blocks, 400 rows examined, 200 rows returned in 0.042 ms\n"
            "refused: scan  (cost 1000.0): costs more\n");
}

TEST(PlanText, a_plan_that_did_not_run_has_no_counters) {
  const auto text = plan_text(boost::json::parse(R"({"plan":{"op":"scan","children":[]},"actual":null})"));
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "scan\n");
}

TEST(PlanText, an_answer_without_a_plan_is_an_error) {
  for (const char* answer : {"{}", "[]", "null", R"({"plan":[]})"})
    EXPECT_FALSE(plan_text(boost::json::parse(answer)));
}

}  // namespace
}  // namespace slate::cli
