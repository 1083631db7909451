#include "exec/value_counter.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <functional>
#include <set>
#include <utility>

#include "base/try.h"
#include "codec/block.h"
#include "codec/key.h"
#include "codec/list_cell.h"
#include "exec/paced_sort.h"

namespace slate {
namespace {

// Of a hash table's entry beside its text.
constexpr std::uint64_t kEntryBytes = 96;
// Values beyond those wanted that are kept before the greatest are dropped.
constexpr std::uint64_t kSpare = 1024;

// Drops all but the `keep` least keys; answers the greatest of those.
template <typename Map>
typename Map::key_type keep_least(Map& counts, std::size_t keep) {
  using Key = typename Map::key_type;
  std::vector<Key> keys;
  keys.reserve(counts.size());
  for (const auto& [key, count] : counts) keys.push_back(key);
  const auto last = keys.begin() + static_cast<std::ptrdiff_t>(keep) - 1;
  std::ranges::nth_element(keys, last);
  const Key& greatest = *last;
  std::erase_if(counts, [&](const auto& entry) { return entry.first > greatest; });
  return greatest;
}

}  // namespace

ValueCounter::ValueCounter(Type type, DistinctOrder order, std::uint64_t most, std::uint64_t memory_bytes)
    : type_(type), order_(order), most_(most), memory_bytes_(memory_bytes) {}

Value ValueCounter::value_of(std::uint64_t image) const {
  if (type_ == Type::kFloat) return Value(real_of_image(image));
  const auto integer = integer_of_image(image);
  if (type_ == Type::kBool) return Value(integer != 0);
  if (type_ == Type::kDate) return Value(Date{integer});
  return Value(integer);
}

Result<void> ValueCounter::add_text(std::string_view value, std::uint64_t count) {
  if (const auto found = texts_.find(value); found != texts_.end()) {
    found->second += count;
    return {};
  }
  if (greatest_text_ && value > *greatest_text_) return {};
  texts_.emplace(std::string(value), count);
  text_bytes_ += value.size();
  return make_room();
}

Result<void> ValueCounter::add_number(std::uint64_t image, std::uint64_t count) {
  if (image > greatest_number_) return {};
  const auto [found, inserted] = numbers_.try_emplace(image, 0);
  found->second += count;
  return inserted ? make_room() : Result<void>();
}

Result<void> ValueCounter::make_room() {
  const std::uint64_t size = texts_.size() + numbers_.size();
  if (order_ == DistinctOrder::kValue) {
    const std::uint64_t keep = most_ + 1;
    if (size <= 2 * keep + kSpare) return {};
    if (!texts_.empty()) {
      greatest_text_ = keep_least(texts_, keep);
      text_bytes_ = 0;
      for (const auto& [text, count] : texts_) text_bytes_ += text.size();
    } else {
      greatest_number_ = keep_least(numbers_, keep);
    }
    return {};
  }
  if (size * kEntryBytes + text_bytes_ > memory_bytes_)
    return fail(Error(Reason::kQuotaExceeded,
                      fmt::format("more than {} distinct values: too many to be put in order of their counts",
                                  size - 1))
                    .with_hint("ask for the order of values, or narrow the filter"));
  return {};
}

Result<void> ValueCounter::add_dictionary(const ColumnView& column, std::span<const std::uint16_t> rows) {
  std::array<std::uint32_t, kBlockMaxRows> counts{};
  for (const std::uint16_t row : rows) {
    if (column.is_null(row))
      ++nulls_;
    else
      ++counts[ColumnView::load_unsigned(column.data, row, column.width)];
  }
  for (std::uint32_t code = 0; code < column.dictionary_size; ++code)
    if (counts[code] > 0) SLATE_TRY(add_text(column.dictionary(code), counts[code]));
  return {};
}

Result<void> ValueCounter::add_small_numbers(const ColumnView& column, std::span<const std::uint16_t> rows) {
  std::array<std::uint32_t, 256> counts{};
  for (const std::uint16_t row : rows) {
    if (column.is_null(row))
      ++nulls_;
    else
      ++counts[ColumnView::load_unsigned(column.data, row, column.width)];
  }
  for (std::size_t delta = 0; delta < counts.size(); ++delta) {
    if (counts[delta] == 0) continue;
    const auto value = static_cast<std::int64_t>(static_cast<std::uint64_t>(column.base) + delta);
    SLATE_TRY(add_number(ordered_image(value), counts[delta]));
  }
  return {};
}

// An element that comes twice in a list is counted once.
Result<void> ValueCounter::add_elements(std::string_view list) {
  ListReader reader(list);
  std::set<std::string, std::less<>> texts;
  std::set<std::uint64_t> numbers;
  while (const auto element = reader.next()) {
    if (element->type == Type::kString)
      texts.emplace(element->text);
    else
      numbers.insert(element->type == Type::kFloat ? ordered_image(element->real)
                                                   : ordered_image(element->integer));
  }
  for (const std::string& text : texts) SLATE_TRY(add_text(text, 1));
  for (const std::uint64_t image : numbers) SLATE_TRY(add_number(image, 1));
  return {};
}

Result<void> ValueCounter::add(const ColumnView& column, std::span<const std::uint16_t> rows) {
  if (column.encoding == Encoding::kNull) {
    nulls_ += rows.size();
    return {};
  }
  if (column.encoding == Encoding::kDictionary) return add_dictionary(column, rows);
  if (column.encoding == Encoding::kInteger && column.width <= 1) return add_small_numbers(column, rows);
  for (const std::uint16_t row : rows) {
    if (column.is_null(row)) {
      ++nulls_;
      continue;
    }
    if (column.type == Type::kList)
      SLATE_TRY(add_elements(column.text(row)));
    else if (column.type == Type::kString)
      SLATE_TRY(add_text(column.text(row), 1));
    else
      SLATE_TRY(add_number(
          column.type == Type::kFloat ? ordered_image(column.real(row)) : ordered_image(column.integer(row)),
          1));
  }
  return {};
}

Result<DistinctValues> ValueCounter::finish(Interrupt& interrupt) && {
  Pacer pacer(&interrupt);
  DistinctValues all;
  const auto put_in_order = [&]<typename Counts>(const Counts& counts, auto&& value) -> Result<void> {
    using Entry = std::pair<typename Counts::key_type, std::uint64_t>;
    std::vector<Entry> entries(counts.begin(), counts.end());
    std::vector<Entry> scratch(entries.size());
    const auto before = [&](const Entry& one, const Entry& other) {
      if (order_ == DistinctOrder::kCount && one.second != other.second) return one.second > other.second;
      return one.first < other.first;
    };
    SLATE_TRY(paced_sort(std::span(entries), scratch.data(), before, pacer));
    for (Entry& entry : entries)
      all.values.push_back({.value = value(std::move(entry.first)), .count = entry.second});
    return {};
  };
  // Values of one type: there are either texts or numbers.
  SLATE_TRY(put_in_order(texts_, [](std::string text) { return Value(std::move(text)); }));
  SLATE_TRY(put_in_order(numbers_, [&](std::uint64_t image) { return value_of(image); }));
  if (nulls_ > 0) {
    const auto place =
        order_ == DistinctOrder::kCount
            ? std::ranges::upper_bound(all.values, nulls_, std::greater<>(), &DistinctValue::count)
            : all.values.end();
    all.values.insert(place, {.count = nulls_});
  }
  all.has_more = all.values.size() > most_;
  if (all.has_more) all.values.resize(most_);
  return all;
}

}  // namespace slate
