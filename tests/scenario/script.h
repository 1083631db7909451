// The text of a scenario taken apart: statements, and what is expected of each. The format: README.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>

namespace slate::scenario {

struct Line {
  int number = 0;
  std::string text;
};

struct ExpectedError {
  int line = 0;
  std::string reason;                // "invalid_argument"
  std::optional<std::string> field;  // absent: the error names none
  std::string part;                  // of the message or of the hint; empty: any
};

// Upper bounds of what a query may touch.
struct Examined {
  int line = 0;
  std::optional<std::uint64_t> keys;
  std::optional<std::uint64_t> rows;
  std::optional<std::uint64_t> blocks;
};

// A statement: its first line is the verb and its argument; lines of expectation follow, then the body.
struct Statement {
  int line = 0;
  std::string verb;
  std::string argument;
  std::optional<ExpectedError> error;
  std::optional<Line> plan;
  std::optional<Examined> examined;
  std::vector<Line> body;
};

// A mistake in a script, as everything that fails in one.
struct Complaint {
  int line = 0;
  std::string what;
};

struct Script {
  std::vector<Statement> statements;
  std::vector<Complaint> complaints;
};

Script parse_script(std::string_view text);

// `text` without the blanks around it.
std::string_view trimmed(std::string_view text);
// The words of a line; a word that begins with " is a JSON string, and may hold blanks.
std::vector<std::string> words_of(std::string_view text);

}  // namespace slate::scenario
