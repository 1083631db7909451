// How often each value of a column occurs in a generation, exact with every commit, as long as the values are
// few and short. Layout: docs/formats/data-folder.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <slate/batch.h>
#include <slate/error.h>

#include "codec/block.h"
#include "model/schema.h"

namespace slate {

// What is known of a column.
enum class FrequencyDetail : std::uint8_t {
  kValues = 0,    // each value with its count
  kPresence = 1,  // how many cells have a value: the values are, or were, too many
  kNothing = 2,   // cells have expiry times: which of them have a value depends on the clock
};

struct ValueCount {
  std::string key;  // the value as an ascending component of an index key
  std::uint64_t count = 0;
  bool operator==(const ValueCount&) const = default;
};

// Starts as that of a column without any value. Not thread-safe.
class Frequencies {
 public:
  // Encoded they take one page of the store at most: some 220 numbers, or as many short texts.
  static constexpr std::size_t kMostBytes = 4080;

  // Any bytes are survived. Values beyond `detail` are not read. Errors: corrupt.
  static Result<Frequencies> decode(std::string_view bytes,
                                    FrequencyDetail detail = FrequencyDetail::kValues);
  std::string encode() const;

  FrequencyDetail detail() const { return detail_; }
  // Cells with a value. REQUIRES: detail() is not kNothing.
  std::uint64_t present() const { return present_; }
  // Ascending by key, none of them 0. Empty unless detail() is kValues.
  std::span<const ValueCount> values() const { return values_; }

  // Counts the cells of these rows of a block's column in. O(rows), plus O(log values) for each distinct
  // value.
  void add(const ColumnView& column, RowRange rows);
  // Counts them out again. Errors: corrupt when they were not counted in.
  Result<void> subtract(const ColumnView& column, RowRange rows);
  // Down to kNothing, and up no more.
  void forget();

 private:
  void lose_values();

  FrequencyDetail detail_ = FrequencyDetail::kValues;
  std::uint64_t present_ = 0;
  std::vector<ValueCount> values_;
  std::size_t bytes_ = 0;  // that values_ take encoded
};

// The key of a column's frequencies among a generation's facts.
std::string frequencies_key(FieldId field);

}  // namespace slate
