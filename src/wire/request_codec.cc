#include <array>
#include <google/protobuf/arena.h>

#include "base/try.h"
#include "slate/wire/wire.pb.h"
#include "wire/convert.h"
#include "wire/message_arena.h"
#include "wire/words.h"

namespace slate::wire {
namespace {

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

void write(const Target& from, v1::Target& to) {
  to.set_snapshot(from.snapshot);
  to.set_datasource(from.datasource);
  to.set_scope(from.scope);
}
Target read(const v1::Target& from) {
  return {.snapshot = from.snapshot(), .datasource = from.datasource(), .scope = from.scope()};
}

// The body of `to` for each kind of request, by overloads.
struct Writer {
  v1::Request& to;

  void operator()(const Hello& from) const {
    v1::Hello& hello = *to.mutable_hello();
    hello.set_version(from.version);
    hello.set_token(from.token);
    hello.set_client(from.client);
  }
  void operator()(const Cancel&) const { to.mutable_cancel(); }
  void operator()(const Grant& from) const { to.mutable_grant()->set_bytes(from.bytes); }
  void operator()(const Ping&) const { to.mutable_ping(); }
  void operator()(const GetStatus&) const { to.mutable_get_status(); }

  void operator()(const OpenSnapshot& from) const {
    to.mutable_open_snapshot()->set_datasource(from.datasource);
    to.mutable_open_snapshot()->set_scope(from.scope);
  }
  void operator()(const OpenList& from) const {
    to.mutable_open_list()->set_list(from.list);
    to.mutable_open_list()->set_scope(from.scope);
  }
  void operator()(const CloseSnapshot& from) const {
    to.mutable_close_snapshot()->set_snapshot(from.snapshot);
  }
  void operator()(const RunQuery& from) const {
    v1::RunQuery& run = *to.mutable_run_query();
    write(from.target, *run.mutable_target());
    wire::write(from.query, *run.mutable_query());
    wire::write(from.options, *run.mutable_settings());
    run.set_credit(from.credit);
    run.set_page(from.paging == Paging::kPage);
  }
  void operator()(const CountRows& from) const {
    v1::CountRows& count = *to.mutable_count_rows();
    write(from.target, *count.mutable_target());
    if (from.filter) wire::write(*from.filter, *count.mutable_filter());
    if (from.limit) count.set_limit(*from.limit);
    wire::write(from.options, *count.mutable_settings());
  }
  void operator()(const GetDistinct& from) const {
    v1::GetDistinct& distinct = *to.mutable_get_distinct();
    const auto& [field, filter, order, take] = from.query;
    write(from.target, *distinct.mutable_target());
    distinct.set_field(field);
    if (filter) wire::write(*filter, *distinct.mutable_filter());
    distinct.set_order(static_cast<v1::DistinctOrder>(number(order)));
    distinct.set_take(take);
    wire::write(from.options, *distinct.mutable_settings());
  }
  void operator()(const ExplainQuery& from) const {
    v1::ExplainQuery& explain = *to.mutable_explain_query();
    write(from.target, *explain.mutable_target());
    wire::write(from.query, *explain.mutable_query());
    explain.set_analyze(from.mode == ExplainMode::kAnalyze);
    wire::write(from.options, *explain.mutable_settings());
  }
  void operator()(const GetRecord& from) const {
    write(from.target, *to.mutable_get_record()->mutable_target());
    to.mutable_get_record()->set_id(from.id);
  }
  void operator()(const WriteBatch& from) const {
    to.mutable_write_batch()->set_datasource(from.datasource);
    to.mutable_write_batch()->set_count(from.count);
  }
  void operator()(const DeleteAll& from) const { to.mutable_delete_all()->set_datasource(from.datasource); }

