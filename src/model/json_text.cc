#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>
#include <string_view>

#include "model/json.h"

namespace slate {
namespace {

namespace json = boost::json;

void append_real(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  std::array<char, 32> buffer;
  const auto* end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  const std::string_view digits(buffer.data(), end);
  out += digits;
  if (digits.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append(std::string& out, const json::value& value) {
  if (const auto* object = value.if_object()) {
    char separator = '{';
    for (const auto& [name, member] : *object) {
      out += separator;
      out += json::serialize(json::string_view(name));
      out += ':';
      append(out, member);
      separator = ',';
    }
    out += object->empty() ? "{}" : "}";
  } else if (const auto* array = value.if_array()) {
    char separator = '[';
    for (const json::value& element : *array) {
      out += separator;
      append(out, element);
      separator = ',';
    }
    out += array->empty() ? "[]" : "]";
  } else if (value.is_double()) {
    append_real(out, value.get_double());
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string json_text(const json::value& json) {
  std::string text;
  append(text, json);
  return text;
}

}  // namespace slate
