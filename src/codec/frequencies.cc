#include "codec/frequencies.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fmt/format.h>

#include "codec/key.h"

namespace slate {
namespace {

// Fixed part, little-endian; entries follow: u64 count, u8 size of the key, the key.
struct StoredHeader {
  std::uint8_t detail = 0;
  std::uint8_t reserved[3] = {};
  std::uint32_t values = 0;
  std::uint64_t present = 0;
};
static_assert(sizeof(StoredHeader) == 16);

constexpr std::size_t kEntryBytes = sizeof(std::uint64_t) + 1;
constexpr std::size_t kMostKeyBytes = 255;
constexpr std::uint32_t kFewRows = 8;

Failure corrupt(std::string_view what) {
  return fail(Reason::kCorrupt, fmt::format("frequencies: {}", what));
}

// Of the first `rows`.
std::uint64_t set_bits(const std::uint64_t* words, std::uint32_t rows) {
  std::uint64_t bits = 0;
  for (std::uint32_t word = 0; word < rows / 64; ++word) bits += std::popcount(words[word]);
  if (rows % 64 != 0) bits += std::popcount(words[rows / 64] & ((std::uint64_t{1} << (rows % 64)) - 1));
  return bits;
}

std::uint64_t present_cells(const ColumnView& column, RowRange rows) {
  if (column.encoding == Encoding::kNull) return 0;
  if (column.validity == nullptr) return rows.size();
  return set_bits(column.validity, rows.end) - set_bits(column.validity, rows.begin);
}

// Calls visit(key, count) for the distinct values of a column until it answers false.
template <typename Visitor>
void visit_values(const ColumnView& column, RowRange rows, Visitor&& visit) {
  const bool is_narrow = column.width <= 1 &&
                         (column.encoding == Encoding::kDictionary || column.encoding == Encoding::kInteger);
  KeyBuilder key;
  // One by one, few rows are cheaper than all codes.
  if (is_narrow && rows.size() > kFewRows) {
    std::array<std::uint32_t, 256> counts{};
    for (std::uint32_t row = rows.begin; row < rows.end; ++row)
      if (!column.is_null(row)) ++counts[ColumnView::load_unsigned(column.data, row, column.width)];
    for (std::size_t code = 0; code < counts.size(); ++code) {
      if (counts[code] == 0) continue;
      key.clear();
      if (column.encoding == Encoding::kDictionary)
        key.add_text(column.dictionary(code), Direction::kAscending);
      else
        key.add_integer(column.base + static_cast<std::int64_t>(code), Direction::kAscending);
      if (!visit(key.bytes(), counts[code])) return;
    }
    return;
  }
  for (std::uint32_t row = rows.begin; row < rows.end; ++row) {
    if (column.is_null(row)) continue;
    key.clear();
    if (column.type == Type::kString)
      key.add_text(column.text(row), Direction::kAscending);
    else if (column.type == Type::kFloat)
      key.add_real(column.real(row), Direction::kAscending);
    else
      key.add_integer(column.integer(row), Direction::kAscending);
    if (!visit(key.bytes(), 1)) return;
  }
}

// Where `values`, ascending, have a key, or would have it; `hint` is looked at first.
std::vector<ValueCount>::iterator place_of(std::string_view key, std::vector<ValueCount>& values,
                                           std::vector<ValueCount>::iterator hint) {
  if (hint != values.end() && hint->key == key) return hint;
  return std::ranges::lower_bound(values, key, {}, &ValueCount::key);
}

}  // namespace

std::string frequencies_key(FieldId field) { return fmt::format("frequencies/{}", field); }

Result<Frequencies> Frequencies::decode(std::string_view bytes, FrequencyDetail detail) {
  StoredHeader header;
  if (bytes.size() < sizeof(header)) return corrupt("shorter than their header");
  std::memcpy(&header, bytes.data(), sizeof(header));
  bytes.remove_prefix(sizeof(header));
  if (header.detail > static_cast<std::uint8_t>(FrequencyDetail::kNothing)) return corrupt("unknown detail");
  if (header.values > bytes.size() / kEntryBytes) return corrupt("values beyond their end");
  Frequencies found;
  found.detail_ = static_cast<FrequencyDetail>(header.detail);
  found.present_ = header.present;
  if (detail > found.detail_) {
    found.detail_ = detail;
    return found;
  }
  found.bytes_ = bytes.size();
  found.values_.reserve(header.values);
  std::uint64_t left = header.present;
  for (std::uint32_t i = 0; i < header.values; ++i) {
    if (bytes.size() < kEntryBytes) return corrupt("values beyond their end");
    std::uint64_t count = 0;
    std::memcpy(&count, bytes.data(), sizeof(count));
    const std::size_t size = static_cast<std::uint8_t>(bytes[sizeof(count)]);
    bytes.remove_prefix(kEntryBytes);
    if (size > bytes.size()) return corrupt("values beyond their end");
    const std::string_view key = bytes.substr(0, size);
    bytes.remove_prefix(size);
    if (count == 0 || count > left) return corrupt("counts that do not add up");
    left -= count;
    if (!found.values_.empty() && key <= found.values_.back().key) return corrupt("values out of order");
    found.values_.push_back({.key = std::string(key), .count = count});
  }
  if (!bytes.empty()) return corrupt("more bytes than values");
  if (found.detail_ == FrequencyDetail::kValues ? left != 0 : header.values != 0)
    return corrupt("counts that do not add up");
  return found;
}

std::string Frequencies::encode() const {
  const StoredHeader header{.detail = static_cast<std::uint8_t>(detail_),
                            .values = static_cast<std::uint32_t>(values_.size()),
                            .present = present_};
  std::string bytes;
  bytes.reserve(sizeof(header) + bytes_);
  bytes.append(reinterpret_cast<const char*>(&header), sizeof(header));
  for (const ValueCount& value : values_) {
    bytes.append(reinterpret_cast<const char*>(&value.count), sizeof(value.count));
    bytes.push_back(static_cast<char>(value.key.size()));
    bytes.append(value.key);
  }
  return bytes;
}

void Frequencies::lose_values() {
  detail_ = FrequencyDetail::kPresence;
  values_ = {};
  bytes_ = 0;
}

void Frequencies::forget() {
  lose_values();
  detail_ = FrequencyDetail::kNothing;
  present_ = 0;
}

void Frequencies::add(const ColumnView& column, RowRange rows) {
  if (detail_ == FrequencyDetail::kNothing) return;
  present_ += present_cells(column, rows);
  if (detail_ != FrequencyDetail::kValues || column.encoding == Encoding::kNull) return;
  if (column.type == Type::kList) return lose_values();
  auto at = values_.begin();  // behind the last value found: distinct ones of a narrow column ascend
  visit_values(column, rows, [&](std::string_view key, std::uint64_t count) {
    at = place_of(key, values_, at);
    if (at == values_.end() || at->key != key) {
      bytes_ += kEntryBytes + key.size();
      if (key.size() > kMostKeyBytes || sizeof(StoredHeader) + bytes_ > kMostBytes) {
        lose_values();
        return false;
      }
      at = values_.insert(at, {.key = std::string(key), .count = 0});
    }
    at->count += count;
    ++at;
    return true;
  });
}

Result<void> Frequencies::subtract(const ColumnView& column, RowRange rows) {
  if (detail_ == FrequencyDetail::kNothing) return {};
  const std::uint64_t present = present_cells(column, rows);
  if (present > present_) return corrupt("fewer values than a segment has");
  present_ -= present;
  if (detail_ != FrequencyDetail::kValues || column.encoding == Encoding::kNull) return {};
  bool counted = column.type != Type::kList;
  auto at = values_.begin();
  if (counted)
    visit_values(column, rows, [&](std::string_view key, std::uint64_t count) {
      at = place_of(key, values_, at);
      counted = at != values_.end() && at->key == key && at->count >= count;
      if (!counted) return false;
      at->count -= count;
      ++at;
      return true;
    });
  if (!counted) return corrupt("a segment's value is not among them");
  std::erase_if(values_, [&](const ValueCount& value) {
    if (value.count == 0) bytes_ -= kEntryBytes + value.key.size();
    return value.count == 0;
  });
  return {};
}

}  // namespace slate
