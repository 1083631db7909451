#include "model/yaml_tree.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "model/coerce.h"
#include "model/name.h"
#include "model/yaml_scalar.h"
#include "model/yaml_split.h"

namespace slate {
namespace {

namespace json = boost::json;

// What a tree costs, and how deep it is.
struct Weight {
  std::size_t bytes = 0;
  std::size_t depth = 0;
};

Weight weigh(const YamlNode& node) {
  Weight weight{.bytes = sizeof(YamlNode), .depth = 0};
  if (const auto* text = node.scalar.if_string()) weight.bytes += text->size();
  for (const auto& key : node.keys) weight.bytes += sizeof key + key.size();
  for (const auto& child : node.children) {
    const Weight inner = weigh(child);
    weight.bytes += inner.bytes;
    weight.depth = std::max(weight.depth, inner.depth);
  }
  if (node.kind != YamlNode::Kind::kScalar) ++weight.depth;
  return weight;
}

// Builds the tree of one document from the parser's events. Refuses by throwing the parser's own exception,
// which carries the line and ends the parsing; it is caught around the parser.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(int first_line) : first_line_(first_line) {}

  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { scalar(mark, anchor, nullptr); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (!is_valid_utf8(text)) refuse(mark, "expected valid UTF-8");
    if (awaits_key()) return key(mark, text);
    auto value = read_yaml_scalar(tag, text);
    if (!value) refuse(mark, value.error().message());
    scalar(mark, anchor, *std::move(value));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    if (tag != "?" && tag != "!" && tag != "tag:yaml.org,2002:seq")
      refuse(mark, "unknown tag " + quoted(tag));
    open(mark, anchor, YamlNode::Kind::kSequence);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    if (tag != "?" && tag != "!" && tag != "tag:yaml.org,2002:map")
      refuse(mark, "unknown tag " + quoted(tag));
    open(mark, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { close(); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (awaits_key()) refuse(mark, "an alias cannot be a key");
    const auto known = anchored_.find(anchor);
    if (known == anchored_.end()) refuse(mark, "an alias stands inside what it names");
    const Weight weight = weigh(known->second);
    spend(mark, weight.bytes);
    if (open_.size() + weight.depth > YamlLimits::kNesting) refuse_nesting(mark);
    YamlNode copy = known->second;
    add(std::move(copy), line(mark));
  }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::set<std::string, std::less<>> keys;
    std::optional<int> key_line;  // of the key whose value is to come
  };

  [[noreturn]] static void refuse(const YAML::Mark& mark, const std::string& why) {
    throw YAML::ParserException(mark, why);
  }
  [[noreturn]] static void refuse_nesting(const YAML::Mark& mark) {
    refuse(mark, fmt::format("nested deeper than {}", YamlLimits::kNesting));
  }
  int line(const YAML::Mark& mark) const { return first_line_ + mark.line; }
  bool awaits_key() const {
    return !open_.empty() && open_.back().node.kind == YamlNode::Kind::kMap && !open_.back().key_line;
  }
  void spend(const YAML::Mark& mark, std::size_t bytes) {
    spent_ += bytes;
    if (spent_ > YamlLimits::kTreeBytes) refuse(mark, "the document grows too large");
  }

  void key(const YAML::Mark& mark, const std::string& text) {
    Open& map = open_.back();
    spend(mark, sizeof text + text.size());
    if (map.keys.size() >= YamlLimits::kMapKeys)
      refuse(mark, fmt::format("a map of more than {} keys", YamlLimits::kMapKeys));
    if (!map.keys.insert(text).second) refuse(mark, quoted(text) + " comes twice");
    map.node.keys.push_back(text);
    map.key_line = line(mark);
  }
  void scalar(const YAML::Mark& mark, YAML::anchor_t anchor, json::value value) {
    if (awaits_key()) refuse(mark, "a key must not be empty");
    YamlNode node;
    node.line = line(mark);
    node.scalar = std::move(value);
    spend(mark, weigh(node).bytes);
    remember(mark, anchor, node);
    add(std::move(node), line(mark));
  }
  void open(const YAML::Mark& mark, YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (awaits_key()) refuse(mark, "a key must be a single word");
    if (open_.size() >= YamlLimits::kNesting) refuse_nesting(mark);
    spend(mark, sizeof(YamlNode));
    Open opened;
    opened.node.kind = kind;
    opened.node.line = line(mark);
    opened.anchor = anchor;
    open_.push_back(std::move(opened));
  }
  void close() {
    Open closed = std::move(open_.back());
    open_.pop_back();
    YAML::Mark mark;
    mark.line = closed.node.line - first_line_;
    remember(mark, closed.anchor, closed.node);
    const int begins = closed.node.line;
    add(std::move(closed.node), begins);
  }
  void remember(const YAML::Mark& mark, YAML::anchor_t anchor, const YamlNode& node) {
    if (anchor == YAML::NullAnchor) return;
    spend(mark, weigh(node).bytes);
    anchored_.insert_or_assign(anchor, node);
  }
  void add(YamlNode node, int at_line) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& around = open_.back();
    node.line = around.key_line.value_or(at_line);
    around.key_line.reset();
    around.node.children.push_back(std::move(node));
  }

