#include "cli/text_table.h"

#include <algorithm>
#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace slate::cli {
namespace {

struct Character {
  UChar32 code = 0;  // negative: the bytes are not UTF-8
  std::string_view bytes;
};

// Takes the first character off `rest`. REQUIRES: not empty.
Character take(std::string_view& rest) {
  Character character;
  const auto length = static_cast<std::int32_t>(std::min<std::size_t>(rest.size(), 4));
  std::int32_t used = 0;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(rest.data());
  U8_NEXT(bytes, used, length, character.code);
  character.bytes = rest.substr(0, static_cast<std::size_t>(used));
  rest.remove_prefix(static_cast<std::size_t>(used));
  return character;
}

std::size_t width_of(UChar32 code) {
  const int category = u_charType(code);
  if (category == U_NON_SPACING_MARK || category == U_ENCLOSING_MARK || category == U_FORMAT_CHAR) return 0;
  const int width = u_getIntPropertyValue(code, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

bool is_unsafe(UChar32 code) {
  // Format characters change the direction of the text around them.
  return code < 0 || u_iscntrl(code) != 0 || u_charType(code) == U_FORMAT_CHAR ||
         u_charType(code) == U_LINE_SEPARATOR || u_charType(code) == U_PARAGRAPH_SEPARATOR;
}

std::string escaped(std::string_view bytes) {
  if (bytes == "\n") return "\\n";
  if (bytes == "\t") return "\\t";
  if (bytes == "\r") return "\\r";
  std::string text;
  for (const char byte : bytes) text += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  return text;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = take(text);
    width += character.code < 0 ? 1 : width_of(character.code);
  }
  return width;
}

std::string printable(std::string_view text, std::size_t most_columns) {
  std::string out;
  std::size_t width = 0;
  std::size_t fits = 0;  // bytes of `out` that leave room for the ellipsis
  while (!text.empty()) {
    const Character character = take(text);
    const std::string piece =
        is_unsafe(character.code) ? escaped(character.bytes) : std::string(character.bytes);
    width += is_unsafe(character.code) ? piece.size() : width_of(character.code);
    if (width > most_columns) {
      out.resize(fits);
      return out + "…";
    }
    out += piece;
    if (width + 1 <= most_columns) fits = out.size();
  }
  return out;
}

std::string render_table(const std::vector<TextColumn>& columns,
                         const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const TextColumn& column : columns) widths.push_back(display_width(column.title));
  for (const auto& row : rows)
    for (std::size_t i = 0; i < std::min(row.size(), widths.size()); ++i)
      widths[i] = std::max(widths[i], display_width(row[i]));

  std::string out;
  const auto line = [&](const auto& cell_of) {
    std::string text;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string& cell = cell_of(i);
      const std::string gap(widths[i] - display_width(cell), ' ');
      if (i > 0) text += "  ";
      text += columns[i].align == Align::kRight ? gap + cell : cell + gap;
    }
    text.resize(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  line([&](std::size_t i) -> const std::string& { return columns[i].title; });
  static const std::string none;
  for (const auto& row : rows)
    line([&](std::size_t i) -> const std::string& { return i < row.size() ? row[i] : none; });
  return out;
}

std::string render_markdown(const std::vector<TextColumn>& columns,
                            const std::vector<std::vector<std::string>>& rows) {
  std::string out = "|";
  for (const TextColumn& column : columns) out += " " + column.title + " |";
  out += "\n|";
  for (const TextColumn& column : columns) out += column.align == Align::kRight ? " ---: |" : " --- |";
  out += "\n";
  for (const auto& row : rows) {
    out += "|";
    for (std::size_t i = 0; i < columns.size(); ++i)
      out += i < row.size() && !row[i].empty() ? " " + row[i] + " |" : " |";
    out += "\n";
  }
  return out;
}

}  // namespace slate::cli
