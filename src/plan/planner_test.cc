#include "plan/planner.h"

#include <gmock/gmock.h>
#include <map>

#include <slate/query.h>

#include "plan/plan.h"
#include "query/bound_query.h"

namespace slate {
namespace {

// Says what it is told to.
class TableOfEstimates final : public Statistics {
 public:
  std::uint64_t rows() const override { return 100'000; }
  std::uint64_t segment_rows() const override { return 256; }
  bool is_ready(const Index& index) const override { return index.name != building; }
  double estimate(const Index& index, std::span<const ValueRange> ranges) const override {
    double entries = 0;
    for (const ValueRange& range : ranges) {
      if (range.kind == ValueRange::Kind::kNulls)
        entries += 1000;
      else if (!range.lower && !range.upper)
        entries += 99'000;
      else
        entries += shares.at(index.name);
    }
    return entries;
  }

  std::map<std::string, double> shares = {
      {"status", 50'000}, {"contacts", 1000}, {"city", 20}, {"_id", 1}, {"status,-contacts", 50'000}};
  std::string building;
};

class PlannerTest : public testing::Test {
 protected:
  PlannerTest()
      : schema_(make_schema(
            {.id = "prospects",
             .fields = {{.name = "status", .indexed = true},
                        {.name = "contacts", .type = Type::kInt, .indexed = true},
                        {.name = "city", .indexed = true},
                        {.name = "name"}},
             .indexes = {{.fields = {{.field = "status"},
                                     {.field = "contacts", .direction = Direction::kDescending}}}}},
            nullptr)) {}

  Result<Plan> try_plan(const Query& query, const QueryOptions& options = {}) {
    const auto bound = bind(query, schema_);
    EXPECT_TRUE(bound.has_value());
    return make_plan(*bound, schema_, statistics_, options);
  }
  Plan plan(const Query& query, const QueryOptions& options = {}) {
    auto made = try_plan(query, options);
    EXPECT_TRUE(made.has_value()) << made.error().to_string();
    return *std::move(made);
  }
  // "index contacts: ..." or "scan".
  std::string access(const Plan& plan) {
    const auto* walk = std::get_if<IndexWalk>(&plan.access);
    return walk != nullptr ? describe_walk(*walk, schema_) : "scan";
  }
  static Filter where(std::string field, Value value) {
    return Filter::condition(std::move(field), Op::kEq, std::move(value));
  }
  static std::vector<std::string> lines(const PlanNode& node, const std::string& indent = "") {
    std::vector<std::string> text = {indent + node.op + (node.detail.empty() ? "" : " " + node.detail)};
    for (const PlanNode& child : node.children)
      for (std::string& line : lines(child, indent + "  ")) text.push_back(std::move(line));
    return text;
  }
  std::vector<std::string> explained(const Query& query) {
    return lines(explain_plan(plan(query), schema_).root);
  }

