#include "exec/predicate.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <limits>
#include <vector>

#include "base/check.h"
#include "codec/list_cell.h"
#include "exec/text_match.h"

namespace slate {
namespace {

using Kind = BoundFilter::Kind;

class False final : public Predicate {
 public:
  void filter(const ResolvedBlock&, RowMask& rows) const override { rows.clear(); }
};

class And final : public Predicate {
 public:
  explicit And(std::vector<std::unique_ptr<Predicate>> children) : children_(std::move(children)) {}
  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    for (const auto& child : children_) {
      if (rows.empty()) return;
      child->filter(block, rows);
    }
  }

 private:
  std::vector<std::unique_ptr<Predicate>> children_;
};

class Or final : public Predicate {
 public:
  explicit Or(std::vector<std::unique_ptr<Predicate>> children) : children_(std::move(children)) {}
  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    RowMask open = rows;  // rows that no child has accepted yet
    for (const auto& child : children_) {
      RowMask accepted = open;
      child->filter(block, accepted);
      open.remove(accepted);
      if (open.empty()) return;
    }
    rows.remove(open);
  }

 private:
  std::vector<std::unique_ptr<Predicate>> children_;
};

class Not final : public Predicate {
 public:
  explicit Not(std::unique_ptr<Predicate> child) : child_(std::move(child)) {}
  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    RowMask accepted = rows;
    child_->filter(block, accepted);
    rows.remove(accepted);
  }

 private:
  std::unique_ptr<Predicate> child_;
};

void keep_present(const ColumnView& column, RowMask& rows) {
  if (column.encoding == Encoding::kNull)
    rows.clear();
  else if (column.validity != nullptr)
    rows.keep(column.validity);
}

class IsNull final : public Predicate {
 public:
  explicit IsNull(std::uint32_t column) : column_(column) {}
  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    RowMask present = rows;
    keep_present(block.columns[column_], present);
    rows.remove(present);
  }

 private:
  std::uint32_t column_;
};

// Keeps rows for which holds(row) is true, looking only at rows that are still in.
template <typename Holds>
void keep_if(RowMask& rows, Holds&& holds) {
  for (std::size_t at = 0; at < rows.words(); ++at) {
    std::uint64_t kept = 0;
    for (std::uint64_t word = rows.word(at); word != 0; word &= word - 1) {
      const auto bit = static_cast<std::size_t>(std::countr_zero(word));
      kept |= static_cast<std::uint64_t>(holds(at * 64 + bit)) << bit;
    }
    rows.word(at) = kept;
  }
}

// The same for cheap comparisons of fixed-width cells: where most rows of a word are still in, every row of
// it is compared, without a branch a row.
template <typename Holds>
void keep_if_dense(RowMask& rows, Holds&& holds) {
  constexpr int kFewRows = 12;
  const std::size_t count = rows.rows();
  for (std::size_t at = 0; at < rows.words(); ++at) {
    const std::size_t first = at * 64;
    if (std::popcount(rows.word(at)) <= kFewRows) {
      for (std::uint64_t word = rows.word(at); word != 0; word &= word - 1) {
        const auto bit = static_cast<std::size_t>(std::countr_zero(word));
        if (!holds(first + bit)) rows.word(at) &= ~(std::uint64_t{1} << bit);
      }
      continue;
    }
    const std::size_t end = std::min<std::size_t>(64, count - first);
    std::uint64_t kept = 0;
    for (std::size_t bit = 0; bit < end; ++bit) kept |= static_cast<std::uint64_t>(holds(first + bit)) << bit;
    rows.word(at) &= kept;
  }
}

template <typename Visit>
void with_width(std::uint8_t width, Visit&& visit) {
  switch (width) {
    case 1: return visit(std::uint8_t{});
    case 2: return visit(std::uint16_t{});
    case 4: return visit(std::uint32_t{});
    default: return visit(std::uint64_t{});
  }
}

// low <= value <= high on int, date and bool columns.
class IntegerRange final : public Predicate {
 public:
  IntegerRange(std::uint32_t column, std::int64_t low, std::int64_t high)
      : column_(column), low_(low), high_(high) {}
  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    const ColumnView& column = block.columns[column_];
    keep_present(column, rows);
    if (column.encoding != Encoding::kInteger || rows.empty()) return;
    if (high_ < column.base) return rows.clear();
    // Bounds as deltas: values below the base have none.
    const auto base = static_cast<std::uint64_t>(column.base);
    const std::uint64_t low = low_ <= column.base ? 0 : static_cast<std::uint64_t>(low_) - base;
    const std::uint64_t span = static_cast<std::uint64_t>(high_) - base - low;
    if (column.width == 0) {
      if (low > 0) rows.clear();
      return;
    }
    with_width(column.width, [&]<typename T>(T) {
      if (low > std::numeric_limits<T>::max()) return rows.clear();
      const T from = static_cast<T>(low);
      const T reach = static_cast<T>(std::min<std::uint64_t>(span, std::numeric_limits<T>::max() - low));
      const std::byte* data = column.data;
      keep_if_dense(rows, [=](std::size_t row) {
        return static_cast<T>(ColumnView::load<T>(data, row) - from) <= reach;
      });
    });
  }

 private:
  std::uint32_t column_;
  std::int64_t low_;
  std::int64_t high_;
};

