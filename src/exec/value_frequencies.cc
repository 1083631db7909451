#include "exec/value_frequencies.h"

#include <algorithm>

#include "codec/key.h"
#include "exec/key_range.h"
#include "plan/settle.h"

namespace slate {

namespace {

std::optional<Frequencies> read(const GenerationView& view, std::uint32_t column, FrequencyDetail detail) {
  const Column& definition = view.schema->columns[column];
  if (column == kRecordIdColumn || definition.ttl_seconds) return std::nullopt;
  const auto stored = view.transaction->get(view.meta, frequencies_key(definition.id));
  if (!stored) return std::nullopt;
  if (!*stored) return Frequencies();
  auto found = Frequencies::decode(**stored, detail);
  if (!found || found->detail() == FrequencyDetail::kNothing || found->present() > view.rows)
    return std::nullopt;
  return *std::move(found);
}

}  // namespace

std::optional<Frequencies> find_frequencies(const GenerationView& view, std::uint32_t column) {
  return read(view, column, FrequencyDetail::kValues);
}

std::optional<std::uint64_t> count_nulls(const GenerationView& view, std::uint32_t column) {
  const auto frequencies = read(view, column, FrequencyDetail::kPresence);
  if (!frequencies) return std::nullopt;
  return view.rows - frequencies->present();
}

std::optional<std::vector<ValueCount>> list_values(const GenerationView& view, std::uint32_t column,
                                                   std::span<const BoundFilter> conjuncts) {
  const Index of_column{.components = {{.column = column, .direction = Direction::kAscending}}};
  const SettledRanges settled = settle(conjuncts, of_column);
  if (!std::ranges::all_of(settled.settled, std::identity())) return std::nullopt;
  const auto frequencies = find_frequencies(view, column);
  if (!frequencies || frequencies->detail() != FrequencyDetail::kValues) return std::nullopt;

  std::vector<KeyRange> ranges;
  for (const IndexRange& range : settled.ranges) ranges.push_back(key_range(range, of_column));
  const auto is_wanted = [&](std::string_view key) {
    return conjuncts.empty() ||
           std::ranges::any_of(ranges, [&](const KeyRange& range) { return range.contains(key); });
  };
  std::vector<ValueCount> values;
  const std::uint64_t nulls = view.rows - frequencies->present();
  if (std::string key = null_component(Direction::kAscending); nulls > 0 && is_wanted(key))
    values.push_back({.key = std::move(key), .count = nulls});
  for (const ValueCount& value : frequencies->values())
    if (is_wanted(value.key)) values.push_back(value);
  return values;
}

std::optional<std::uint64_t> count_values(const GenerationView& view, const BoundFilter& filter) {
  const auto conjuncts = conjuncts_of(filter);
  if (conjuncts.empty()) return view.rows;
  const auto values = list_values(view, conjuncts.front().column, conjuncts);
  if (!values) return std::nullopt;
  std::uint64_t total = 0;
  for (const ValueCount& value : *values) total += value.count;
  return total;
}

}  // namespace slate