  void operator()(const SaveDatasource& from) const {
    wire::write(from.datasource, *to.mutable_save_datasource()->mutable_datasource());
    to.mutable_save_datasource()->set_refuse_existing(from.existing == Existing::kRefuse);
  }
  void operator()(const GetDatasource& from) const { to.mutable_get_datasource()->set_id(from.id); }
  void operator()(const ListDatasources&) const { to.mutable_list_datasources(); }
  void operator()(const DeleteDatasource& from) const {
    to.mutable_delete_datasource()->set_id(from.id);
    to.mutable_delete_datasource()->set_cascade(from.dependents == Dependents::kCascade);
  }
  void operator()(const SaveList& from) const {
    wire::write(from.list, *to.mutable_save_list()->mutable_list());
  }
  void operator()(const GetList& from) const { to.mutable_get_list()->set_id(from.id); }
  void operator()(const ListLists&) const { to.mutable_list_lists(); }
  void operator()(const DeleteList& from) const { to.mutable_delete_list()->set_id(from.id); }
  void operator()(const Reconcile& from) const {
    v1::Reconcile& reconcile = *to.mutable_reconcile();
    for (const Datasource& datasource : from.datasources)
      wire::write(datasource, *reconcile.add_datasources());
    for (const ListView& list : from.lists) wire::write(list, *reconcile.add_lists());
  }

