// Docids in the order their rows come out: what an index gives and a fetch reads.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <slate/error.h>
#include <slate/explain.h>

#include "exec/generation_view.h"
#include "exec/key_range.h"
#include "plan/plan.h"
#include "storage/cursor.h"

namespace slate {

// A run of docids under one key, ascending.
struct DocidRun {
  std::span<const DocId> docids;  // valid until the next call
  bool starts_key = false;        // the first run of its key
  bool settle = false;  // the key may have been cut: check the whole filter, order by the real value
};

class DocidStream {
 public:
  virtual ~DocidStream() = default;
  // Nothing at the end.
  virtual Result<std::optional<DocidRun>> next() = 0;
  // Whether it counts the index entries it reads; if not, the reader of the docids counts those that it
  // takes.
  virtual bool counts_keys() const { return false; }
};

// Part of an index, key by key. One thread at a time.
class IndexDocids final : public DocidStream {
 public:
  static Result<std::unique_ptr<IndexDocids>> open(const GenerationView& view, const IndexWalk& walk);
  Result<std::optional<DocidRun>> next() override;

 private:
  IndexDocids(storage::PostingCursor cursor, std::vector<KeyRange> ranges, bool forwards)
      : cursor_(std::move(cursor)), ranges_(std::move(ranges)), forwards_(forwards) {}
  // Moves to the next key of the walk; false at the end.
  Result<bool> advance();

  storage::PostingCursor cursor_;
  std::vector<KeyRange> ranges_;
  bool forwards_;
  std::size_t range_ = 0;
  bool in_range_ = false;  // the cursor stands on a key of ranges_[range_]
  bool starts_key_ = false;
  bool settle_ = false;
};

// The same docids as another stream, in order of arrival. Reads that stream to its end; memory: 8 bytes a
// docid.
class SortedDocids final : public DocidStream {
 public:
  SortedDocids(std::unique_ptr<DocidStream> source, QueryCounters& counters)
      : source_(std::move(source)), counters_(counters) {}
  Result<std::optional<DocidRun>> next() override;
  bool counts_keys() const override { return true; }

 private:
  std::unique_ptr<DocidStream> source_;
  QueryCounters& counters_;
  std::vector<DocId> docids_;
  bool settle_ = false;
};

}  // namespace slate
