// Keys with docids, put in order in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>

#include "codec/block.h"
#include "exec/interrupt.h"

namespace slate {

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
  // bytes; else O(n log n). After an error only clear() makes sense.
  Result<void> sort(Pacer& pacer);
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
  Result<void> sort_by_radix(std::span<Row> rows, Row* scratch, Pacer& pacer) const;
  Result<void> sort_by_merging(std::span<Row> rows, Row* scratch, Pacer& pacer) const;

  std::vector<Row> rows_;
  std::string rest_;  // bytes of keys beyond the sixteenth
  bool in_order_ = true;
  bool docids_ascend_ = true;
};

}  // namespace slate
