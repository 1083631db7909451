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
#include "exec/sorted_runs.h"

namespace slate {

// How a sort ends ties, and the place behind which its rows begin.
struct SortEnds {
  DocidOrder docids = DocidOrder::kAscending;
  std::optional<SortPlace> after{};

  bool admits(std::string_view key, DocId rank) const { return !after || after->is_before(key, rank); }
};

// Rows put in order by their keys, then docids, and fetched in that order.
class SortedRows {
 public:
  // REQUIRES: the room has an interrupt.
  SortedRows(const SortRoom& room, DocidOrder order, SegmentReader& reader)
      : runs_(room), order_(order), fetch_(reader, *room.interrupt) {}
  Result<void> add(std::string_view key, DocId rank) { return runs_.add(key, rank); }
  // All have been added; at most `most` will come out.
  Result<void> finish(std::uint64_t most);
  // False at the end.
  Result<bool> next(RowBatch& batch);
  // The next docids instead, at most `most`, put behind those of `docids`. REQUIRES: next() was not called.
  Result<void> append_docids(std::uint64_t most, std::vector<DocId>& docids);
  // To be filled anew.
  void clear();

 private:
  // Into docids_.
  Result<void> read_docids(std::uint64_t most);

  SortedRuns runs_;
  DocidOrder order_;
  FetchInOrder fetch_;
  std::uint64_t left_ = 0;
  std::vector<DocId> docids_;
  std::span<const DocId> pending_;  // of docids_
};

// All rows, sorted, of which at most `goal` will be wanted. Memory: about 80 bytes a row while it sorts, and
// what keys have beyond sixteen bytes, as far as `room` allows.
class FullSort final : public Operator {
 public:
  FullSort(std::unique_ptr<Operator> source, SortKeyEncoder encoder, SortEnds ends, std::uint64_t goal,
           const SortRoom& room, SegmentReader& reader)
      : source_(std::move(source)),
        encoder_(std::move(encoder)),
        ends_(std::move(ends)),
        goal_(goal),
        rows_(room, ends_.docids, reader) {}
  Result<bool> next(RowBatch& batch) override;

 private:
  std::unique_ptr<Operator> source_;
  SortKeyEncoder encoder_;
  SortEnds ends_;
  std::uint64_t goal_;
  SortedRows rows_;
};

// The first `most` rows in order. O(n log most). Memory: `most` keys, unless they are more than `room`
// allows: then all rows that may be among the first are sorted.
class TopK final : public Operator {
 public:
  TopK(std::unique_ptr<Operator> source, SortKeyEncoder encoder, SortEnds ends, std::uint64_t most,
       const SortRoom& room, SegmentReader& reader)
      : source_(std::move(source)),
        encoder_(std::move(encoder)),
        ends_(std::move(ends)),
        most_(most),
        memory_bytes_(room.memory_bytes),
        rows_(room, ends_.docids, reader) {}
  Result<bool> next(RowBatch& batch) override;

 private:
  struct Row {
    std::string key;
    DocId rank;
    auto operator<=>(const Row&) const = default;
  };
  Result<void> select();
  Result<void> offer(std::string_view key, DocId rank);
  Result<void> empty_heap();

  std::unique_ptr<Operator> source_;
  SortKeyEncoder encoder_;
  SortEnds ends_;
  std::uint64_t most_;
  std::uint64_t memory_bytes_;
  std::vector<Row> heap_;        // a max-heap: the front is the first to go
  std::uint64_t key_bytes_ = 0;  // of the heap's rows
  bool overflown_ = false;       // rows go to rows_ instead
  std::optional<Row> bound_{};   // once overflown: those behind it are not wanted
  SortedRows rows_;
};

// Rows of an index walk whose order is the one asked for. What the index leaves open is put in order group by
// group: rows of equal keys by the later sort keys, rows under keys that may have been cut by their real
// values. When many rows are wanted, many are looked at together. Memory: the largest such group, as far as
// `room` allows.
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
  // `starts_anywhere`. Predicates, `skip` and `goal` as of Fetch.
  IndexOrder(std::unique_ptr<DocidStream> docids, Orders orders, SortEnds ends, bool starts_anywhere,
             const SortRoom& room, SegmentReader& reader, const Predicate* residual, const Predicate* whole,
             Skip& skip, std::uint64_t goal)
      : docids_(std::move(docids)),
        orders_(std::move(orders)),
        ends_(std::move(ends)),
        starts_anywhere_(starts_anywhere),
        reader_(reader),
        residual_(residual),
        whole_(whole),
        skip_(skip),
        goal_(goal),
        interrupt_(*room.interrupt),
        pacer_(room.interrupt),
        counters_(*room.counters),
        most_in_group_(room.memory_bytes / (2 * sizeof(DocId))),
        rows_(room, ends_.docids, reader),
        fetch_(reader, interrupt_) {}
  Result<bool> next(RowBatch& batch) override;

 private:
  bool is_sorted_group() const {
    return run_->settles_order || orders_.has_ties || ends_.after || starts_anywhere_ || is_large_group_;
  }
  Result<std::uint64_t> sort_group(bool whole_order, std::uint64_t most, RowBatch& scratch);
  Result<void> sort_groups(RowBatch& scratch);
  Result<void> gather_group();
  Result<void> choose_rows();
  Result<void> keep_chosen();
  Result<bool> next_run();
  void skip_unread();
  Result<void> fetch_counted(std::uint64_t most, const Predicate* predicate, RowBatch& batch);

  std::unique_ptr<DocidStream> docids_;
  Orders orders_;
  SortEnds ends_;
  bool starts_anywhere_;
  SegmentReader& reader_;
  const Predicate* residual_;
  const Predicate* whole_;
  Skip& skip_;
  std::uint64_t goal_;
  Interrupt& interrupt_;
  Pacer pacer_;
  QueryCounters& counters_;
  std::uint64_t most_in_group_;
  SortedRows rows_;  // of a sorted group
  FetchInOrder fetch_;
  std::optional<DocidRun> run_;  // taken from the stream, not yet used up
  std::vector<DocId> group_;     // docids of a gathered group
  bool in_group_ = false;        // run_ is that group, what follows it waits in next_
  std::optional<DocidRun> next_;
  bool is_large_group_ = false;  // run_ is what was gathered of a group too large to be gathered
  std::vector<DocId> chosen_;    // to be looked at
  const Predicate* chosen_by_ = nullptr;
  std::vector<DocId> passed_;       // docids of rows that come out as they stand
  std::span<const DocId> pending_;  // of passed_, still to come out
};

// A previous page: the rows come nearest first; `take` of them are kept behind the first `skip`, and put out
// the other way round. Memory: as of FullSort, for the rows of the page.
class PreviousPage final : public Operator {
 public:
  PreviousPage(std::unique_ptr<Operator> source, std::uint64_t skip, std::uint64_t take, const SortRoom& room,
               SegmentReader& reader)
      : source_(std::move(source)), skip_(skip), take_(take), rows_(room, DocidOrder::kAscending, reader) {}
  Result<bool> next(RowBatch& batch) override;
  // Whether rows lie before those of the page.
  Result<bool> has_more();

 private:
  Result<void> gather();

  std::unique_ptr<Operator> source_;
  std::uint64_t skip_;
  std::uint64_t take_;
  bool has_more_ = false;
  SortedRows rows_;
};

}  // namespace slate
