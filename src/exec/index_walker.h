// Steps over the keys of some stretches of an index.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <slate/error.h>
#include <slate/explain.h>

#include "base/try.h"
#include "exec/generation_view.h"
#include "exec/key_range.h"
#include "exec/operator.h"
#include "plan/plan.h"
#include "storage/cursor.h"

namespace slate {

// One thread at a time. Not to be moved once a key was read.
class IndexWalker {
 public:
  static Result<IndexWalker> open(const GenerationView& view, const IndexWalk& walk,
                                  std::span<const IndexRange> ranges,
                                  storage::PostingOrder docids = storage::PostingOrder::kAscending);

  // Starts at the keys that begin with `prefix` instead of at the beginning; false, and nothing changed, when
  // no range has such keys. With `docid`, and when `prefix` is a whole key, behind that docid of it.
  // REQUIRES: nothing was read yet.
  bool start_at(std::string_view prefix, std::optional<DocId> docid);

  // The next key, or nothing at the end. Valid until the next call.
  Result<std::optional<std::string_view>> next_key();
  // Some docids of the current key; empty when there are no more.
  Result<std::span<const DocId>> next_postings() { return cursor_.next_postings(); }
  // How many the current key has. O(1).
  Result<std::uint64_t> count_postings() { return cursor_.count_postings(); }
  // Position of the current key's range among those that it was opened with.
  std::size_t range() const { return origins_[at_]; }

 private:
  IndexWalker(storage::PostingCursor cursor, WalkDirection direction, storage::PostingOrder docids)
      : cursor_(std::move(cursor)), direction_(direction), docids_(docids) {}

  storage::PostingCursor cursor_;
  WalkDirection direction_;
  storage::PostingOrder docids_;
  std::vector<KeyRange> ranges_;
  std::vector<std::size_t> origins_;  // of ranges_
  std::size_t at_ = 0;
  bool in_range_ = false;
  std::string start_key_;
  std::optional<DocId> start_docid_;
};

// Calls visit(key, its number of docids) -> Result<Visit> for each key of a walk. False when a key may have
// been cut: then its records must tell, and what was visited is of no use.
enum class Visit : std::uint8_t { kGoOn, kStop };
template <typename Visitor>
Result<bool> visit_keys(const GenerationView& view, const IndexWalk& walk, Interrupt& interrupt,
                        QueryCounters& counters, Visitor&& visitor) {
  SLATE_TRY(auto walker, IndexWalker::open(view, walk, walk.ranges));
  for (;;) {
    SLATE_TRY(interrupt.check());
    SLATE_TRY(const auto key, walker.next_key());
    if (!key) return true;
    if (key->size() >= kSettleKeyBytes) return false;
    ++counters.keys_examined;
    SLATE_TRY(const std::uint64_t docids, walker.count_postings());
    SLATE_TRY(const Visit next, visitor(*key, docids));
    if (next == Visit::kStop) return true;
  }
}

}  // namespace slate
