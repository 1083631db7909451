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

// Whether one of 8 bytes is below 0x20, a quote or a backslash. A byte from 0x80 on may be taken for one of
// them when its neighbour is, which only costs a second look.
bool may_need_escape(std::uint64_t bytes) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  const auto has_zero = [](std::uint64_t word) { return (word - kOnes) & ~word & kHighs; };
  const std::uint64_t control = (bytes - kOnes * 0x20) & ~bytes & kHighs;
  return (control | has_zero(bytes ^ kOnes * '"') | has_zero(bytes ^ kOnes * '\\')) != 0;
}

template <typename Word>
std::uint64_t load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// Words that overlap at the end spare a look at single bytes: most cells are a word or two.
bool may_need_escape(std::string_view text) {
  const char* const end = text.data() + text.size();
  if (text.size() >= 8) {
    for (const char* at = text.data(); at < end - 8; at += 8)
      if (may_need_escape(load<std::uint64_t>(at))) return true;
    return may_need_escape(load<std::uint64_t>(end - 8));
  }
  if (text.size() >= 4)
    return may_need_escape(load<std::uint32_t>(text.data()) | load<std::uint32_t>(end - 4) << 32);
  return !text.empty();
}

bool needs_escape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default:
      static constexpr std::string_view kDigits = "0123456789abcdef";
      out += "\\u00";
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
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
  if (!may_need_escape(text)) {
    // Most texts; in one step, as pages are made of them.
    const std::size_t at = out.size();
    const std::size_t size = at + text.size() + 2;
    out.resize_and_overwrite(size, [&](char* bytes, std::size_t /*may be more*/) {
      bytes[at] = '"';
      if (!text.empty()) std::memcpy(bytes + at + 1, text.data(), text.size());
      bytes[size - 1] = '"';
      return size;
    });
    return;
  }
  out += '"';
  for (std::size_t done = 0;;) {
    const std::size_t end = find_escape(text, done);
    out.append(text.data() + done, end - done);
    if (end == text.size()) break;
    append_escape(out, text[end]);
    done = end + 1;
  }
  out += '"';
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

void append_json_cell(std::string& out, const ColumnView& cells, std::size_t row, const ResultColumn& column,
                      Int64Form form) {
  switch (column.type) {
    case Type::kString: return append_json_string(out, cells.text(row));
    case Type::kInt: return append_int64(out, cells.integer(row), form);
    case Type::kFloat: return append_real(out, cells.real(row));
    case Type::kBool: out += cells.integer(row) != 0 ? "true" : "false"; return;
    case Type::kDate: return append_json_date(out, cells.integer(row));
    case Type::kList: return append_json_list(out, cells.text(row), column.items.front(), form);
    case Type::kMap:
      out += "null";  // maps come as their leaves
      return;
  }
}

}  // namespace slate::api
