#include "db/folder_check.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <system_error>
#include <utility>

#include "base/try.h"
#include "db/catalog.h"
#include "db/generation.h"

namespace slate {
namespace {

std::filesystem::path catalog_path(const std::filesystem::path& folder) { return folder / "catalog.mdb"; }

std::filesystem::path generation_path(const std::filesystem::path& folder, const LiveGeneration& generation) {
  return folder / "generations" / generation.datasource / (std::to_string(generation.number) + ".mdb");
}

bool is_live(const CatalogEntry& entry, std::uint64_t number) {
  return entry.live_generation == number || std::ranges::any_of(entry.scopes, [&](const auto& scope) {
           return scope.second.generation == number;
         });
}

void check_datasource(const CatalogEntry& entry, CatalogCheck& check) {
  const Datasource& datasource = entry.schema->datasource;
  const auto damage = [&](std::string problem) {
    check.findings.push_back({.datasource = datasource.id, .problem = "catalog: " + std::move(problem)});
  };
  if (const auto valid = validate(datasource); !valid)
    damage("the datasource is declared wrongly: " + valid.error().to_string());
  std::set<std::uint32_t> ids;
  for (const Column& column : entry.schema->columns)
    if (!ids.insert(column.id).second || column.id >= entry.schema->next_field_id)
      damage(fmt::format("column {} has the id {}, which is taken or not given out yet", column.path,
                         column.id));
  ids.clear();
  for (const Index& index : entry.schema->indexes)
    if (!ids.insert(index.id).second || index.id >= entry.schema->next_index_id)
      damage(
          fmt::format("index {} has the id {}, which is taken or not given out yet", index.name, index.id));
}

void check_list(const ListView& list, const std::vector<CatalogEntry>& entries, CatalogCheck& check) {
  const auto of = std::ranges::find(entries, list.datasource,
                                    [](const CatalogEntry& entry) { return entry.schema->datasource.id; });
  if (of == entries.end()) {
    check.findings.push_back(
        {.datasource = list.datasource,
         .problem = fmt::format("catalog: list {} is over it, and it is not there", list.id)});
  } else if (const auto valid = validate(list, of->schema->datasource); !valid) {
    check.findings.push_back(
        {.datasource = list.datasource,
         .problem = fmt::format("catalog: list {} makes no sense: {}", list.id, valid.error().to_string())});
  }
}

// What no start would leave there. `known`: every file and folder that has a reason to be.
void find_litter(const std::filesystem::path& folder, const std::set<std::filesystem::path>& known,
                 CatalogCheck& check) {
  std::error_code error;
  std::filesystem::recursive_directory_iterator item(folder, error);
  for (; !error && item != std::filesystem::recursive_directory_iterator(); item.increment(error)) {
    if (known.contains(item->path())) continue;
    check.findings.push_back({.kind = CheckFinding::Kind::kLitter,
                              .problem = fmt::format("{}: no generation owns it",
                                                     item->path().lexically_relative(folder).string())});
    if (item->is_directory(error)) item.disable_recursion_pending();
  }
  if (error)
    check.findings.push_back({.problem = fmt::format("the folder cannot be listed: {}", error.message())});
}

}  // namespace

Result<CatalogCheck> check_catalog(const std::filesystem::path& folder) {
  SLATE_TRY(const auto catalog, Catalog::open_to_read(catalog_path(folder)));
  SLATE_TRY(const auto entries, catalog->datasources());
  SLATE_TRY(const auto lists, catalog->lists());
  CatalogCheck check{.lists = lists.size()};
  // `manifests.json` is what `slate serve` remembers of its folder of manifests.
  std::set<std::filesystem::path> known{folder / "LOCK", folder / "generations", folder / "manifests.json",
                                        catalog_path(folder), catalog_path(folder).string() + "-lock"};
  for (const CatalogEntry& entry : entries) {
    check_datasource(entry, check);
    const auto add_generation = [&](std::uint64_t number) {
      check.generations.push_back({.datasource = entry.schema->datasource.id, .number = number});
      const auto path = generation_path(folder, check.generations.back());
      known.insert({path, path.string() + "-lock", path.parent_path()});
    };
    add_generation(entry.live_generation);
    for (const auto& [scope, copy] : entry.scopes) add_generation(copy.generation);
  }
  for (const ListView& list : lists) check_list(list, entries, check);
  find_litter(folder, known, check);
  return check;
}

Result<AuditReport> check_generation(const std::filesystem::path& folder, const LiveGeneration& generation,
                                     const AuditProgress& progress) {
  SLATE_TRY(const auto catalog, Catalog::open_to_read(catalog_path(folder)));
  SLATE_TRY(const auto entries, catalog->datasources());
  const auto entry = std::ranges::find_if(entries, [&](const CatalogEntry& each) {
    return each.schema->datasource.id == generation.datasource && is_live(each, generation.number);
  });
  if (entry == entries.end())
    return fail(Reason::kNotFound, fmt::format("the catalog has no live generation {} of {}",
                                               generation.number, generation.datasource));
  SLATE_TRY(const auto stored,
            Generation::open(generation_path(folder, generation), generation.number, *entry->schema,
                             {.map_bytes = 0,
                              .commit_sync = storage::CommitSync::kBuffered,
                              .access = storage::Access::kReadOnly}));
  SLATE_TRY(const auto transaction, stored->environment().begin_read());
  return audit_generation(*stored, transaction, *entry->schema, progress);
}

}  // namespace slate
