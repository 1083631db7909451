// The values that cells hold.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <slate/error.h>

namespace slate {

// Never renumber: the numbers are in the catalog and in blocks.
enum class Type : std::uint8_t {
  kString = 1,
  kInt = 2,
  kFloat = 3,
  kBool = 4,
  kDate = 5,
  kList = 6,
  kMap = 7
};

// "string", "int", ...
std::string_view type_name(Type type);
// invalid_argument for any other word.
Result<Type> parse_type(std::string_view name);

// Seconds since 1970-01-01 UTC. A type of its own, so that a date is never taken for a count.
struct Date {
  std::int64_t seconds = 0;
  auto operator<=>(const Date&) const = default;
};

class Value;
using ListValue = std::vector<Value>;
// Entries in the order they were given; names are unique once a record has been validated.
using MapValue = std::vector<std::pair<std::string, Value>>;
// An absent cell. There is no other null.
using Null = std::monostate;

// One value of any type, or null. Owns what it holds; copying copies deeply.
class Value {
 public:
  using Variant = std::variant<Null, std::string, std::int64_t, double, bool, Date, ListValue, MapValue>;

  Value() = default;
  Value(Null) {}
  Value(std::string text) : variant_(std::move(text)) {}
  Value(std::string_view text) : variant_(std::string(text)) {}
  Value(const char* text) : variant_(std::string(text)) {}
  Value(std::int64_t number) : variant_(number) {}
  Value(int number) : variant_(static_cast<std::int64_t>(number)) {}
  Value(double number) : variant_(number) {}
  Value(bool truth) : variant_(truth) {}
  Value(Date date) : variant_(date) {}
  Value(ListValue list) : variant_(std::move(list)) {}
  Value(MapValue map) : variant_(std::move(map)) {}

  bool is_null() const { return std::holds_alternative<Null>(variant_); }
  template <typename T>
  const T* get_if() const {
    return std::get_if<T>(&variant_);
  }
  template <typename T>
  T* get_if() {
    return std::get_if<T>(&variant_);
  }
  const Variant& variant() const { return variant_; }
  // "null", "string", "int", "float", "bool", "date", "list" or "map": for error messages.
  std::string_view kind() const;

  // Same kind and equal contents. Floats compare as numbers.
  bool operator==(const Value& other) const = default;

 private:
  Variant variant_;
};

}  // namespace slate
