#include "plan/sargable.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

namespace slate {
namespace {

using Kind = BoundFilter::Kind;

// The smallest text above all that begin with `prefix`, or nothing when there is none.
std::optional<std::string> text_successor(std::string prefix) {
  while (!prefix.empty()) {
    const auto byte = static_cast<unsigned char>(prefix.back());
    if (byte != 0xff) {
      prefix.back() = static_cast<char>(byte + 1);
      return prefix;
    }
    prefix.pop_back();
  }
  return std::nullopt;
}

// The ranges of one condition, or nothing when an index cannot settle it.
std::optional<std::vector<ValueRange>> ranges_of(const BoundFilter& condition) {
  switch (condition.kind) {
    case Kind::kRange: return std::vector{ValueRange{.lower = condition.lower, .upper = condition.upper}};
    case Kind::kIn: {
      std::vector<ValueRange> ranges;
      for (const Scalar& value : condition.values)
        ranges.push_back({.lower = Bound{.value = value}, .upper = Bound{.value = value}});
      return ranges;
    }
    case Kind::kIsnull: return std::vector{ValueRange{.kind = ValueRange::Kind::kNulls}};
    case Kind::kNot:
      if (condition.children.front().kind == Kind::kIsnull) return std::vector{ValueRange{}};
      return std::nullopt;
    case Kind::kText: {
      if (condition.match != TextMatch::kStartswith || condition.case_rule != CaseRule::kExact)
        return std::nullopt;
      ValueRange range{.lower = Bound{.value = condition.needle}};
      if (auto end = text_successor(condition.needle))
        range.upper = Bound{.value = std::move(*end), .inclusive = Inclusive::kNo};
      return std::vector{std::move(range)};
    }
    default: return std::nullopt;
  }
}

std::uint32_t column_of(const BoundFilter& condition) {
  return condition.kind == Kind::kNot ? condition.children.front().column : condition.column;
}

std::optional<Bound> later(const std::optional<Bound>& a, const std::optional<Bound>& b) {
  if (!a || !b) return a ? a : b;
  if (a->value != b->value) return a->value > b->value ? a : b;
  return a->inclusive == Inclusive::kNo ? a : b;
}
std::optional<Bound> earlier(const std::optional<Bound>& a, const std::optional<Bound>& b) {
  if (!a || !b) return a ? a : b;
  if (a->value != b->value) return a->value < b->value ? a : b;
  return a->inclusive == Inclusive::kNo ? a : b;
}

bool is_empty(const ValueRange& range) {
  if (!range.lower || !range.upper) return false;
  if (range.lower->value != range.upper->value) return range.lower->value > range.upper->value;
  return range.lower->inclusive == Inclusive::kNo || range.upper->inclusive == Inclusive::kNo;
}

std::vector<ValueRange> intersect(std::span<const ValueRange> a, std::span<const ValueRange> b) {
  std::vector<ValueRange> both;
  for (const ValueRange& x : a) {
    for (const ValueRange& y : b) {
      if (x.kind != y.kind) continue;
      ValueRange range{.kind = x.kind, .lower = later(x.lower, y.lower), .upper = earlier(x.upper, y.upper)};
      if (!is_empty(range)) both.push_back(std::move(range));
    }
  }
  return both;
}

}  // namespace

SargableFilter sargable(const BoundFilter& filter, std::uint32_t column) {
  const std::span<const BoundFilter> conditions =
      filter.kind == Kind::kAnd ? std::span<const BoundFilter>(filter.children) : std::span(&filter, 1);
  SargableFilter result;
  std::vector<BoundFilter> rest;
  bool any = false;
  for (const BoundFilter& condition : conditions) {
    auto ranges = column_of(condition) == column ? ranges_of(condition) : std::nullopt;
    if (!ranges) {
      rest.push_back(condition);
      continue;
    }
    result.ranges = any ? intersect(result.ranges, *ranges) : std::move(*ranges);
    any = true;
  }
  if (!any) {
    result.residual = filter;
    return result;
  }
  // Conditions that exclude each other leave nothing: one range that no value is in.
  if (result.ranges.empty()) {
    result.residual.kind = Kind::kFalse;
    result.ranges.push_back(ValueRange{.kind = ValueRange::Kind::kNulls});
    return result;
  }
  if (rest.size() == 1) {
    result.residual = std::move(rest.front());
  } else if (!rest.empty()) {
    result.residual.kind = Kind::kAnd;
    result.residual.children = std::move(rest);
  }
  return result;
}

}  // namespace slate
