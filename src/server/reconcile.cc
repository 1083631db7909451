#include "server/reconcile.h"

#include <algorithm>

#include "base/try.h"
#include "db/save_with_lists.h"

namespace slate::server {
namespace {

Reconciliation outcome_of(Saved saved) {
  switch (saved) {
    case Saved::kCreated: return Reconciliation::kCreated;
    case Saved::kChanged: return Reconciliation::kChanged;
    case Saved::kUnchanged: break;
  }
  return Reconciliation::kUnchanged;
}

ReconciledResource failed(ResourceKind kind, const std::string& id, slate::Error error) {
  return {
      .kind = kind, .id = id, .outcome = Reconciliation::kFailed, .warnings = {}, .error = std::move(error)};
}

ReconciledResource removed(ResourceKind kind, const std::string& id, const Result<void>& result) {
  if (!result) return failed(kind, id, result.error());
  return {.kind = kind, .id = id, .outcome = Reconciliation::kRemoved, .warnings = {}, .error = {}};
}

}  // namespace

Result<wire::Reconciled> reconcile(Database& database, const wire::Reconcile& wanted) {
  SLATE_TRY(const auto lists, database.list_lists());
  SLATE_TRY(const auto datasources, database.list_datasources());
  wire::Reconciled report;
  for (const ListView& list : lists)
    if (std::ranges::find(wanted.lists, list.id, &ListView::id) == wanted.lists.end())
      report.resources.push_back(removed(ResourceKind::kList, list.id, database.delete_list(list.id)));
  for (const Datasource& datasource : wanted.datasources) {
    auto saved = save_with_lists(database, datasource, wanted.lists);
    report.resources.push_back(
        saved ? ReconciledResource{.kind = ResourceKind::kDatasource,
                                   .id = datasource.id,
                                   .outcome = outcome_of(*saved),
                                   .warnings = {},
                                   .error = {}}
              : failed(ResourceKind::kDatasource, datasource.id, std::move(saved).error()));
  }
  for (const ListView& list : wanted.lists) {
    auto saved = database.save_list(list);
    report.resources.push_back(saved ? ReconciledResource{.kind = ResourceKind::kList,
                                                          .id = list.id,
                                                          .outcome = outcome_of(saved->saved),
                                                          .warnings = std::move(saved->warnings),
                                                          .error = {}}
                                     : failed(ResourceKind::kList, list.id, std::move(saved).error()));
  }
  for (const DatasourceStatus& status : datasources) {
    const std::string& id = status.datasource.id;
    if (std::ranges::find(wanted.datasources, id, &Datasource::id) == wanted.datasources.end())
      report.resources.push_back(removed(ResourceKind::kDatasource, id, database.delete_datasource(id)));
  }
  return report;
}

}  // namespace slate::server