  void operator()(const BeginRefresh& from) const {
    v1::BeginRefresh& begin = *to.mutable_begin_refresh();
    const auto& [datasource, scope, mode, load_id, trigger, seen_generation, wait, lease] = from;
    begin.set_datasource(datasource);
    begin.set_scope(scope);
    if (mode) begin.set_mode(static_cast<v1::LoadMode>(number(*mode)));
    begin.set_load_id(load_id);
    begin.set_trigger(static_cast<v1::Trigger>(number(trigger)));
    begin.set_seen_generation(seen_generation);
    begin.set_wait_ms(static_cast<std::uint32_t>(wait.count()));
    begin.set_lease_ms(static_cast<std::uint32_t>(lease.count()));
  }
  void operator()(const LoadRows& from) const {
    v1::LoadRows& rows = *to.mutable_load_rows();
    rows.set_refresh(from.refresh);
    rows.set_count(from.count);
    if (from.progress) wire::write(*from.progress, *rows.mutable_progress());
  }
  void operator()(const FinishRefresh& from) const { to.mutable_finish_refresh()->set_refresh(from.refresh); }
  void operator()(const CommitRefresh& from) const {
    to.mutable_commit_refresh()->set_refresh(from.refresh);
    to.mutable_commit_refresh()->set_loaded_at(from.loaded_at);
  }
  void operator()(const AbortRefresh& from) const {
    to.mutable_abort_refresh()->set_refresh(from.refresh);
    if (from.failure) wire::write(*from.failure, *to.mutable_abort_refresh()->mutable_failure());
  }
  void operator()(const RenewRefresh& from) const {
    to.mutable_renew_refresh()->set_refresh(from.refresh);
    if (from.progress) wire::write(*from.progress, *to.mutable_renew_refresh()->mutable_progress());
  }
  void operator()(const GetLoad& from) const { to.mutable_get_load()->set_load_id(from.load_id); }
};

Result<RunQuery> read_run(const v1::RunQuery& from) {
  SLATE_TRY(Query query, wire::read(from.query()));
  return RunQuery{.target = read(from.target()),
                  .query = std::move(query),
                  .options = wire::read(from.settings()),
                  .credit = from.credit(),
                  .paging = from.page() ? Paging::kPage : Paging::kNone};
}

Result<CountRows> read_count(const v1::CountRows& from) {
  CountRows count{
      .target = read(from.target()), .filter = {}, .limit = {}, .options = wire::read(from.settings())};
  if (from.has_filter()) {
    SLATE_TRY(count.filter, wire::read(from.filter()));
  }
  if (from.has_limit()) count.limit = from.limit();
  return count;
}

Result<GetDistinct> read_distinct(const v1::GetDistinct& from) {
  GetDistinct distinct{.target = read(from.target()), .query = {}, .options = wire::read(from.settings())};
  distinct.query.field = from.field();
  if (from.has_filter()) {
    SLATE_TRY(distinct.query.filter, wire::read(from.filter()));
  }
  SLATE_TRY(distinct.query.order,
            word(from.order(), DistinctOrder::kValue, DistinctOrder::kCount, "distinct order"));
  distinct.query.take = from.take();
  return distinct;
}

Result<Reconcile> read_reconcile(const v1::Reconcile& from) {
  Reconcile reconcile;
  for (const v1::Datasource& entry : from.datasources()) {
    SLATE_TRY(Datasource datasource, wire::read(entry));
    reconcile.datasources.push_back(std::move(datasource));
  }
  for (const v1::ListView& entry : from.lists()) {
    SLATE_TRY(ListView list, wire::read(entry));
    reconcile.lists.push_back(std::move(list));
  }
  return reconcile;
}

Result<BeginRefresh> read_begin(const v1::BeginRefresh& from) {
  BeginRefresh begin{.datasource = from.datasource(),
                     .scope = from.scope(),
                     .mode = {},
                     .load_id = from.load_id(),
                     .trigger = {},
                     .seen_generation = from.seen_generation(),
                     .wait = std::chrono::milliseconds(from.wait_ms()),
                     .lease = std::chrono::milliseconds(from.lease_ms())};
  if (from.has_mode()) {
    SLATE_TRY(begin.mode, word(from.mode(), LoadMode::kReplace, LoadMode::kMerge, "load mode"));
  }
  SLATE_TRY(begin.trigger, word(from.trigger(), Trigger::kOnDemand, Trigger::kForced, "trigger"));
  return begin;
}

Result<RequestBody> read_body(const v1::Request& from) {
  using Case = v1::Request::BodyCase;
  switch (from.body_case()) {
    case Case::kHello:
      return Hello{
          .version = from.hello().version(), .token = from.hello().token(), .client = from.hello().client()};
    case Case::kCancel: return Cancel{};
    case Case::kGrant: return Grant{.bytes = from.grant().bytes()};
    case Case::kPing: return Ping{};
    case Case::kGetStatus: return GetStatus{};
    case Case::kOpenSnapshot:
      return OpenSnapshot{.datasource = from.open_snapshot().datasource(),
                          .scope = from.open_snapshot().scope()};
    case Case::kOpenList: return OpenList{.list = from.open_list().list(), .scope = from.open_list().scope()};
    case Case::kCloseSnapshot: return CloseSnapshot{.snapshot = from.close_snapshot().snapshot()};
    case Case::kRunQuery: return read_run(from.run_query());
    case Case::kCountRows: return read_count(from.count_rows());
    case Case::kGetDistinct: return read_distinct(from.get_distinct());
    case Case::kExplainQuery: {
      const v1::ExplainQuery& explain = from.explain_query();
      SLATE_TRY(Query query, wire::read(explain.query()));
      return ExplainQuery{.target = read(explain.target()),
                          .query = std::move(query),
                          .mode = explain.analyze() ? ExplainMode::kAnalyze : ExplainMode::kPlan,
                          .options = wire::read(explain.settings())};
    }
    case Case::kGetRecord:
      return GetRecord{.target = read(from.get_record().target()), .id = from.get_record().id()};
    case Case::kWriteBatch:
      return WriteBatch{.datasource = from.write_batch().datasource(), .count = from.write_batch().count()};
    case Case::kDeleteAll: return DeleteAll{.datasource = from.delete_all().datasource()};
    case Case::kSaveDatasource: {
      SLATE_TRY(Datasource datasource, wire::read(from.save_datasource().datasource()));
      return SaveDatasource{
          .datasource = std::move(datasource),
          .existing = from.save_datasource().refuse_existing() ? Existing::kRefuse : Existing::kReplace};
    }
    case Case::kGetDatasource: return GetDatasource{.id = from.get_datasource().id()};
    case Case::kListDatasources: return ListDatasources{};
    case Case::kDeleteDatasource:
      return DeleteDatasource{
          .id = from.delete_datasource().id(),
          .dependents = from.delete_datasource().cascade() ? Dependents::kCascade : Dependents::kRefuse};
    case Case::kSaveList: {
      SLATE_TRY(ListView list, wire::read(from.save_list().list()));
      return SaveList{.list = std::move(list)};
    }
    case Case::kGetList: return GetList{.id = from.get_list().id()};
    case Case::kListLists: return ListLists{};
    case Case::kDeleteList: return DeleteList{.id = from.delete_list().id()};
    case Case::kReconcile: return read_reconcile(from.reconcile());
    case Case::kBeginRefresh: return read_begin(from.begin_refresh());
    case Case::kLoadRows: {
      LoadRows rows{.refresh = from.load_rows().refresh(), .count = from.load_rows().count(), .progress = {}};
      if (from.load_rows().has_progress()) rows.progress = wire::read(from.load_rows().progress());
      return rows;
    }
    case Case::kFinishRefresh: return FinishRefresh{.refresh = from.finish_refresh().refresh()};
    case Case::kCommitRefresh:
      return CommitRefresh{.refresh = from.commit_refresh().refresh(),
                           .loaded_at = from.commit_refresh().loaded_at()};
    case Case::kAbortRefresh: {
      AbortRefresh abort{.refresh = from.abort_refresh().refresh(), .failure = {}};
      if (from.abort_refresh().has_failure()) abort.failure = wire::read(from.abort_refresh().failure());
      return abort;
    }
    case Case::kRenewRefresh: {
      RenewRefresh renew{.refresh = from.renew_refresh().refresh(), .progress = {}};
      if (from.renew_refresh().has_progress()) renew.progress = wire::read(from.renew_refresh().progress());
      return renew;
    }
    case Case::kGetLoad: return GetLoad{.load_id = from.get_load().load_id()};
    case Case::BODY_NOT_SET: break;
  }
  return fail(Reason::kUnimplemented, "a request that this server does not know");
}

Result<void> check_nesting_of(const RequestBody& body) {
  return std::visit(
      Overloaded{[](const RunQuery& run) { return check_nesting(run.query.filter); },
                 [](const CountRows& count) { return check_nesting(count.filter); },
                 [](const GetDistinct& distinct) { return check_nesting(distinct.query.filter); },
                 [](const ExplainQuery& explain) { return check_nesting(explain.query.filter); },
                 [](const SaveList& save) { return check_nesting(save.list.filter); },
                 [](const auto&) { return Result<void>{}; }},
      body);
}

}  // namespace

std::string_view request_name(const RequestBody& request) {
  static constexpr std::array<std::string_view, std::variant_size_v<RequestBody>> kNames{"hello",
                                                                                         "cancel",
                                                                                         "grant",
                                                                                         "ping",
                                                                                         "get_status",
                                                                                         "open_snapshot",
                                                                                         "open_list",
                                                                                         "close_snapshot",
                                                                                         "run_query",
                                                                                         "count_rows",
                                                                                         "get_distinct",
                                                                                         "explain_query",
                                                                                         "get_record",
                                                                                         "write_batch",
                                                                                         "delete_all",
                                                                                         "save_datasource",
                                                                                         "get_datasource",
                                                                                         "list_datasources",
                                                                                         "delete_datasource",
                                                                                         "save_list",
                                                                                         "get_list",
                                                                                         "list_lists",
                                                                                         "delete_list",
                                                                                         "reconcile",
                                                                                         "begin_refresh",
                                                                                         "load_rows",
                                                                                         "finish_refresh",
                                                                                         "commit_refresh",
                                                                                         "abort_refresh",
                                                                                         "renew_refresh",
                                                                                         "get_load"};
  return kNames[request.index()];
}

Result<std::string> encode(const Request& request) {
  SLATE_TRY(check_nesting_of(request.body));
  FirstBlock first;
  google::protobuf::Arena arena(beginning_in(first));
  auto& message = *google::protobuf::Arena::CreateMessage<v1::Request>(&arena);
  if (request.deadline)
    message.set_deadline_ms(static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(request.deadline->count(), 1, std::int64_t{UINT32_MAX})));
  std::visit(Writer{message}, request.body);
  return message.SerializeAsString();
}

Result<Request> decode_request(std::string_view message) {
  FirstBlock first;
  google::protobuf::Arena arena(beginning_in(first));
  auto& parsed = *google::protobuf::Arena::CreateMessage<v1::Request>(&arena);
  if (message.size() > INT32_MAX || !parsed.ParseFromArray(message.data(), static_cast<int>(message.size())))
    return fail(Reason::kInvalidArgument, "a message that is no request");
  SLATE_TRY(RequestBody body, read_body(parsed));
  Request request{.body = std::move(body)};
  if (parsed.deadline_ms() != 0) request.deadline = std::chrono::milliseconds(parsed.deadline_ms());
  return request;
}

}  // namespace slate::wire
