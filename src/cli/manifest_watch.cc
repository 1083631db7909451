#include "cli/manifest_watch.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/try.h"
#include "cli/manifest_files.h"

namespace slate::cli {
namespace {

std::string_view action_word(ManifestAction action) {
  switch (action) {
    case ManifestAction::kCreated: return "created";
    case ManifestAction::kChanged: return "changed";
    case ManifestAction::kRemoved: return "removed";
    case ManifestAction::kUnchanged: break;
  }
  return "unchanged";
}

// Whether it says nothing about the document.
bool is_passing(Reason reason) {
  return reason == Reason::kUnavailable || reason == Reason::kOverloaded || reason == Reason::kConflict ||
         reason == Reason::kCancelled || reason == Reason::kDeadlineExceeded;
}

}  // namespace

Result<std::unique_ptr<ManifestWatch>> ManifestWatch::start(WithDatabase with_database,
                                                            ManifestWatchOptions options) {
  Result<ManifestOrigins> origins;
  if (!options.memory.empty()) origins = load_origins(options.memory);
  if (!origins && origins.error().reason() != Reason::kCorrupt) return fail(origins.error());
  if (!origins) {
    // Nothing is removed for it, which is the safe side.
    log::error("what earlier manifests declared is no longer known",
               {{"error", origins.error().to_string()}});
    origins.emplace();
  }
  std::unique_ptr<ManifestWatch> watch(
      new ManifestWatch(std::move(with_database), std::move(options), *std::move(origins)));
  // Watched before it is read, so that no change falls between the two.
  SLATE_TRY(watch->watcher_, net::FileWatcher::watch(watch->options_.folder, [self = watch.get()] {
              if (const auto applied = self->apply(); !applied)
                log::error("the manifests could not be applied", {{"error", applied.error().to_string()}});
            }));
  SLATE_TRY(watch->apply());
  return watch;
}

Result<void> ManifestWatch::apply() {
  Result<void> applied;
  const auto reached = with_database_([&](Database& database) {
    applied = apply_to(database);
    return applied;
  });
  if (!applied || reached) return applied;
  is_owed_ = true;
  log::warning("the manifests wait for the database", {{"error", reached.error().to_string()}});
  return {};
}

void ManifestWatch::apply_owed() {
  if (!is_owed_) return;
  if (const auto applied = apply(); !applied)
    log::error("the manifests could not be applied", {{"error", applied.error().to_string()}});
}

Result<void> ManifestWatch::apply_to(Database& database) {
  const std::scoped_lock lock(mutex_);
  SLATE_TRY(const auto files, read_manifest_folder(options_.folder));
  ManifestFolder folder(database, origins_);
  const ManifestReport report = folder.apply(files);
  write_log(report);
  is_owed_ = std::ranges::any_of(report.errors,
                                 [](const ManifestError& error) { return is_passing(error.error.reason()); });
  if (options_.on_removed)
    for (const ManifestOutcome& outcome : report.outcomes)
      if (outcome.action == ManifestAction::kRemoved && outcome.resource.kind == ResourceKind::kDatasource)
        options_.on_removed(outcome.resource.name);
  if (folder.origins() == origins_) return {};
  origins_ = folder.origins();
  return options_.memory.empty() ? Result<void>() : save_origins(options_.memory, origins_);
}

void ManifestWatch::write_log(const ManifestReport& report) {
  for (const ManifestError& error : report.errors) log::error("bad manifest", {{"error", error.to_string()}});
  for (const ManifestOutcome& outcome : report.outcomes) {
    if (outcome.action != ManifestAction::kUnchanged)
      log::info("manifest applied", {{"kind", kind_name(outcome.resource.kind)},
                                     {"name", outcome.resource.name},
                                     {"file", outcome.file},
                                     {"action", action_word(outcome.action)}});
    for (const std::string& warning : outcome.warnings)
      log::warning("list without an index",
                   {{"name", outcome.resource.name}, {"file", outcome.file}, {"warning", warning}});
  }
}

}  // namespace slate::cli
