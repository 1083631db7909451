// YAML text as trees that remember their lines. Private to this room.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>

namespace slate {

// Hostile text stays cheap: what is beyond these is refused.
struct YamlLimits {
  static constexpr std::size_t kTextBytes = 16u << 20;
  static constexpr std::size_t kDocumentBytes = 1u << 20;
  static constexpr std::size_t kDocuments = 10'000;     // of one text
  static constexpr std::size_t kNesting = 64;           // aliases included
  static constexpr std::size_t kMapKeys = 4096;         // of one map
  static constexpr std::size_t kTreeBytes = 16u << 20;  // of one document with its aliases expanded
};

struct YamlNode {
  enum class Kind : std::uint8_t { kScalar, kSequence, kMap };
  Kind kind = Kind::kScalar;
  int line = 1;                    // from 1; of a map's entry: the line of its key
  boost::json::value scalar;       // kScalar; by the core schema of YAML 1.2: `no` is a string
  std::vector<std::string> keys;   // kMap; one a child, distinct
  std::vector<YamlNode> children;  // kSequence, kMap

  // Null when this is no map or has no such key. O(keys).
  const YamlNode* find(std::string_view key) const;
  bool is_null() const { return kind == Kind::kScalar && scalar.is_null(); }
};

struct YamlDocument {
  int line = 1;  // where it begins, or where the mistake is
  Result<YamlNode> root;
};

// The documents of a text, without the empty ones. A mistake in one leaves the others alone, because
// documents are told apart by their markers before anything else is read.
std::vector<YamlDocument> read_yaml(std::string_view text);

boost::json::value to_json(const YamlNode& node);

// The line of the node at a path such as "spec.indexes[2].fields" or, by the names of fields,
// "spec.fields.address.city"; that of the nearest node around it when there is no such node.
int line_of(const YamlNode& root, std::string_view path);

}  // namespace slate
