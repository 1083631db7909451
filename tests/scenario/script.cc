#include "scenario/script.h"

#include <charconv>
#include <utility>

#include "scenario/cells.h"

namespace slate::scenario {
namespace {

bool is_blank(char c) { return c == ' '; }

// The rest of `line` when it begins with `word`.
std::optional<std::string_view> after_word(std::string_view line, std::string_view word) {
  if (!line.starts_with(word)) return std::nullopt;
  line.remove_prefix(word.size());
  if (!line.empty() && !is_blank(line.front())) return std::nullopt;
  return trimmed(line);
}

// "keys<=3 rows<=3 blocks<=1"
bool read_examined(std::string_view text, Examined& examined) {
  const auto words = words_of(text);
  for (const std::string& word : words) {
    const std::size_t sign = word.find("<=");
    if (sign == std::string::npos) return false;
    std::uint64_t bound = 0;
    const char* end = word.data() + word.size();
    if (std::from_chars(word.data() + sign + 2, end, bound).ptr != end) return false;
    const std::string_view what = std::string_view(word).substr(0, sign);
    if (what == "keys")
      examined.keys = bound;
    else if (what == "rows")
      examined.rows = bound;
    else if (what == "blocks")
      examined.blocks = bound;
    else
      return false;
  }
  return !words.empty();
}

// "invalid_argument age expected an int": reason, field or -, part of the message.
bool read_error(std::string_view text, ExpectedError& error) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) return false;
  error.reason = text.substr(0, blank);
  const std::string_view rest = trimmed(text.substr(blank));
  const std::size_t end = rest.find(' ');
  const std::string_view field = rest.substr(0, end);
  if (field != "-") error.field = field;
  if (end != std::string_view::npos) error.part = trimmed(rest.substr(end));
  return true;
}

// Takes the line when it is an expectation. Complains when it is one and cannot be read.
bool take_expectation(const Line& line, Statement& statement, Script& script) {
  bool good = true;
  if (const auto plan = after_word(line.text, "plan")) {
    statement.plan = Line{.number = line.number, .text = std::string(*plan)};
  } else if (const auto examined = after_word(line.text, "examined")) {
    good = read_examined(*examined, statement.examined.emplace(Examined{.line = line.number}));
  } else if (const auto error = after_word(line.text, "error")) {
    good = read_error(*error, statement.error.emplace(ExpectedError{.line = line.number}));
  } else {
    return false;
  }
  if (!good) script.complaints.push_back({.line = line.number, .what = "cannot read: " + line.text});
  return true;
}

void finish(Statement statement, Script& script) {
  std::vector<Line> body;
  for (Line& line : std::exchange(statement.body, {}))
    if (!take_expectation(line, statement, script)) body.push_back(std::move(line));
  statement.body = std::move(body);
  script.statements.push_back(std::move(statement));
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
    std::size_t end = text.front() == '"' ? quoted_end(text, 0) : 0;
    while (end < text.size() && !is_blank(text[end])) ++end;
    const std::string_view word = text.substr(0, end);
    const auto unquoted = word.front() == '"' ? evaluate_string(word) : Result<std::string>(word);
    words.push_back(unquoted.value_or(std::string(word)));
    text.remove_prefix(end);
  }
  return words;
}

Script parse_script(std::string_view text) {
  Script script;
  std::optional<Statement> open;
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (trimmed(line).empty()) {
      if (open) finish(*std::exchange(open, std::nullopt), script);
    } else if (line.front() == '#') {
      continue;
    } else if (open) {
      open->body.push_back({.number = number, .text = std::string(line)});
    } else {
      const std::size_t blank = line.find(' ');
      open = Statement{.line = number, .verb = std::string(line.substr(0, blank))};
      if (blank != std::string_view::npos) open->argument = trimmed(line.substr(blank));
    }
  }
  if (open) finish(*std::move(open), script);
  return script;
}

}  // namespace slate::scenario
