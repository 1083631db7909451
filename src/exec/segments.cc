#include "exec/segments.h"

#include <algorithm>

#include "base/check.h"
#include "base/try.h"

namespace slate {
namespace {

// Blocks remembered by find() before they are let go: bounds a query's memory to a few MiB.
constexpr std::size_t kMostKept = 2048;

}  // namespace

VerifiedSegments::~VerifiedSegments() {
  for (auto& chunk : chunks_) delete chunk.load(std::memory_order_relaxed);
}

bool VerifiedSegments::contains(std::uint64_t key) const {
  const std::size_t at = key / kChunkBits;
  if (at >= kChunks) return false;
  const Chunk* chunk = chunks_[at].load(std::memory_order_acquire);
  if (chunk == nullptr) return false;
  const std::size_t bit = key % kChunkBits;
  return ((*chunk)[bit / 64].load(std::memory_order_relaxed) >> (bit % 64) & 1) != 0;
}

void VerifiedSegments::insert(std::uint64_t key) {
  const std::size_t at = key / kChunkBits;
  if (at >= kChunks) return;
  Chunk* chunk = chunks_[at].load(std::memory_order_acquire);
  if (chunk == nullptr) {
    auto fresh = std::make_unique<Chunk>();
    if (chunks_[at].compare_exchange_strong(chunk, fresh.get(), std::memory_order_acq_rel))
      chunk = fresh.release();
  }
  const std::size_t bit = key % kChunkBits;
  (*chunk)[bit / 64].fetch_or(std::uint64_t{1} << (bit % 64), std::memory_order_relaxed);
}

void VerifiedSegments::erase(std::uint64_t key) {
  const std::size_t at = key / kChunkBits;
  if (at >= kChunks) return;
  Chunk* chunk = chunks_[at].load(std::memory_order_acquire);
  if (chunk == nullptr) return;
  const std::size_t bit = key % kChunkBits;
  (*chunk)[bit / 64].fetch_and(~(std::uint64_t{1} << (bit % 64)), std::memory_order_relaxed);
}

std::uint32_t ColumnSet::add(std::uint32_t column) {
  const auto found = std::ranges::find(columns_, column);
  const auto position = static_cast<std::uint32_t>(found - columns_.begin());
  if (found == columns_.end()) columns_.push_back(column);
  return position;
}

Result<std::unique_ptr<SegmentReader>> SegmentReader::open(
    const storage::Transaction& transaction, storage::Table segments, VerifiedSegments& verified,
    const ColumnSet& columns, std::uint32_t segment_rows, UnixMillis now, QueryCounters& counters) {
  SLATE_TRY(auto cursor, storage::NumberCursor::open(transaction, segments));
  return std::unique_ptr<SegmentReader>(
      new SegmentReader(std::move(cursor), verified, columns, segment_rows, now, counters));
}

SegmentReader::SegmentReader(storage::NumberCursor cursor, VerifiedSegments& verified,
                             const ColumnSet& columns, std::uint32_t segment_rows, UnixMillis now,
                             QueryCounters& counters)
    : cursor_(std::move(cursor)),
      verified_(verified),
      columns_(columns),
      segment_rows_(segment_rows),
      now_(now),
      counters_(counters) {}

Result<const ResolvedBlock*> SegmentReader::find(DocId docid) {
  const std::size_t at = docid / segment_rows_;
  if (at < by_segment_.size()) {
    const ResolvedBlock* hint = by_segment_[at];
    if (hint != nullptr && docid >= hint->first_docid() && docid < hint->end_docid()) return hint;
  }
  SLATE_TRY(const auto entry, cursor_.seek(docid));
  if (!entry) return nullptr;
  auto block = std::make_unique<ResolvedBlock>();
  SLATE_TRY(resolve(*entry, *block));
  if (docid < block->first_docid() || docid >= block->end_docid()) return nullptr;
  if (at >= by_segment_.size()) by_segment_.resize(std::max(at + 1, by_segment_.size() * 2));
  by_segment_[at] = block.get();
  kept_.push_back(std::move(block));
  return kept_.back().get();
}

Result<const ResolvedBlock*> SegmentReader::next() {
  SLATE_TRY(const auto entry, started_ ? cursor_.next() : cursor_.seek(0));
  started_ = true;
  if (!entry) return nullptr;
  SLATE_TRY(resolve(*entry, current_));
  return &current_;
}

void SegmentReader::forget_when_full() {
  if (kept_.size() < kMostKept) return;
  kept_.clear();
  std::ranges::fill(by_segment_, nullptr);
}

Result<void> SegmentReader::resolve(const storage::NumberEntry& entry, ResolvedBlock& block) {
  const auto bytes = aligned_block(entry.value, block.copy);
  if (verified_.contains(entry.key)) {
    block.view = BlockView::trusted(bytes.data());
  } else {
    SLATE_TRY(block.view, BlockView::verify(bytes));
    verified_.insert(entry.key);
  }
  ++counters_.blocks_examined;

  const auto wanted = columns_.columns();
  const auto& schema = columns_.schema();
  const auto entries = block.view.entries();
  // Expiry columns sort behind all others.
  const bool has_expiry = !entries.empty() && (entries.back().field & kExpiryBit) != 0;
  block.columns.resize(wanted.size());
  block.unexpired.clear();
  entry_hints_.resize(wanted.size(), 0);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const Column& column = schema.columns[wanted[i]];
    // Blocks of a generation mostly have the same directory.
    const std::uint32_t hint = entry_hints_[i];
    const ColumnEntry* found = hint < entries.size() && entries[hint].field == column.id
                                   ? &entries[hint]
                                   : block.view.find(column.id);
    if (found == nullptr || found->type != column.type) {
      block.columns[i] = ColumnView{.type = column.type};
      continue;
    }
    entry_hints_[i] = static_cast<std::uint32_t>(found - entries.data());
    block.columns[i] = block.view.column(*found);
    if (has_expiry) mask_expired(block.view, column.id, block.columns[i], block);
  }
  return {};
}

// From the instant of its expiry a cell is null.
void SegmentReader::mask_expired(const BlockView& view, FieldId field, ColumnView& column,
                                 ResolvedBlock& block) const {
  const ColumnView expiry = view.column(field | kExpiryBit, Type::kInt);
  if (expiry.encoding == Encoding::kNull) return;
  const std::size_t rows = view.row_count();
  auto bitmap = std::make_unique<std::uint64_t[]>(bitmap_words(rows));
  for (std::size_t row = 0; row < rows; ++row) {
    const bool expired = !expiry.is_null(row) && expiry.integer(row) <= now_;
    if (!expired && !column.is_null(row)) bitmap[row >> 6] |= std::uint64_t{1} << (row & 63);
  }
  column.validity = bitmap.get();
  block.unexpired.push_back(std::move(bitmap));
}

}  // namespace slate
