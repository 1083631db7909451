// Operators that put rows in order.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "exec/docid_stream.h"
#include "exec/fetch.h"
#include "exec/operator.h"
#include "exec/sort_key.h"

namespace slate {

// All rows, sorted. Memory: about 40 bytes a row, and what keys have beyond sixteen bytes.
class FullSort final : public Operator {
 public:
  FullSort(std::unique_ptr<Operator> source, SortKeyEncoder encoder, SegmentReader& reader,
           Interrupt& interrupt)
      : source_(std::move(source)), encoder_(std::move(encoder)), fetch_(reader, interrupt) {}
  Result<bool> next(RowBatch& batch) override;

 private:
  std::unique_ptr<Operator> source_;
  SortKeyEncoder encoder_;
  FetchInOrder fetch_;
  std::vector<DocId> docids_;
  std::span<const DocId> pending_;
};

// The first `most` rows in order. Memory: `most` keys. O(n log most).
class TopK final : public Operator {
 public:
  TopK(std::unique_ptr<Operator> source, SortKeyEncoder encoder, std::uint64_t most, SegmentReader& reader,
       Interrupt& interrupt)
      : source_(std::move(source)), encoder_(std::move(encoder)), most_(most), fetch_(reader, interrupt) {}
  Result<bool> next(RowBatch& batch) override;

 private:
  struct Row {
    std::string key;
    DocId docid;
    auto operator<=>(const Row&) const = default;
  };
  Result<void> select();

  std::unique_ptr<Operator> source_;
  SortKeyEncoder encoder_;
  std::uint64_t most_;
  FetchInOrder fetch_;
  std::vector<DocId> docids_;
  std::span<const DocId> pending_;
};

// Rows of an index walk whose order is the one asked for. What the index leaves open is put in order group by
// group: rows of equal keys by the later sort keys, rows under keys that may have been cut by their real
// values. Memory: the largest such group.
class IndexOrder final : public Operator {
 public:
  // `tie_order` orders rows of equal index keys and is absent when their docids do; `whole_order` is the
  // order asked for. Predicates and `goal` as of Fetch.
  struct Orders {
    std::optional<SortKeyEncoder> tie_order;
    SortKeyEncoder whole_order;
  };
  IndexOrder(std::unique_ptr<DocidStream> docids, Orders orders, SegmentReader& reader,
             const Predicate* residual, const Predicate* whole, std::uint64_t goal, Interrupt& interrupt,
             QueryCounters& counters)
      : docids_(std::move(docids)),
        orders_(std::move(orders)),
        reader_(reader),
        residual_(residual),
        whole_(whole),
        goal_(goal),
        interrupt_(interrupt),
        counters_(counters),
        fetch_(reader, interrupt) {}
  Result<bool> next(RowBatch& batch) override;

 private:
  Result<void> sort_group(const SortKeyEncoder& order, const Predicate* predicate, RowBatch& scratch);
  Result<bool> next_run();
  Result<void> fetch_counted(std::span<const DocId>& docids, std::uint64_t most, const Predicate* predicate,
                             RowBatch& batch);

  std::unique_ptr<DocidStream> docids_;
  Orders orders_;
  SegmentReader& reader_;
  const Predicate* residual_;
  const Predicate* whole_;
  std::uint64_t goal_;
  Interrupt& interrupt_;
  QueryCounters& counters_;
  FetchInOrder fetch_;
  std::optional<DocidRun> run_;  // taken from the stream, not yet used up
  SortBuffer buffer_;
  std::vector<DocId> sorted_;
  std::span<const DocId> pending_;  // of sorted_, still to come out
};

}  // namespace slate
