#include "exec/docid_set.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <span>

#include "base/try.h"
#include "exec/paced_sort.h"

namespace slate {
namespace {

Result<FoundDocids> walk(const GenerationView& view, const IndexWalk& walk, Interrupt& interrupt,
                         QueryCounters& counters) {
  FoundDocids found;
  SLATE_TRY(auto walker, IndexWalker::open(view, walk, walk.ranges));
  Pacer pacer(&interrupt);
  bool ascends = true;
  for (;;) {
    SLATE_TRY(const auto key, walker.next_key());
    if (!key) break;
    SLATE_TRY(pacer.passed(1));
    found.settle |= key->size() >= kSettleKeyBytes;
    for (;;) {
      SLATE_TRY(const auto docids, walker.next_postings());
      if (docids.empty()) break;
      ascends = ascends && (found.docids.empty() || found.docids.back() < docids.front());
      found.docids.insert(found.docids.end(), docids.begin(), docids.end());
      counters.keys_examined += docids.size();
      SLATE_TRY(pacer.passed(docids.size()));
    }
  }
  // A record has one key in an index: none comes twice.
  if (!ascends) {
    std::vector<DocId> scratch(found.docids.size());
    SLATE_TRY(paced_sort(std::span(found.docids), scratch.data(), std::less<>(), pacer));
  }
  return found;
}

// Calls visit(part of a, part of b) for parts in which the same docids lie, ascending.
template <typename Visit>
Result<void> in_step(std::span<const DocId> a, std::span<const DocId> b, Interrupt& interrupt,
                     Visit&& visit) {
  Pacer pacer(&interrupt);
  while (!a.empty() || !b.empty()) {
    const auto piece = [](std::span<const DocId> docids) {
      return docids.first(std::min(docids.size(), Pacer::kRowsBetweenChecks / 2));
    };
    // What lies up to where the piece that ends first does.
    const DocId last = a.empty()   ? piece(b).back()
                       : b.empty() ? piece(a).back()
                                   : std::min(piece(a).back(), piece(b).back());
    const auto taken = [&](std::span<const DocId> docids) {
      const auto some = piece(docids);
      return some.first(static_cast<std::size_t>(std::ranges::upper_bound(some, last) - some.begin()));
    };
    const auto from_a = taken(a);
    const auto from_b = taken(b);
    SLATE_TRY(pacer.passed(from_a.size() + from_b.size()));
    visit(from_a, from_b);
    a = a.subspan(from_a.size());
    b = b.subspan(from_b.size());
  }
  return {};
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
    SLATE_TRY(in_step(all.docids, more.docids, interrupt,
                      [&](auto a, auto b) { std::ranges::set_union(a, b, std::back_inserter(both)); }));
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
    auto kept = common.docids.begin();  // never beyond what has been read
    SLATE_TRY(in_step(common.docids, more.docids, interrupt,
                      [&](auto a, auto b) { kept = std::ranges::set_intersection(a, b, kept).out; }));
    common.docids.erase(kept, common.docids.end());
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
