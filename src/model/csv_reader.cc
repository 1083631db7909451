#include "model/csv_reader.h"

#include <fmt/format.h>
#include <utility>

#include "base/try.h"

namespace slate {
namespace {

constexpr int kEnd = std::char_traits<char>::eof();

Failure wrong(std::size_t line, std::string_view what) {
  return fail(Reason::kInvalidArgument, fmt::format("line {}: {}", line, what));
}

}  // namespace

CsvReader::CsvReader(std::istream& in) : in_(in) {
  static constexpr unsigned char kMark[] = {0xEF, 0xBB, 0xBF};
  for (std::size_t i = 0; i < sizeof kMark; ++i) {
    if (peek() != kMark[i]) {
      // What is half a mark is a text that begins so: no UTF-8, and no reader's business.
      for (; i > 0; --i) {
        in_.unget();
        --bytes_;
      }
      return;
    }
    take();
  }
}

int CsvReader::peek() { return in_.rdbuf()->sgetc(); }

int CsvReader::take() {
  const int c = in_.rdbuf()->sbumpc();
  if (c != kEnd) ++bytes_;
  if (c == '\n') ++line_;
  return c;
}

Result<std::optional<CsvRow>> CsvReader::next() {
  for (;;) {
    if (peek() == kEnd) return std::nullopt;
    CsvRow row{.cells = {}, .line = line_};
    row_bytes_ = 0;
    for (bool more = true; more;) {
      SLATE_TRY(more, read_cell(row));
    }
    const bool is_blank = row.cells.size() == 1 && row.cells[0] == CsvCell{};
    if (!is_blank) return row;
  }
}

// True when another cell of the row follows.
Result<bool> CsvReader::read_cell(CsvRow& row) {
  if (row.cells.size() == kRowCells)
    return wrong(row.line, fmt::format("more than {} cells in a row", kRowCells));
  CsvCell& cell = row.cells.emplace_back();
  if (peek() == '"') SLATE_TRY(read_quoted(cell));
  for (;;) {
    const std::size_t line = line_;
    const int c = take();
    if (c == ',') return true;
    if (c == kEnd || c == '\n') return false;
    if (c == '\r' && (peek() == '\n' || peek() == kEnd)) {
      take();
      return false;
    }
    if (cell.is_quoted) return wrong(line, "a cell goes on behind its closing quote");
    if (c == '"') return wrong(line, "a quote within a cell that does not begin with one");
    if (++row_bytes_ > kRowBytes) return wrong(row.line, "a row of more than 64 MiB");
    cell.text += static_cast<char>(c);
  }
}

Result<void> CsvReader::read_quoted(CsvCell& cell) {
  const std::size_t line = line_;
  cell.is_quoted = true;
  take();
  for (;;) {
    const int c = take();
    if (c == kEnd) return wrong(line, "a quote is never closed");
    if (c == '"') {
      if (peek() != '"') return {};
      take();
    }
    if (++row_bytes_ > kRowBytes) return wrong(line, "a row of more than 64 MiB");
    cell.text += static_cast<char>(c);
  }
}

}  // namespace slate
