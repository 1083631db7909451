#include "exec/sort_key.h"

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <numeric>

#include "codec/key.h"
#include "query/fold.h"

namespace slate {
namespace {

constexpr char kNullFirst = 0x01;
constexpr char kValue = 0x02;
constexpr char kNullLast = 0x03;

// NUL inside a text is 00 ff; a text ends with 00 01: as in index keys, but never cut.
void append_text(std::string& key, std::string_view text) {
  for (std::size_t nul; (nul = text.find('\0')) != std::string_view::npos; text.remove_prefix(nul + 1)) {
    key.append(text.substr(0, nul));
    key.append("\0\xff", 2);
  }
  key.append(text);
  key.append("\0\x01", 2);
}

// A text with a NUL is rare: others are folded where they go.
void append_folded_text(std::string& key, std::string_view text) {
  const std::size_t begin = key.size();
  append_folded(text, key);
  if (std::string_view(key).substr(begin).find('\0') == std::string_view::npos) {
    key.append("\0\x01", 2);
    return;
  }
  const std::string folded = key.substr(begin);
  key.resize(begin);
  append_text(key, folded);
}

void append_image(std::string& key, std::uint64_t image) {
  image = std::byteswap(image);
  key.append(reinterpret_cast<const char*>(&image), sizeof(image));
}

}  // namespace

SortKeyEncoder::SortKeyEncoder(std::span<const BoundSortKey> sort, ColumnSet& columns) {
  for (const BoundSortKey& key : sort)
    components_.push_back({.column = columns.add(key.column),
                           .direction = key.direction,
                           .nulls = key.nulls,
                           .collation = columns.schema().columns[key.column].collation});
}

void SortKeyEncoder::encode(const ResolvedBlock& block, std::size_t row, std::string& key) const {
  key.clear();
  for (const Component& component : components_) {
    const ColumnView& column = block.columns[component.column];
    if (column.is_null(row)) {
      key += component.nulls == Nulls::kLast ? kNullLast : kNullFirst;
      continue;
    }
    const std::size_t begin = key.size();
    key += kValue;
    switch (column.type) {
      case Type::kString:
        if (component.collation == Collation::kBinary)
          append_text(key, column.text(row));
        else
          append_folded_text(key, column.text(row));
        break;
      case Type::kFloat: append_image(key, ordered_image(column.real(row))); break;
      default: append_image(key, ordered_image(column.integer(row))); break;
    }
    component.turn(key, begin);
  }
}

std::string SortKeyEncoder::encode(std::span<const std::optional<Scalar>> values) const {
  std::string key;
  for (std::size_t i = 0; i < components_.size(); ++i) {
    const Component& component = components_[i];
    if (!values[i]) {
      key += component.nulls == Nulls::kLast ? kNullLast : kNullFirst;
      continue;
    }
    const std::size_t begin = key.size();
    key += kValue;
    if (const auto* text = std::get_if<std::string>(&*values[i]))
      append_text(key, *text);
    else if (const auto* real = std::get_if<double>(&*values[i]))
      append_image(key, ordered_image(*real));
    else
      append_image(key, ordered_image(std::get<std::int64_t>(*values[i])));
    component.turn(key, begin);
  }
  return key;
}

// Turns a value's bytes round when it descends; the rank before them stays.
void SortKeyEncoder::Component::turn(std::string& key, std::size_t begin) const {
  if (direction == Direction::kAscending) return;
  for (std::size_t i = begin + 1; i < key.size(); ++i) key[i] = static_cast<char>(~key[i]);
}

bool SortBuffer::before(const Row& a, const Row& b) const {
  if (a.high != b.high) return a.high < b.high;
  if (a.low != b.low) return a.low < b.low;
  if (a.size > 16 || b.size > 16) {
    const int order = rest(a).compare(rest(b));
    if (order != 0) return order < 0;
  }
  return a.docid < b.docid;
}

void SortBuffer::add(std::string_view key, DocId docid) {
  Row row{.high = text_prefix(key),
          .low = key.size() > 8 ? text_prefix(key.substr(8)) : 0,
          .rest_offset = rest_.size(),
          .size = static_cast<std::uint32_t>(key.size()),
          .docid = docid};
  if (key.size() > 16) rest_.append(key.substr(16));
  if (!rows_.empty()) {
    in_order_ = in_order_ && before(rows_.back(), row);
    docids_ascend_ = docids_ascend_ && rows_.back().docid < docid;
  }
  rows_.push_back(row);
}

void SortBuffer::clear() {
  rows_.clear();
  rest_.clear();
  in_order_ = true;
  docids_ascend_ = true;
}

void SortBuffer::sort() {
  if (in_order_) return;
  if (docids_ascend_)
    sort_by_radix(rows_, std::make_unique_for_overwrite<Row[]>(rows_.size()).get());
  else
    std::ranges::sort(rows_, [&](const Row& a, const Row& b) { return before(a, b); });
  in_order_ = true;
}

// Most significant digit first (McIlroy, Bostic and McIlroy, "Engineering Radix Sort", 1993), from the first
// byte that is not the same in all rows. Rows of equal keys keep their order, which is that of their docids.
void SortBuffer::sort_by_radix(std::span<Row> rows, Row* scratch) const {
  constexpr std::size_t kFew = 64;
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool has_rest = false;
  for (const Row& row : rows) {
    high |= row.high ^ rows.front().high;
    low |= row.low ^ rows.front().low;
    has_rest = has_rest || row.size > 16;
  }
  if ((high | low) == 0 && !has_rest) return;
  if ((high | low) == 0 || rows.size() < kFew) {
    std::ranges::sort(rows, [&](const Row& a, const Row& b) { return before(a, b); });
    return;
  }
  const auto word = high != 0 ? &Row::high : &Row::low;
  const auto shift = (std::bit_width(high != 0 ? high : low) - 1) / 8 * 8;
  const auto digit = [&](const Row& row) { return static_cast<std::uint8_t>(row.*word >> shift); };
  std::array<std::size_t, 257> starts{};  // of the rows of each digit, and the end
  for (const Row& row : rows) ++starts[digit(row) + 1];
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  auto next = starts;
  for (const Row& row : rows) scratch[next[digit(row)]++] = row;
  std::copy_n(scratch, rows.size(), rows.begin());
  for (std::size_t i = 0; i < 256; ++i)
    if (starts[i + 1] - starts[i] > 1)
      sort_by_radix(rows.subspan(starts[i], starts[i + 1] - starts[i]), scratch);
}

void SortBuffer::key(std::size_t at, std::string& key) const {
  const Row& row = rows_[at];
  const std::array<std::uint64_t, 2> head = {std::byteswap(row.high), std::byteswap(row.low)};
  key.assign(reinterpret_cast<const char*>(head.data()), std::min<std::size_t>(row.size, sizeof(head)));
  if (row.size > sizeof(head)) key.append(rest(row));
}

std::vector<DocId> SortBuffer::docids() const {
  std::vector<DocId> docids;
  docids.reserve(rows_.size());
  for (const Row& row : rows_) docids.push_back(row.docid);
  return docids;
}

}  // namespace slate
