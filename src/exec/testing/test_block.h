// A block made of cells, as the store would hold it.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include <slate/value.h>

#include "codec/block.h"
#include "codec/list_cell.h"
#include "model/schema.h"

namespace slate {

// Puts one cell into a column.
inline void set_cell(ColumnBuffer& column, std::size_t row, const Value& value) {
  if (const auto* text = value.get_if<std::string>()) column.set_text(row, *text);
  if (const auto* integer = value.get_if<std::int64_t>()) column.set_integer(row, *integer);
  if (const auto* real = value.get_if<double>()) column.set_real(row, *real);
  if (const auto* truth = value.get_if<bool>()) column.set_integer(row, *truth ? 1 : 0);
  if (const auto* date = value.get_if<Date>()) column.set_integer(row, date->seconds);
  if (const auto* list = value.get_if<ListValue>()) {
    std::string cell;
    encode_list(*list, cell);
    column.set_text(row, cell);
  }
}

// Columns of equally many cells, each in the encoding that its cells lead to.
class TestBlock {
 public:
  struct Cells {
    FieldId field = 0;  // ascending
    Type type = Type::kString;
    std::vector<Value> values;
  };
  explicit TestBlock(const std::vector<Cells>& columns) {
    const std::size_t rows = columns.front().values.size();
    BlockWriter writer(0, static_cast<std::uint32_t>(rows), {}, columns.size());
    for (const Cells& each : columns) {
      ColumnBuffer buffer(each.type);
      buffer.resize(rows);
      for (std::size_t row = 0; row < rows; ++row) set_cell(buffer, row, each.values[row]);
      writer.add(each.field, buffer, 0, rows);
    }
    const std::string bytes = writer.finish();
    words_.resize(bytes.size() / 8 + 1);
    std::memcpy(words_.data(), bytes.data(), bytes.size());
  }

  // Valid as long as this lives.
  BlockView view() const { return BlockView::trusted(reinterpret_cast<const std::byte*>(words_.data())); }

 private:
  std::vector<std::uint64_t> words_;
};

}  // namespace slate