  static constexpr auto kDescending = Direction::kDescending;
  Schema schema_;
  TableOfEstimates statistics_;
};

TEST_F(PlannerTest, a_selective_equality_walks_its_index_in_order_of_arrival) {
  const Plan chosen = plan({.filter = where("city", "Paris")});
  EXPECT_EQ(access(chosen), "index city: city = \"Paris\", ascending");
  EXPECT_EQ(chosen.ordering, Ordering::kArrival);
  EXPECT_EQ(chosen.residual.kind, BoundFilter::Kind::kTrue);
}

TEST_F(PlannerTest, a_range_walks_its_index_and_puts_its_rows_back_in_order) {
  const Plan chosen =
      plan({.filter = Filter::all_of({Filter::condition("contacts", Op::kGt, 90), where("name", "x")})});
  EXPECT_EQ(access(chosen), "index contacts: contacts > 90, ascending");
  EXPECT_EQ(chosen.ordering, Ordering::kSortedDocids);
  EXPECT_EQ(describe_filter(chosen.residual, schema_), "name = \"x\"");
}

TEST_F(PlannerTest, a_half_selective_index_loses_to_a_scan) {
  const Plan chosen = plan({.filter = where("status", "active")});
  EXPECT_EQ(access(chosen), "scan");
  ASSERT_FALSE(chosen.refused.empty());
  for (const RefusedPlan& refused : chosen.refused) EXPECT_GT(refused.cost, chosen.cost) << refused.detail;
}

TEST_F(PlannerTest, of_two_indexes_the_more_selective_one_is_walked) {
  const Plan chosen = plan({.filter = Filter::all_of({where("contacts", 5), where("city", "Paris")})});
  EXPECT_EQ(access(chosen), "index city: city = \"Paris\", ascending");
  EXPECT_EQ(describe_filter(chosen.residual, schema_), "contacts = 5");
}

TEST_F(PlannerTest, a_sort_with_a_limit_walks_its_index_forwards_or_backwards_with_nulls_where_they_belong) {
  const auto walk = [&](Direction direction, Nulls nulls) {
    const Plan chosen =
        plan({.sort = {{.field = "contacts", .direction = direction, .nulls = nulls}}, .take = 200});
    EXPECT_EQ(chosen.ordering, Ordering::kIndex);
    return access(chosen);
  };
  EXPECT_EQ(walk(Direction::kAscending, Nulls::kLast), "index contacts: all values, nulls, ascending");
  EXPECT_EQ(walk(Direction::kAscending, Nulls::kFirst), "index contacts: nulls, all values, ascending");
  EXPECT_EQ(walk(kDescending, Nulls::kLast), "index contacts: all values, nulls, descending");
  EXPECT_EQ(walk(kDescending, Nulls::kFirst), "index contacts: nulls, all values, descending");
}

TEST_F(PlannerTest, a_sort_walk_keeps_conditions_on_other_fields_as_a_filter_and_narrows_by_its_own) {
  const Query half{.filter = where("status", "active"), .sort = {{.field = "contacts"}}, .take = 200};
  EXPECT_EQ(access(plan(half)), "index contacts: all values, nulls, ascending");
  EXPECT_EQ(describe_filter(plan(half).residual, schema_), "status = \"active\"");
  const Query narrowed{.filter = Filter::condition("contacts", Op::kLt, 9),
                       .sort = {{.field = "contacts", .direction = kDescending}},
                       .take = 10};
  EXPECT_EQ(access(plan(narrowed)), "index contacts: contacts < 9, descending");
  EXPECT_EQ(plan(narrowed).residual.kind, BoundFilter::Kind::kTrue);
}

TEST_F(PlannerTest, a_rare_match_is_sorted_rather_than_looked_for_along_the_sort) {
  const Plan chosen = plan({.filter = where("city", "Paris"), .sort = {{.field = "contacts"}}, .take = 200});
  EXPECT_EQ(access(chosen), "index city: city = \"Paris\", ascending");
  EXPECT_EQ(chosen.ordering, Ordering::kTopK);
}

TEST_F(PlannerTest, without_an_index_a_limit_keeps_a_heap_and_no_limit_sorts_all) {
  EXPECT_EQ(plan({.sort = {{.field = "name"}}, .take = 10}).ordering, Ordering::kTopK);
  EXPECT_EQ(plan({.sort = {{.field = "name"}}}).ordering, Ordering::kFullSort);
}

TEST_F(PlannerTest, each_rule_can_be_switched_off) {
  const Query sorted{.sort = {{.field = "contacts"}}, .take = 10};
  EXPECT_EQ(access(plan(sorted, {.disabled_rules = {"index_sort"}})), "scan");
  EXPECT_EQ(plan({.sort = {{.field = "name"}}, .take = 10}, {.disabled_rules = {"top_k"}}).ordering,
            Ordering::kFullSort);
  EXPECT_EQ(access(plan({.filter = where("city", "Paris")}, {.disabled_rules = {"index_filter"}})), "scan");
  const Query first{.filter = where("status", "active"), .take = 10};
  EXPECT_LT(plan(first).cost, plan(first, {.disabled_rules = {"limit_pushdown"}}).cost / 100);
}

TEST_F(PlannerTest, a_forced_index_is_walked_where_it_can_be) {
  EXPECT_EQ(access(plan({.filter = where("status", "active")}, {.force_index = "status"})),
            "index status: status = \"active\", ascending");
  EXPECT_EQ(access(plan({.filter = where("status", "active")}, {.force_index = "status,-contacts"})),
            "index status,-contacts: status = \"active\", ascending");
  EXPECT_EQ(access(plan({.filter = where("name", "x")}, {.force_index = "status"})), "scan");
  EXPECT_EQ(try_plan({}, {.force_index = "name"}).error().field(), "force_index");
  EXPECT_EQ(try_plan({}, {.disabled_rules = {"index_magic"}}).error().field(), "disabled_rules");
}

TEST_F(PlannerTest, an_index_that_is_being_built_is_refused_with_the_reason) {
  statistics_.building = "city";
  const Plan chosen = plan({.filter = where("city", "Paris")}, {.force_index = "city"});
  EXPECT_EQ(access(chosen), "scan");
  EXPECT_EQ(chosen.refused.back().detail, "city");
  EXPECT_EQ(chosen.refused.back().why, "the index is still being built");
}

TEST_F(PlannerTest, explanations_read_as_documented) {
  using testing::ElementsAre;
  EXPECT_THAT(explained({}), ElementsAre("scan segments in order of arrival"));
  EXPECT_THAT(explained({.filter = where("city", "Paris"), .take = 5}),
              ElementsAre("limit take 5", "  index_walk index city: city = \"Paris\", ascending"));
  EXPECT_THAT(explained({.filter = Filter::all_of({Filter::condition("contacts", Op::kGte, 90),
                                                   Filter::condition("name", Op::kIcontains, "AB")})}),
              ElementsAre("filter name icontains \"ab\"", "  order_by_arrival",
                          "    index_walk index contacts: contacts >= 90, ascending"));
  EXPECT_THAT(explained({.filter = where("status", "active"),
                         .sort = {{.field = "contacts", .direction = kDescending}, {.field = "name"}},
                         .skip = 100,
                         .take = 50}),
              ElementsAre("limit skip 100 take 50", "  sort_groups contacts desc, name",
                          "    filter status = \"active\"",
                          "      index_walk index contacts: all values, nulls, descending"));
  EXPECT_THAT(
      explained({.filter = Filter::negation(
                     Filter::any_of({where("name", "x"), Filter::condition("name", Op::kIsnull, true)})),
                 .sort = {{.field = "name", .nulls = Nulls::kFirst}},
                 .take = 3}),
      ElementsAre("limit take 3", "  top_k name nulls first", "    filter not (name = \"x\" or name is null)",
                  "      scan segments in order of arrival"));
}

}  // namespace
}  // namespace slate
