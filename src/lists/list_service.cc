#include "lists/list_service.h"

#include "base/try.h"
#include "lists/caller_copy.h"
#include "lists/forwarded_headers.h"
#include "lists/value_search.h"
#include "model/schema.h"
#include "query/bound_query.h"
#include "query/names.h"
#include "query/url_query.h"

namespace slate {
namespace {

using SteadyClock = std::chrono::steady_clock;

Freshness freshness_of(const Datasource& datasource, const SnapshotInfo& info, FreshnessDecision decision) {
  Freshness freshness{.generation = info.generation, .loaded_at = info.loaded_at};
  if (!datasource.loader) return freshness;
  freshness.state = decision.serve == Serve::kFresh ? FreshnessState::kFresh : FreshnessState::kStale;
  freshness.expires_at = decision.expires_at;
  freshness.error = std::move(decision.reason);
  return freshness;
}

std::optional<Filter> both(std::optional<Filter> one, std::optional<Filter> other) {
  if (!one) return other;
  if (!other) return one;
  if (one->kind != Filter::Kind::kAnd) one = Filter::all_of({*std::move(one)});
  one->children.push_back(*std::move(other));
  return one;
}

// What a body asks for, narrowed by the conditions of the URL.
Result<Query> merge_body(Query url, const Query& body) {
  const auto refuse = [](std::string_view parameter) {
    return fail(Error(Reason::kInvalidArgument, "the body says so: it must not be in the URL")
                    .with_field(std::string(parameter)));
  };
  if (url.cursor) return refuse("cursor");
  if (url.skip > 0) return refuse("skip");
  if (url.take) return refuse("take");
  if (!url.sort.empty()) return refuse("sort");
  url.skip = body.skip;
  url.take = body.take;
  url.sort = body.sort;
  url.filter = both(std::move(url.filter), body.filter);
  return url;
}

}  // namespace

void ListService::open(ListRequest request, Done done) {
  auto found = find(request);
  if (!found) return done(fail(std::move(found).error()));
  FreshnessDecision decision = decide(*found);
  switch (decision.serve) {
    case Serve::kFresh:
    case Serve::kStale: return done(read(*std::move(found), request, std::move(decision)));
    case Serve::kError: {
      const auto asked = question(request, *found);
      return done(fail(asked ? *std::move(decision.reason) : asked.error()));
    }
    case Serve::kWait: return wait_for_load(*std::move(found), std::move(request), std::move(done));
  }
}

std::optional<ListUnchanged> ListService::peek(std::string_view list,
                                               std::span<const std::pair<std::string, std::string>> headers,
                                               const HasAnswer& has_answer) const {
  auto copy = peek_copy(database_, list, headers);
  if (!copy) return std::nullopt;
  ListState& state = copy->state;
  FreshnessDecision decision = refresher_.decide(*state.datasource, copy->scope, state.data.loaded_at);
  if (decision.serve != Serve::kFresh || decision.refresh != RefreshAction::kNone) return std::nullopt;
  Freshness freshness = freshness_of(*state.datasource, state.data, std::move(decision));
  if (!has_answer({.list = state.list,
                   .datasource = *state.datasource,
                   .data = state.data,
                   .freshness = freshness,
                   .scope = copy->scope}))
    return std::nullopt;
  return ListUnchanged{
      .datasource = std::move(state.datasource), .data = state.data, .freshness = std::move(freshness)};
}

Result<ListService::Found> ListService::find(const ListRequest& request) const {
  Found found{.began = SteadyClock::now()};
  SLATE_TRY(found.list, database_.get_list(request.list));
  SLATE_TRY(CallerCopy copy, open_copy(database_, found.list.datasource, request.headers));
  found.scope = std::move(copy.scope);
  found.snapshot = std::move(copy.snapshot);
  return found;
}

Result<ListService::Question> ListService::question(const ListRequest& request, const Found& found) {
  const Schema schema = make_schema(found.snapshot->datasource(), nullptr);
  const UrlNames names{.schema = schema, .list = &found.list};
  SLATE_TRY(UrlQuery url, query_from_url(request.parameters, names));
  Question question;
  const bool counts = request.paging == Paging::kPage && !request.values;
  SLATE_TRY(question.count, parse_count(url.count, counts ? kPageCount : CountMode{}));
  url.query.cursor = std::move(url.cursor);
  if (request.body) {
    SLATE_TRY(url.query, merge_body(std::move(url.query), *request.body));
  }
  if (request.values) {
    SLATE_TRY(require_in_list(found.list, request.values->field));
    if (const auto& search = request.values->search) {
      SLATE_TRY(auto searched, value_search(schema, request.values->field, *search));
      url.query.filter = both(std::move(url.query.filter), std::move(searched));
    }
  }
  SLATE_TRY(question.query, list_query(found.list, std::move(url.query), request.paging));
  return question;
}

FreshnessDecision ListService::decide(const Found& found) const {
  return refresher_.decide(found.snapshot->datasource(), found.scope, found.snapshot->info().loaded_at);
}

RefreshRequest ListService::refresh_request(const ListRequest& request, const Found& found) {
  return {.scope = found.scope,
          .metadata = forwarded_headers(*found.snapshot->datasource().loader, request.headers),
          .context = request.context,
          .trigger = Trigger::kOnDemand,
          .seen_generation = found.snapshot->info().generation,
          .seen_loaded_at = found.snapshot->info().loaded_at};
}

Result<ListAnswer> ListService::read(Found found, const ListRequest& request, FreshnessDecision decision) {
  Snapshot& snapshot = *found.snapshot;
  const RefreshAction refresh = decision.refresh;
  Freshness freshness = freshness_of(snapshot.datasource(), snapshot.info(), std::move(decision));
  const auto refresh_beside = [&] {
    if (refresh == RefreshAction::kJoin && snapshot.datasource().loader)
      refresher_.refresh(snapshot.datasource(), refresh_request(request, found), {});
  };
  if (request.has_answer && request.has_answer({.list = found.list,
                                                .datasource = snapshot.datasource(),
                                                .data = snapshot.info(),
                                                .freshness = freshness,
                                                .scope = found.scope})) {
    refresh_beside();
    return ListAnswer(ListUnchanged{.datasource = std::make_shared<const Datasource>(snapshot.datasource()),
                                    .data = snapshot.info(),
                                    .freshness = std::move(freshness)});
  }
  SLATE_TRY(Question asked, question(request, found));
  refresh_beside();
  if (request.values) return read_values(std::move(found), asked, request, std::move(freshness));
  return read_rows(std::move(found), std::move(asked), request, std::move(freshness));
}

Result<ListAnswer> ListService::read_rows(Found found, Question question, const ListRequest& request,
                                          Freshness freshness) {
  SLATE_TRY(auto rows, found.snapshot->query(question.query, {.stop = request.stop}));
  ListRows answer{.list = std::move(found.list),
                  .query = std::move(question.query),
                  .count = question.count,
                  .freshness = std::move(freshness)};
  answer.rows = std::move(rows);
  answer.snapshot = std::move(found.snapshot);
  answer.plan_time = SteadyClock::now() - found.began;
  return ListAnswer(std::move(answer));
}

Result<ListAnswer> ListService::read_values(Found found, const Question& question, const ListRequest& request,
                                            Freshness freshness) {
  const auto planned = SteadyClock::now();
  SLATE_TRY(auto values, found.snapshot->distinct({.field = request.values->field,
                                                   .filter = question.query.filter,
                                                   .order = request.values->order,
                                                   .take = request.values->take},
                                                  {.stop = request.stop}));
  return ListAnswer(ListValues{.list = std::move(found.list.id),
                               .field = request.values->field,
                               .values = std::move(values),
                               .data = found.snapshot->info(),
                               .freshness = std::move(freshness),
                               .plan_time = planned - found.began,
                               .exec_time = SteadyClock::now() - planned});
}

// Refuses what is wrong before anything is loaded for it.
Result<void> ListService::check(const ListRequest& request, const Found& found) {
  SLATE_TRY(const Question asked, question(request, found));
  if (!request.values) {
    SLATE_TRY(found.snapshot->explain(asked.query, ExplainMode::kPlan));
    return {};
  }
  const DistinctQuery values{.field = request.values->field,
                             .filter = asked.query.filter,
                             .order = request.values->order,
                             .take = request.values->take};
  SLATE_TRY(bind(values, make_schema(found.snapshot->datasource(), nullptr)));
  return {};
}

void ListService::wait_for_load(Found found, ListRequest request, Done done) {
  const Datasource datasource = found.snapshot->datasource();
  if (auto right = check(request, found); !right) return done(fail(std::move(right).error()));
  RefreshRequest refresh = refresh_request(request, found);
  refresh.give_up = found.began + request.wait;
  // A snapshot holds back disk pages: none is kept while waiting.
  found.snapshot.reset();
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
  SLATE_TRY(Found found, find(waiting.request));
  FreshnessDecision decision = decide(found);
  if (decision.serve == Serve::kError) return fail(*std::move(decision.reason));
  if (decision.serve == Serve::kWait) {
    if (waiting.load.state == LoadState::kFailed) return fail(*waiting.load.error);
    if (!found.snapshot->info().loaded_at)
      return fail(Error(Reason::kUnavailable, "the data was dropped as soon as it was loaded; try again")
                      .with_retry_after(1));
    // The load took longer than its rows may live. They are the youngest there can be: nobody waits twice.
    decision.refresh = RefreshAction::kNone;
  }
  return read(std::move(found), waiting.request, std::move(decision));
}

}  // namespace slate
