#include "model/coerce.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <unicode/utf8.h>
#include <utility>

#include "base/ascii.h"
#include "base/try.h"
#include "model/date.h"

namespace slate {
namespace {

// Below it every whole double stands for one integer only.
constexpr double kWholeFloats = 9007199254740992.0;  // 2^53

enum class NullEntries { kKeep, kDrop };

Result<Value> coerce(Value value, const Field& field, NullEntries null_entries);

Failure mismatch(std::string_view expected, const Value& value) {
  return fail(Reason::kInvalidArgument, fmt::format("expected {}, got {}", expected, value.kind()));
}

// Says where inside a list or map it happened.
Failure inside(std::string where, Error error) {
  return fail(Reason::kInvalidArgument, fmt::format("{}: {}", where, error.message()));
}

Result<Value> to_string_value(Value value) {
  const auto* text = value.get_if<std::string>();
  if (text == nullptr) return mismatch("a string", value);
  if (text->size() > Limits::kStringBytes)
    return fail(Reason::kInvalidArgument, fmt::format("expected a string of at most {} bytes, got {} bytes",
                                                      Limits::kStringBytes, text->size()));
  if (!is_valid_utf8(*text)) return fail(Reason::kInvalidArgument, "expected valid UTF-8");
  return value;
}

Result<Value> digits_to_int(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range)
    return fail(Reason::kInvalidArgument, "expected an int of 64 bits, got more digits than fit");
  if (error != std::errc() || end != text.data() + text.size())
    return fail(Reason::kInvalidArgument,
                "expected an int or a string of digits, got a string of something else");
  return Value(number);
}

Result<Value> to_int_value(Value value) {
  if (value.get_if<std::int64_t>() != nullptr) return value;
  if (const auto* number = value.get_if<double>()) {
    if (!std::isfinite(*number) || std::trunc(*number) != *number)
      return fail(Reason::kInvalidArgument, fmt::format("expected an int, got {}", *number));
    if (std::abs(*number) >= kWholeFloats)
      return fail(
          Reason::kInvalidArgument,
          fmt::format("expected an int, got {}: a float this large has lost its last digits", *number));
    return Value(static_cast<std::int64_t>(*number));
  }
  if (const auto* text = value.get_if<std::string>()) return digits_to_int(*text);
  return mismatch("an int", value);
}

Result<Value> to_float_value(Value value) {
  if (const auto* number = value.get_if<std::int64_t>()) return Value(static_cast<double>(*number));
  const auto* number = value.get_if<double>();
  if (number == nullptr) return mismatch("a float", value);
  if (!std::isfinite(*number))
    return fail(Reason::kInvalidArgument, fmt::format("expected a finite float, got {}", *number));
  return Value(*number == 0.0 ? 0.0 : *number);
}

Result<Value> to_date_value(Value value) {
  if (value.get_if<Date>() != nullptr) return value;
  if (const auto* number = value.get_if<std::int64_t>()) return Value(Date{*number});
  if (const auto* text = value.get_if<std::string>()) {
    SLATE_TRY(const Date date, parse_date(*text));
    return Value(date);
  }
  return mismatch("a date", value);
}

Result<Value> to_list_value(Value value, const Field& field) {
  auto* list = value.get_if<ListValue>();
  if (list == nullptr) return mismatch("a list", value);
  for (std::size_t i = 0; i < list->size(); ++i) {
    Value& element = (*list)[i];
    if (element.is_null())
      return inside(fmt::format("element {}", i),
                    Error(Reason::kInvalidArgument, "expected a value, got null"));
    auto coerced = coerce(std::move(element), field.items.front(), NullEntries::kDrop);
    if (!coerced) return inside(fmt::format("element {}", i), coerced.error());
    element = *std::move(coerced);
  }
  return value;
}

Result<Value> to_map_value(Value value, const Field& field, NullEntries null_entries) {
  auto* map = value.get_if<MapValue>();
  if (map == nullptr) return mismatch("a map", value);
  std::vector<Value*> sent(field.fields.size(), nullptr);
  for (auto& [name, entry] : *map) {
    const auto declared = std::ranges::find(field.fields, name, &Field::name);
    if (declared == field.fields.end())
      return fail(Reason::kInvalidArgument, fmt::format("unknown entry \"{}\"", name.substr(0, 64)));
    Value*& slot = sent[static_cast<std::size_t>(declared - field.fields.begin())];
    if (slot != nullptr) return fail(Reason::kInvalidArgument, fmt::format("entry \"{}\" comes twice", name));
    slot = &entry;
  }
  MapValue ordered;
  ordered.reserve(map->size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    if (sent[i] == nullptr || (sent[i]->is_null() && null_entries == NullEntries::kDrop)) continue;
    auto coerced = coerce(std::move(*sent[i]), field.fields[i], null_entries);
    if (!coerced) return inside(fmt::format("entry \"{}\"", field.fields[i].name), coerced.error());
    ordered.emplace_back(field.fields[i].name, *std::move(coerced));
  }
  return Value(std::move(ordered));
}

// Recursion is bounded by the depth of the declaration, not by that of the value.
Result<Value> coerce(Value value, const Field& field, NullEntries null_entries) {
  if (value.is_null()) return value;
  switch (field.type) {
    case Type::kString: return to_string_value(std::move(value));
    case Type::kInt: return to_int_value(std::move(value));
    case Type::kFloat: return to_float_value(std::move(value));
    case Type::kBool:
      if (value.get_if<bool>() == nullptr) return mismatch("a bool", value);
      return value;
    case Type::kDate: return to_date_value(std::move(value));
    case Type::kList: return to_list_value(std::move(value), field);
    case Type::kMap: return to_map_value(std::move(value), field, null_entries);
  }
  return fail(Reason::kInternal, "a field of an unknown type");
}

// Length of the leading run of ASCII, in whole words.
std::size_t ascii_words(std::string_view text) {
  std::size_t length = 0;
  for (; length + sizeof(std::uint64_t) <= text.size(); length += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + length, sizeof word);
    if ((word & 0x8080808080808080u) != 0) break;
  }
  return length;
}

// U8_NEXT narrows on purpose, in this file's name.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
// Moves past one character; false if it is not well formed.
bool skip_character(const char* bytes, std::size_t size, std::size_t& at) {
  UChar32 character = 0;
  U8_NEXT(bytes, at, size, character);
  return character >= 0;
}
#pragma GCC diagnostic pop

}  // namespace

Result<Value> coerce(Value value, const Field& field) {
  return coerce(std::move(value), field, NullEntries::kKeep);
}

bool is_valid_utf8(std::string_view text) {
  if (is_ascii(text)) return true;
  std::size_t at = 0;
  while (at < text.size()) {
    at += ascii_words(text.substr(at));
    // One word's worth of characters, then ASCII is tried again.
    for (int step = 0; step < 8 && at < text.size(); ++step)
      if (!skip_character(text.data(), text.size(), at)) return false;
  }
  return true;
}

Result<void> validate_record_id(std::string_view id) {
  if (id.empty() || id.size() > Limits::kRecordIdBytes)
    return fail(Reason::kInvalidArgument, fmt::format("expected a record id of 1 to {} bytes, got {}",
                                                      Limits::kRecordIdBytes, id.size()));
  if (!is_valid_utf8(id)) return fail(Reason::kInvalidArgument, "expected a record id of valid UTF-8");
  return {};
}

}  // namespace slate
