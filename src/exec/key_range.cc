#include "exec/key_range.h"

#include "query/fold.h"

namespace slate {

void add_scalar(KeyBuilder& key, const std::optional<Scalar>& value, Direction direction) {
  if (!value)
    key.add_null(direction);
  else if (const auto* integer = std::get_if<std::int64_t>(&*value))
    key.add_integer(*integer, direction);
  else if (const auto* real = std::get_if<double>(&*value))
    key.add_real(*real, direction);
  else
    key.add_text(std::get<std::string>(*value), direction);
}

void add_text(KeyBuilder& key, std::string_view text, const IndexComponent& component) {
  if (component.collation == Collation::kBinary) return key.add_text(text, component.direction);
  thread_local std::string folded;
  fold_case(text, folded);
  key.add_text(folded, component.direction);
}

void add_cell(KeyBuilder& key, const ColumnView& column, std::size_t row, const IndexComponent& component) {
  if (column.is_null(row)) return key.add_null(component.direction);
  switch (column.type) {
    case Type::kString: return add_text(key, column.text(row), component);
    case Type::kFloat: return key.add_real(column.real(row), component.direction);
    default: return key.add_integer(column.integer(row), component.direction);
  }
}

KeyRange key_range(const IndexRange& range, const Index& index) {
  KeyBuilder builder;
  for (std::size_t i = 0; i < range.prefix.size(); ++i)
    add_scalar(builder, range.prefix[i], index.components[i].direction);
  const std::string prefix(builder.bytes());
  // Behind a prefix that fills the key nothing more can be told from it.
  if (!range.next || builder.is_full()) return {.begin = prefix, .end = prefix_successor(prefix)};

  const Direction direction = index.components[range.prefix.size()].direction;
  const bool ascending = direction == Direction::kAscending;
  const std::string null = prefix + null_component(direction);
  if (range.next->kind == ValueRange::Kind::kNulls) return {.begin = null, .end = prefix_successor(null)};

  // Around a bound that was cut, both sides of the cut are walked.
  const auto edge = [&](const Bound& bound, bool behind_value, bool behind_cut) {
    KeyBuilder key = builder;
    add_scalar(key, bound.value, direction);
    const bool behind = key.bytes().size() < kSettleKeyBytes ? behind_value : behind_cut;
    return behind ? prefix_successor(key.bytes()) : std::optional<std::string>(key.bytes());
  };
  const std::optional<Bound>& first = ascending ? range.next->lower : range.next->upper;
  const std::optional<Bound>& last = ascending ? range.next->upper : range.next->lower;
  KeyRange keys;
  if (first)
    keys.begin = edge(*first, first->inclusive == Inclusive::kNo, false).value_or(std::string(1, '\xff'));
  else  // values begin behind the nulls when ascending, and at the very start when descending
    keys.begin = ascending ? *prefix_successor(null) : prefix;
  if (last)
    keys.end = edge(*last, last->inclusive == Inclusive::kYes, true);
  else
    keys.end = ascending ? prefix_successor(prefix) : std::optional(null);
  return keys;
}

}  // namespace slate
