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

// How a sort ends ties, and the place behind which its rows begin.
struct SortEnds {
  DocidOrder docids = DocidOrder::kAscending;
  std::optional<SortPlace> after{};

  bool admits(std::string_view key, DocId rank) const { return !after || after->is_before(key, rank); }
};

// All rows, sorted. Memory: about 40 bytes a row, and what keys have beyond sixteen bytes.
class FullSort final : public Operator {
 public:
  FullSort(std::unique_ptr<Operator> source, SortKeyEncoder encoder, SortEnds ends, SegmentReader& reader,
           Interrupt& interrupt)
      : source_(std::move(source)),
        encoder_(std::move(encoder)),
        ends_(std::move(ends)),
        fetch_(reader, interrupt) {}
  Result<bool> next(RowBatch& batch) override;

 private:
  std::unique_ptr<Operator> source_;
  SortKeyEncoder encoder_;
  SortEnds ends_;
  FetchInOrder fetch_;
  std::vector<DocId> docids_;
  std::span<const DocId> pending_;
};

// The first `most` rows in order. Memory: `most` keys. O(n log most).
class TopK final : public Operator {
 public:
  TopK(std::unique_ptr<Operator> source, SortKeyEncoder encoder, SortEnds ends, std::uint64_t most,
       SegmentReader& reader, Interrupt& interrupt)
      : source_(std::move(source)),
        encoder_(std::move(encoder)),
        ends_(std::move(ends)),
        most_(most),
        fetch_(reader, interrupt) {}
  Result<bool> next(RowBatch& batch) override;

 private:
  struct Row {
    std::string key;
    DocId rank;
    auto operator<=>(const Row&) const = default;
  };
  Result<void> select();

  std::unique_ptr<Operator> source_;
  SortKeyEncoder encoder_;
  SortEnds ends_;
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
  struct Orders {
    // Orders the rows of a group by the sort keys that the index does not give; no columns: by docid.
    SortKeyEncoder tie_order;
    SortKeyEncoder whole_order;  // the order asked for
    bool sorts_groups = false;   // otherwise a group's docids come in the order wanted
    bool has_ties = false;       // groups are sorted by more than their docids
  };
  // With a place in `ends`, rows up to it may come before those wanted: in the first group only, unless
  // `starts_anywhere`. Predicates and `goal` as of Fetch.
  IndexOrder(std::unique_ptr<DocidStream> docids, Orders orders, SortEnds ends, bool starts_anywhere,
             SegmentReader& reader, const Predicate* residual, const Predicate* whole, std::uint64_t goal,
             Interrupt& interrupt, QueryCounters& counters)
      : docids_(std::move(docids)),
        orders_(std::move(orders)),
        ends_(std::move(ends)),
        starts_anywhere_(starts_anywhere),
        reader_(reader),
        residual_(residual),
        whole_(whole),
        goal_(goal),
        interrupt_(interrupt),
        counters_(counters),
        fetch_(reader, interrupt) {}
  Result<bool> next(RowBatch& batch) override;

 private:
  Result<void> sort_group(bool whole_order, RowBatch& scratch);
  Result<void> gather_group();
  Result<bool> next_run();
  Result<void> fetch_counted(std::uint64_t most, const Predicate* predicate, RowBatch& batch);

  std::unique_ptr<DocidStream> docids_;
  Orders orders_;
  SortEnds ends_;
  bool starts_anywhere_;
  SegmentReader& reader_;
  const Predicate* residual_;
  const Predicate* whole_;
  std::uint64_t goal_;
  Interrupt& interrupt_;
  QueryCounters& counters_;
  FetchInOrder fetch_;
  std::optional<DocidRun> run_;  // taken from the stream, not yet used up
  std::vector<DocId> group_;     // docids of a gathered group
  bool in_group_ = false;        // run_ is that group, what follows it waits in next_
  std::optional<DocidRun> next_;
  SortBuffer buffer_;
  std::vector<DocId> sorted_;
  std::span<const DocId> pending_;  // of sorted_, still to come out
};

// A previous page: the rows come nearest first; `take` of them are kept behind the first `skip`, and put out
// the other way round. Memory: 8 bytes a row of the page.
class PreviousPage final : public Operator {
 public:
  PreviousPage(std::unique_ptr<Operator> source, std::uint64_t skip, std::uint64_t take,
               SegmentReader& reader, Interrupt& interrupt)
      : source_(std::move(source)), skip_(skip), take_(take), fetch_(reader, interrupt) {}
  Result<bool> next(RowBatch& batch) override;
  // Whether rows lie before those of the page.
  Result<bool> has_more();

 private:
  Result<void> gather();

  std::unique_ptr<Operator> source_;
  std::uint64_t skip_;
  std::uint64_t take_;
  FetchInOrder fetch_;
  bool has_more_ = false;
  std::vector<DocId> docids_;
  std::span<const DocId> pending_;
};

}  // namespace slate
