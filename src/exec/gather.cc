#include "exec/gather.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "base/try.h"
#include "exec/row_mask.h"

namespace slate {
namespace {

// For the numbers and codes of all columns, and as much again for their texts.
constexpr std::size_t kMostBytes = std::size_t{8} << 20;
// So many rows are gathered that each block they lie in gives about so many: visiting it costs as much as
// they do.
constexpr std::uint64_t kRowsOfBlock = 32;

}  // namespace

// A counting sort by the upper bits of the docids.
void BlockOrder::start(std::span<const DocId> docids, std::uint32_t segment_rows) {
  const auto [least, greatest] = std::ranges::minmax(docids);
  const auto spread = static_cast<int>(std::bit_width(greatest - least));
  const auto wanted = static_cast<int>(std::bit_width(docids.size()));
  const int shift = std::max(std::countr_zero(segment_rows), spread - wanted);
  const DocId origin = least >> shift;
  ends_.assign((greatest >> shift) - origin + 2, 0);
  // Shifted by one, so that placing the positions makes the begins into ends.
  for (const DocId docid : docids) ++ends_[(docid >> shift) - origin + 1];
  std::partial_sum(ends_.begin(), ends_.end(), ends_.begin());
  positions_.resize(docids.size());
  for (std::uint32_t i = 0; i < docids.size(); ++i) positions_[ends_[(docids[i] >> shift) - origin]++] = i;
  part_ = 0;
}

std::span<const std::uint32_t> BlockOrder::next() {
  for (; part_ + 1 < ends_.size(); ++part_) {
    const std::uint32_t begin = part_ == 0 ? 0 : ends_[part_ - 1];
    if (begin == ends_[part_]) continue;
    return std::span<const std::uint32_t>(positions_).subspan(begin, ends_[part_++] - begin);
  }
  return {};
}

Result<void> keep_matching(std::vector<DocId>& docids, const Predicate& predicate, SegmentReader& reader,
                           Interrupt& interrupt) {
  if (docids.empty()) return {};
  BlockOrder order;
  order.start(docids, reader.segment_rows());
  std::vector<bool> matches(docids.size());
  for (auto positions = order.next(); !positions.empty(); positions = order.next()) {
    reader.forget_when_full();
    SLATE_TRY(interrupt.check());
    while (!positions.empty()) {
      SLATE_TRY(ResolvedBlock * block, reader.at(docids[positions.front()]));
      const DocId first = block->first_docid();
      const std::uint64_t rows_in_block = block->end_docid() - first;
      RowMask rows = RowMask::none(rows_in_block);
      std::size_t taken = 0;
      for (; taken < positions.size() && docids[positions[taken]] - first < rows_in_block; ++taken)
        rows.set(docids[positions[taken]] - first);
      predicate.filter(*block, rows);
      for (const std::uint32_t position : positions.first(taken))
        matches[position] = rows.test(docids[position] - first);
      positions = positions.subspan(taken);
    }
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < docids.size(); ++i) {
    docids[kept] = docids[i];
    kept += matches[i] ? 1 : 0;
  }
  docids.resize(kept);
  return {};
}

Gather::Gather(SegmentReader& reader, Interrupt& interrupt) : reader_(reader), interrupt_(interrupt) {
  const ColumnSet& set = reader.columns();
  std::size_t row_bytes = 0;
  for (const std::uint32_t column : set.columns().first(set.outputs())) {
    const Type type = set.schema().columns[column].type;
    columns_.emplace_back(type);
    row_bytes += GatheredColumn::row_bytes(type);
  }
  most_rows_ = std::max<std::size_t>(kMostBytes / std::max<std::size_t>(row_bytes, 1), 1);
  views_.resize(columns_.size());
  block_.columns = views_;
  block_.complete = true;
}

// How many of the docids to gather at once.
std::size_t Gather::window(std::span<const DocId> docids) const {
  docids = docids.first(std::min(docids.size(), most_rows_));
  const auto [least, greatest] = std::ranges::minmax(docids);
  const std::uint64_t blocks = (greatest - least) / reader_.segment_rows() + 1;
  return std::min<std::uint64_t>(docids.size(), std::max<std::uint64_t>(blocks * kRowsOfBlock, kGatherRows));
}

Result<void> Gather::take(std::span<const DocId>& docids) {
  for (;;) {
    const auto some = docids.first(window(docids));
    SLATE_TRY(const bool filled, fill(some));
    if (filled) {
      docids = docids.subspan(some.size());
      return {};
    }
    most_rows_ = some.size() / 2;
  }
}

Result<bool> Gather::fill(std::span<const DocId> docids) {
  docids_.assign(docids.begin(), docids.end());
  at_ = docids.size();
  for (GatheredColumn& column : columns_) column.start(docids.size());
  order_.start(docids_, reader_.segment_rows());
  for (auto places = order_.next(); !places.empty(); places = order_.next()) {
    reader_.forget_when_full();
    SLATE_TRY(interrupt_.check());
    while (!places.empty()) {
      SLATE_TRY(const std::size_t added, add_block(docids_, places));
      places = places.subspan(added);
    }
    if (docids.size() > 1 && text_bytes() > kMostBytes) return false;
  }
  at_ = 0;
  return true;
}

// Adds those of the first docids that lie in one block; answers how many.
Result<std::size_t> Gather::add_block(std::span<const DocId> docids, std::span<const std::uint32_t> places) {
  SLATE_TRY(ResolvedBlock * block, reader_.at(docids[places.front()]));
  const DocId first = block->first_docid();
  const std::uint64_t rows_in_block = block->end_docid() - first;
  picked_rows_.clear();
  for (const std::uint32_t place : places) {
    const DocId row = docids[place] - first;
    if (row >= rows_in_block) break;
    picked_rows_.push_back(static_cast<std::uint16_t>(row));
  }
  reader_.complete(*block);
  const Picks picks{.rows = picked_rows_, .places = places.first(picked_rows_.size())};
  for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].add(block->columns[i], rows_in_block, picks);
  return picked_rows_.size();
}

std::size_t Gather::text_bytes() const {
  std::size_t bytes = 0;
  for (const GatheredColumn& column : columns_) bytes += column.text_bytes();
  return bytes;
}

bool Gather::next(RowBatch& batch) {
  if (at_ == docids_.size()) return false;
  batch.start(&block_, std::span<const DocId>(docids_).subspan(at_));
  const std::size_t count = std::min<std::size_t>(docids_.size() - at_, kBlockMaxRows);
  for (std::size_t row = 0; row < count; ++row) batch.add(row);
  for (std::size_t i = 0; i < columns_.size(); ++i) views_[i] = columns_[i].view(at_);
  at_ += count;
  return true;
}

}  // namespace slate
