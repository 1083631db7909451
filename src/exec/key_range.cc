#include "exec/key_range.h"

namespace slate {
namespace {

std::string encode(const Scalar& value, Direction direction) {
  KeyBuilder key;
  add_scalar(key, value, direction);
  return std::string(key.bytes());
}

// Where the keys that begin with a value start, or, behind it, where they end.
std::optional<std::string> edge(const Bound& bound, Direction direction, bool behind) {
  std::string key = encode(bound.value, direction);
  if (!behind) return key;
  return prefix_successor(key);
}

}  // namespace

void add_scalar(KeyBuilder& key, const Scalar& value, Direction direction) {
  if (const auto* integer = std::get_if<std::int64_t>(&value))
    key.add_integer(*integer, direction);
  else if (const auto* real = std::get_if<double>(&value))
    key.add_real(*real, direction);
  else
    key.add_text(std::get<std::string>(value), direction);
}

void add_cell(KeyBuilder& key, const ColumnView& column, std::size_t row, Direction direction) {
  if (column.is_null(row)) return key.add_null(direction);
  switch (column.type) {
    case Type::kString: return key.add_text(column.text(row), direction);
    case Type::kFloat: return key.add_real(column.real(row), direction);
    default: return key.add_integer(column.integer(row), direction);
  }
}

KeyRange key_range(const ValueRange& range, const Index& index) {
  const IndexComponent& component = index.components.front();
  const Direction direction = component.direction;
  const bool ascending = direction == Direction::kAscending;
  const std::string null = null_component(direction);
  if (range.kind == ValueRange::Kind::kNulls) return {.begin = null, .end = prefix_successor(null)};

  // Around a bound that was cut, both sides of the cut are walked.
  const std::optional<Bound>& first = ascending ? range.lower : range.upper;
  const std::optional<Bound>& last = ascending ? range.upper : range.lower;
  KeyRange keys;
  if (first) {
    const std::string key = encode(first->value, direction);
    const bool behind = first->inclusive == Inclusive::kNo && key.size() < kSettleKeyBytes;
    keys.begin = edge(*first, direction, behind).value_or(std::string(1, '\xff'));
  } else {
    // Values begin behind the nulls when ascending, and at the very start when descending.
    keys.begin = ascending ? *prefix_successor(null) : std::string();
  }
  if (last) {
    const std::string key = encode(last->value, direction);
    const bool behind = last->inclusive == Inclusive::kYes || key.size() >= kSettleKeyBytes;
    keys.end = edge(*last, direction, behind);
  } else if (!ascending) {
    keys.end = null;
  }
  return keys;
}

}  // namespace slate