class RealRange final : public Predicate {
 public:
  RealRange(std::uint32_t column, const std::optional<Bound>& lower, const std::optional<Bound>& upper)
      : column_(column), lower_(lower), upper_(upper) {}
  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    const ColumnView& column = block.columns[column_];
    keep_present(column, rows);
    if (column.encoding != Encoding::kFloat) return;
    keep_if_dense(rows, [&](std::size_t row) { return holds(column.real(row)); });
  }
  bool holds(double value) const {
    if (lower_) {
      const double low = std::get<double>(lower_->value);
      if (lower_->inclusive == Inclusive::kYes ? value < low : value <= low) return false;
    }
    if (upper_) {
      const double high = std::get<double>(upper_->value);
      if (upper_->inclusive == Inclusive::kYes ? value > high : value >= high) return false;
    }
    return true;
  }

 private:
  std::uint32_t column_;
  std::optional<Bound> lower_;
  std::optional<Bound> upper_;
};

// Any condition on the text of a cell. Dictionary columns are judged once for each distinct text.
class TextCondition final : public Predicate {
 public:
  TextCondition(std::uint32_t column, std::function<bool(std::string_view)> holds)
      : column_(column), holds_(std::move(holds)) {}

  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    const ColumnView& column = block.columns[column_];
    keep_present(column, rows);
    if (rows.empty()) return;
    if (column.encoding == Encoding::kPlain) {
      keep_if(rows, [&](std::size_t row) { return holds_(column.text(row)); });
    } else if (column.encoding == Encoding::kDictionary) {
      filter_dictionary(column, rows);
    }
  }

 private:
  void filter_dictionary(const ColumnView& column, RowMask& rows) const {
    std::array<std::uint8_t, kBlockMaxRows> verdicts;
    std::size_t held = 0;
    for (std::uint32_t code = 0; code < column.dictionary_size; ++code) {
      verdicts[code] = holds_(column.dictionary(code)) ? 1 : 0;
      held += verdicts[code];
    }
    if (held == column.dictionary_size) return;
    if (held == 0) return rows.clear();
    with_width(column.width, [&]<typename T>(T) {
      const std::byte* data = column.data;
      keep_if_dense(rows, [&](std::size_t row) { return verdicts[ColumnView::load<T>(data, row)] != 0; });
    });
  }

  std::uint32_t column_;
  std::function<bool(std::string_view)> holds_;
};

// One of some values, on int, date, bool and float columns.
template <typename T>
class NumberIn final : public Predicate {
 public:
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
  std::vector<T> values_;  // ascending
};

// Holds when some element does.
class AnyElement final : public Predicate {
 public:
  AnyElement(std::uint32_t column, std::function<bool(const ListElement&)> holds)
      : column_(column), holds_(std::move(holds)) {}
  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    const ColumnView& column = block.columns[column_];
    keep_present(column, rows);
    keep_if(rows, [&](std::size_t row) {
      ListReader reader(column.text(row));
      while (const auto element = reader.next())
        if (holds_(*element)) return true;
      return false;
    });
  }

 private:
  std::uint32_t column_;
  std::function<bool(const ListElement&)> holds_;
};

class Empty final : public Predicate {
 public:
  Empty(std::uint32_t column, Type type) : column_(column), type_(type) {}
  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    const ColumnView& column = block.columns[column_];
    RowMask filled = rows;
    keep_present(column, filled);
    keep_if(filled, [&](std::size_t row) {
      const std::string_view cell = column.text(row);
      return type_ == Type::kList ? ListReader(cell).next().has_value() || list_size(cell) > 0
                                  : !cell.empty();
    });
    rows.remove(filled);
  }

 private:
  static std::uint32_t list_size(std::string_view cell) {
    std::uint32_t size = 0;
    if (cell.size() >= sizeof(size)) std::memcpy(&size, cell.data(), sizeof(size));
    return size;
  }

  std::uint32_t column_;
  Type type_;
};

struct IntegerBounds {
  std::int64_t low = std::numeric_limits<std::int64_t>::min();
  std::int64_t high = std::numeric_limits<std::int64_t>::max();
  bool none = false;
};

IntegerBounds integer_bounds(const BoundFilter& filter) {
  IntegerBounds bounds;
  if (filter.lower) {
    bounds.low = std::get<std::int64_t>(filter.lower->value);
    if (filter.lower->inclusive == Inclusive::kNo) {
      bounds.none = bounds.low == std::numeric_limits<std::int64_t>::max();
      if (!bounds.none) ++bounds.low;
    }
  }
  if (filter.upper) {
    bounds.high = std::get<std::int64_t>(filter.upper->value);
    if (filter.upper->inclusive == Inclusive::kNo) {
      bounds.none |= bounds.high == std::numeric_limits<std::int64_t>::min();
      if (!bounds.none) --bounds.high;
    }
  }
  bounds.none |= bounds.low > bounds.high;
  return bounds;
}

