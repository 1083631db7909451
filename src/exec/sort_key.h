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

}  // namespace slate
