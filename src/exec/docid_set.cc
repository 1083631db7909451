#include "exec/docid_set.h"

#include <algorithm>
#include <iterator>

#include "base/try.h"

namespace slate {
namespace {

// Between two looks at the clock.
constexpr std::size_t kDocidsBetweenChecks = 16 * 1024;

Result<FoundDocids> walk(const GenerationView& view, const IndexWalk& walk, Interrupt& interrupt,
                         QueryCounters& counters) {
  FoundDocids found;
  SLATE_TRY(auto walker, IndexWalker::open(view, walk, walk.ranges));
  bool ascends = true;
  std::size_t checked = 0;
  for (;;) {
    SLATE_TRY(const auto key, walker.next_key());
    if (!key) break;
    found.settle |= key->size() >= kSettleKeyBytes;
    for (;;) {
      SLATE_TRY(const auto docids, walker.next_postings());
      if (docids.empty()) break;
      ascends = ascends && (found.docids.empty() || found.docids.back() < docids.front());
      found.docids.insert(found.docids.end(), docids.begin(), docids.end());
      if (found.docids.size() - checked < kDocidsBetweenChecks) continue;
      checked = found.docids.size();
      SLATE_TRY(interrupt.check());
    }
  }
  counters.keys_examined += found.docids.size();
  // A record has one key in an index: none comes twice.
  if (!ascends) std::ranges::sort(found.docids);
  return found;
}

Result<FoundDocids> unite(const GenerationView& view, const DocidSet& set, Interrupt& interrupt,
                          QueryCounters& counters) {
  FoundDocids all;
  for (const DocidSet& input : set.inputs) {
    SLATE_TRY(FoundDocids more, find_docids(view, input, interrupt, counters));
    all.settle |= more.settle;
    if (all.docids.empty()) {
      all.docids = std::move(more.docids);
      continue;
    }
    std::vector<DocId> both;
    both.reserve(all.docids.size() + more.docids.size());
    std::ranges::set_union(all.docids, more.docids, std::back_inserter(both));
    all.docids = std::move(both);
  }
  return all;
}

// The inputs come with the smallest first: once nothing is left the others need not be read.
Result<FoundDocids> intersect(const GenerationView& view, const DocidSet& set, Interrupt& interrupt,
                              QueryCounters& counters) {
  SLATE_TRY(FoundDocids common, find_docids(view, set.inputs.front(), interrupt, counters));
  for (std::size_t i = 1; i < set.inputs.size() && !common.docids.empty(); ++i) {
    SLATE_TRY(const FoundDocids more, find_docids(view, set.inputs[i], interrupt, counters));
    common.settle |= more.settle;
    const auto kept = std::ranges::set_intersection(common.docids, more.docids, common.docids.begin());
    common.docids.erase(kept.out, common.docids.end());
  }
  return common;
}

}  // namespace

Result<FoundDocids> find_docids(const GenerationView& view, const DocidSet& set, Interrupt& interrupt,
                                QueryCounters& counters) {
  SLATE_TRY(interrupt.check());
  switch (set.kind) {
    case DocidSet::Kind::kWalk: return walk(view, set.walk, interrupt, counters);
    case DocidSet::Kind::kUnion: return unite(view, set, interrupt, counters);
    case DocidSet::Kind::kIntersection: break;
  }
  return intersect(view, set, interrupt, counters);
}

Result<std::optional<DocidRun>> SetDocids::next() {
  if (done_) return std::nullopt;
  done_ = true;
  SLATE_TRY(found_, find_docids(view_, set_, interrupt_, counters_));
  std::span<const DocId> docids(found_.docids);
  const bool ascends = order_ == storage::PostingOrder::kAscending;
  if (after_) {
    const auto behind = std::ranges::upper_bound(docids, *after_);
    const auto before = std::ranges::lower_bound(docids, *after_);
    docids = ascends ? std::span<const DocId>(behind, docids.end())
                     : std::span<const DocId>(docids.begin(), before);
  }
  if (docids.empty()) return std::nullopt;
  if (!ascends)
    std::reverse(found_.docids.begin(), found_.docids.begin() + static_cast<std::ptrdiff_t>(docids.size()));
  return DocidRun{.docids = docids, .starts_group = true, .settle = found_.settle};
}

}  // namespace slate
