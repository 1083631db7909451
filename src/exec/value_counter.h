// Counts how often each value comes.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <slate/batch.h>
#include <slate/distinct.h>
#include <slate/error.h>

#include "exec/interrupt.h"

namespace slate {

class ValueCounter {
 public:
  // Of a list column the elements are counted, `type` being theirs. In the order of values only the first
  // `most` and one more are kept; in the order of counts all, within `memory_bytes`.
  ValueCounter(Type type, DistinctOrder order, std::uint64_t most, std::uint64_t memory_bytes);

  // The cells of some rows of a block. Errors: quota_exceeded.
  Result<void> add(const ColumnView& column, std::span<const std::uint16_t> rows);
  Result<void> add_text(std::string_view value, std::uint64_t count);
  Result<void> add_number(std::uint64_t image, std::uint64_t count);  // see ordered_image()
  void add_null(std::uint64_t count) { nulls_ += count; }

  // What was counted, in order, cut to `most`. Errors: those of the interrupt.
  Result<DistinctValues> finish(Interrupt& interrupt) &&;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  Result<void> add_dictionary(const ColumnView& column, std::span<const std::uint16_t> rows);
  Result<void> add_small_numbers(const ColumnView& column, std::span<const std::uint16_t> rows);
  Result<void> add_elements(std::string_view list);
  Result<void> make_room();
  Value value_of(std::uint64_t image) const;

  Type type_;
  DistinctOrder order_;
  std::uint64_t most_;
  std::uint64_t memory_bytes_;
  std::uint64_t text_bytes_ = 0;
  std::uint64_t nulls_ = 0;
  std::unordered_map<std::string, std::uint64_t, TextHash, std::equal_to<>> texts_;
  std::unordered_map<std::uint64_t, std::uint64_t> numbers_;
  // Values beyond these cannot be among the first ones any more.
  std::optional<std::string> greatest_text_;
  std::uint64_t greatest_number_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace slate
