#include "lists/list_service.h"

#include "base/try.h"
#include "lists/caller_copy.h"
#include "lists/forwarded_headers.h"
#include "model/schema.h"
#include "query/url_query.h"

namespace slate {
namespace {

using SteadyClock = std::chrono::steady_clock;

Freshness freshness_of(const Snapshot& snapshot, FreshnessDecision decision) {
  const SnapshotInfo& info = snapshot.info();
  Freshness freshness{.generation = info.generation, .loaded_at = info.loaded_at};
  if (!snapshot.datasource().loader) return freshness;
  freshness.state = decision.serve == Serve::kFresh ? FreshnessState::kFresh : FreshnessState::kStale;
  freshness.expires_at = decision.expires_at;
  freshness.error = std::move(decision.reason);
  return freshness;
}

}  // namespace

void ListService::open(ListRequest request, Done done) {
  auto resolved = resolve(request);
  if (!resolved) return done(fail(std::move(resolved).error()));
  FreshnessDecision decision = decide(*resolved);
  switch (decision.serve) {
    case Serve::kFresh:
    case Serve::kStale: return done(read(*std::move(resolved), request, std::move(decision)));
    case Serve::kError: return done(fail(*std::move(decision.reason)));
    case Serve::kWait: return wait_for_load(*std::move(resolved), std::move(request), std::move(done));
  }
}

Result<ListService::Resolved> ListService::resolve(const ListRequest& request) const {
  Resolved resolved{.began = SteadyClock::now()};
  SLATE_TRY(resolved.list, database_.get_list(request.list));
  SLATE_TRY(CallerCopy copy, open_copy(database_, resolved.list.datasource, request.headers));
  resolved.scope = std::move(copy.scope);
  resolved.snapshot = std::move(copy.snapshot);
  const Schema schema = make_schema(resolved.snapshot->datasource(), nullptr);
  const UrlNames names{.schema = schema, .list = &resolved.list};
  SLATE_TRY(UrlQuery url, query_from_url(request.parameters, names));
  SLATE_TRY(resolved.count, parse_count(url.count));
  url.query.cursor = std::move(url.cursor);
  SLATE_TRY(resolved.query, list_query(resolved.list, std::move(url.query), request.paging));
  return resolved;
}

FreshnessDecision ListService::decide(const Resolved& resolved) const {
  return refresher_.decide(resolved.snapshot->datasource(), resolved.scope,
                           resolved.snapshot->info().loaded_at);
}

RefreshRequest ListService::refresh_request(const ListRequest& request, const Resolved& resolved) {
  return {.scope = resolved.scope,
          .metadata = forwarded_headers(*resolved.snapshot->datasource().loader, request.headers),
          .context = request.context,
          .trigger = Trigger::kOnDemand,
          .seen_generation = resolved.snapshot->info().generation};
}

Result<ListAnswer> ListService::read(Resolved resolved, const ListRequest& request,
                                     FreshnessDecision decision) {
  Snapshot& snapshot = *resolved.snapshot;
  if (decision.refresh == RefreshAction::kJoin && snapshot.datasource().loader)
    refresher_.refresh(snapshot.datasource(), refresh_request(request, resolved), {});
  SLATE_TRY(auto rows, snapshot.query(resolved.query, {.stop = request.stop}));
  ListRows answer{.list = std::move(resolved.list),
                  .query = std::move(resolved.query),
                  .count = resolved.count,
                  .freshness = freshness_of(snapshot, std::move(decision))};
  answer.rows = std::move(rows);
  answer.snapshot = std::move(resolved.snapshot);
  answer.plan_time = SteadyClock::now() - resolved.began;
  return ListAnswer(std::move(answer));
}

void ListService::wait_for_load(Resolved resolved, ListRequest request, Done done) {
  const Datasource datasource = resolved.snapshot->datasource();
  if (auto plan = resolved.snapshot->explain(resolved.query, ExplainMode::kPlan); !plan)
    return done(fail(std::move(plan).error()));
  RefreshRequest refresh = refresh_request(request, resolved);
  refresh.give_up = resolved.began + request.wait;
  // A snapshot holds back disk pages: none is kept while waiting.
  resolved.snapshot.reset();
  auto waiting = std::make_shared<Waiting>(std::move(request), std::move(done));
  refresher_.refresh(datasource, std::move(refresh), [this, waiting](const LoadStatus& status) {
    waiting->load = status;
    after_load(waiting);
  });
}

void ListService::after_load(std::shared_ptr<Waiting> waiting) {
  const LoadStatus& load = waiting->load;
  if (waiting->request.stop.stop_requested())
    return waiting->done(fail(Reason::kCancelled, "the caller has left"));
  if (load.state == LoadState::kRunning) return waiting->done(ListAnswer(load));
  // Neither says anything about what is stored, and both are for this caller.
  if (load.failure == FailureKind::kCredentials || load.failure == FailureKind::kCancelled)
    return waiting->done(fail(*load.error));
  auto queued = executor_([this, waiting] { waiting->done(answer_after_load(*waiting)); });
  if (!queued) waiting->done(fail(std::move(queued).error()));
}

Result<ListAnswer> ListService::answer_after_load(const Waiting& waiting) {
  // List and datasource may have been changed or dropped meanwhile.
  SLATE_TRY(Resolved resolved, resolve(waiting.request));
  FreshnessDecision decision = decide(resolved);
  if (decision.serve == Serve::kError) return fail(*std::move(decision.reason));
  if (decision.serve == Serve::kWait) {
    if (waiting.load.state == LoadState::kFailed) return fail(*waiting.load.error);
    if (!resolved.snapshot->info().loaded_at)
      return fail(Error(Reason::kUnavailable, "the data was dropped as soon as it was loaded; try again")
                      .with_retry_after(1));
    // The load took longer than its rows may live. They are the youngest there can be: nobody waits twice.
    decision.refresh = RefreshAction::kNone;
  }
  return read(std::move(resolved), waiting.request, std::move(decision));
}

}  // namespace slate
