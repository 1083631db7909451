#include "cli/manifest_folder.h"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "db/save_with_lists.h"
#include "model/name.h"

namespace slate::cli {
namespace {

template <typename T>
struct Declared {
  T resource;
  std::string file;
  int line = 1;
};

ManifestError about(const ResourceName& resource, std::string file, int line, Error error) {
  return {.file = std::move(file),
          .line = line,
          .kind = std::string(kind_name(resource.kind)),
          .name = resource.name,
          .error = std::move(error)};
}

// What a save finds wrong is named by its path in the resource; in the document that is below `spec`.
Error in_document(Error error) {
  if (!error.field()) return error;
  std::string path = *error.field() == "id" ? "metadata.name" : "spec." + *error.field();
  return std::move(error).with_field(std::move(path));
}

ManifestAction action_of(Saved saved) {
  switch (saved) {
    case Saved::kCreated: return ManifestAction::kCreated;
    case Saved::kChanged: return ManifestAction::kChanged;
    case Saved::kUnchanged: break;
  }
  return ManifestAction::kUnchanged;
}

}  // namespace

std::string_view kind_name(ResourceKind kind) {
  return kind == ResourceKind::kDatasource ? "Datasource" : "ListView";
}

struct ManifestFolder::Declarations {
  std::vector<Declared<Datasource>> datasources;
  std::vector<Declared<ListView>> lists;
  std::map<ResourceName, std::string> names;  // of both, with their files
  std::set<ResourceName> broken;              // declared by a bad document
  std::set<std::string> unclear;              // files with a document that does not say what it declares

