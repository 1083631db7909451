#include "model/manifest.h"

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <map>
#include <utility>

#include "base/try.h"
#include "model/json.h"
#include "model/json_read.h"
#include "model/yaml_tree.h"

namespace slate {
namespace {

namespace json = boost::json;

enum class Kind { kDatasource, kListView };
constexpr std::array kKinds{Word<Kind>{"Datasource", Kind::kDatasource},
                            Word<Kind>{"ListView", Kind::kListView}};

Result<Kind> read_kind(const JsonNode& node) {
  SLATE_TRY(const std::string word, read_string(node));
  // The natural mistake: kubectl cannot have a kind of this name.
  if (word == "List")
    return node.refuse("expected Datasource or ListView, got \"List\"", "did you mean \"ListView\"?");
  return read_word(node, kKinds);
}

Result<void> check_api_version(const JsonNode& node) {
  SLATE_TRY(const std::string version, read_string(node));
  if (version == kManifestApiVersion) return {};
  return node.refuse(fmt::format("expected {}, got {}", kManifestApiVersion, quoted(version)));
}

Result<std::string> read_metadata(const JsonNode& node) {
  SLATE_TRY(const ObjectReader object,
            ObjectReader::open(node, {"name", "namespace", "labels", "annotations"}));
  SLATE_TRY(const JsonNode name_node, object.require("name"));
  SLATE_TRY(std::string name, read_string(name_node));
  if (auto valid = validate_name(name, "the name"); !valid)
    return name_node.refuse(valid.error().message(), valid.error().hint().value_or(""));
  return name;
}

// Errors inside `spec` know nothing of the document around it.
Failure in_spec(Error error) {
  auto path = error.field() ? "spec." + *error.field() : std::string("spec");
  return fail(std::move(error).with_field(std::move(path)));
}

template <typename T>
Result<T> in_spec(Result<T> result) {
  if (!result) return in_spec(std::move(result).error());
  return result;
}

// `document` is the whole document; errors name paths in it.
Result<std::variant<Datasource, ListView>> read_resource(const json::value& document) {
  const JsonNode node(document);
  SLATE_TRY(const ObjectReader object, ObjectReader::open(node, {"apiVersion", "kind", "metadata", "spec"}));
  SLATE_TRY(const JsonNode api_version, object.require("apiVersion"));
  SLATE_TRY(check_api_version(api_version));
  SLATE_TRY(const JsonNode kind_node, object.require("kind"));
  SLATE_TRY(const Kind kind, read_kind(kind_node));
  SLATE_TRY(const JsonNode metadata, object.require("metadata"));
  SLATE_TRY(const std::string name, read_metadata(metadata));
  SLATE_TRY(const JsonNode spec, object.require("spec"));
  if (!spec.value().is_object()) return spec.mismatch("an object");
  json::object members = spec.value().get_object();
  if (const auto* id = members.if_contains("id"))
    return JsonNode(spec, "id", *id).refuse("unknown member", "the id is metadata.name");
  members.emplace("id", name);
  const json::value whole(std::move(members));

  if (kind == Kind::kListView) {
    SLATE_TRY(auto list, in_spec(list_view_from_json(whole)));
    return list;
  }
  SLATE_TRY(auto datasource, in_spec(datasource_from_json(whole)));
  SLATE_TRY(in_spec(validate(datasource)));
  return datasource;
}

// A member that is a string, for naming documents in errors; "" for anything else.
std::string text_at(const YamlNode* node) {
  if (node == nullptr) return {};
  const auto* text = node->scalar.if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

class Reader {
 public:
  explicit Reader(std::string_view file_name) : file_name_(file_name) {}

  void read(const YamlDocument& document) {
    if (!document.root) {
      file_.errors.push_back({.file = file_name_,
                              .line = document.line,
                              .kind = {},
                              .name = {},
                              .error = document.root.error()});
      return;
    }
    const YamlNode& root = *document.root;
    auto resource = read_resource(to_json(root));
    if (!resource) return refuse(root, std::move(resource).error());
    const auto [first, is_new] = lines_.try_emplace({kind_of(root), name_of(root)}, document.line);
    if (!is_new)
      return refuse(root,
                    Error(Reason::kInvalidArgument,
                          fmt::format("the document at line {} has the same kind and name", first->second))
                        .with_field("metadata.name"));
    file_.documents.push_back({.resource = *std::move(resource), .line = document.line});
  }

  ManifestFile take() { return std::move(file_); }

 private:
  static std::string kind_of(const YamlNode& root) { return text_at(root.find("kind")); }
  static std::string name_of(const YamlNode& root) {
    const YamlNode* metadata = root.find("metadata");
    return metadata == nullptr ? std::string() : text_at(metadata->find("name"));
  }

  void refuse(const YamlNode& root, Error error) {
    const int line = line_of(root, error.field().value_or(""));
    file_.errors.push_back({.file = file_name_,
                            .line = line,
                            .kind = kind_of(root),
                            .name = name_of(root),
                            .error = std::move(error)});
  }

  std::string file_name_;
  ManifestFile file_;
  std::map<std::pair<std::string, std::string>, int> lines_;  // of good documents, by kind and name
};

}  // namespace

std::string ManifestError::to_string() const {
  std::string text = fmt::format("{}:{}: ", file, line);
  if (!kind.empty() && !name.empty()) text += fmt::format("{} {}: ", shown(kind), shown(name));
  return text + error.to_string();
}

ManifestFile parse_manifests(std::string_view yaml_text, std::string_view file_name) {
  Reader reader(file_name);
  for (const auto& document : read_yaml(yaml_text)) reader.read(document);
  return reader.take();
}

}  // namespace slate
