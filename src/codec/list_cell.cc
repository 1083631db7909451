#include "codec/list_cell.h"

#include <slate/datasource.h>

#include "base/try.h"

namespace slate {
namespace {

constexpr std::uint8_t kNullTag = 0;
// Deeper than any declared type can nest.
constexpr int kMaxDepth = 2 * static_cast<int>(Limits::kNesting) + 2;

void encode_value(const Value& value, std::string& out);

void encode_elements(const ListValue& list, std::string& out) {
  put(out, static_cast<std::uint32_t>(list.size()));
  for (const Value& element : list) encode_value(element, out);
}

void encode_value(const Value& value, std::string& out) {
  if (const auto* text = value.get_if<std::string>()) {
    put_scalar(out, std::string_view(*text));
  } else if (const auto* integer = value.get_if<std::int64_t>()) {
    put_scalar(out, *integer);
  } else if (const auto* real = value.get_if<double>()) {
    put_scalar(out, *real);
  } else if (const auto* truth = value.get_if<bool>()) {
    put_scalar(out, *truth);
  } else if (const auto* date = value.get_if<Date>()) {
    put_scalar(out, *date);
  } else if (const auto* list = value.get_if<ListValue>()) {
    put_tag(out, Type::kList);
    encode_elements(*list, out);
  } else if (const auto* map = value.get_if<MapValue>()) {
    put_tag(out, Type::kMap);
    put(out, static_cast<std::uint32_t>(map->size()));
    for (const auto& [name, entry] : *map) {
      put_text(out, name);
      encode_value(entry, out);
    }
  } else {
    put(out, kNullTag);
  }
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
  if (const auto scalar = take_scalar(bytes))
    return visit_scalar(*scalar, [](const auto& value) { return Value(value); });
  const auto tag = take<std::uint8_t>(bytes);
  if (!tag) return malformed();
  if (*tag == kNullTag) return Value();
  switch (static_cast<Type>(*tag)) {
    case Type::kList: {
      SLATE_TRY(ListValue list, decode_elements(bytes, depth + 1));
      return Value(std::move(list));
    }
    case Type::kMap: return decode_map(bytes, depth + 1);
    default: return malformed();
  }
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
  if (left_ == 0) return std::nullopt;
  auto element = take_scalar(rest_);
  left_ = element ? left_ - 1 : 0;
  return element;
}

}  // namespace slate
