#include "api/render/cell_text.h"

#include <array>
#include <charconv>
#include <cstring>

#include "codec/list_cell.h"
#include "model/date.h"

namespace slate::api {
namespace {

constexpr std::int64_t kFirstDate = -62'167'219'200;  // 0000-01-01T00:00:00Z
constexpr std::int64_t kLastDate = 253'402'300'799;   // 9999-12-31T23:59:59Z
constexpr std::int64_t kLargestExact = std::int64_t{1} << 53;

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

// Whether one of 8 bytes is below 0x20, a quote or a backslash. A byte from 0x80 on may be taken for one of
// them when its neighbour is, which only costs a second look.
bool may_need_escape(std::uint64_t bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  const auto has_zero = [](std::uint64_t word) { return (word - kOnes) & ~word & kHighs; };
  const std::uint64_t control = (bytes - kOnes * 0x20) & ~bytes & kHighs;
  return (control | has_zero(bytes ^ kOnes * '"') | has_zero(bytes ^ kOnes * '\\')) != 0;
}
bool may_need_escape(std::uint32_t bytes) { return may_need_escape(std::uint64_t{bytes} << 32 | bytes); }

template <typename Word>
Word load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// Word by word, of which the last overlaps the one before.
template <typename Word>
bool copy_plain_words(std::string_view text, char* to) {
  const auto copy = [&](std::size_t at) {
    const auto word = load<Word>(text.data() + at);
    std::memcpy(to + at, &word, sizeof word);
    return !may_need_escape(word);
  };
  const std::size_t last = text.size() - sizeof(Word);
  for (std::size_t at = 0; at < last; at += sizeof(Word))
    if (!copy(at)) return false;
  return copy(last);
}

// Copies a text that needs no escape. False, and anything at `to`, when it may need one.
bool copy_plain(std::string_view text, char* to) {
  if (text.size() >= 8) return copy_plain_words<std::uint64_t>(text, to);
  if (text.size() >= 4) return copy_plain_words<std::uint32_t>(text, to);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (needs_escape(text[i])) return false;
    to[i] = text[i];
  }
  return true;
}

void append_escape(TextAppender& out, char c) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  switch (c) {
    case '"': return out.append("\\\"");
    case '\\': return out.append("\\\\");
    case '\b': return out.append("\\b");
    case '\f': return out.append("\\f");
    case '\n': return out.append("\\n");
    case '\r': return out.append("\\r");
    case '\t': return out.append("\\t");
    default:
      out.append("\\u00");
      out.append(kDigits[static_cast<unsigned char>(c) >> 4]);
      out.append(kDigits[static_cast<unsigned char>(c) & 15]);
  }
}

// The first position from `from` on whose byte must be escaped; the size when there is none.
std::size_t find_escape(std::string_view text, std::size_t from) {
  while (from + 8 <= text.size() && !may_need_escape(load<std::uint64_t>(text.data() + from))) from += 8;
  while (from < text.size() && !needs_escape(text[from])) ++from;
  return from;
}

void append_int64(std::string& out, std::int64_t number, Int64Form form) {
  const bool as_string = form == Int64Form::kString && (number > kLargestExact || number < -kLargestExact);
  if (as_string) out += '"';
  append_integer(out, number);
  if (as_string) out += '"';
}

struct AppendValue {
  std::string& out;
  Int64Form form;

  void operator()(Null) const { out += "null"; }
  void operator()(const std::string& text) const { append_json_string(out, text); }
  void operator()(std::int64_t number) const { append_int64(out, number, form); }
  void operator()(double number) const { append_real(out, number); }
  void operator()(bool truth) const { out += truth ? "true" : "false"; }
  void operator()(Date date) const { append_json_date(out, date.seconds); }
  void operator()(const ListValue& list) const {
    out += '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out += ',';
      append_json_value(out, list[i], form);
    }
    out += ']';
  }
  void operator()(const MapValue& map) const {
    out += '{';
    for (std::size_t i = 0; i < map.size(); ++i) {
      if (i > 0) out += ',';
      append_json_string(out, map[i].first);
      out += ':';
      append_json_value(out, map[i].second, form);
    }
    out += '}';
  }
};

void append_element(std::string& out, const ListElement& element, Int64Form form) {
  switch (element.type) {
    case Type::kInt: return append_int64(out, element.integer, form);
    case Type::kDate: return append_json_date(out, element.integer);
    case Type::kBool: out += element.integer != 0 ? "true" : "false"; return;
    case Type::kFloat: return append_real(out, element.real);
    default: return append_json_string(out, element.text);
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  TextAppender appender(out);
  append_json_string(appender, text);
}

void append_json_string(TextAppender& out, std::string_view text) {
  const std::size_t size = text.size() + 2;
  char* const to = out.room(size);
  if (copy_plain(text, to + 1)) {
    to[0] = to[size - 1] = '"';
    return out.passed(size);
  }
  out.append('"');
  for (std::size_t done = 0;;) {
    const std::size_t end = find_escape(text, done);
    out.append(text.substr(done, end - done));
    if (end == text.size()) break;
    append_escape(out, text[end]);
    done = end + 1;
  }
  out.append('"');
}

void append_integer(std::string& out, std::int64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_real(std::string& out, double number) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_json_date(std::string& out, std::int64_t seconds) {
  const bool as_text = seconds >= kFirstDate && seconds <= kLastDate;
  if (as_text) out += '"';
  append_date(out, Date{seconds});
  if (as_text) out += '"';
}

void append_json_time(std::string& out, UnixMillis time) {
  append_json_date(out, time / 1000 - (time % 1000 < 0 ? 1 : 0));
}

void append_json_value(std::string& out, const Value& value, Int64Form form) {
  std::visit(AppendValue{out, form}, value.variant());
}

void append_json_list(std::string& out, std::string_view cell, const Field& element, Int64Form form) {
  if (element.type == Type::kList || element.type == Type::kMap) {
    const auto list = decode_list(cell);
    // Blocks carry checksums: bytes that were read are those that were written.
    if (list)
      append_json_value(out, Value(*list), form);
    else
      out += "null";
    return;
  }
  out += '[';
  ListReader reader(cell);
  bool first = true;
  while (const auto value = reader.next()) {
    if (!first) out += ',';
    first = false;
    append_element(out, *value, form);
  }
  out += ']';
}

void append_json_cell(TextAppender& out, const ColumnView& cells, std::size_t row, const ResultColumn& column,
                      Int64Form form) {
  switch (column.type) {
    case Type::kString: return append_json_string(out, cells.text(row));
    case Type::kBool: return out.append(cells.integer(row) != 0 ? "true" : "false");
    case Type::kInt:
      return out.append_by([&](std::string& to) { append_int64(to, cells.integer(row), form); });
    case Type::kFloat: return out.append_by([&](std::string& to) { append_real(to, cells.real(row)); });
    case Type::kDate:
      return out.append_by([&](std::string& to) { append_json_date(to, cells.integer(row)); });
    case Type::kList:
      return out.append_by(
          [&](std::string& to) { append_json_list(to, cells.text(row), column.items.front(), form); });
    case Type::kMap: return out.append("null");  // maps come as their leaves
  }
}

}  // namespace slate::api
