// Numbers, texts and tagged scalars as bytes: what cells of lists and rows on the wire are made of.
// Little-endian, as docs/formats/block.md has it.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include <slate/value.h>

namespace slate {

template <typename T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}
// Its length, and itself. REQUIRES: less than 4 GiB.
inline void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}
inline void put_tag(std::string& out, Type type) { put(out, static_cast<std::uint8_t>(type)); }

inline void put_scalar(std::string& out, std::string_view text) {
  put_tag(out, Type::kString);
  put_text(out, text);
}
inline void put_scalar(std::string& out, std::int64_t integer) {
  put_tag(out, Type::kInt);
  put(out, integer);
}
inline void put_scalar(std::string& out, double real) {
  put_tag(out, Type::kFloat);
  put(out, real);
}
inline void put_scalar(std::string& out, bool truth) {
  put_tag(out, Type::kBool);
  put(out, static_cast<std::uint8_t>(truth ? 1 : 0));
}
inline void put_scalar(std::string& out, Date date) {
  put_tag(out, Type::kDate);
  put(out, date.seconds);
}

// These take what they give off the front of `bytes`; absent, and nothing is taken, where it is not there.
template <typename T>
std::optional<T> take(std::string_view& bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  bytes.remove_prefix(sizeof(T));
  return value;
}
inline std::optional<std::string_view> take_text(std::string_view& bytes) {
  std::string_view rest = bytes;
  const auto size = take<std::uint32_t>(rest);
  if (!size || rest.size() < *size) return std::nullopt;
  bytes = rest.substr(*size);
  return rest.substr(0, *size);
}

// A scalar, as the element of a list or by itself, read in place.
struct ListElement {
  Type type = Type::kString;
  std::int64_t integer = 0;  // int, date, bool
  double real = 0;
  std::string_view text;
};
// Absent for null, lists, maps and unknown tags, too.
inline std::optional<ListElement> take_scalar(std::string_view& bytes) {
  std::string_view rest = bytes;
  const auto tag = take<std::uint8_t>(rest);
  if (!tag) return std::nullopt;
  ListElement scalar{.type = static_cast<Type>(*tag), .integer = 0, .real = 0, .text = {}};
  const auto read = [&](const auto& found, auto& into) {
    if (found) into = *found;
    return found.has_value();
  };
  bool is_there = false;
  switch (scalar.type) {
    case Type::kString: is_there = read(take_text(rest), scalar.text); break;
    case Type::kInt:
    case Type::kDate: is_there = read(take<std::int64_t>(rest), scalar.integer); break;
    case Type::kFloat: is_there = read(take<double>(rest), scalar.real); break;
    case Type::kBool:
      if (const auto truth = take<std::uint8_t>(rest)) {
        scalar.integer = *truth != 0 ? 1 : 0;
        is_there = true;
      }
      break;
    default: break;
  }
  if (!is_there) return std::nullopt;
  bytes = rest;
  return scalar;
}

// What the scalar is, as a type of its own.
template <typename Use>
auto visit_scalar(const ListElement& scalar, Use use) {
  switch (scalar.type) {
    case Type::kInt: return use(scalar.integer);
    case Type::kFloat: return use(scalar.real);
    case Type::kBool: return use(scalar.integer != 0);
    case Type::kDate: return use(Date{scalar.integer});
    default: return use(scalar.text);
  }
}

}  // namespace slate