  int first_line_;
  std::size_t spent_ = 0;
  YamlNode root_;
  std::vector<Open> open_;  // outermost first
  std::map<YAML::anchor_t, YamlNode> anchored_;
};

YamlDocument refused(int line, std::string why) {
  return {.line = line, .root = fail(Reason::kInvalidArgument, "not valid YAML: " + std::move(why))};
}

// The document of one piece, or its mistake; nothing when it is empty.
void read_piece(const YamlPiece& piece, std::vector<YamlDocument>& documents) {
  if (piece.text.size() > YamlLimits::kDocumentBytes)
    return documents.push_back(
        refused(piece.line, fmt::format("a document of more than {} bytes", YamlLimits::kDocumentBytes)));
  if (const auto line = unreadable_line(piece))
    return documents.push_back(refused(*line, "expected UTF-8 without control characters"));
  try {
    // An end marker, because the parser closes a quote that the end of the text leaves open.
    std::string text(piece.text);
    if (!text.ends_with('\n')) text += '\n';
    std::istringstream stream{text + "...\n"};
    YAML::Parser parser(stream);
    TreeBuilder builder(piece.line);
    if (!parser.HandleNextDocument(builder)) return;
    // What the parser could not make a part of the document it leaves for the next one, which must not be
    // there.
    TreeBuilder rest(piece.line);
    if (parser.HandleNextDocument(rest))
      return documents.push_back(refused(piece.line, "something follows the document"));
    YamlNode root = builder.take();
    if (root.is_null()) return;
    const int line = root.line;
    documents.push_back({.line = line, .root = std::move(root)});
  } catch (const YAML::Exception& exception) {
    const int line = exception.mark.is_null() ? piece.line : piece.line + exception.mark.line;
    documents.push_back(refused(line, exception.msg));
  } catch (const std::exception& exception) {
    documents.push_back(refused(piece.line, exception.what()));
  }
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  const auto found = std::ranges::find(keys, key);
  return found == keys.end() ? nullptr : &children[static_cast<std::size_t>(found - keys.begin())];
}

std::vector<YamlDocument> read_yaml(std::string_view text) {
  std::vector<YamlDocument> documents;
  if (text.size() > YamlLimits::kTextBytes) {
    documents.push_back(refused(1, fmt::format("a text of more than {} bytes", YamlLimits::kTextBytes)));
    return documents;
  }
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  auto pieces = split_yaml(text, YamlLimits::kDocuments + 1);
  std::optional<YamlPiece> beyond;
  if (pieces.size() > YamlLimits::kDocuments) {
    beyond = pieces.back();
    pieces.pop_back();
  }
  for (const auto& piece : pieces) read_piece(piece, documents);
  if (beyond)
    documents.push_back(refused(beyond->line, fmt::format("more than {} documents", YamlLimits::kDocuments)));
  return documents;
}

json::value to_json(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kScalar: return node.scalar;
    case YamlNode::Kind::kSequence: {
      json::array array;
      array.reserve(node.children.size());
      for (const auto& child : node.children) array.push_back(to_json(child));
      return array;
    }
    case YamlNode::Kind::kMap: break;
  }
  json::object object;
  object.reserve(node.children.size());
  for (std::size_t i = 0; i < node.children.size(); ++i)
    object.emplace(node.keys[i], to_json(node.children[i]));
  return object;
}

namespace {

// The entry of a sequence of maps whose `name` this is.
const YamlNode* named(const YamlNode& sequence, std::string_view name) {
  for (const auto& child : sequence.children) {
    const YamlNode* child_name = child.find("name");
    if (child_name == nullptr) continue;
    const auto* text = child_name->scalar.if_string();
    if (text != nullptr && std::string_view(text->data(), text->size()) == name) return &child;
  }
  return nullptr;
}

// One step of a path: a key, the name of a field, or a position.
const YamlNode* step(const YamlNode& node, std::string_view segment, std::optional<std::size_t> position) {
  const YamlNode* fields = node.kind == YamlNode::Kind::kMap ? node.find("fields") : &node;
  if (!position) {
    if (const YamlNode* child = node.find(segment)) return child;
    return fields == nullptr ? nullptr : named(*fields, segment);
  }
  if (fields == nullptr || fields->kind != YamlNode::Kind::kSequence) return nullptr;
  return *position < fields->children.size() ? &fields->children[*position] : nullptr;
}

}  // namespace

int line_of(const YamlNode& root, std::string_view path) {
  const YamlNode* node = &root;
  while (!path.empty()) {
    std::optional<std::size_t> position;
    std::string_view segment;
    if (path.front() == '[') {
      const auto end = path.find(']');
      std::size_t number = 0;
      if (end == std::string_view::npos) break;
      if (std::from_chars(path.data() + 1, path.data() + end, number).ec != std::errc()) break;
      position = number;
      path.remove_prefix(end + 1);
    } else {
      if (path.front() == '.') path.remove_prefix(1);
      segment = path.substr(0, path.find_first_of(".["));
      path.remove_prefix(segment.size());
    }
    const YamlNode* next = step(*node, segment, position);
    if (next == nullptr) break;
    node = next;
  }
  return node->line;
}

}  // namespace slate
