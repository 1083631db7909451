#include "model/yaml_split.h"

#include <algorithm>

#include "model/coerce.h"

namespace slate {
namespace {

// "---" or "..." at the beginning of a line, where nothing else can stand.
bool is_marker(std::string_view line, std::string_view marker) {
  return line.starts_with(marker) &&
         (line.size() == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r' || line[3] == '\n');
}

// Blank, a comment, or a directive: what may stand before a document.
bool is_idle(std::string_view line) {
  const auto first = line.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos || line[first] == '#' || line[0] == '%';
}

}  // namespace

std::vector<YamlPiece> split_yaml(std::string_view text, std::size_t most) {
  std::vector<YamlPiece> pieces;
  std::size_t begin = 0;
  int begin_line = 1;
  bool idle = true;
  const auto finish = [&](std::size_t end) {
    if (!idle && pieces.size() < most)
      pieces.push_back({.text = text.substr(begin, end - begin), .line = begin_line});
  };
  int line_number = 1;
  for (std::size_t at = 0; at < text.size() && pieces.size() < most; ++line_number) {
    const auto newline = text.find('\n', at);
    const std::size_t next = newline == std::string_view::npos ? text.size() : newline + 1;
    const auto line = text.substr(at, next - at);
    if (is_marker(line, "---")) {
      finish(at);
      begin = at;
      begin_line = line_number;
      idle = is_idle(line.substr(3));
    } else if (is_marker(line, "...")) {
      finish(at);
      begin = next;
      begin_line = line_number + 1;
      idle = true;
    } else {
      idle = idle && is_idle(line);
    }
    at = next;
  }
  finish(text.size());
  return pieces;
}

std::optional<int> unreadable_line(const YamlPiece& piece) {
  int line_number = piece.line;
  for (std::size_t at = 0; at < piece.text.size(); ++line_number) {
    const auto newline = piece.text.find('\n', at);
    const std::size_t next = newline == std::string_view::npos ? piece.text.size() : newline + 1;
    const auto line = piece.text.substr(at, next - at);
    const bool control = std::ranges::any_of(line, [](char c) {
      return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r' && c != '\n';
    });
    if (control || !is_valid_utf8(line)) return line_number;
    at = next;
  }
  return std::nullopt;
}

}  // namespace slate
