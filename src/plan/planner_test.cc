#include "plan/planner.h"

#include <gmock/gmock.h>
#include <map>

#include <slate/query.h>

#include "plan/plan.h"
#include "query/bound_query.h"

namespace slate {
namespace {

// Says what it is told to: 100,000 rows, so many entries for each equality, and shares of a sample.
class TableOfEstimates final : public Statistics {
 public:
  std::uint64_t rows() const override { return 100'000; }
  std::uint64_t segments() const override { return 391; }
  bool is_ready(const Index& index) const override { return index.name != building; }
  IndexEstimate entries(const Index& index, std::span<const IndexRange> ranges) const override {
    IndexEstimate total;
    for (const IndexRange& range : ranges) {
      if (range.prefix.empty() && !range.next) return {.entries = 100'000, .keys = keys.at(index.name)};
      double entries = 100'000;
      for (std::size_t i = 0; i < range.prefix.size(); ++i)
        entries *= equal_share.at(index.components[i].column);
      if (range.next && range.next->kind == ValueRange::Kind::kNulls)
        entries *= 0.01;
      else if (range.next && (range.next->lower || range.next->upper))
        entries *= range_share;
      total.entries += entries;
      total.keys += std::max(1.0, keys.at(index.name) * entries / 100'000);
    }
    return total;
  }
  std::optional<SampleCount> sample(const BoundFilter& filter) const override {
    const auto share = share_of(filter);
    if (!share) return std::nullopt;
    return SampleCount{.sampled = 1000, .matching = 1000 * *share};
  }
  std::optional<SampleCount> probe(const Index&, std::span<const IndexRange>, const IndexEstimate&,
                                   const BoundFilter&) const override {
    return std::nullopt;
  }
  std::optional<double> distinct(std::uint32_t column) const override { return 1 / equal_share.at(column); }
  std::optional<std::uint64_t> known_matches(const BoundFilter&) const override { return std::nullopt; }
  std::optional<std::uint64_t> nulls(std::uint32_t column) const override {
    if (column == without_nulls) return 0;
    return std::nullopt;
  }

  // By column: _id, status, contacts, city, name.
  std::map<std::uint32_t, double> equal_share = {{0, 0.00001}, {1, 0.5}, {2, 0.01}, {3, 0.0002}, {4, 0.001}};
  std::map<std::string, double> keys = {
      {"_id", 100'000}, {"status", 2}, {"contacts", 100}, {"city", 5000}, {"status,-contacts", 200}};
  double range_share = 0.01;
  std::string building;
  std::optional<std::uint32_t> without_nulls;

 private:
  std::optional<double> share_of(const BoundFilter& filter) const {
    using Kind = BoundFilter::Kind;
    switch (filter.kind) {
      case Kind::kTrue: return 1;
      case Kind::kAnd: {
        double share = 1;
        for (const BoundFilter& child : filter.children) share *= share_of(child).value_or(0.1);
        return share;
      }
      case Kind::kRange: return filter.is_equality() ? equal_share.at(filter.column) : range_share;
      case Kind::kIn: return equal_share.at(filter.column) * static_cast<double>(filter.values.size());
      default: return std::nullopt;
    }
  }
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
    return make_plan(*bound, schema_, statistics_, options, Refusals::kTold);
  }
  Plan plan(const Query& query, const QueryOptions& options = {}) {
    auto made = try_plan(query, options);
    EXPECT_TRUE(made.has_value()) << made.error().to_string();
    return *std::move(made);
  }
  std::string access(const Plan& plan) { return describe_access(plan, schema_); }
  static Filter where(std::string field, Value value) {
    return Filter::condition(std::move(field), Op::kEq, std::move(value));
  }
  static Filter in(std::string field, std::vector<Value> values) {
    return Filter::condition(std::move(field), Op::kIn, std::move(values));
  }
  static std::vector<SortKey> by(std::string field, Direction direction = Direction::kAscending,
                                 Nulls nulls = Nulls::kLast) {
    return {{.field = std::move(field), .direction = direction, .nulls = nulls}};
  }
  static std::vector<std::string> lines(const PlanNode& node, const std::string& indent = "") {
    std::vector<std::string> text = {indent + node.op + (node.detail.empty() ? "" : " " + node.detail)};
    for (const PlanNode& child : node.children)
      for (std::string& line : lines(child, indent + "  ")) text.push_back(std::move(line));
    return text;
  }
  std::vector<std::string> explained(const Query& query, const QueryOptions& options = {}) {
    return lines(explain_plan(plan(query, options), schema_).root);
  }

  static constexpr auto kDescending = Direction::kDescending;
  Schema schema_;
  TableOfEstimates statistics_;
};

TEST_F(PlannerTest, a_selective_equality_walks_its_index_in_order_of_arrival) {
  const Plan chosen = plan({.filter = where("city", "Paris")});
  EXPECT_EQ(access(chosen), "index city: city = \"Paris\"");
  EXPECT_TRUE(std::holds_alternative<IndexWalk>(chosen.access));
  EXPECT_EQ(chosen.ordering, Ordering::kArrival);
  EXPECT_EQ(chosen.residual.kind, BoundFilter::Kind::kTrue);
  EXPECT_EQ(chosen.rule, "index_filter");
}

TEST_F(PlannerTest, a_range_walks_its_index_and_puts_its_rows_back_in_order) {
  statistics_.range_share = 0.001;
  const Plan chosen =
      plan({.filter = Filter::all_of({Filter::condition("contacts", Op::kGt, 90), where("name", "x")})});
  EXPECT_EQ(access(chosen), "index contacts: contacts > 90");
  EXPECT_TRUE(std::holds_alternative<DocidSet>(chosen.access));
  EXPECT_EQ(describe_filter(chosen.residual, schema_), "name = \"x\"");
}

TEST_F(PlannerTest, a_half_selective_index_loses_to_a_scan) {
  const Plan chosen = plan({.filter = where("status", "active")});
  EXPECT_EQ(access(chosen), "scan");
  ASSERT_FALSE(chosen.refused.empty());
  for (const RefusedPlan& refused : chosen.refused) EXPECT_GT(refused.cost, chosen.cost) << refused.detail;
}

TEST_F(PlannerTest, of_two_indexes_the_more_selective_one_is_walked) {
  statistics_.equal_share[2] = 0.3;
  const Plan chosen = plan({.filter = Filter::all_of({where("contacts", 5), where("city", "Paris")})});
  EXPECT_EQ(access(chosen), "index city: city = \"Paris\"");
  EXPECT_EQ(describe_filter(chosen.residual, schema_), "contacts = 5");
}

TEST_F(PlannerTest, a_sort_with_a_limit_walks_its_index_forwards_or_backwards_with_nulls_where_they_belong) {
  const auto walk = [&](Direction direction, Nulls nulls) {
    const Plan chosen = plan({.sort = by("contacts", direction, nulls), .take = 200});
    EXPECT_EQ(chosen.ordering, Ordering::kIndex);
    return access(chosen);
  };
  EXPECT_EQ(walk(Direction::kAscending, Nulls::kLast),
            "index contacts: contacts is not null, contacts is null");
  EXPECT_EQ(walk(Direction::kAscending, Nulls::kFirst),
            "index contacts: contacts is null, contacts is not null");
  EXPECT_EQ(walk(kDescending, Nulls::kLast),
            "index contacts: contacts is not null, contacts is null, backwards");
  EXPECT_EQ(walk(kDescending, Nulls::kFirst),
            "index contacts: contacts is null, contacts is not null, backwards");
}

TEST_F(PlannerTest, a_sort_walk_keeps_conditions_on_other_fields_as_a_filter_and_narrows_by_its_own) {
  const Query rare{.filter = where("name", "x"), .sort = by("contacts"), .take = 2};
  const Plan chosen = plan(rare, {.force_rule = "index_sort"});
  EXPECT_EQ(access(chosen), "index contacts: contacts is not null, contacts is null");
  EXPECT_EQ(describe_filter(chosen.residual, schema_), "name = \"x\"");
  const Query narrowed{
      .filter = Filter::condition("contacts", Op::kLt, 9), .sort = by("contacts", kDescending), .take = 10};
  EXPECT_EQ(access(plan(narrowed)), "index contacts: contacts < 9, backwards");
  EXPECT_EQ(plan(narrowed).residual.kind, BoundFilter::Kind::kTrue);
}

TEST_F(PlannerTest, equality_prefix_then_sort_suffix_is_one_walk_in_either_direction) {
  const auto walk = [&](Direction direction) {
    const Plan chosen =
        plan({.filter = where("status", "active"), .sort = by("contacts", direction), .take = 200});
    EXPECT_EQ(chosen.ordering, Ordering::kIndex);
    EXPECT_EQ(chosen.group_components, 2u);
    EXPECT_EQ(chosen.sorted_keys, 1u);
    EXPECT_EQ(chosen.residual.kind, BoundFilter::Kind::kTrue);
    return access(chosen);
  };
  EXPECT_EQ(walk(kDescending),
            "index status,-contacts: status = \"active\" and contacts is not null, status = \"active\" and "
            "contacts is null");
  EXPECT_EQ(walk(Direction::kAscending),
            "index status,-contacts: status = \"active\" and contacts is not null, status = \"active\" and "
            "contacts is null, backwards");
}

TEST_F(PlannerTest, a_deep_page_without_a_filter_is_walked_to_as_the_rows_before_it_are_not_read) {
  statistics_.keys["contacts"] = 5000;  // each in a segment of its own
  Query page{.sort = by("contacts"), .skip = 90'000, .take = 10};
  const Plan unread = plan(page);
  EXPECT_EQ(unread.rule, kRuleIndexSort);
  // With a filter they must be.
  page.filter = Filter::condition("name", Op::kIcontains, "a");
  EXPECT_GT(plan(page, {.force_rule = "index_sort"}).cost, 2 * unread.cost);
}

TEST_F(PlannerTest, in_before_a_sort_merges_the_walks_of_its_values) {
  statistics_.equal_share[1] = 0.02;
  const Plan chosen =
      plan({.filter = in("status", {"active", "lead"}), .sort = by("contacts", kDescending), .take = 20});
  EXPECT_EQ(chosen.rule, "in_merge");
  const auto& walk = std::get<IndexWalk>(chosen.access);
  EXPECT_EQ(walk.merged_components, 1u);
  EXPECT_EQ(walk.ranges.size(), 4u);
  EXPECT_EQ(explain_plan(chosen, schema_).root.children[0].op, "index_merge");
}

TEST_F(PlannerTest, in_on_the_sorted_field_itself_is_walked_value_by_value) {
  const Plan chosen =
      plan({.filter = in("contacts", {7, 3, 5}), .sort = by("contacts", kDescending), .take = 20});
  EXPECT_EQ(access(chosen), "index contacts: contacts = 7, contacts = 5, contacts = 3, backwards");
  EXPECT_EQ(chosen.ordering, Ordering::kIndex);
}

TEST_F(PlannerTest, sort_keys_that_the_filter_fixes_to_one_value_fall_away) {
  const Plan chosen = plan({.filter = where("status", "active"),
                            .sort = {{.field = "status"}, {.field = "contacts", .direction = kDescending}},
                            .take = 20});
  EXPECT_EQ(chosen.sort.size(), 1u);
  EXPECT_EQ(chosen.ordering, Ordering::kIndex);
  EXPECT_EQ(chosen.sorted_keys, 1u);
  EXPECT_TRUE(plan({.filter = where("city", "Paris"), .sort = by("city")}).sort.empty());
}

TEST_F(PlannerTest, both_fields_of_a_compound_index_give_the_order_unless_nulls_of_the_second_are_misplaced) {
  const auto sorted = [&](Direction status, Direction contacts, Nulls nulls) {
    return plan({.sort = {{.field = "status", .direction = status},
                          {.field = "contacts", .direction = contacts, .nulls = nulls}},
                 .take = 20},
                {.force_index = "status,-contacts"})
        .sorted_keys;
  };
  // The index has status ascending and contacts descending, nulls of contacts last.
  EXPECT_EQ(sorted(Direction::kAscending, kDescending, Nulls::kLast), 2u);
  EXPECT_EQ(sorted(Direction::kAscending, kDescending, Nulls::kFirst), 1u);
  EXPECT_EQ(sorted(kDescending, Direction::kAscending, Nulls::kFirst), 2u);
  EXPECT_EQ(sorted(kDescending, Direction::kAscending, Nulls::kLast), 1u);
  EXPECT_EQ(sorted(Direction::kAscending, Direction::kAscending, Nulls::kLast), 1u);
  statistics_.without_nulls = *schema_.find_column("contacts");
  EXPECT_EQ(sorted(kDescending, Direction::kAscending, Nulls::kLast), 2u);
}

TEST_F(PlannerTest, a_shorter_sort_than_the_index_groups_the_entries_that_are_equal_in_it) {
  const Plan chosen = plan({.sort = by("status"), .take = 20}, {.force_index = "status,-contacts"});
  EXPECT_EQ(chosen.group_components, 1u);
  EXPECT_EQ(chosen.sorted_keys, 1u);
}

TEST_F(PlannerTest, or_of_two_indexed_fields_is_a_union) {
  const Plan chosen =
      plan({.filter = Filter::any_of({where("city", "Paris"), where("city", "Rome"), where("_id", "7")})});
  EXPECT_EQ(chosen.rule, "union");
  EXPECT_EQ(access(chosen),
            "union of (index city: city = \"Paris\"; index city: city = \"Rome\"; index _id: _id = \"7\")");
  EXPECT_EQ(chosen.residual.kind, BoundFilter::Kind::kTrue);
}

TEST_F(PlannerTest, a_union_needs_an_index_for_every_branch_and_checks_what_it_does_not_settle) {
  EXPECT_EQ(access(plan({.filter = Filter::any_of({where("city", "Paris"), where("name", "x")})})), "scan");
  const Filter half =
      Filter::any_of({Filter::all_of({where("city", "Paris"), where("name", "x")}), where("city", "Rome")});
  const Plan chosen = plan({.filter = half}, {.force_rule = "union"});
  EXPECT_EQ(describe_filter(chosen.residual, schema_),
            "(city = \"Paris\" and name = \"x\") or city = \"Rome\"");
}

TEST_F(PlannerTest, two_middling_conditions_with_indexes_are_intersected) {
  statistics_.equal_share[2] = 0.02;
  statistics_.equal_share[3] = 0.02;
  const Plan chosen = plan({.filter = Filter::all_of({where("contacts", 5), where("city", "Paris")})});
  EXPECT_EQ(chosen.rule, "intersection");
  EXPECT_EQ(chosen.residual.kind, BoundFilter::Kind::kTrue);
}

TEST_F(PlannerTest, conditions_that_exclude_each_other_walk_nothing) {
  const Plan chosen =
      plan({.filter = Filter::all_of({where("contacts", 5), Filter::condition("contacts", Op::kGt, 9)})});
  EXPECT_EQ(access(chosen), "index contacts: nothing");
  EXPECT_EQ(chosen.estimated_matches, 0);
}

TEST_F(PlannerTest, a_rare_match_is_sorted_rather_than_looked_for_along_the_sort) {
  const Plan chosen = plan({.filter = where("city", "Paris"), .sort = by("contacts"), .take = 200});
  EXPECT_EQ(access(chosen), "index city: city = \"Paris\"");
  EXPECT_EQ(chosen.ordering, Ordering::kTopK);
}

TEST_F(PlannerTest, without_an_index_a_limit_keeps_a_heap_and_no_limit_sorts_all) {
  EXPECT_EQ(plan({.sort = by("name"), .take = 10}).ordering, Ordering::kTopK);
  EXPECT_EQ(plan({.sort = by("name")}).ordering, Ordering::kFullSort);
}

TEST_F(PlannerTest, a_previous_page_turns_the_order_round_and_reads_from_its_place) {
  const auto bound = bind({.sort = by("contacts"), .take = 10}, schema_);
  BoundQuery query = *bound;
  query.page = PageDirection::kPrevious;
  query.after = Position{.values = {Scalar{std::int64_t{7}}}, .docid = 3};
  const Plan chosen = make_plan(query, schema_, statistics_, {}).value();
  EXPECT_EQ(access(chosen), "index contacts: contacts is null, contacts is not null, backwards");
  EXPECT_EQ(chosen.sort.front().direction, kDescending);
  EXPECT_EQ(chosen.sort.front().nulls, Nulls::kFirst);
  EXPECT_EQ(chosen.after, query.after);
}

TEST_F(PlannerTest, a_count_that_an_index_settles_reads_no_rows) {
  const auto count = [&](const Filter& filter, const QueryOptions& options = {}) {
    return make_count_plan(bind_filter(filter, schema_).value(), {}, schema_, statistics_, options).value();
  };
  EXPECT_TRUE(count(where("status", "active")).covered);
  EXPECT_EQ(access(count(where("status", "active"))), "index status: status = \"active\"");
  EXPECT_FALSE(count(Filter::all_of({where("status", "active"), where("name", "x")})).covered);
  EXPECT_FALSE(count(where("status", "active"), {.disabled_rules = {"covered"}}).covered);
}

TEST_F(PlannerTest, each_rule_can_be_switched_off) {
  const Query sorted{.sort = by("contacts"), .take = 10};
  EXPECT_EQ(access(plan(sorted, {.disabled_rules = {"index_sort"}})), "scan");
  EXPECT_EQ(plan({.sort = by("name"), .take = 10}, {.disabled_rules = {"top_k"}}).ordering,
            Ordering::kFullSort);
  EXPECT_EQ(access(plan({.filter = where("city", "Paris")}, {.disabled_rules = {"index_filter"}})), "scan");
  const Query first{.filter = where("status", "active"), .take = 10};
  EXPECT_LT(plan(first).cost, plan(first, {.disabled_rules = {"limit_pushdown"}}).cost / 100);
  const Filter cities = Filter::any_of({where("city", "Paris"), where("city", "Rome")});
  EXPECT_EQ(access(plan({.filter = cities}, {.disabled_rules = {"union"}})), "scan");
  const Query merged{.filter = in("status", {"a", "b"}), .sort = by("contacts", kDescending), .take = 9};
  EXPECT_NE(plan(merged, {.disabled_rules = {"in_merge"}}).rule, "in_merge");
  EXPECT_FALSE(std::get<SegmentScan>(plan({}, {.disabled_rules = {"zone_maps"}}).access).skips_segments);
}

TEST_F(PlannerTest, a_forced_index_or_rule_is_taken_where_it_can_be) {
  EXPECT_EQ(access(plan({.filter = where("status", "active")}, {.force_index = "status"})),
            "index status: status = \"active\"");
  EXPECT_EQ(access(plan({.filter = where("status", "active")}, {.force_index = "status,-contacts"})),
            "index status,-contacts: status = \"active\"");
  EXPECT_EQ(access(plan({.filter = where("name", "x")}, {.force_index = "status"})), "scan");
  EXPECT_EQ(plan({.filter = where("city", "Paris")}, {.force_rule = "scan"}).rule, "scan");
  EXPECT_EQ(try_plan({}, {.force_index = "name"}).error().field(), "force_index");
  EXPECT_EQ(try_plan({}, {.force_rule = "magic"}).error().field(), "force_rule");
  EXPECT_EQ(try_plan({}, {.disabled_rules = {"index_magic"}}).error().field(), "disabled_rules");
}

TEST_F(PlannerTest, an_index_that_is_being_built_is_refused_with_the_reason) {
  statistics_.building = "city";
  const Plan chosen = plan({.filter = where("city", "Paris")}, {.force_index = "city"});
  EXPECT_EQ(access(chosen), "scan");
  EXPECT_EQ(chosen.refused.back().detail, "city");
  EXPECT_EQ(chosen.refused.back().why, "the index is still being built");
}

TEST_F(PlannerTest, a_collated_sort_uses_only_the_collated_index) {
  const auto city = schema_.find_column("city").value();
  const auto by_city = [&](Op op) {
    return Query{.filter = Filter::condition("city", op, "Paris"), .sort = by("name"), .take = 5};
  };
  const Query sorted{.sort = by("city"), .take = 5};
  ASSERT_EQ(access(plan(sorted)), "index city: city is not null, city is null");
  ASSERT_EQ(access(plan(by_city(Op::kEq))), "index city: city = \"Paris\"");

  // The field folds case by now, the index does not.
  schema_.columns[city].collation = Collation::kNocase;
  for (const QueryOptions& options : {QueryOptions{}, QueryOptions{.force_index = "city"}}) {
    EXPECT_EQ(access(plan(sorted, options)), "scan");
    EXPECT_EQ(access(plan(by_city(Op::kEq), options)), "scan");
    EXPECT_EQ(access(plan(by_city(Op::kIeq), options)), "scan");
  }

  for (Index& index : schema_.indexes)
    if (index.name == "city") index.components.front().collation = Collation::kNocase;
  EXPECT_EQ(access(plan(sorted)), "index city: city is not null, city is null");
  EXPECT_EQ(access(plan(by_city(Op::kEq))), "index city: nocase(city) = \"paris\"");
  EXPECT_EQ(access(plan(by_city(Op::kIeq))), "index city: nocase(city) = \"paris\"");

  // And the other way round.
  schema_.columns[city].collation = Collation::kBinary;
  EXPECT_EQ(access(plan(sorted, {.force_index = "city"})), "scan");
  EXPECT_EQ(access(plan(by_city(Op::kEq), {.force_index = "city"})), "scan");
}

TEST_F(PlannerTest, a_nocase_sort_key_falls_away_where_the_filter_fixes_what_it_folds_to) {
  schema_.columns[schema_.find_column("name").value()].collation = Collation::kNocase;
  const auto sort_keys = [&](const Filter& filter) {
    return plan({.filter = filter, .sort = by(filter.field)}).sort.size();
  };
  EXPECT_EQ(sort_keys(where("name", "Ann")), 0u);
  EXPECT_EQ(sort_keys(Filter::condition("name", Op::kIeq, "Ann")), 0u);
  EXPECT_EQ(sort_keys(in("name", {"Ann", "ANN"})), 0u);
  EXPECT_EQ(sort_keys(in("name", {"Ann", "Bob"})), 1u);
  EXPECT_EQ(sort_keys(Filter::condition("name", Op::kStartswith, "Ann")), 1u);
  // By code point there may be more than one.
  EXPECT_EQ(sort_keys(Filter::condition("city", Op::kIeq, "Paris")), 1u);
}

TEST_F(PlannerTest, explanations_read_as_documented) {
  using testing::ElementsAre;
  EXPECT_THAT(explained({}), ElementsAre("scan segments in order of arrival"));
  EXPECT_THAT(explained({.filter = where("city", "Paris"), .take = 5}),
              ElementsAre("limit take 5", "  index_walk index city: city = \"Paris\""));
  EXPECT_THAT(explained({.filter = Filter::all_of({Filter::condition("contacts", Op::kGte, 90),
                                                   Filter::condition("name", Op::kIcontains, "AB")})},
                        {.force_index = "contacts"}),
              ElementsAre("filter name icontains \"ab\"", "  order_by_arrival",
                          "    index_walk index contacts: contacts >= 90"));
  EXPECT_THAT(
      explained({.filter = where("status", "active"),
                 .sort = {{.field = "contacts", .direction = kDescending}, {.field = "name"}},
                 .skip = 100,
                 .take = 50},
                {.force_index = "contacts"}),
      ElementsAre("limit skip 100 take 50", "  sort_groups name", "    filter status = \"active\"",
                  "      index_walk index contacts: contacts is not null, contacts is null, backwards"));
  EXPECT_THAT(
      explained({.filter = Filter::negation(
                     Filter::any_of({where("name", "x"), Filter::condition("name", Op::kIsnull, true)})),
                 .sort = by("name", Direction::kAscending, Nulls::kFirst),
                 .take = 3}),
      ElementsAre("limit take 3", "  top_k name nulls first", "    filter not (name = \"x\" or name is null)",
                  "      scan segments in order of arrival, filtered by idle cores, too"));
}

}  // namespace
}  // namespace slate
