#include "exec/index_walker.h"

#include <algorithm>

#include "base/check.h"
#include "base/try.h"

namespace slate {

Result<IndexWalker> IndexWalker::open(const GenerationView& view, const IndexWalk& walk,
                                      std::span<const IndexRange> ranges, storage::PostingOrder docids) {
  const Index& index = view.schema->indexes[walk.index];
  check(view.indexes[walk.index].has_value(), "a plan walks an index that is not ready");
  SLATE_TRY(auto cursor, storage::PostingCursor::open(*view.transaction, *view.indexes[walk.index], docids));
  IndexWalker walker(std::move(cursor), walk.direction, docids);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    KeyRange keys = key_range(ranges[i], index);
    // Ranges whose bounds were cut may share keys: walked together, each entry comes once.
    if (!walker.ranges_.empty() && walker.ranges_.back().overlaps(keys)) {
      walker.ranges_.back().widen(keys);
    } else {
      walker.ranges_.push_back(std::move(keys));
      walker.origins_.push_back(i);
    }
  }
  return walker;
}

bool IndexWalker::start_at(std::string_view prefix, std::optional<DocId> docid) {
  const KeyRange stretch{.begin = std::string(prefix), .end = prefix_successor(prefix)};
  const auto found =
      std::ranges::find_if(ranges_, [&](const KeyRange& range) { return range.overlaps(stretch); });
  if (found == ranges_.end()) return false;
  at_ = static_cast<std::size_t>(found - ranges_.begin());
  if (direction_ == WalkDirection::kForwards)
    found->begin = std::max(found->begin, stretch.begin);
  else if (stretch.end)
    found->end = found->end ? std::min(*found->end, *stretch.end) : *stretch.end;
  start_key_ = prefix;
  start_docid_ = docid;
  return true;
}

Result<std::optional<std::string_view>> IndexWalker::next_key() {
  for (; at_ < ranges_.size(); ++at_) {
    const KeyRange& range = ranges_[at_];
    const bool forwards = direction_ == WalkDirection::kForwards;
    std::optional<std::string_view> key;
    if (in_range_) {
      SLATE_TRY(key, forwards ? cursor_.next_key() : cursor_.previous_key());
    } else if (forwards) {
      SLATE_TRY(key, cursor_.seek(range.begin));
    } else if (range.end) {
      SLATE_TRY(key, cursor_.seek_before(*range.end));
    } else {
      SLATE_TRY(key, cursor_.last_key());
    }
    in_range_ = key && range.contains(*key);
    if (!in_range_) continue;
    if (start_docid_ && *key == start_key_) {
      const bool ascends = docids_ == storage::PostingOrder::kAscending;
      if (!ascends && *start_docid_ == 0) {
        start_docid_.reset();
        return next_key();  // nothing comes before the first docid
      }
      SLATE_TRY(cursor_.seek_posting(start_key_, ascends ? *start_docid_ + 1 : *start_docid_ - 1));
    }
    start_docid_.reset();
    return key;
  }
  return std::nullopt;
}

}  // namespace slate
