// Any bytes as CSV: nothing crashes, rows are read to the end or to a mistake, and what is read survives
// being written in quotes and read again.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "model/csv_reader.h"

namespace {

std::string quoted(const std::vector<slate::CsvRow>& rows) {
  std::string text;
  for (const auto& row : rows) {
    for (const auto& cell : row.cells) {
      if (&cell != &row.cells.front()) text += ',';
      text += '"';
      for (const char c : cell.text) text += c == '"' ? std::string("\"\"") : std::string(1, c);
      text += '"';
    }
    text += '\n';
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slate;
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::istringstream in(text);
  CsvReader reader(in);
  std::vector<CsvRow> rows;
  for (;;) {
    auto row = reader.next();
    if (!row) {
      check(row.error().message().starts_with("line "), "a mistake has a line");
      break;
    }
    if (!*row) {
      check(reader.bytes() == size, "everything was read");
      break;
    }
    rows.push_back(**std::move(row));
  }
  std::istringstream again(quoted(rows));
  CsvReader second(again);
  for (const CsvRow& expected : rows) {
    const auto row = second.next();
    check(row && *row && (*row)->cells.size() == expected.cells.size(), "a written row is read back");
    for (std::size_t i = 0; i < expected.cells.size(); ++i)
      check((*row)->cells[i].text == expected.cells[i].text, "a written cell is read back");
  }
  return 0;
}
