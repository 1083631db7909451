// Statistics of a generation: facts of each column, and a sample of its records as a block. Layout:
// docs/formats/data-folder.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <slate/error.h>

#include "codec/block.h"

namespace slate {

// Fixed parts, little-endian, 8-byte aligned: the header, `columns` of the entries, then the sample's block.
struct StatisticsHeader {
  std::uint32_t version = 2;
  std::uint32_t columns = 0;
  std::uint64_t rows = 0;  // that the generation had when the sample was taken
};
static_assert(sizeof(StatisticsHeader) == 16);

struct ColumnStatistics {
  FieldId field = 0;  // ascending
  std::uint32_t reserved = 0;
  double distinct = 0;  // estimated distinct values, nulls apart
};
static_assert(sizeof(ColumnStatistics) == 16);

// Reads statistics in place. Non-owning.
class StatisticsView {
 public:
  // Any bytes are survived; O(bytes). REQUIRES: `bytes` 8-byte aligned. Errors: corrupt.
  static Result<StatisticsView> verify(std::span<const std::byte> bytes);
  // The same bytes again, once verified: O(1).
  static StatisticsView trusted(std::span<const std::byte> bytes) { return StatisticsView(bytes); }

  std::uint64_t rows() const { return header().rows; }
  std::span<const ColumnStatistics> columns() const {
    return {reinterpret_cast<const ColumnStatistics*>(bytes_.data() + sizeof(StatisticsHeader)),
            header().columns};
  }
  // Null when the field is not known. O(log columns).
  const ColumnStatistics* find(FieldId field) const;
  // The sample, or nothing when the generation was empty.
  std::optional<BlockView> sample() const;

 private:
  explicit StatisticsView(std::span<const std::byte> bytes) : bytes_(bytes) {}
  const StatisticsHeader& header() const { return *reinterpret_cast<const StatisticsHeader*>(bytes_.data()); }
  std::span<const std::byte> sample_bytes() const {
    return bytes_.subspan(sizeof(StatisticsHeader) + columns().size_bytes());
  }

  std::span<const std::byte> bytes_;
};

// `columns` ascend by field; `sample` is a block or empty.
std::string encode_statistics(std::uint64_t rows, std::span<const ColumnStatistics> columns,
                              std::string_view sample);

// Distinct values of `rows` rows, of which `sampled` were looked at: `distinct` values were seen, `once` of
// them a single time. The estimator Duj1 of Haas and Stokes, "Estimating the number of classes in a finite
// population", 1998.
double estimate_distinct(double rows, double sampled, double distinct, double once);

}  // namespace slate
