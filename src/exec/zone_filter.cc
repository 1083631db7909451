#include "exec/zone_filter.h"

#include <algorithm>
#include <bit>

namespace slate {
namespace {

using Kind = BoundFilter::Kind;

// Bounds of a column as the values that they stand for.
template <typename T>
T bound_of(std::uint64_t bits) {
  return std::bit_cast<T>(bits);
}

template <typename T>
bool range_can_match(const BoundFilter& filter, const ColumnEntry& entry) {
  if (filter.lower && bound_of<T>(entry.maximum) < std::get<T>(filter.lower->value)) return false;
  return !filter.upper || !(std::get<T>(filter.upper->value) < bound_of<T>(entry.minimum));
}

template <typename T>
bool in_can_match(const BoundFilter& filter, const ColumnEntry& entry) {
  const auto first = std::ranges::lower_bound(filter.values, bound_of<T>(entry.minimum), {},
                                              [](const Scalar& value) { return std::get<T>(value); });
  return first != filter.values.end() && !(bound_of<T>(entry.maximum) < std::get<T>(*first));
}

// A text's bounds are its first eight bytes: equal ones decide nothing.
bool text_can_match(const BoundFilter& filter, const ColumnEntry& entry) {
  const auto prefix = [](const Scalar& value) { return text_prefix(std::get<std::string>(value)); };
  switch (filter.kind) {
    case Kind::kRange:
      return !(filter.lower && prefix(filter.lower->value) > entry.maximum) &&
             !(filter.upper && prefix(filter.upper->value) < entry.minimum);
    case Kind::kIn: {
      const auto first = std::ranges::lower_bound(filter.values, entry.minimum, {}, prefix);
      return first != filter.values.end() && prefix(*first) <= entry.maximum;
    }
    default: return true;
  }
}

}  // namespace

bool ZoneFilter::is_useful(const BoundFilter& filter) {
  // Bounds are of the texts as they are stored: they say nothing of folded ones.
  if (filter.case_rule == CaseRule::kFolded) return false;
  switch (filter.kind) {
    case Kind::kTrue:
    case Kind::kEmpty:
    case Kind::kText: return false;
    case Kind::kFalse: return true;
    case Kind::kNot: return filter.children.front().kind == Kind::kIsnull;
    case Kind::kAnd:
      return std::ranges::any_of(filter.children, [](const auto& each) { return is_useful(each); });
    case Kind::kOr:
      return std::ranges::all_of(filter.children, [](const auto& each) { return is_useful(each); });
    default: return true;
  }
}

bool ZoneFilter::can_match(const BoundFilter& filter, const BlockView& block) const {
  const auto child_can = [&](const BoundFilter& child) { return can_match(child, block); };
  switch (filter.kind) {
    case Kind::kFalse: return false;
    case Kind::kAnd: return std::ranges::all_of(filter.children, child_can);
    case Kind::kOr: return std::ranges::any_of(filter.children, child_can);
    case Kind::kNot:
      return filter.children.front().kind != Kind::kIsnull ||
             block.find(schema_.columns[filter.children.front().column].id) != nullptr;
    case Kind::kTrue:
    case Kind::kEmpty:
    case Kind::kText: return true;
    default: return leaf_can_match(filter, block);
  }
}

bool ZoneFilter::leaf_can_match(const BoundFilter& filter, const BlockView& block) const {
  const Column& column = schema_.columns[filter.column];
  const ColumnEntry* entry = block.find(column.id);
  const bool is_stored = entry != nullptr && entry->type == column.type;
  if (filter.kind == Kind::kIsnull) {
    // A cell may be null by now though a value is stored.
    const bool expires = !block.entries().empty() && (block.entries().back().field & kExpiryBit) != 0;
    return !is_stored || entry->null_count > 0 || expires;
  }
  if (!is_stored) return false;
  switch (column.type) {
    case Type::kInt:
    case Type::kDate:
    case Type::kBool:
      return filter.kind == Kind::kIn ? in_can_match<std::int64_t>(filter, *entry)
                                      : range_can_match<std::int64_t>(filter, *entry);
    case Type::kFloat:
      return filter.kind == Kind::kIn ? in_can_match<double>(filter, *entry)
                                      : range_can_match<double>(filter, *entry);
    case Type::kString: return filter.case_rule == CaseRule::kFolded || text_can_match(filter, *entry);
    default: return true;
  }
}

}  // namespace slate
