// Sort keys of rows as bytes: comparing the bytes, then the docids, is the order asked for.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/block.h"
#include "exec/segments.h"
#include "query/bound_query.h"

namespace slate {

// Immutable; safe for any number of threads.
class SortKeyEncoder {
 public:
  // Adds the columns it reads to `columns`.
  SortKeyEncoder(std::span<const BoundSortKey> sort, ColumnSet& columns);
  // Replaces `key` by the row's key.
  void encode(const ResolvedBlock& block, std::size_t row, std::string& key) const;
  // The key of a row with these values of the sort keys, their texts folded where the collation is nocase.
  // REQUIRES: as many values as sort keys.
  std::string encode(std::span<const std::optional<Scalar>> values) const;

 private:
  struct Component {
    std::uint32_t column;  // position in the ColumnSet
    Direction direction;
    Nulls nulls;
    Collation collation;
    void turn(std::string& key, std::size_t begin) const;
  };
  std::vector<Component> components_;
};

// How rows of equal keys are ordered.
enum class DocidOrder : std::uint8_t { kAscending, kDescending };

// A docid as a number that ascends in the order wanted, and back.
inline DocId rank_of(DocId docid, DocidOrder order) {
  return order == DocidOrder::kAscending ? docid : ~docid;
}

// Where a page begins, as sort keys go: rows behind it are wanted.
struct SortPlace {
  std::string key;
  DocId rank = 0;
  bool is_before(std::string_view row_key, DocId row_rank) const {
    const int order = row_key.compare(key);
    return order > 0 || (order == 0 && row_rank > rank);
  }
};

// Keys and docids to be put in order, compact: the first sixteen bytes of a key stand in its row.
class SortBuffer {
 public:
  // REQUIRES: no key added is a proper prefix of another one. Keys of sort and index encodings never are.
  void add(std::string_view key, DocId docid);
  // Takes address space for as many rows as fit into `bytes`; it becomes memory as rows come.
  void reserve(std::size_t bytes) { rows_.reserve(bytes / sizeof(Row)); }
  void reserve_rows(std::size_t rows) { rows_.reserve(rows); }
  std::size_t size() const { return rows_.size(); }
  // Memory in use; growing and sorting may take as much again.
  std::size_t used_bytes() const { return rows_.size() * sizeof(Row) + rest_.size(); }
  // Keeps the memory.
  void clear();
  // By key, then docid. O(n) when they were added in order, or came by docid with keys that vary in few
  // bytes; else O(n log n).
  void sort();

  DocId docid(std::size_t at) const { return rows_[at].docid; }
  // Whether the keys at two positions are equal.
  bool same_key(std::size_t a, std::size_t b) const {
    const Row& x = rows_[a];
    const Row& y = rows_[b];
    return x.high == y.high && x.low == y.low && x.size == y.size && (x.size <= 16 || rest(x) == rest(y));
  }
  // Replaces `key` by the key at a position.
  void key(std::size_t at, std::string& key) const;
  // The docids as they stand.
  std::vector<DocId> docids() const;

 private:
  struct Row {
    std::uint64_t high;
    std::uint64_t low;
    std::uint64_t rest_offset;
    std::uint32_t size;  // of the whole key
    DocId docid;
  };
  std::string_view rest(const Row& row) const {
    return row.size > 16 ? std::string_view(rest_).substr(row.rest_offset, row.size - 16)
                         : std::string_view();
  }
  bool before(const Row& a, const Row& b) const;
  void sort_by_radix(std::span<Row> rows, Row* scratch) const;

  std::vector<Row> rows_;
  std::string rest_;  // bytes of keys beyond the sixteenth
  bool in_order_ = true;
  bool docids_ascend_ = true;
};

}  // namespace slate