  // Whether the folder still has a say in the resource, be it an unreadable one.
  bool mentions(const ResourceName& resource, const std::string& origin) const {
    return names.contains(resource) || broken.contains(resource) || unclear.contains(origin);
  }
};

ManifestFolder::ManifestFolder(Database& database, ManifestOrigins origins)
    : database_(database), origins_(std::move(origins)) {}

ManifestFolder::Declarations ManifestFolder::collect(std::span<const ManifestText> files,
                                                     ManifestReport& report) {
  Declarations declared;
  std::vector<const ManifestText*> by_name;
  for (const ManifestText& file : files) by_name.push_back(&file);
  std::ranges::sort(by_name, {}, &ManifestText::file);

  for (const ManifestText* file : by_name) {
    if (!file->text) {
      declared.unclear.insert(file->file);
      report.errors.push_back(
          {.file = file->file, .line = 1, .kind = {}, .name = {}, .error = file->text.error()});
      continue;
    }
    ManifestFile parsed = parse_manifests(*file->text, file->file);
    for (ManifestError& error : parsed.errors) {
      const bool is_datasource = error.kind == kind_name(ResourceKind::kDatasource);
      const bool is_list = error.kind == kind_name(ResourceKind::kListView);
      if ((is_datasource || is_list) && !error.name.empty())
        declared.broken.insert(
            {is_datasource ? ResourceKind::kDatasource : ResourceKind::kListView, error.name});
      else
        declared.unclear.insert(file->file);
      report.errors.push_back(std::move(error));
    }
    for (Manifest& document : parsed.documents) {
      auto* datasource = std::get_if<Datasource>(&document.resource);
      auto* list = std::get_if<ListView>(&document.resource);
      const ResourceName name = datasource != nullptr
                                    ? ResourceName{ResourceKind::kDatasource, datasource->id}
                                    : ResourceName{ResourceKind::kListView, list->id};
      const auto [first, is_first] = declared.names.emplace(name, file->file);
      if (!is_first) {
        report.errors.push_back(
            about(name, file->file, document.line,
                  Error(Reason::kInvalidArgument, "declared in " + first->second + " as well")
                      .with_field("metadata.name")
                      .with_hint("remove one of the two; the other one counts")));
      } else if (datasource != nullptr) {
        declared.datasources.push_back({std::move(*datasource), file->file, document.line});
      } else {
        declared.lists.push_back({std::move(*list), file->file, document.line});
      }
    }
  }
  return declared;
}

ManifestReport ManifestFolder::apply(std::span<const ManifestText> files) {
  ManifestReport report;
  const Declarations declared = collect(files, report);
  // Lists that have gone make way for changes of their datasources; a datasource that has gone waits for
  // lists that move to another one.
  for (const ResourceName& list : dropped(ResourceKind::kListView, declared)) remove_list(list, report);
  save_datasources(declared, report);
  save_lists(declared, report);
  for (const ResourceName& datasource : dropped(ResourceKind::kDatasource, declared))
    remove_datasource(datasource, report);
  return report;
}

void ManifestFolder::save_datasources(const Declarations& declared, ManifestReport& report) {
  std::vector<ListView> lists;
  for (const auto& list : declared.lists) lists.push_back(list.resource);
  for (const auto& [datasource, file, line] : declared.datasources) {
    const ResourceName name{ResourceKind::kDatasource, datasource.id};
    const auto saved = save_with_lists(database_, datasource, lists);
    if (!saved) {
      if (origins_.contains(name)) origins_[name] = file;
      report.errors.push_back(about(name, file, line, in_document(saved.error())));
      continue;
    }
    origins_[name] = file;
    report.outcomes.push_back({.resource = name, .file = file, .action = action_of(*saved), .warnings = {}});
  }
}

void ManifestFolder::save_lists(const Declarations& declared, ManifestReport& report) {
  const auto going = dropped(ResourceKind::kDatasource, declared);
  for (const auto& [list, file, line] : declared.lists) {
    const ResourceName name{ResourceKind::kListView, list.id};
    if (origins_.contains(name)) origins_[name] = file;
    if (std::ranges::find(going, list.datasource, &ResourceName::name) != going.end()) {
      report.errors.push_back(about(name, file, line,
                                    Error(Reason::kNotFound, "datasource " + slate::quoted(list.datasource) +
                                                                 " is not declared any more")
                                        .with_field("spec.datasourceRef.name")
                                        .with_hint("remove this list, too, or name another datasource")));
      continue;
    }
    auto saved = database_.save_list(list);
    if (!saved) {
      report.errors.push_back(about(name, file, line, in_document(saved.error())));
      continue;
    }
    origins_[name] = file;
    report.outcomes.push_back({.resource = name,
                               .file = file,
                               .action = action_of(saved->saved),
                               .warnings = std::move(saved->warnings)});
  }
}

std::vector<ResourceName> ManifestFolder::dropped(ResourceKind kind, const Declarations& declared) const {
  std::vector<ResourceName> names;
  for (const auto& [name, file] : origins_)
    if (name.kind == kind && !declared.mentions(name, file)) names.push_back(name);
  return names;
}

void ManifestFolder::forget(const ResourceName& resource, ManifestReport& report) {
  auto origin = origins_.extract(resource);
  report.outcomes.push_back({.resource = resource,
                             .file = origin ? std::move(origin.mapped()) : std::string(),
                             .action = ManifestAction::kRemoved,
                             .warnings = {}});
}

void ManifestFolder::remove_list(const ResourceName& list, ManifestReport& report) {
  const auto removed = database_.delete_list(list.name);
  if (removed || removed.error().reason() == Reason::kNotFound) return forget(list, report);
  report.errors.push_back(about(list, origins_[list], 1, Error(removed.error()).during("removing it")));
}

void ManifestFolder::remove_datasource(const ResourceName& datasource, ManifestReport& report) {
  const auto refuse = [&](const Error& error) {
    report.errors.push_back(about(datasource, origins_[datasource], 1, Error(error).during("removing it")));
  };
  const auto lists = database_.list_lists();
  if (!lists) return refuse(lists.error());
  std::vector<ResourceName> ours;
  std::string others;
  for (const ListView& list : *lists) {
    if (list.datasource != datasource.name) continue;
    ResourceName name{ResourceKind::kListView, list.id};
    if (origins_.contains(name))
      ours.push_back(std::move(name));
    else
      others += (others.empty() ? "" : ", ") + list.id;
  }
  if (!others.empty())
    return refuse(Error(Reason::kInUse, "lists that are not from manifests use it: " + others)
                      .with_hint("remove these lists, or bring the document back"));
  for (const ResourceName& list : ours) remove_list(list, report);
  const auto removed = database_.delete_datasource(datasource.name, Dependents::kRefuse);
  if (removed || removed.error().reason() == Reason::kNotFound) return forget(datasource, report);
  refuse(removed.error());
}

}  // namespace slate::cli
