// Keeps a database like the documents of a folder: what to save and what to remove, without touching files.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <slate/database.h>
#include <slate/error.h>

#include "model/manifest.h"

namespace slate::cli {

enum class ResourceKind : std::uint8_t { kDatasource, kListView };
// "Datasource", "ListView": the words in manifests.
std::string_view kind_name(ResourceKind kind);

struct ResourceName {
  ResourceKind kind = ResourceKind::kDatasource;
  std::string name;
  auto operator<=>(const ResourceName&) const = default;
};

// One file of the folder.
struct ManifestText {
  std::string file;          // its name within the folder
  Result<std::string> text;  // or why it cannot be read
};

// What came from manifests, and from which file. Only these are ever removed.
using ManifestOrigins = std::map<ResourceName, std::string>;

enum class ManifestAction : std::uint8_t { kCreated, kChanged, kUnchanged, kRemoved };

struct ManifestOutcome {
  ResourceName resource;
  std::string file;
  ManifestAction action = ManifestAction::kUnchanged;
  std::vector<std::string> warnings;  // of a list: sorts and filters without an index
};

struct ManifestReport {
  std::vector<ManifestOutcome> outcomes;  // in the order in which they happened
  std::vector<ManifestError> errors;
};

// One thread at a time. The database must outlive it.
class ManifestFolder {
 public:
  // `origins`: as of the last apply(), by an earlier process too.
  explicit ManifestFolder(Database& database, ManifestOrigins origins = {});

  // Makes the database as these files, all that the folder holds, say:
  //   - Every good document is saved, datasources before lists. Of two documents of one kind and name the
  //   first
  //     counts, by file name and place in the file; the other is an error.
  //   - A bad document is an error; what it declared earlier stays as it was. A file that cannot be read, or
  //   with a
  //     document that does not even say its kind and name, keeps all that came from it.
  //   - What came from a document that has gone is removed: lists first. A datasource takes the lists of this
  //   folder
  //     with it; while a list from elsewhere uses it, it stays, and that is an error.
  //   - What never came from a document is left alone.
  // Nothing that fails stands in the way of the rest; it is tried again by the next call.
  ManifestReport apply(std::span<const ManifestText> files);

  // What is owed to manifests now: what to remember for the next process.
  const ManifestOrigins& origins() const { return origins_; }

 private:
  struct Declarations;
  static Declarations collect(std::span<const ManifestText> files, ManifestReport& report);

  void save_datasources(const Declarations& declared, ManifestReport& report);
  void save_lists(const Declarations& declared, ManifestReport& report);
  // What came from manifests and is not declared any more.
  std::vector<ResourceName> dropped(ResourceKind kind, const Declarations& declared) const;
  void remove_list(const ResourceName& list, ManifestReport& report);
  void remove_datasource(const ResourceName& datasource, ManifestReport& report);
  void forget(const ResourceName& resource, ManifestReport& report);

  Database& database_;
  ManifestOrigins origins_;
};

}  // namespace slate::cli
