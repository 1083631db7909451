#include "exec/docid_stream.h"

#include <algorithm>

#include "base/check.h"
#include "base/try.h"

namespace slate {

Result<std::unique_ptr<IndexDocids>> IndexDocids::open(const GenerationView& view, const IndexWalk& walk) {
  const Index& index = view.schema->indexes[walk.index];
  check(view.indexes[walk.index].has_value(), "a plan walks an index that is not ready");
  SLATE_TRY(auto cursor, storage::PostingCursor::open(*view.transaction, *view.indexes[walk.index]));
  std::vector<KeyRange> ranges;
  for (const ValueRange& range : walk.ranges) {
    KeyRange keys = key_range(range, index);
    // Ranges whose bounds were cut may share keys: walked together, each entry comes once.
    if (!ranges.empty() && ranges.back().overlaps(keys))
      ranges.back().widen(keys);
    else
      ranges.push_back(std::move(keys));
  }
  const bool values_rise = walk.order == WalkOrder::kAscending;
  const bool keys_rise = index.components.front().direction == Direction::kAscending;
  return std::unique_ptr<IndexDocids>(
      new IndexDocids(std::move(cursor), std::move(ranges), values_rise == keys_rise));
}

Result<bool> IndexDocids::advance() {
  while (range_ < ranges_.size()) {
    const KeyRange& range = ranges_[range_];
    std::optional<std::string_view> key;
    if (in_range_) {
      SLATE_TRY(key, forwards_ ? cursor_.next_key() : cursor_.previous_key());
    } else if (forwards_) {
      SLATE_TRY(key, cursor_.seek(range.begin));
    } else if (range.end) {
      SLATE_TRY(key, cursor_.seek_before(*range.end));
    } else {
      SLATE_TRY(key, cursor_.last_key());
    }
    in_range_ = key && range.contains(*key);
    if (in_range_) {
      settle_ = key->size() >= kSettleKeyBytes;
      starts_key_ = true;
      return true;
    }
    ++range_;
  }
  return false;
}

Result<std::optional<DocidRun>> IndexDocids::next() {
  for (;;) {
    if (in_range_) {
      SLATE_TRY(const auto postings, cursor_.next_postings());
      if (!postings.empty()) {
        return DocidRun{
            .docids = postings, .starts_key = std::exchange(starts_key_, false), .settle = settle_};
      }
    }
    SLATE_TRY(const bool more, advance());
    if (!more) return std::nullopt;
  }
}

Result<std::optional<DocidRun>> SortedDocids::next() {
  if (source_ == nullptr) return std::nullopt;
  for (;;) {
    SLATE_TRY(const auto run, source_->next());
    if (!run) break;
    docids_.insert(docids_.end(), run->docids.begin(), run->docids.end());
    settle_ |= run->settle;
  }
  source_.reset();
  counters_.keys_examined += docids_.size();
  if (docids_.empty()) return std::nullopt;
  std::ranges::sort(docids_);
  return DocidRun{.docids = docids_, .starts_key = true, .settle = settle_};
}

}  // namespace slate
