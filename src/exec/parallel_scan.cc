#include "exec/parallel_scan.h"

#include <array>
#include <atomic>
#include <optional>
#include <utility>
#include <vector>

#include "base/try.h"

namespace slate {
namespace {

constexpr std::size_t kMorselSegments = 16;
constexpr std::size_t kMorsels = 32;

enum class State : std::uint8_t {
  kFree,   // the scan's, to be filled or read
  kReady,  // whoever changes it to kTaken filters it
  kTaken,
  kDone,  // the scan's again
};

}  // namespace

// Some segments, and their rows once they are filtered.
struct ParallelScan::Morsel {
  struct Found {
    ResolvedBlock block;
    RowMask rows = RowMask::none(0);
    // Of the morsel, up to this block, without and with it.
    Touched before;
    Touched after;
  };

  std::atomic<State> state = State::kFree;
  std::array<storage::NumberEntry, kMorselSegments> entries;
  std::size_t size = 0;
  std::array<Found, kMorselSegments> found;
  std::size_t found_size = 0;
  Touched touched;
  std::optional<Error> error;  // behind what was found
  std::unique_ptr<ColumnView[]> columns;

  bool take() {
    State ready = State::kReady;
    return state.compare_exchange_strong(ready, State::kTaken, std::memory_order_acquire,
                                         std::memory_order_relaxed);
  }
};

struct ParallelScan::Shared {
  const ColumnSet& columns;
  const Predicate* predicate;
  const ZoneFilter* zones;
  ScanPart part;
  const SegmentSource& source;
  std::array<Morsel, kMorsels> ring;
  // Morsels are numbered in the order of the scan; these are filled and their rows not all given.
  std::atomic<std::size_t> first = 0;
  std::atomic<std::size_t> end = 0;
  std::atomic<unsigned> helpers = 0;
  std::atomic<bool> ended = false;

  Morsel& morsel(std::size_t number) { return ring[number % kMorsels]; }

  // A morsel that nobody has begun, now the caller's; null when there is none.
  Morsel* take() {
    const std::size_t last = end.load(std::memory_order_acquire);
    for (std::size_t number = first.load(std::memory_order_relaxed); number < last; ++number)
      if (morsel(number).take()) return &morsel(number);
    return nullptr;
  }

