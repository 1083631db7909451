// Sets of docids: what indexes find, united and intersected.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "exec/docid_stream.h"
#include "exec/operator.h"

namespace slate {

// Ascending, each once.
struct FoundDocids {
  std::vector<DocId> docids;
  // Some key may have been cut: the docids hold more than what the set asks for, and the whole filter must be
  // checked.
  bool settle = false;
};

// Memory: 8 bytes a docid of the largest input, twice while two are put together. Counts the entries it
// reads.
Result<FoundDocids> find_docids(const GenerationView& view, const DocidSet& set, Interrupt& interrupt,
                                QueryCounters& counters);

// Found docids as a stream, in either order, behind a place if there is one.
class SetDocids final : public DocidStream {
 public:
  SetDocids(const GenerationView& view, DocidSet set, storage::PostingOrder order, std::optional<DocId> after,
            Interrupt& interrupt, QueryCounters& counters)
      : view_(view),
        set_(std::move(set)),
        order_(order),
        after_(after),
        interrupt_(interrupt),
        counters_(counters) {}
  Result<std::optional<DocidRun>> next() override;
  bool counts_keys() const override { return true; }

 private:
  const GenerationView& view_;
  DocidSet set_;
  storage::PostingOrder order_;
  std::optional<DocId> after_;
  Interrupt& interrupt_;
  QueryCounters& counters_;
  FoundDocids found_;
  bool done_ = false;
};

}  // namespace slate
