// JSON Schema as far as the OpenAPI document uses it. A keyword that is not known here is a mistake of the
// document.
#pragma once

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace slate::api::testing {

class JsonSchema {
 public:
  // `document` is what references point into; it must outlive this.
  explicit JsonSchema(const boost::json::value& document) : document_(document) {}

  // What is wrong with the value, each with the place where; empty when it is valid.
  std::vector<std::string> check(const boost::json::value& schema, const boost::json::value& value) const {
    std::vector<std::string> problems;
    check(schema, value, "", problems);
    return problems;
  }

  // Behind its references.
  const boost::json::value* resolve(const boost::json::value& schema) const {
    const auto* reference = schema.as_object().if_contains("$ref");
    if (reference == nullptr) return &schema;
    const auto& text = reference->as_string();
    return resolve(document_.at_pointer(boost::json::string_view(text.data(), text.size()).substr(1)));
  }

  // Keywords that this does not know, and references that point nowhere, anywhere inside.
  std::vector<std::string> mistakes(const boost::json::value& schema) const {
    std::vector<std::string> found;
    look(schema, found);
    return found;
  }

 private:
  using Value = boost::json::value;
  using Problems = std::vector<std::string>;

  static bool has_type(const Value& value, std::string_view type) {
    if (type == "null") return value.is_null();
    if (type == "boolean") return value.is_bool();
    if (type == "string") return value.is_string();
    if (type == "array") return value.is_array();
    if (type == "object") return value.is_object();
    if (type == "number") return value.is_number();
    return type == "integer" && (value.is_int64() || value.is_uint64());
  }

  static bool has_type(const Value& value, const Value& types) {
    if (types.is_string()) return has_type(value, std::string_view(types.as_string()));
    return std::ranges::any_of(types.as_array(), [&](const Value& type) {
      return has_type(value, std::string_view(type.as_string()));
    });
  }

  std::size_t matches(const Value& schemas, const Value& value) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        schemas.as_array(), [&](const Value& schema) { return check(schema, value).empty(); }));
  }

  void check(const Value& schema_or_reference, const Value& value, const std::string& place,
             Problems& problems) const {
    const auto& schema = resolve(schema_or_reference)->as_object();
    const auto wrong = [&](const std::string& what) {
      problems.push_back(place + ": " + what + ": " + boost::json::serialize(value).substr(0, 200));
    };
    for (const auto& entry : schema) {
      const std::string_view keyword = entry.key();
      const Value& argument = entry.value();
      if (keyword == "type" && !has_type(value, argument))
        wrong("not of type " + boost::json::serialize(argument));
      if (keyword == "const" && value != argument) wrong("not " + boost::json::serialize(argument));
      if (keyword == "enum" && std::ranges::find(argument.as_array(), value) == argument.as_array().end())
        wrong("none of " + boost::json::serialize(argument));
      if (keyword == "oneOf" && matches(argument, value) != 1) wrong("not exactly one alternative");
      if (keyword == "allOf")
        for (const Value& each : argument.as_array()) check(each, value, place, problems);
      if (value.is_number()) check_number(keyword, argument, value, wrong);
      if (value.is_string()) check_string(keyword, argument, std::string(value.as_string()), wrong);
      if (value.is_array()) check_array(keyword, argument, value, place, problems, wrong);
    }
    if (value.is_object()) check_object(schema, value.as_object(), place, problems);
  }

  template <typename Wrong>
  static void check_number(std::string_view keyword, const Value& argument, const Value& value, Wrong wrong) {
    if (keyword == "minimum" && value.to_number<double>() < argument.to_number<double>()) wrong("too small");
    if (keyword == "maximum" && value.to_number<double>() > argument.to_number<double>()) wrong("too large");
  }

  template <typename Wrong>
  static void check_string(std::string_view keyword, const Value& argument, const std::string& text,
                           Wrong wrong) {
    if (keyword == "maxLength" && text.size() > argument.to_number<std::size_t>()) wrong("too long");
    if (keyword == "pattern" && !std::regex_search(text, std::regex(std::string(argument.as_string()))))
      wrong("not of the pattern");
  }

  template <typename Wrong>
  void check_array(std::string_view keyword, const Value& argument, const Value& value,
                   const std::string& place, Problems& problems, Wrong wrong) const {
    const auto& array = value.as_array();
    if (keyword == "minItems" && array.size() < argument.to_number<std::size_t>()) wrong("too few items");
    if (keyword == "maxItems" && array.size() > argument.to_number<std::size_t>()) wrong("too many items");
    if (keyword != "items") return;
    for (std::size_t i = 0; i < array.size(); ++i)
      check(argument, array[i], place + "/" + std::to_string(i), problems);
  }

  void check_object(const boost::json::object& schema, const boost::json::object& object,
                    const std::string& place, Problems& problems) const {
    if (const auto* required = schema.if_contains("required"))
      for (const Value& name : required->as_array())
        if (!object.contains(name.as_string()))
          problems.push_back(place + ": lacks " + std::string(name.as_string()));
    const auto* properties = schema.if_contains("properties");
    const auto* others = schema.if_contains("additionalProperties");
    for (const auto& member : object) {
      const std::string inside = place + "/" + std::string(member.key());
      if (const auto* known =
              properties != nullptr ? properties->as_object().if_contains(member.key()) : nullptr)
        check(*known, member.value(), inside, problems);
      else if (others != nullptr && others->is_object())
        check(*others, member.value(), inside, problems);
      else if (others != nullptr && !others->as_bool())
        problems.push_back(inside + ": is not described");
    }
  }

  void look(const Value& schema, Problems& found) const {
    static constexpr std::array kKnown{"$ref",        "type",      "const",      "enum",
                                       "oneOf",       "allOf",     "minimum",    "maximum",
                                       "pattern",     "maxLength", "minItems",   "maxItems",
                                       "items",       "required",  "properties", "additionalProperties",
                                       "description", "format",    "default"};
    for (const auto& entry : schema.as_object()) {
      const std::string_view keyword = entry.key();
      const Value& argument = entry.value();
      if (std::ranges::find(kKnown, keyword) == kKnown.end())
        found.push_back("keyword " + std::string(keyword));
      if (keyword == "$ref" && (!argument.as_string().starts_with("#/") || !points_somewhere(argument)))
        found.push_back("reference " + std::string(argument.as_string()));
      if (keyword == "properties")
        for (const auto& property : argument.as_object()) look(property.value(), found);
      if (keyword == "items" || (keyword == "additionalProperties" && argument.is_object()))
        look(argument, found);
      if (keyword == "oneOf" || keyword == "allOf")
        for (const Value& each : argument.as_array()) look(each, found);
    }
  }

  bool points_somewhere(const Value& reference) const {
    boost::json::error_code error;
    const auto& text = reference.as_string();
    return document_.find_pointer(boost::json::string_view(text.data(), text.size()).substr(1), error) !=
           nullptr;
  }

  const Value& document_;
};

}  // namespace slate::api::testing