std::function<bool(std::string_view)> text_range(const BoundFilter& filter) {
  if (filter.is_equality())
    return [wanted = std::get<std::string>(filter.lower->value)](std::string_view text) {
      return text == wanted;
    };
  return [lower = filter.lower, upper = filter.upper](std::string_view text) {
    if (lower) {
      const auto order = text.compare(std::get<std::string>(lower->value));
      if (lower->inclusive == Inclusive::kYes ? order < 0 : order <= 0) return false;
    }
    if (upper) {
      const auto order = text.compare(std::get<std::string>(upper->value));
      if (upper->inclusive == Inclusive::kYes ? order > 0 : order >= 0) return false;
    }
    return true;
  };
}

template <typename T>
std::vector<T> values_of(const BoundFilter& filter) {
  std::vector<T> values;
  for (const Scalar& value : filter.values) values.push_back(std::get<T>(value));
  return values;
}

std::function<bool(std::string_view)> text_in(const BoundFilter& filter) {
  return [values = values_of<std::string>(filter)](std::string_view text) {
    const auto found =
        std::ranges::lower_bound(values, text, {}, [](const std::string& v) { return std::string_view(v); });
    return found != values.end() && *found == text;
  };
}

std::function<bool(std::string_view)> text_condition(const BoundFilter& filter) {
  if (filter.kind == Kind::kRange) return text_range(filter);
  if (filter.kind == Kind::kIn) return text_in(filter);
  return text_matcher(filter.match, filter.case_rule, filter.needle);
}

std::unique_ptr<Predicate> compile_element(const BoundFilter& filter, std::uint32_t at, Type element) {
  if (element == Type::kString) {
    return std::make_unique<AnyElement>(at, [holds = text_condition(filter)](const ListElement& each) {
      return each.type == Type::kString && holds(each.text);
    });
  }
  if (element == Type::kFloat) {
    std::vector<double> values = filter.kind == Kind::kIn
                                     ? values_of<double>(filter)
                                     : std::vector{std::get<double>(filter.lower->value)};
    return std::make_unique<AnyElement>(at, [values = std::move(values)](const ListElement& each) {
      return each.type == Type::kFloat && std::ranges::binary_search(values, each.real);
    });
  }
  std::vector<std::int64_t> values = filter.kind == Kind::kIn
                                         ? values_of<std::int64_t>(filter)
                                         : std::vector{std::get<std::int64_t>(filter.lower->value)};
  return std::make_unique<AnyElement>(at, [values = std::move(values), element](const ListElement& each) {
    return each.type == element && std::ranges::binary_search(values, each.integer);
  });
}

std::unique_ptr<Predicate> compile_leaf(const BoundFilter& filter, ColumnSet& columns) {
  const std::uint32_t at = columns.add(filter.column);
  const Column& column = columns.schema().columns[filter.column];
  if (filter.kind == Kind::kIsnull) return std::make_unique<IsNull>(at);
  if (filter.kind == Kind::kEmpty) return std::make_unique<Empty>(at, column.type);
  switch (column.type) {
    case Type::kString: return std::make_unique<TextCondition>(at, text_condition(filter));
    case Type::kFloat:
      if (filter.kind == Kind::kIn) return std::make_unique<NumberIn<double>>(at, values_of<double>(filter));
      return std::make_unique<RealRange>(at, filter.lower, filter.upper);
    case Type::kList: return compile_element(filter, at, column.items.front().type);
    default: break;
  }
  if (filter.kind == Kind::kIn)
    return std::make_unique<NumberIn<std::int64_t>>(at, values_of<std::int64_t>(filter));
  const IntegerBounds bounds = integer_bounds(filter);
  if (bounds.none) return std::make_unique<False>();
  return std::make_unique<IntegerRange>(at, bounds.low, bounds.high);
}

std::unique_ptr<Predicate> compile_node(const BoundFilter& filter, ColumnSet& columns) {
  switch (filter.kind) {
    case Kind::kTrue: return std::make_unique<And>(std::vector<std::unique_ptr<Predicate>>{});
    case Kind::kFalse: return std::make_unique<False>();
    case Kind::kNot: return std::make_unique<Not>(compile_node(filter.children.front(), columns));
    case Kind::kAnd:
    case Kind::kOr: {
      std::vector<std::unique_ptr<Predicate>> children;
      for (const BoundFilter& child : filter.children) children.push_back(compile_node(child, columns));
      if (filter.kind == Kind::kAnd) return std::make_unique<And>(std::move(children));
      return std::make_unique<Or>(std::move(children));
    }
    default: return compile_leaf(filter, columns);
  }
}

}  // namespace

std::unique_ptr<Predicate> compile(const BoundFilter& filter, ColumnSet& columns) {
  if (filter.kind == Kind::kTrue) return nullptr;
  return compile_node(filter, columns);
}

}  // namespace slate
