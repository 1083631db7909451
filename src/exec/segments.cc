#include "exec/segments.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

#include "base/check.h"
#include "base/try.h"
#include "exec/zone_filter.h"

namespace slate {
namespace {

// Blocks remembered by find() before they are let go: bounds a query's memory to a few MiB.
constexpr std::size_t kMostKept = 2048;
// What a page of some hundred rows may visit.
constexpr std::size_t kManySlots = 256;
// Of a block: its header and the directory of some ten columns.
constexpr std::size_t kPrefetchedBytes = 384;
constexpr std::size_t kCacheLine = 64;

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

SegmentAddresses::SegmentAddresses(std::size_t slots)
    : slots_(slots), blocks_(static_cast<const std::byte**>(std::calloc(slots, sizeof(const std::byte*)))) {
  if (blocks_ == nullptr) slots_ = 0;
}
void SegmentAddresses::Free::operator()(void* memory) const { std::free(memory); }

const std::byte* SegmentAddresses::find(std::size_t slot) const {
  if (slot >= slots_) return nullptr;
  return std::atomic_ref(blocks_[slot]).load(std::memory_order_acquire);
}

void SegmentAddresses::insert(std::size_t slot, const std::byte* block) {
  if (slot < slots_) std::atomic_ref(blocks_[slot]).store(block, std::memory_order_release);
}

std::uint32_t ColumnSet::place(std::uint32_t column) {
  const auto found = std::ranges::find(columns_, column);
  const auto position = static_cast<std::uint32_t>(found - columns_.begin());
  if (found == columns_.end()) columns_.push_back(column);
  return position;
}

std::uint32_t ColumnSet::add(std::uint32_t column) {
  const std::uint32_t position = place(column);
  if (std::ranges::find(early_, position) == early_.end()) early_.push_back(position);
  return position;
}

Result<std::unique_ptr<SegmentReader>> SegmentReader::open(const SegmentSource& source,
                                                           const ColumnSet& columns,
                                                           QueryCounters& counters) {
  SLATE_TRY(auto cursor, storage::NumberCursor::open(*source.transaction, source.table));
  return std::unique_ptr<SegmentReader>(new SegmentReader(std::move(cursor), source, columns, counters));
}

SegmentReader::SegmentReader(storage::NumberCursor cursor, const SegmentSource& source,
                             const ColumnSet& columns, QueryCounters& counters)
    : cursor_(std::move(cursor)),
      source_(source),
      columns_(columns),
      counters_(counters),
      resolver_(source_, columns) {
  current_.columns = make_columns();
}

ResolvedBlock& SegmentReader::keep() {
  if (kept_count_ == kept_.size()) kept_.emplace_back().columns = make_columns();
  return kept_[kept_count_];
}

// Columns of one block, of which many are allocated at a time.
std::span<ColumnView> SegmentReader::make_columns() {
  const std::size_t size = columns_.columns().size();
  if (columns_left_ == 0) {
    // One block for a scan; for others twice as many each time.
    columns_left_ = column_room_.empty() ? 1 : std::min<std::size_t>(8 << column_room_.size(), 128);
    column_room_.push_back(std::make_unique_for_overwrite<ColumnView[]>(size * columns_left_));
  }
  --columns_left_;
  return {column_room_.back().get() + columns_left_ * size, size};
}

Result<ResolvedBlock*> SegmentReader::find(DocId docid) {
  const auto holds = [&](const ResolvedBlock& block) {
    return docid >= block.first_docid() && docid < block.end_docid();
  };
  if (last_found_ != nullptr && holds(*last_found_)) return last_found_;
  const std::size_t slot = docid / source_.segment_rows;
  if (const auto known = by_slot_.find(slot); known != by_slot_.end() && holds(*known->second))
    return last_found_ = known->second;
  ResolvedBlock& block = keep();
  const std::byte* address = source_.addresses != nullptr ? source_.addresses->find(slot) : nullptr;
  if (address != nullptr) block.view = BlockView::trusted(address);
  if (address == nullptr || !holds(block)) {
    SLATE_TRY(const auto entry, cursor_.seek(docid));
    if (!entry) return nullptr;
    SLATE_TRY(resolver_.open(*entry, block));
    if (!holds(block)) return nullptr;
    if (source_.addresses != nullptr && block.copy == nullptr)
      source_.addresses->insert(slot, block.view.bytes().data());
  }
  resolve(block);
  ++kept_count_;
  if (by_slot_.empty()) by_slot_.reserve(kManySlots);
  by_slot_[slot] = &block;
  return last_found_ = &block;
}

void SegmentReader::prefetch(DocId docid) const {
  if (source_.addresses == nullptr) return;
  const std::byte* block = source_.addresses->find(docid / source_.segment_rows);
  if (block == nullptr) return;
  for (std::size_t at = 0; at < kPrefetchedBytes; at += kCacheLine) __builtin_prefetch(block + at);
}

Result<ResolvedBlock*> SegmentReader::at(DocId docid) {
  SLATE_TRY(ResolvedBlock * block, find(docid));
  if (block != nullptr) return block;
  return fail(Reason::kCorrupt, fmt::format("an index entry points at docid {}, which has no row", docid));
}

Result<ResolvedBlock*> SegmentReader::next(const ZoneFilter* zones) { return step(true, zones); }
Result<ResolvedBlock*> SegmentReader::previous(const ZoneFilter* zones) { return step(false, zones); }

Result<std::optional<storage::NumberEntry>> SegmentReader::next_entry(bool forwards) {
  if (started_) return forwards ? cursor_.next() : cursor_.previous();
  started_ = true;
  if (forwards || start_) {
    SLATE_TRY(const auto entry, cursor_.seek(start_.value_or(0)));
    if (entry || forwards) return entry;
  }
  return cursor_.last();
}

Result<ResolvedBlock*> SegmentReader::step(bool forwards, const ZoneFilter* zones) {
  for (;;) {
    SLATE_TRY(const auto entry, next_entry(forwards));
    if (!entry) return nullptr;
    SLATE_TRY(resolver_.open(*entry, current_));
    // Segments are keyed by the last docid that they may hold: going back, one that begins behind the place
    // is passed over.
    if (!forwards && start_ && current_.first_docid() > *start_) continue;
    if (zones != nullptr && !zones->can_match(current_.view)) {
      ++counters_.blocks_skipped;
      continue;
    }
    resolve(current_);
    return &current_;
  }
}

void SegmentReader::resolve(ResolvedBlock& block) {
  ++counters_.blocks_examined;
  resolver_.resolve(block);
}

void SegmentReader::forget_when_full() {
  if (kept_count_ < kMostKept) return;
  kept_count_ = 0;
  last_found_ = nullptr;
  by_slot_.clear();
}

BlockResolver::BlockResolver(const SegmentSource& source, const ColumnSet& columns)
    : source_(source), columns_(columns), entry_hints_(columns.columns().size(), 0) {
  for (std::uint32_t position = 0; position < columns.columns().size(); ++position)
    if (std::ranges::find(columns.early(), position) == columns.early().end()) late_.push_back(position);
}

Result<void> BlockResolver::open(const storage::NumberEntry& entry, ResolvedBlock& block) {
  block.copy.reset();
  const auto bytes = aligned_block(entry.value, block.copy);
  if (source_.verified->contains(entry.key)) {
    block.view = BlockView::trusted(bytes.data());
    return {};
  }
  SLATE_TRY(block.view, BlockView::verify(bytes));
  source_.verified->insert(entry.key);
  return {};
}

namespace {

// Expiry columns sort behind all others.
bool has_expiry(const BlockView& view) {
  const auto entries = view.entries();
  return !entries.empty() && (entries.back().field & kExpiryBit) != 0;
}

}  // namespace

void BlockResolver::resolve(ResolvedBlock& block) {
  block.unexpired.clear();
  block.complete = false;
  const bool expires = has_expiry(block.view);
  for (const std::uint32_t position : columns_.early()) resolve_column(block, position, expires);
}

void BlockResolver::complete(ResolvedBlock& block) {
  if (block.complete) return;
  const bool expires = has_expiry(block.view);
  for (const std::uint32_t position : late_) resolve_column(block, position, expires);
  block.complete = true;
}

void BlockResolver::resolve_column(ResolvedBlock& block, std::uint32_t position, bool expires) {
  const Column& column = columns_.schema().columns[columns_.columns()[position]];
  const auto entries = block.view.entries();
  // Blocks of a generation mostly have the same directory.
  std::uint32_t& hint = entry_hints_[position];
  const ColumnEntry* found =
      hint < entries.size() && entries[hint].field == column.id ? &entries[hint] : block.view.find(column.id);
  if (found == nullptr || found->type != column.type) {
    block.columns[position] = ColumnView{.type = column.type};
    return;
  }
  hint = static_cast<std::uint32_t>(found - entries.data());
  block.columns[position] = block.view.column(*found);
  if (expires) mask_expired(block.view, column.id, block.columns[position], block);
}

// From the instant of its expiry a cell is null.
void BlockResolver::mask_expired(const BlockView& view, FieldId field, ColumnView& column,
                                 ResolvedBlock& block) const {
  const ColumnView expiry = view.column(field | kExpiryBit, Type::kInt);
  if (expiry.encoding == Encoding::kNull) return;
  const std::size_t rows = view.row_count();
  auto bitmap = std::make_unique<std::uint64_t[]>(bitmap_words(rows));
  for (std::size_t row = 0; row < rows; ++row) {
    const bool expired = !expiry.is_null(row) && expiry.integer(row) <= source_.now;
    if (!expired && !column.is_null(row)) bitmap[row >> 6] |= std::uint64_t{1} << (row & 63);
  }
  column.validity = bitmap.get();
  block.unexpired.push_back(std::move(bitmap));
}

}  // namespace slate
