// Sort keys of rows as bytes: comparing the bytes, then the docids, is the order asked for.
#pragma once

#include <compare>
#include <cstdint>
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

 private:
  struct Component {
    std::uint32_t column;  // position in the ColumnSet
    Direction direction;
    Nulls nulls;
  };
  std::vector<Component> components_;
};

// Rows and their keys, compact: the first sixteen bytes of a key stand in the row itself.
class SortBuffer {
 public:
  void add(std::string_view key, DocId docid);
  std::size_t size() const { return rows_.size(); }
  void clear() {
    rows_.clear();
    rest_.clear();
  }
  // O(n log n). The docids in order.
  std::vector<DocId> sorted();

 private:
  struct Row {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::uint64_t rest_offset = 0;
    std::uint32_t rest_size = 0;
    DocId docid = 0;
  };
  std::string_view rest(const Row& row) const { return std::string_view(rest_).substr(row.rest_offset, row.rest_size); }

  std::vector<Row> rows_;
  std::string rest_;  // bytes of keys beyond the sixteenth
};

}  // namespace slate
