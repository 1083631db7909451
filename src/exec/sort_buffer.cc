#include "exec/sort_buffer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <numeric>

#include "base/check.h"
#include "base/try.h"
#include "exec/paced_sort.h"

namespace slate {

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

Result<void> SortBuffer::sort(Pacer& pacer) {
  if (in_order_) return {};
  const auto scratch = std::make_unique_for_overwrite<Row[]>(rows_.size());
  if (docids_ascend_)
    SLATE_TRY(sort_by_radix(rows_, scratch.get(), pacer));
  else
    SLATE_TRY(sort_by_merging(rows_, scratch.get(), pacer));
  in_order_ = true;
  return {};
}

void SortBuffer::sort() {
  Pacer never(nullptr);
  check(sort(never).has_value(), "a sort that nothing can interrupt was interrupted");
}

// Most significant digit first (McIlroy, Bostic and McIlroy, "Engineering Radix Sort", 1993), from the first
// byte that is not the same in all rows. Rows of equal keys keep their order, which is that of their docids.
Result<void> SortBuffer::sort_by_radix(std::span<Row> rows, Row* scratch, Pacer& pacer) const {
  constexpr std::size_t kFew = 64;
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool has_rest = false;
  SLATE_TRY(pacer.in_pieces(rows, [&](std::span<const Row> piece) {
    for (const Row& row : piece) {
      high |= row.high ^ rows.front().high;
      low |= row.low ^ rows.front().low;
      has_rest = has_rest || row.size > 16;
    }
  }));
  if ((high | low) == 0 && !has_rest) return {};
  if ((high | low) == 0 || rows.size() < kFew) return sort_by_merging(rows, scratch, pacer);
  const auto word = high != 0 ? &Row::high : &Row::low;
  const auto shift = (std::bit_width(high != 0 ? high : low) - 1) / 8 * 8;
  const auto digit = [&](const Row& row) { return static_cast<std::uint8_t>(row.*word >> shift); };
  std::array<std::size_t, 257> starts{};  // of the rows of each digit, and the end
  SLATE_TRY(pacer.in_pieces(rows, [&](std::span<const Row> piece) {
    for (const Row& row : piece) ++starts[digit(row) + 1];
  }));
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  auto next = starts;
  SLATE_TRY(pacer.in_pieces(rows, [&](std::span<const Row> piece) {
    for (const Row& row : piece) scratch[next[digit(row)]++] = row;
  }));
  Row* to = rows.data();
  SLATE_TRY(pacer.in_pieces(std::span<const Row>(scratch, rows.size()),
                            [&](std::span<const Row> piece) { to = std::ranges::copy(piece, to).out; }));
  for (std::size_t i = 0; i < 256; ++i)
    if (starts[i + 1] - starts[i] > 1)
      SLATE_TRY(sort_by_radix(rows.subspan(starts[i], starts[i + 1] - starts[i]), scratch, pacer));
  return {};
}

Result<void> SortBuffer::sort_by_merging(std::span<Row> rows, Row* scratch, Pacer& pacer) const {
  return paced_sort(
      rows, scratch, [&](const Row& a, const Row& b) { return before(a, b); }, pacer);
}

void SortBuffer::key(std::size_t at, std::string& key) const {
  const Row& row = rows_[at];
  const std::array<std::uint64_t, 2> head = {std::byteswap(row.high), std::byteswap(row.low)};
  key.assign(reinterpret_cast<const char*>(head.data()), std::min<std::size_t>(row.size, sizeof(head)));
  if (row.size > sizeof(head)) key.append(rest(row));
}

}  // namespace slate
