// Rows as JSON objects.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <slate/batch.h>
#include <slate/result_set.h>

#include "api/render/cell_text.h"

namespace slate::api {

// {"_id":"r1","name":"Acme","address":{"city":null,"zip":1}}: `_id` first, a column without a value as null,
// the leaves of a map put together where the first of them stands, a map without any value as null. Made once
// for a result, then only read.
class JsonRows {
 public:
  JsonRows(std::span<const ResultColumn> columns, Int64Form form);

  // One object for the row at `position` of the batch. O(columns), without allocations of its own.
  void append(TextAppender& out, const Batch& batch, std::size_t position) const;
  // The same, alone.
  std::string object(const Batch& batch, std::size_t position) const;

 private:
  // `"name":`, with a comma before it unless it is the first of its object. It is followed by what makes it a
  // multiple of the pieces that it is copied in, as it is written for every cell.
  struct Key {
    std::string bytes{};
    std::size_t size = 0;

    void append_to(TextAppender& out) const;
  };
  // A leaf, or the entries of a map.
  struct Member {
    std::string name;
    Key key{};
    std::uint32_t column = 0;
    std::vector<Member> entries{};
  };

  static void insert(std::vector<Member>& members, std::string_view path, std::uint32_t column);
  enum class Follows : std::uint8_t { kNothing, kAnother };
  static void write_keys(std::vector<Member>& members, Follows follows);
  static bool has_value(const Member& member, const Batch& batch, std::size_t row);
  void append_members(TextAppender& out, const std::vector<Member>& members, const Batch& batch,
                      std::size_t row) const;

  std::vector<ResultColumn> columns_;
  std::vector<Member> members_;
  Int64Form form_;
};

}  // namespace slate::api
