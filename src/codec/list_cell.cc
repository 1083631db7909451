#include "codec/list_cell.h"

#include <cstring>

#include <slate/datasource.h>

#include "base/try.h"

namespace slate {
namespace {

constexpr std::uint8_t kNullTag = 0;
// Deeper than any declared type can nest.
constexpr int kMaxDepth = 2 * static_cast<int>(Limits::kNesting) + 2;

template <typename T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}
void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

void encode_value(const Value& value, std::string& out);

void encode_elements(const ListValue& list, std::string& out) {
  put(out, static_cast<std::uint32_t>(list.size()));
  for (const Value& element : list) encode_value(element, out);
}

void encode_value(const Value& value, std::string& out) {
  const auto tag = [&](Type type) { put(out, static_cast<std::uint8_t>(type)); };
  if (const auto* text = value.get_if<std::string>()) {
    tag(Type::kString);
    put_text(out, *text);
  } else if (const auto* integer = value.get_if<std::int64_t>()) {
    tag(Type::kInt);
    put(out, *integer);
  } else if (const auto* real = value.get_if<double>()) {
    tag(Type::kFloat);
    put(out, *real);
  } else if (const auto* truth = value.get_if<bool>()) {
    tag(Type::kBool);
    put(out, static_cast<std::uint8_t>(*truth ? 1 : 0));
  } else if (const auto* date = value.get_if<Date>()) {
    tag(Type::kDate);
    put(out, date->seconds);
  } else if (const auto* list = value.get_if<ListValue>()) {
    tag(Type::kList);
    encode_elements(*list, out);
  } else if (const auto* map = value.get_if<MapValue>()) {
    tag(Type::kMap);
    put(out, static_cast<std::uint32_t>(map->size()));
    for (const auto& [name, entry] : *map) {
      put_text(out, name);
      encode_value(entry, out);
    }
  } else {
    put(out, kNullTag);
  }
}

template <typename T>
std::optional<T> take(std::string_view& bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  bytes.remove_prefix(sizeof(T));
  return value;
}
std::optional<std::string_view> take_text(std::string_view& bytes) {
  const auto size = take<std::uint32_t>(bytes);
  if (!size || bytes.size() < *size) return std::nullopt;
  const std::string_view text = bytes.substr(0, *size);
  bytes.remove_prefix(*size);
  return text;
}

Failure malformed() { return fail(Reason::kCorrupt, "malformed list cell"); }

Result<Value> decode_value(std::string_view& bytes, int depth);

Result<ListValue> decode_elements(std::string_view& bytes, int depth) {
  const auto count = take<std::uint32_t>(bytes);
  // Each element takes at least its tag, which bounds what a hostile count can make us reserve.
  if (!count || *count > bytes.size() || depth > kMaxDepth) return malformed();
  ListValue list;
  list.reserve(*count);
  for (std::uint32_t i = 0; i < *count; ++i) {
    SLATE_TRY(Value element, decode_value(bytes, depth));
    list.push_back(std::move(element));
  }
  return list;
}

Result<Value> decode_map(std::string_view& bytes, int depth) {
  const auto count = take<std::uint32_t>(bytes);
  if (!count || *count > bytes.size() || depth > kMaxDepth) return malformed();
  MapValue map;
  for (std::uint32_t i = 0; i < *count; ++i) {
    const auto name = take_text(bytes);
    if (!name) return malformed();
    SLATE_TRY(Value entry, decode_value(bytes, depth));
    map.emplace_back(std::string(*name), std::move(entry));
  }
  return Value(std::move(map));
}

Result<Value> decode_value(std::string_view& bytes, int depth) {
  const auto tag = take<std::uint8_t>(bytes);
  if (!tag) return malformed();
  if (*tag == kNullTag) return Value();
  switch (static_cast<Type>(*tag)) {
    case Type::kString:
      if (const auto text = take_text(bytes)) return Value(*text);
      return malformed();
    case Type::kInt:
      if (const auto integer = take<std::int64_t>(bytes)) return Value(*integer);
      return malformed();
    case Type::kFloat:
      if (const auto real = take<double>(bytes)) return Value(*real);
      return malformed();
    case Type::kBool:
      if (const auto truth = take<std::uint8_t>(bytes)) return Value(*truth != 0);
      return malformed();
    case Type::kDate:
      if (const auto seconds = take<std::int64_t>(bytes)) return Value(Date{*seconds});
      return malformed();
    case Type::kList: {
      SLATE_TRY(ListValue list, decode_elements(bytes, depth + 1));
      return Value(std::move(list));
    }
    case Type::kMap: return decode_map(bytes, depth + 1);
  }
  return malformed();
}

}  // namespace

void encode_list(const ListValue& list, std::string& out) { encode_elements(list, out); }

Result<ListValue> decode_list(std::string_view bytes) {
  SLATE_TRY(ListValue list, decode_elements(bytes, 0));
  if (!bytes.empty()) return malformed();
  return list;
}

void encode_element(const Value& element, std::string& out) { encode_value(element, out); }

Result<Value> take_element(std::string_view& bytes) { return decode_value(bytes, 0); }

ListReader::ListReader(std::string_view bytes) : rest_(bytes) {
  left_ = take<std::uint32_t>(rest_).value_or(0);
}

std::optional<ListElement> ListReader::next() {
  while (left_ > 0) {
    --left_;
    const auto tag = take<std::uint8_t>(rest_);
    if (!tag) break;
    ListElement element{.type = static_cast<Type>(*tag), .integer = 0, .real = 0, .text = {}};
    switch (element.type) {
      case Type::kString: {
        const auto text = take_text(rest_);
        if (!text) return std::nullopt;
        element.text = *text;
        return element;
      }
      case Type::kInt:
      case Type::kDate: {
        const auto integer = take<std::int64_t>(rest_);
        if (!integer) return std::nullopt;
        element.integer = *integer;
        return element;
      }
      case Type::kFloat: {
        const auto real = take<double>(rest_);
        if (!real) return std::nullopt;
        element.real = *real;
        return element;
      }
      case Type::kBool: {
        const auto truth = take<std::uint8_t>(rest_);
        if (!truth) return std::nullopt;
        element.integer = *truth != 0 ? 1 : 0;
        return element;
      }
      default: return std::nullopt;  // null, nested or unknown: a declared element type is one of the above
    }
  }
  return std::nullopt;
}

}  // namespace slate
