// Columns of text for a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slate::cli {

enum class Align : std::uint8_t { kLeft, kRight };

struct TextColumn {
  std::string title;
  Align align = Align::kLeft;
};

// A header line and a line a row, each column as wide as its widest cell, two blanks between columns, no
// blanks at the end of a line. Rows may be shorter than the header. O(cells).
std::string render_table(const std::vector<TextColumn>& columns,
                         const std::vector<std::vector<std::string>>& rows);
// The same as a table of Markdown. Cells are Markdown already.
std::string render_markdown(const std::vector<TextColumn>& columns,
                            const std::vector<std::vector<std::string>>& rows);

// Text that is safe to show: control characters, which could steer the terminal, and bytes that are not UTF-8
// come out as escapes (\n, \t, \x1b). Cut to `most_columns` with an ellipsis.
std::string printable(std::string_view text, std::size_t most_columns = 64);

// Terminal columns that UTF-8 text takes: wide East Asian characters two, combining marks none.
std::size_t display_width(std::string_view text);

}  // namespace slate::cli
