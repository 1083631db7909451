#include "exec/index_statistics.h"

#include <algorithm>
#include <cmath>

#include "base/try.h"
#include "exec/key_range.h"
#include "storage/cursor.h"

namespace slate {
namespace {

// Distinct keys counted one by one before the rest is estimated.
constexpr int kCountedKeys = 32;
// What a range is taken to hold when nothing better is known.
constexpr double kUnknownShare = 0.33;

// Where a value lies on a line, for interpolation.
std::optional<double> position_of(std::string_view key, const Column& column, Direction direction) {
  const auto component = take_component(key, column.type, direction);
  if (!component) return std::nullopt;
  if (const auto* integer = std::get_if<std::int64_t>(&component->value))
    return static_cast<double>(*integer);
  if (const auto* real = std::get_if<double>(&component->value)) return *real;
  if (const auto* text = std::get_if<std::string>(&component->value))
    return static_cast<double>(text_prefix(*text));
  return std::nullopt;
}

struct Counted {
  double entries = 0;
  bool complete = false;  // the whole range was counted
  std::string first;      // first key of the range
};

Result<Counted> count_some(storage::PostingCursor& cursor, const KeyRange& keys) {
  Counted counted;
  SLATE_TRY(auto key, cursor.seek(keys.begin));
  if (key && keys.contains(*key)) counted.first = std::string(*key);
  for (int i = 0; i < kCountedKeys; ++i) {
    if (!key || !keys.contains(*key)) {
      counted.complete = true;
      return counted;
    }
    SLATE_TRY(const std::uint64_t count, cursor.count_postings());
    counted.entries += static_cast<double>(count);
    SLATE_TRY(key, cursor.next_key());
  }
  counted.complete = !key || !keys.contains(*key);
  return counted;
}

// The share of the index's values that lies between the range's first and last key.
Result<std::optional<double>> interpolate(storage::PostingCursor& cursor, const KeyRange& keys,
                                          const Counted& counted, const Column& column, Direction direction) {
  const auto edge = [&](const ValueRange& all) -> Result<std::pair<std::string, std::string>> {
    const KeyRange whole = key_range(all, Index{.components = {{.column = 0, .direction = direction}}});
    SLATE_TRY(const auto least, cursor.seek(whole.begin));
    std::string first(least.value_or(""));
    SLATE_TRY(const auto greatest, whole.end ? cursor.seek_before(*whole.end) : cursor.last_key());
    return std::pair(std::move(first), std::string(greatest.value_or("")));
  };
  SLATE_TRY(const auto ends, edge(ValueRange{}));
  SLATE_TRY(const auto last, keys.end ? cursor.seek_before(*keys.end) : cursor.last_key());
  if (!last) return std::nullopt;
  const auto low = position_of(ends.first, column, direction);
  const auto high = position_of(ends.second, column, direction);
  const auto begin = position_of(counted.first, column, direction);
  const auto end = position_of(*last, column, direction);
  if (!low || !high || !begin || !end || *low == *high) return std::nullopt;
  const double share = std::abs(*end - *begin) / std::abs(*high - *low);
  if (!std::isfinite(share)) return std::nullopt;
  return std::clamp(share, 0.0, 1.0);
}

}  // namespace

bool IndexStatistics::is_ready(const Index& index) const {
  const auto position = static_cast<std::size_t>(&index - view_.schema->indexes.data());
  return position < view_.indexes.size() && view_.indexes[position].has_value();
}

double IndexStatistics::estimate(const Index& index, std::span<const ValueRange> ranges) const {
  const auto position = static_cast<std::size_t>(&index - view_.schema->indexes.data());
  const auto rows = static_cast<double>(view_.rows);
  const auto unknown = [&] {
    return std::min(rows, rows * kUnknownShare * static_cast<double>(ranges.size()));
  };
  auto cursor = storage::PostingCursor::open(*view_.transaction, *view_.indexes[position]);
  if (!cursor) return unknown();
  const IndexComponent& component = index.components.front();
  const Column& column = view_.schema->columns[component.column];
  double total = 0;
  for (const ValueRange& range : ranges) {
    // Everything but the nulls is what the nulls leave.
    const bool all_values = range.kind == ValueRange::Kind::kValues && !range.lower && !range.upper;
    const KeyRange keys = key_range(all_values ? ValueRange{.kind = ValueRange::Kind::kNulls} : range, index);
    const auto counted = count_some(*cursor, keys);
    if (!counted) return unknown();
    if (all_values) {
      total += rows - counted->entries;
      continue;
    }
    if (counted->complete) {
      total += counted->entries;
      continue;
    }
    const auto share = interpolate(*cursor, keys, *counted, column, component.direction);
    total += std::max(counted->entries, rows * (share ? share->value_or(kUnknownShare) : kUnknownShare));
  }
  return std::min(total, rows);
}

}  // namespace slate
