// Tells the documents of a YAML text apart without parsing them. Private to this room.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace slate {

// A part of the text that holds one document. Refers to the text.
struct YamlPiece {
  std::string_view text;
  int line = 1;  // of its first line
};

// Cuts at the markers, "---" and "..." at the beginning of a line, where YAML allows nothing else to stand;
// parts of blanks, comments and directives only are left out. Stops after `most` pieces. O(bytes).
std::vector<YamlPiece> split_yaml(std::string_view text, std::size_t most);

// The first line with bytes that YAML text cannot have: invalid UTF-8 and control characters. A parser may
// take them for another encoding.
std::optional<int> unreadable_line(const YamlPiece& piece);

}  // namespace slate
