#include "exec/text_predicate.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>
#include <vector>

#include "codec/list_cell.h"
#include "exec/row_filter.h"
#include "exec/text_match.h"

namespace slate {
namespace {

using Kind = BoundFilter::Kind;

// Keeps the rows whose code is among `codes`.
template <typename Code>
void keep_codes(const std::byte* data, const RowMask& codes, RowMask& rows) {
  // A dictionary is sorted, so that those held mostly follow one another.
  std::size_t first = codes.rows();
  std::size_t last = 0;
  std::size_t held = 0;
  codes.for_each([&](std::size_t code) {
    if (held++ == 0) first = code;
    last = code;
  });
  if (held == codes.rows()) return;
  if (held == 0) return rows.clear();
  if (last - first + 1 == held) {
    const auto from = static_cast<Code>(first);
    const auto reach = static_cast<Code>(last - first);
    keep_where(rows, [=](std::size_t row) {
      return static_cast<Code>(ColumnView::load<Code>(data, row) - from) <= reach;
    });
  } else {
    keep_if(rows, [&](std::size_t row) { return codes.test(ColumnView::load<Code>(data, row)); });
  }
}

// A condition on the text of a cell. Dictionary columns are judged once for each distinct text.
template <typename Condition>
class TextPredicate final : public Predicate {
 public:
  TextPredicate(std::uint32_t column, Condition condition)
      : column_(column), condition_(std::move(condition)) {}

  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    const ColumnView& column = block.columns[column_];
    keep_present(column, rows);
    if (rows.empty()) return;
    if (column.encoding == Encoding::kDictionary) return filter_dictionary(column, rows);
    if (column.width == sizeof(std::uint16_t))
      condition_.filter(TextRun<std::uint16_t>{column.data, column.bytes, rows.rows()}, rows);
    else
      condition_.filter(TextRun<std::uint32_t>{column.data, column.bytes, rows.rows()}, rows);
  }

 private:
  void filter_dictionary(const ColumnView& column, RowMask& rows) const {
    RowMask codes = RowMask::all(column.dictionary_size);
    condition_.filter(TextRun<std::uint32_t>{column.dictionary_offsets, column.bytes, column.dictionary_size},
                      codes);
    switch (column.width) {
      case 0:
        if (codes.empty()) rows.clear();
        return;
      case 1: return keep_codes<std::uint8_t>(column.data, codes, rows);
      default: return keep_codes<std::uint16_t>(column.data, codes, rows);
    }
  }

  std::uint32_t column_;
  Condition condition_;
};

// Holds when it does of some element.
template <typename Holds>
class AnyElement final : public Predicate {
 public:
  AnyElement(std::uint32_t column, Holds holds) : column_(column), holds_(std::move(holds)) {}
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
  Holds holds_;
};

template <typename Holds>
std::unique_ptr<Predicate> any_element(std::uint32_t at, Holds holds) {
  return std::make_unique<AnyElement<Holds>>(at, std::move(holds));
}

// Null or without text.
class EmptyText final : public Predicate {
 public:
  explicit EmptyText(std::uint32_t column) : filled_(column, {}) {}
  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    RowMask filled = rows;
    filled_.filter(block, filled);
    rows.remove(filled);
  }

 private:
  TextPredicate<TextNotEmpty> filled_;
};

class EmptyList final : public Predicate {
 public:
  explicit EmptyList(std::uint32_t column) : column_(column) {}
  void filter(const ResolvedBlock& block, RowMask& rows) const override {
    const ColumnView& column = block.columns[column_];
    RowMask filled = rows;
    keep_present(column, filled);
    keep_if(filled, [&](std::size_t row) { return size(column.text(row)) > 0; });
    rows.remove(filled);
  }

 private:
  static std::uint32_t size(std::string_view cell) {
    std::uint32_t size = 0;
    if (cell.size() >= sizeof(size)) std::memcpy(&size, cell.data(), sizeof(size));
    return size;
  }

  std::uint32_t column_;
};

// The values that equality or `in` asks for, ascending.
template <typename T>
std::vector<T> wanted_values(const BoundFilter& filter) {
  if (filter.kind != Kind::kIn) return {std::get<T>(filter.lower->value)};
  std::vector<T> values;
  for (const Scalar& value : filter.values) values.push_back(std::get<T>(value));
  return values;
}

using TextCondition = std::variant<TextNeedle, TextRange, TextIn, FoldedText<TextRange>, FoldedText<TextIn>>;

template <typename Condition>
TextCondition folded_if(CaseRule case_rule, Condition condition) {
  if (case_rule == CaseRule::kExact) return condition;
  return FoldedText<Condition>(std::move(condition));
}

TextCondition text_condition(const BoundFilter& filter) {
  if (filter.kind == Kind::kText) return TextNeedle(filter.match, filter.case_rule, filter.needle);
  if (filter.kind == Kind::kIn)
    return folded_if(filter.case_rule, TextIn(wanted_values<std::string>(filter)));
  if (filter.is_equality())
    return TextNeedle(TextMatch::kEquals, filter.case_rule, std::get<std::string>(filter.lower->value));
  return folded_if(filter.case_rule, TextRange(filter.lower, filter.upper));
}

}  // namespace

std::unique_ptr<Predicate> compile_text(const BoundFilter& filter, std::uint32_t at) {
  return std::visit(
      [at]<typename Condition>(Condition condition) -> std::unique_ptr<Predicate> {
        return std::make_unique<TextPredicate<Condition>>(at, std::move(condition));
      },
      text_condition(filter));
}

std::unique_ptr<Predicate> compile_element(const BoundFilter& filter, std::uint32_t at, Type element) {
  if (element == Type::kString) {
    return std::visit(
        [at]<typename Condition>(Condition condition) {
          return any_element(at, [condition = std::move(condition)](const ListElement& each) {
            return each.type == Type::kString && condition.holds(each.text);
          });
        },
        text_condition(filter));
  }
  if (element == Type::kFloat) {
    return any_element(at, [values = wanted_values<double>(filter)](const ListElement& each) {
      return each.type == Type::kFloat && std::ranges::binary_search(values, each.real);
    });
  }
  return any_element(at, [values = wanted_values<std::int64_t>(filter), element](const ListElement& each) {
    return each.type == element && std::ranges::binary_search(values, each.integer);
  });
}

std::unique_ptr<Predicate> compile_empty(std::uint32_t at, Type type) {
  if (type == Type::kList) return std::make_unique<EmptyList>(at);
  return std::make_unique<EmptyText>(at);
}

}  // namespace slate
