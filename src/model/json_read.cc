#include "model/json_read.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>
#include <limits>

namespace slate {
namespace json = boost::json;

std::string JsonNode::path() const {
  if (parent_ == nullptr) return {};
  std::string path = parent_->path();
  if (element_) return fmt::format("{}[{}]", path, *element_);
  if (!path.empty()) path += '.';
  return path + shown(member_);
}

Failure JsonNode::refuse(std::string message, std::string hint) const {
  Error error(Reason::kInvalidArgument, std::move(message));
  if (auto at = path(); !at.empty()) error = std::move(error).with_field(std::move(at));
  if (!hint.empty()) error = std::move(error).with_hint(std::move(hint));
  return fail(std::move(error));
}

Failure JsonNode::mismatch(std::string_view expected) const {
  return refuse(fmt::format("expected {}, got {}", expected, json_kind(*value_)));
}

std::string_view json_kind(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return "null";
    case json::kind::bool_: return "a bool";
    case json::kind::int64:
    case json::kind::uint64: return "an int";
    case json::kind::double_: return "a float";
    case json::kind::string: return "a string";
    case json::kind::array: return "an array";
    case json::kind::object: return "an object";
  }
  return "nothing";
}

Result<std::string> read_string(const JsonNode& node) {
  const auto* text = node.value().if_string();
  if (text == nullptr) return node.mismatch("a string");
  return std::string(text->data(), text->size());
}

Result<std::int64_t> read_int(const JsonNode& node) {
  if (const auto* number = node.value().if_int64()) return *number;
  if (const auto* number = node.value().if_uint64()) {
    if (std::in_range<std::int64_t>(*number)) return static_cast<std::int64_t>(*number);
    return node.refuse(
        fmt::format("expected an int of at most {}", std::numeric_limits<std::int64_t>::max()));
  }
  return node.mismatch("an int");
}

Result<double> read_number(const JsonNode& node) {
  if (const auto* number = node.value().if_double()) return *number;
  if (const auto* number = node.value().if_int64()) return static_cast<double>(*number);
  if (const auto* number = node.value().if_uint64()) return static_cast<double>(*number);
  return node.mismatch("a number");
}

Result<bool> read_bool(const JsonNode& node) {
  if (const auto* truth = node.value().if_bool()) return *truth;
  return node.mismatch("true or false");
}

Result<std::vector<JsonNode>> read_array(const JsonNode& node) {
  const auto* array = node.value().if_array();
  if (array == nullptr) return node.mismatch("an array");
  std::vector<JsonNode> elements;
  elements.reserve(array->size());
  for (std::size_t i = 0; i < array->size(); ++i) elements.emplace_back(node, i, (*array)[i]);
  return elements;
}

Result<std::vector<std::string>> read_strings(const JsonNode& node) {
  SLATE_TRY(const auto elements, read_array(node));
  std::vector<std::string> strings;
  strings.reserve(elements.size());
  for (const auto& element : elements) {
    SLATE_TRY(auto text, read_string(element));
    strings.push_back(std::move(text));
  }
  return strings;
}

Result<ObjectReader> ObjectReader::open(const JsonNode& node,
                                        std::initializer_list<std::string_view> members) {
  const auto* object = node.value().if_object();
  if (object == nullptr) return node.mismatch("an object");
  for (const auto& entry : *object) {
    const std::string_view name(entry.key().data(), entry.key().size());
    bool known = false;
    for (const auto member : members) known = known || member == name;
    if (known) continue;
    std::string hint = near_miss_hint(name, {members.begin(), members.size()});
    if (hint.empty())
      hint = fmt::format("the members are {}", fmt::join(members.begin(), members.end(), ", "));
    return JsonNode(node, name, entry.value()).refuse("unknown member", std::move(hint));
  }
  return ObjectReader(node, *object);
}

std::optional<JsonNode> ObjectReader::find(std::string_view member) const {
  const auto* value = object_->if_contains(json::string_view(member.data(), member.size()));
  if (value == nullptr) return std::nullopt;
  return JsonNode(*node_, member, *value);
}

Result<JsonNode> ObjectReader::require(std::string_view member) const {
  if (const auto node = find(member)) return *node;
  const json::value missing;
  return JsonNode(*node_, member, missing).refuse("is missing");
}

}  // namespace slate