  void filter(Morsel& morsel, BlockResolver& resolver) {
    if (morsel.columns == nullptr) {
      const std::size_t width = columns.columns().size();
      morsel.columns = std::make_unique_for_overwrite<ColumnView[]>(kMorselSegments * width);
      for (std::size_t i = 0; i < kMorselSegments; ++i)
        morsel.found[i].block.columns = {morsel.columns.get() + i * width, width};
    }
    morsel.found_size = 0;
    morsel.touched = {};
    morsel.error.reset();
    for (std::size_t i = 0; i < morsel.size && !ended.load(std::memory_order_relaxed); ++i) {
      Morsel::Found& found = morsel.found[morsel.found_size];
      if (auto opened = resolver.open(morsel.entries[i], found.block); !opened) {
        morsel.error = std::move(opened).error();
        break;
      }
      // As SegmentReader::previous(): going back, the first segment may begin behind the place.
      if (!part.ascends() && part.after && found.block.first_docid() > *part.after) continue;
      if (zones != nullptr && !zones->can_match(found.block.view)) {
        ++morsel.touched.blocks_skipped;
        continue;
      }
      found.before = morsel.touched;
      ++morsel.touched.blocks_examined;
      resolver.resolve(found.block);
      found.rows = part.matching(found.block, predicate, morsel.touched.rows_examined);
      found.after = morsel.touched;
      if (!found.rows.empty()) ++morsel.found_size;
    }
    morsel.state.store(State::kDone, std::memory_order_release);
    morsel.state.notify_one();
  }
};

ParallelScan::ParallelScan(SegmentReader& reader, const Predicate* predicate, const ZoneFilter* zones,
                           ScanPart part, Interrupt& interrupt, QueryCounters& counters, ScanHelpers& helpers)
    : reader_(reader),
      interrupt_(interrupt),
      counters_(counters),
      helpers_(helpers),
      resolver_(reader.source(), reader.columns()),
      shared_(new Shared{.columns = reader.columns(),
                         .predicate = predicate,
                         .zones = zones,
                         .part = part,
                         .source = reader.source()}) {
  if (part.after) reader_.start_at(*part.after);
}

ParallelScan::~ParallelScan() {
  shared_->ended.store(true, std::memory_order_relaxed);
  for (Morsel& morsel : shared_->ring) {
    if (morsel.take()) morsel.state.store(State::kFree, std::memory_order_relaxed);
    morsel.state.wait(State::kTaken, std::memory_order_acquire);
  }
}

// Fills the ring when half of it is free.
Result<void> ParallelScan::fill() {
  const std::size_t first = shared_->first.load(std::memory_order_relaxed);
  std::size_t end = shared_->end.load(std::memory_order_relaxed);
  if (at_end_ || end - first > kMorsels / 2) return {};
  for (; !at_end_ && end < first + kMorsels; ++end) {
    Morsel& morsel = shared_->morsel(end);
    for (morsel.size = 0; morsel.size < kMorselSegments; ++morsel.size) {
      SLATE_TRY(const auto entry, reader_.next_entry(shared_->part.ascends()));
      at_end_ = !entry;
      if (!entry) break;
      morsel.entries[morsel.size] = *entry;
    }
    morsel.state.store(State::kReady, std::memory_order_release);
    shared_->end.store(end + 1, std::memory_order_release);
  }
  offer();
  return {};
}

void ParallelScan::offer() {
  const std::size_t morsels = shared_->end.load(std::memory_order_relaxed) - shared_->first.load();
  while (shared_->helpers.load(std::memory_order_relaxed) + 1 < morsels) {
    shared_->helpers.fetch_add(1, std::memory_order_relaxed);
    const bool taken = helpers_.offer([shared = shared_, &helpers = helpers_] {
      // What belongs to the query is there only as long as a morsel is held.
      std::optional<BlockResolver> resolver;
      while (helpers.may_go_on()) {
        Morsel* morsel = shared->take();
        if (morsel == nullptr) break;
        if (!resolver) resolver.emplace(shared->source, shared->columns);
        shared->filter(*morsel, *resolver);
      }
      shared->helpers.fetch_sub(1, std::memory_order_relaxed);
    });
    if (taken) continue;
    shared_->helpers.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
}

// Until the morsel is filtered, filters it or others.
void ParallelScan::finish(Morsel& morsel) {
  if (morsel.take()) return shared_->filter(morsel, resolver_);
  while (morsel.state.load(std::memory_order_acquire) != State::kDone) {
    if (Morsel* other = shared_->take())
      shared_->filter(*other, resolver_);
    else
      morsel.state.wait(State::kTaken, std::memory_order_acquire);
  }
}

void ParallelScan::count(const Touched& touched) {
  counters_.blocks_examined += touched.blocks_examined - counted_.blocks_examined;
  counters_.blocks_skipped += touched.blocks_skipped - counted_.blocks_skipped;
  counters_.rows_examined += touched.rows_examined - counted_.rows_examined;
  counted_ = touched;
}

Result<bool> ParallelScan::next(RowBatch& batch) {
  for (;;) {
    if (current_ == nullptr) {
      SLATE_TRY(interrupt_.check());
      SLATE_TRY(fill());
      const std::size_t first = shared_->first.load(std::memory_order_relaxed);
      if (first == shared_->end.load(std::memory_order_relaxed)) return false;
      current_ = &shared_->morsel(first);
      finish(*current_);
      next_found_ = 0;
      counted_ = {};
    }
    if (next_found_ < current_->found_size) {
      Morsel::Found& found = current_->found[next_found_++];
      count(found.before);
      SLATE_TRY(interrupt_.check());
      count(found.after);
      shared_->part.give(found.block, found.rows, batch);
      return true;
    }
    count(current_->touched);
    if (current_->error) return Failure(*current_->error);
    current_->state.store(State::kFree, std::memory_order_relaxed);
    shared_->first.fetch_add(1, std::memory_order_relaxed);
    current_ = nullptr;
  }
}

}  // namespace slate
