#include <algorithm>
#include <fmt/format.h>
#include <span>

#include "model/date.h"
#include "plan/plan.h"

namespace slate {
namespace {

using Kind = BoundFilter::Kind;
constexpr std::size_t kLongestDetail = 300;

std::string shorten(std::string text) {
  if (text.size() > kLongestDetail) {
    text.resize(kLongestDetail);
    text += "...";
  }
  return text;
}

std::string constant(const Scalar& value, Type type) {
  if (const auto* text = std::get_if<std::string>(&value)) return fmt::format("\"{}\"", *text);
  if (const auto* real = std::get_if<double>(&value)) return fmt::format("{}", *real);
  const std::int64_t integer = std::get<std::int64_t>(value);
  if (type == Type::kDate) return format_date(Date{integer});
  if (type == Type::kBool) return integer != 0 ? "true" : "false";
  return std::to_string(integer);
}

std::string between(const std::string& name, Type type, const std::optional<Bound>& lower,
                    const std::optional<Bound>& upper) {
  if (lower && upper && *lower == *upper) return fmt::format("{} = {}", name, constant(lower->value, type));
  std::string text;
  if (lower)
    text = fmt::format("{} {} {}", name, lower->inclusive == Inclusive::kYes ? ">=" : ">",
                       constant(lower->value, type));
  if (upper) {
    if (!text.empty()) text += " and ";
    text += fmt::format("{} {} {}", name, upper->inclusive == Inclusive::kYes ? "<=" : "<",
                        constant(upper->value, type));
  }
  return text;
}

std::string text_condition(const BoundFilter& filter, const std::string& name) {
  static constexpr std::string_view kExact[] = {"contains", "startswith", "endswith", "eq"};
  static constexpr std::string_view kFolded[] = {"icontains", "istartswith", "iendswith", "ieq"};
  const auto* words = filter.case_rule == CaseRule::kExact ? kExact : kFolded;
  return fmt::format("{} {} \"{}\"", name, words[static_cast<std::size_t>(filter.match)], filter.needle);
}

// A column that is compared by its folded texts says so.
std::string compared(const Column& column, CaseRule case_rule) {
  return case_rule == CaseRule::kFolded ? fmt::format("nocase({})", column.path) : column.path;
}

std::string describe(const BoundFilter& filter, const Schema& schema) {
  const Column& column = schema.columns[filter.column];
  const Type type =
      column.type == Type::kList && !column.items.empty() ? column.items.front().type : column.type;
  switch (filter.kind) {
    case Kind::kTrue: return "true";
    case Kind::kFalse: return "false";
    case Kind::kRange: return between(compared(column, filter.case_rule), type, filter.lower, filter.upper);
    case Kind::kIn: {
      std::string text = compared(column, filter.case_rule) + " in (";
      for (std::size_t i = 0; i < filter.values.size() && text.size() < kLongestDetail; ++i)
        text += (i == 0 ? "" : ", ") + constant(filter.values[i], type);
      return text + ")";
    }
    case Kind::kText: return text_condition(filter, column.path);
    case Kind::kIsnull: return column.path + " is null";
    case Kind::kEmpty: return column.path + " is empty";
    case Kind::kNot: return fmt::format("not ({})", describe(filter.children.front(), schema));
    case Kind::kAnd:
    case Kind::kOr: {
      std::string text;
      for (const BoundFilter& child : filter.children) {
        if (text.size() > kLongestDetail) break;
        if (!text.empty()) text += filter.kind == Kind::kAnd ? " and " : " or ";
        const bool group = child.kind == Kind::kAnd || child.kind == Kind::kOr;
        text += group ? "(" + describe(child, schema) + ")" : describe(child, schema);
      }
      return text;
    }
  }
  return {};
}

std::string describe_sort(std::span<const BoundSortKey> sort, const Schema& schema) {
  std::string text;
  for (const BoundSortKey& key : sort) {
    if (!text.empty()) text += ", ";
    const Column& column = schema.columns[key.column];
    text += compared(column, case_rule_of(column.collation));
    if (key.direction == Direction::kDescending) text += " desc";
    if (key.nulls == Nulls::kFirst) text += " nulls first";
  }
  return text;
}

PlanNode above(PlanNode child, std::string op, std::string detail) {
  PlanNode node{.op = std::move(op), .detail = std::move(detail), .estimated_rows = child.estimated_rows};
  node.children.push_back(std::move(child));
  return node;
}

std::string describe_range(const IndexRange& range, const Index& index, const Schema& schema) {
  std::string text;
  const auto join = [&](std::string more) { text += (text.empty() ? "" : " and ") + std::move(more); };
  for (std::size_t i = 0; i < range.prefix.size(); ++i) {
    const IndexComponent& component = index.components[i];
    const Column& column = schema.columns[component.column];
    join(range.prefix[i] ? fmt::format("{} = {}", compared(column, case_rule_of(component.collation)),
                                       constant(*range.prefix[i], column.type))
                         : column.path + " is null");
  }
  if (!range.next) {
    if (text.empty()) text = "all";
    return text;
  }
  const IndexComponent& component = index.components[range.prefix.size()];
  const Column& column = schema.columns[component.column];
  if (range.next->kind == ValueRange::Kind::kNulls)
    join(column.path + " is null");
  else if (!range.next->lower && !range.next->upper)
    join(column.path + " is not null");
  else
    join(between(compared(column, case_rule_of(component.collation)), column.type, range.next->lower,
                 range.next->upper));
  return text;
}

std::string describe_walk(const IndexWalk& walk, const Schema& schema) {
  const Index& index = schema.indexes[walk.index];
  std::string text = "index " + index.name + ": ";
  for (std::size_t i = 0; i < walk.ranges.size() && text.size() < kLongestDetail; ++i) {
    if (i > 0) text += walk.merged_components > 0 ? " | " : ", ";
    text += describe_range(walk.ranges[i], index, schema);
  }
  if (walk.ranges.empty()) text += "nothing";
  if (walk.direction == WalkDirection::kBackwards) text += ", backwards";
  return shorten(std::move(text));
}

PlanNode set_node(const DocidSet& set, const Schema& schema) {
  if (set.kind == DocidSet::Kind::kWalk)
    return {
        .op = "index_walk", .detail = describe_walk(set.walk, schema), .estimated_rows = set.estimated_rows};
  PlanNode node{.op = set.kind == DocidSet::Kind::kUnion ? "union" : "intersection",
                .estimated_rows = set.estimated_rows};
  for (const DocidSet& input : set.inputs) node.children.push_back(set_node(input, schema));
  return node;
}

PlanNode access_node(const Plan& plan, const Schema& schema) {
  if (const auto* walk = std::get_if<IndexWalk>(&plan.access))
    return {.op = walk->merged_components > 0 ? "index_merge" : "index_walk",
            .detail = describe_walk(*walk, schema),
            .estimated_rows = plan.estimated_examined};
  if (const auto* set = std::get_if<DocidSet>(&plan.access)) {
    PlanNode node = set_node(*set, schema);
    return set->kind == DocidSet::Kind::kWalk && !plan.covered
               ? above(std::move(node), "order_by_arrival", "")
               : node;
  }
  const bool is_parallel = std::get<SegmentScan>(plan.access).is_parallel;
  return {.op = "scan",
          .detail = is_parallel ? "segments in order of arrival, filtered by idle cores, too"
                                : "segments in order of arrival",
          .estimated_rows = plan.estimated_examined};
}

std::string describe_set(const DocidSet& set, const Schema& schema) {
  if (set.kind == DocidSet::Kind::kWalk) return describe_walk(set.walk, schema);
  std::string text = set.kind == DocidSet::Kind::kUnion ? "union of (" : "intersection of (";
  for (std::size_t i = 0; i < set.inputs.size(); ++i)
    text += (i > 0 ? "; " : "") + describe_set(set.inputs[i], schema);
  return shorten(text + ")");
}

}  // namespace

std::string describe_filter(const BoundFilter& filter, const Schema& schema) {
  return shorten(describe(filter, schema));
}

std::string describe_access(const Plan& plan, const Schema& schema) {
  if (const auto* walk = std::get_if<IndexWalk>(&plan.access)) return describe_walk(*walk, schema);
  if (const auto* set = std::get_if<DocidSet>(&plan.access)) return describe_set(*set, schema);
  return "scan";
}

Explanation explain_plan(const Plan& plan, const Schema& schema) {
  PlanNode node = access_node(plan, schema);
  if (plan.residual.kind != Kind::kTrue) {
    node = above(std::move(node), "filter", describe_filter(plan.residual, schema));
    node.estimated_rows = plan.estimated_matches;
  }
  if (plan.ordering == Ordering::kTopK)
    node = above(std::move(node), "top_k", describe_sort(plan.sort, schema));
  if (plan.ordering == Ordering::kFullSort)
    node = above(std::move(node), "sort", describe_sort(plan.sort, schema));
  if (plan.ordering == Ordering::kIndex && plan.sorted_keys < plan.sort.size())
    node = above(std::move(node), "sort_groups",
                 describe_sort(std::span(plan.sort).subspan(plan.sorted_keys), schema));
  if (plan.after) node = above(std::move(node), "after", "the cursor's place");
  if (plan.page == PageDirection::kPrevious) node = above(std::move(node), "reverse", "");
  if (plan.skip > 0 || plan.take) {
    std::string detail = plan.skip > 0 ? fmt::format("skip {}", plan.skip) : "";
    if (plan.take) detail += fmt::format("{}take {}", detail.empty() ? "" : " ", *plan.take);
    node = above(std::move(node), "limit", std::move(detail));
    const double after_skip = std::max(0.0, plan.estimated_matches - static_cast<double>(plan.skip));
    node.estimated_rows = plan.take ? std::min(after_skip, static_cast<double>(*plan.take)) : after_skip;
  }
  return Explanation{
      .root = std::move(node), .rule = std::string(plan.rule), .cost = plan.cost, .refused = plan.refused};
}

}  // namespace slate
