#include "exec/number_predicate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "exec/row_filter.h"

namespace slate {
namespace {

using Kind = BoundFilter::Kind;
using IntegerLimits = std::numeric_limits<std::int64_t>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <typename T>
struct Between {
  T low;
  T high;  // both ends included; nothing when below `low`
};

Between<std::int64_t> integer_bounds(const BoundFilter& filter) {
  Between<std::int64_t> bounds{.low = IntegerLimits::min(), .high = IntegerLimits::max()};
  constexpr Between<std::int64_t> kNothing{.low = IntegerLimits::max(), .high = IntegerLimits::min()};
  if (filter.lower) {
    bounds.low = std::get<std::int64_t>(filter.lower->value);
    if (filter.lower->inclusive == Inclusive::kNo) {
      if (bounds.low == IntegerLimits::max()) return kNothing;
      ++bounds.low;
    }
  }
  if (filter.upper) {
    bounds.high = std::get<std::int64_t>(filter.upper->value);
    if (filter.upper->inclusive == Inclusive::kNo) {
      if (bounds.high == IntegerLimits::min()) return kNothing;
      --bounds.high;
    }
  }
  return bounds;
}

Between<double> real_bounds(const BoundFilter& filter) {
  Between<double> bounds{.low = -kInfinity, .high = kInfinity};
  if (filter.lower) {
    bounds.low = std::get<double>(filter.lower->value);
    if (filter.lower->inclusive == Inclusive::kNo) bounds.low = std::nextafter(bounds.low, kInfinity);
  }
  if (filter.upper) {
    bounds.high = std::get<double>(filter.upper->value);
    if (filter.upper->inclusive == Inclusive::kNo) bounds.high = std::nextafter(bounds.high, -kInfinity);
  }
  return bounds;
}

class IntegerRange final : public Predicate {
 public:
  // REQUIRES: low <= high.
  IntegerRange(std::uint32_t column, Between<std::int64_t> bounds) : column_(column), bounds_(bounds) {}
  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    const ColumnView& column = block.columns[column_];
    keep_present(column, rows);
    if (column.encoding != Encoding::kInteger || rows.empty()) return;
    if (bounds_.high < column.base) return rows.clear();
    // Bounds as deltas: values below the base have none.
    const auto base = static_cast<std::uint64_t>(column.base);
    const std::uint64_t low = bounds_.low <= column.base ? 0 : static_cast<std::uint64_t>(bounds_.low) - base;
    const std::uint64_t span = static_cast<std::uint64_t>(bounds_.high) - base - low;
    if (column.width == 0) {
      if (low > 0) rows.clear();
      return;
    }
    with_width(column.width, [&]<typename T>(T) {
      if (low > std::numeric_limits<T>::max()) return rows.clear();
      const T from = static_cast<T>(low);
      const T reach = static_cast<T>(std::min<std::uint64_t>(span, std::numeric_limits<T>::max() - low));
      const std::byte* data = column.data;
      keep_where(rows, [=](std::size_t row) {
        return static_cast<T>(ColumnView::load<T>(data, row) - from) <= reach;
      });
    });
  }

 private:
  std::uint32_t column_;
  Between<std::int64_t> bounds_;
};

class RealRange final : public Predicate {
 public:
  RealRange(std::uint32_t column, Between<double> bounds) : column_(column), bounds_(bounds) {}
  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    const ColumnView& column = block.columns[column_];
    keep_present(column, rows);
    if (column.encoding != Encoding::kFloat) return;
    keep_where(rows, [data = column.data, low = bounds_.low, high = bounds_.high](std::size_t row) {
      const double value = ColumnView::load<double>(data, row);
      return static_cast<bool>((value >= low) & (value <= high));
    });
  }

 private:
  std::uint32_t column_;
  Between<double> bounds_;
};

// One of some values.
template <typename T>
class NumberIn final : public Predicate {
 public:
  // REQUIRES: ascending.
  NumberIn(std::uint32_t column, std::vector<T> values) : column_(column), values_(std::move(values)) {}
  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    const ColumnView& column = block.columns[column_];
    keep_present(column, rows);
    if (rows.empty()) return;
    keep_if(rows, [&](std::size_t row) {
      if constexpr (std::is_same_v<T, double>)
        return std::ranges::binary_search(values_, column.real(row));
      else
        return std::ranges::binary_search(values_, column.integer(row));
    });
  }

 private:
  std::uint32_t column_;
  std::vector<T> values_;
};

template <typename T>
std::unique_ptr<Predicate> one_of(const BoundFilter& filter, std::uint32_t at) {
  std::vector<T> values;
  for (const Scalar& value : filter.values) values.push_back(std::get<T>(value));
  return std::make_unique<NumberIn<T>>(at, std::move(values));
}

}  // namespace

std::unique_ptr<Predicate> compile_integer(const BoundFilter& filter, std::uint32_t at) {
  if (filter.kind == Kind::kIn) return one_of<std::int64_t>(filter, at);
  const Between<std::int64_t> bounds = integer_bounds(filter);
  if (bounds.low > bounds.high) return compile_never();
  return std::make_unique<IntegerRange>(at, bounds);
}

std::unique_ptr<Predicate> compile_real(const BoundFilter& filter, std::uint32_t at) {
  if (filter.kind == Kind::kIn) return one_of<double>(filter, at);
  return std::make_unique<RealRange>(at, real_bounds(filter));
}

}  // namespace slate
