// Typed access to JSON that names every mistake by its path: for this room and query.
#pragma once

#include <array>
#include <boost/json/value.hpp>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <slate/error.h>

#include "base/try.h"
#include "model/name.h"

namespace slate {

// A JSON value and the place where it stands. Refers to the value and to the node around it: both must
// outlive it.
class JsonNode {
 public:
  // The outermost value; its path is "".
  explicit JsonNode(const boost::json::value& value) : value_(&value) {}
  JsonNode(const JsonNode& parent, std::string_view member, const boost::json::value& value)
      : value_(&value), parent_(&parent), member_(member) {}
  JsonNode(const JsonNode& parent, std::size_t element, const boost::json::value& value)
      : value_(&value), parent_(&parent), element_(element) {}

  const boost::json::value& value() const { return *value_; }
  // "fields[2].type".
  std::string path() const;
  // invalid_argument at this place.
  Failure refuse(std::string message, std::string hint = {}) const;
  // "expected a string, got an int".
  Failure mismatch(std::string_view expected) const;

 private:
  const boost::json::value* value_;
  const JsonNode* parent_ = nullptr;
  std::string_view member_;
  std::optional<std::size_t> element_;
};

// "null", "a bool", "an int", "a float", "a string", "an array" or "an object".
std::string_view json_kind(const boost::json::value& value);

Result<std::string> read_string(const JsonNode& node);
Result<std::int64_t> read_int(const JsonNode& node);
// An int or a float.
Result<double> read_number(const JsonNode& node);
Result<bool> read_bool(const JsonNode& node);
// The elements; they refer to `node`.
Result<std::vector<JsonNode>> read_array(const JsonNode& node);
// An array of strings.
Result<std::vector<std::string>> read_strings(const JsonNode& node);

template <typename T>
struct Word {
  std::string_view word;
  T meaning;
};
// One of a few words.
template <typename T, std::size_t kSize>
Result<T> read_word(const JsonNode& node, const std::array<Word<T>, kSize>& words) {
  SLATE_TRY(const std::string text, read_string(node));
  std::string all;
  std::array<std::string_view, kSize> names;
  for (std::size_t i = 0; i < kSize; ++i) {
    if (words[i].word == text) return words[i].meaning;
    if (i > 0) all += i + 1 == kSize ? " or " : ", ";
    all += words[i].word;
    names[i] = words[i].word;
  }
  return node.refuse("expected " + all + ", got " + slate::quoted(text), near_miss_hint(text, names));
}
template <typename T, std::size_t kSize>
std::string_view word_of(T meaning, const std::array<Word<T>, kSize>& words) {
  for (const auto& entry : words)
    if (entry.meaning == meaning) return entry.word;
  return {};
}

// An object of which all members are known. Refers to the node.
class ObjectReader {
 public:
  // invalid_argument for anything but an object and for a member that is not among `members`, with a hint
  // when it looks like one of them.
  static Result<ObjectReader> open(const JsonNode& node, std::initializer_list<std::string_view> members);

  std::optional<JsonNode> find(std::string_view member) const;
  // invalid_argument when it is missing.
  Result<JsonNode> require(std::string_view member) const;

  // Reads a member into `target`, which stays as it is when the member is missing.
  template <typename Target, typename Read>
  Result<void> read(std::string_view member, Read read_member, Target& target) const {
    if (const auto node = find(member)) {
      SLATE_TRY(auto value, read_member(*node));
      target = std::move(value);
    }
    return {};
  }

 private:
  ObjectReader(const JsonNode& node, const boost::json::object& object) : node_(&node), object_(&object) {}
  const JsonNode* node_;
  const boost::json::object* object_;
};

}  // namespace slate
