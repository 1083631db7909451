// Manifests: datasources and lists as YAML documents.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <slate/datasource.h>
#include <slate/error.h>
#include <slate/list_view.h>

namespace slate {

inline constexpr std::string_view kManifestApiVersion = "slate.io/v1alpha1";

// One good document. The id of what it declares is the document's metadata.name.
struct Manifest {
  std::variant<Datasource, ListView> resource;
  int line = 1;  // where the document begins
};

// One bad document. `kind` and `name` are what it says about itself, as far as they could be read, so that
// whoever applies manifests can leave the resource of that name as it was.
struct ManifestError {
  std::string file;
  int line = 1;  // of the mistake, or as near to it as is known
  std::string kind;
  std::string name;
  Error error;  // its field is the path in the document: "spec.fields.born.type"

  // "leads.yaml:12: Datasource prospects: invalid_argument: spec.fields.born.type: expected ..."
  std::string to_string() const;
};

struct ManifestFile {
  std::vector<Manifest> documents;
  std::vector<ManifestError> errors;
};

// Reads documents of `apiVersion: slate.io/v1alpha1` and `kind: Datasource` or `ListView`; empty documents
// are passed over. A bad document, or the second one of the same kind and name, becomes an error and disturbs
// no other. Datasources have passed validate(); lists still have to be checked against theirs. `file_name` is
// for errors only.
ManifestFile parse_manifests(std::string_view yaml_text, std::string_view file_name);

}  // namespace slate
