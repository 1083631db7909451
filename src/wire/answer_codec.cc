#include <google/protobuf/arena.h>

#include "base/try.h"
#include "slate/wire/wire.pb.h"
#include "wire/convert.h"
#include "wire/message_arena.h"
#include "wire/words.h"

namespace slate::wire {
namespace {

using std::chrono::milliseconds;

std::uint32_t millis(milliseconds duration) { return static_cast<std::uint32_t>(duration.count()); }

void write_opened(const SnapshotOpened& from, v1::SnapshotOpened& to) {
  to.set_snapshot(from.snapshot);
  write(from.info, *to.mutable_info());
  write(from.datasource, *to.mutable_datasource());
}
Result<SnapshotOpened> read_opened(const v1::SnapshotOpened& from) {
  SLATE_TRY(Datasource datasource, read(from.datasource()));
  return SnapshotOpened{
      .snapshot = from.snapshot(), .info = read(from.info()), .datasource = std::move(datasource)};
}

void write_saved(Saved from, v1::Saved& to) { to = static_cast<v1::Saved>(number(from)); }
Result<Saved> read_saved(v1::Saved from) { return word(from, Saved::kCreated, Saved::kUnchanged, "outcome"); }

struct Writer {
  v1::Answer& to;

  void operator()(const Error& from) const { write(from, *to.mutable_error()); }
  void operator()(const Welcome& from) const {
    v1::Welcome& welcome = *to.mutable_welcome();
    welcome.set_version(from.version);
    welcome.set_server(from.server);
    welcome.set_instance(from.instance);
    write(from.limits, *welcome.mutable_limits());
    if (from.scope_key) welcome.set_scope_key(*from.scope_key);
  }
  void operator()(const Done&) const { to.mutable_done(); }
  void operator()(const Pong&) const { to.mutable_pong(); }
  void operator()(const ServerStatus& from) const {
    v1::ServerStatus& status = *to.mutable_server_status();
    const auto& [server, instance, uptime, datasources, lists, connections, requests, snapshots, refreshes] =
        from;
    status.set_server(server);
    status.set_instance(instance);
    status.set_uptime_ms(static_cast<std::uint64_t>(uptime.count()));
    status.set_datasources(datasources);
    status.set_lists(lists);
    status.set_connections(connections);
    status.set_requests(requests);
    status.set_snapshots(snapshots);
    status.set_refreshes(refreshes);
  }

  void operator()(const SnapshotOpened& from) const { write_opened(from, *to.mutable_snapshot_opened()); }
  void operator()(const ListOpened& from) const {
    write(from.list, *to.mutable_list_opened()->mutable_list());
    if (from.snapshot) write_opened(*from.snapshot, *to.mutable_list_opened()->mutable_snapshot());
  }
  void operator()(const Rows& from) const {
    v1::Rows& rows = *to.mutable_rows();
    if (from.head) {
      write(from.head->info, *rows.mutable_head()->mutable_info());
      rows.mutable_head()->set_columns(from.head->columns.message().data(),
                                       from.head->columns.message().size());
    }
    if (from.end) write(*from.end, *rows.mutable_end());
  }
  void operator()(const CountAnswer& from) const {
    to.mutable_count()->set_value(from.count.value);
    to.mutable_count()->set_exact(from.count.exact);
    write(from.info, *to.mutable_count()->mutable_info());
  }
  void operator()(const DistinctAnswer& from) const {
    write(from.values, *to.mutable_distinct_values());
    write(from.info, *to.mutable_distinct_values()->mutable_info());
  }
  void operator()(const Explanation& from) const { write(from, *to.mutable_explanation()); }
  void operator()(const RecordFound& from) const {
    write(from.info, *to.mutable_record_found()->mutable_info());
    to.mutable_record_found()->set_columns(from.columns.message().data(), from.columns.message().size());
  }
  void operator()(const WriteCounts& from) const {
    to.mutable_write_counts()->set_inserted(from.inserted);
    to.mutable_write_counts()->set_updated(from.updated);
    to.mutable_write_counts()->set_deleted(from.deleted);
  }

  void operator()(const DatasourceSaved& from) const {
    v1::Saved saved{};
    write_saved(from.saved, saved);
    to.mutable_datasource_saved()->set_saved(saved);
  }
  void operator()(const DatasourceStatus& from) const { write(from, *to.mutable_datasource_status()); }
  void operator()(const DatasourceStatuses& from) const {
    v1::DatasourceStatuses& all = *to.mutable_datasource_statuses();
    for (const DatasourceStatus& status : from.datasources) write(status, *all.add_datasources());
  }
  void operator()(const SavedList& from) const {
    v1::Saved saved{};
    write_saved(from.saved, saved);
    to.mutable_list_saved()->set_saved(saved);
    for (const std::string& warning : from.warnings) to.mutable_list_saved()->add_warnings(warning);
  }
  void operator()(const ListView& from) const { write(from, *to.mutable_list()); }
  void operator()(const Lists& from) const {
    v1::Lists& all = *to.mutable_lists();
    for (const ListView& list : from.lists) write(list, *all.add_lists());
  }
  void operator()(const Reconciled& from) const {
    v1::Reconciled& all = *to.mutable_reconciled();
    for (const ReconciledResource& resource : from.resources) write(resource, *all.add_resources());
  }

  void operator()(const RefreshGranted& from) const {
    v1::RefreshGranted& granted = *to.mutable_refresh_granted();
    granted.set_refresh(from.handle);
    write(from.datasource, *granted.mutable_datasource());
    granted.set_lease_ms(millis(from.lease));
    write(from.live, *granted.mutable_live());
  }
  void operator()(const RefreshBusy& from) const {
    write(from.load, *to.mutable_refresh_busy()->mutable_load());
  }
  void operator()(const RefreshEnded& from) const {
    to.mutable_refresh_ended()->set_generation(from.generation);
  }
  void operator()(const RefreshFailed& from) const {
    v1::RefreshFailed& failed = *to.mutable_refresh_failed();
    const auto& [failure, count, first_at, latest_at, retry_at] = from;
    write(failure, *failed.mutable_failure());
    failed.set_count(count);
    failed.set_first_at(first_at);
    failed.set_latest_at(latest_at);
    failed.set_retry_at(retry_at);
  }
  void operator()(const BuildCounts& from) const { write(from, *to.mutable_build_counts()); }
  void operator()(const RefreshPublished& from) const {
    to.mutable_refresh_published()->set_generation(from.generation);
  }
  void operator()(const LoadReport& from) const { write(from, *to.mutable_load_report()); }
};

Welcome read_welcome(const v1::Welcome& from) {
  Welcome welcome{.version = from.version(),
                  .server = from.server(),
                  .instance = from.instance(),
                  .limits = read(from.limits()),
                  .scope_key = {}};
  if (from.has_scope_key()) welcome.scope_key = from.scope_key();
  return welcome;
}

ServerStatus read_status(const v1::ServerStatus& from) {
  return {.server = from.server(),
          .instance = from.instance(),
          .uptime = milliseconds(from.uptime_ms()),
          .datasources = from.datasources(),
          .lists = from.lists(),
          .connections = from.connections(),
          .requests = from.requests(),
          .snapshots = from.snapshots(),
          .refreshes = from.refreshes()};
}

Result<ListOpened> read_list_opened(const v1::ListOpened& from) {
  ListOpened opened;
  SLATE_TRY(opened.list, read(from.list()));
  if (from.has_snapshot()) {
    SLATE_TRY(opened.snapshot, read_opened(from.snapshot()));
  }
  return opened;
}

Result<Rows> read_rows(const v1::Rows& from) {
  Rows rows;
  if (from.has_head()) {
    rows.head.emplace();
    rows.head->info = read(from.head().info());
    SLATE_TRY(rows.head->columns, ResultColumns::read(from.head().columns()));
  }
  if (from.has_end()) rows.end = read(from.end());
  return rows;
}

Result<DatasourceStatuses> read_statuses(const v1::DatasourceStatuses& from) {
  DatasourceStatuses all;
  for (const v1::DatasourceStatus& entry : from.datasources()) {
    SLATE_TRY(DatasourceStatus status, read(entry));
    all.datasources.push_back(std::move(status));
  }
  return all;
}

Result<Lists> read_lists(const v1::Lists& from) {
  Lists all;
  for (const v1::ListView& entry : from.lists()) {
    SLATE_TRY(ListView list, read(entry));
    all.lists.push_back(std::move(list));
  }
  return all;
}

Result<Reconciled> read_reconciled(const v1::Reconciled& from) {
  Reconciled all;
  for (const v1::ReconciledResource& entry : from.resources()) {
    SLATE_TRY(ReconciledResource resource, read(entry));
    all.resources.push_back(std::move(resource));
  }
  return all;
}

Result<Answer> read_body(const v1::Answer& from) {
  using Case = v1::Answer::BodyCase;
  switch (from.body_case()) {
    case Case::kError: return read(from.error());
    case Case::kWelcome: return read_welcome(from.welcome());
    case Case::kDone: return Done{};
    case Case::kPong: return Pong{};
    case Case::kServerStatus: return read_status(from.server_status());
    case Case::kSnapshotOpened: return read_opened(from.snapshot_opened());
    case Case::kListOpened: return read_list_opened(from.list_opened());
    case Case::kRows: return read_rows(from.rows());
    case Case::kCount:
      return CountAnswer{.count = {.value = from.count().value(), .exact = from.count().exact()},
                         .info = read(from.count().info())};
    case Case::kDistinctValues: {
      SLATE_TRY(DistinctValues values, read(from.distinct_values()));
      return DistinctAnswer{.values = std::move(values), .info = read(from.distinct_values().info())};
    }
    case Case::kExplanation: return read(from.explanation());
    case Case::kRecordFound: {
      SLATE_TRY(auto columns, ResultColumns::read(from.record_found().columns()));
      return RecordFound{.info = read(from.record_found().info()), .columns = std::move(columns)};
    }
    case Case::kWriteCounts:
      return WriteCounts{.inserted = from.write_counts().inserted(),
                         .updated = from.write_counts().updated(),
                         .deleted = from.write_counts().deleted()};
    case Case::kDatasourceSaved: {
      SLATE_TRY(const Saved saved, read_saved(from.datasource_saved().saved()));
      return DatasourceSaved{.saved = saved};
    }
    case Case::kDatasourceStatus: return read(from.datasource_status());
    case Case::kDatasourceStatuses: return read_statuses(from.datasource_statuses());
    case Case::kListSaved: {
      SLATE_TRY(const Saved saved, read_saved(from.list_saved().saved()));
      const auto& warnings = from.list_saved().warnings();
      return SavedList{.saved = saved, .warnings = {warnings.begin(), warnings.end()}};
    }
    case Case::kList: return read(from.list());
    case Case::kLists: return read_lists(from.lists());
    case Case::kReconciled: return read_reconciled(from.reconciled());
    case Case::kRefreshGranted: {
      SLATE_TRY(Datasource datasource, read(from.refresh_granted().datasource()));
      return RefreshGranted{.handle = from.refresh_granted().refresh(),
                            .datasource = std::move(datasource),
                            .lease = milliseconds(from.refresh_granted().lease_ms()),
                            .live = read(from.refresh_granted().live())};
    }
    case Case::kRefreshBusy: {
      SLATE_TRY(LoadReport load, read(from.refresh_busy().load()));
      return RefreshBusy{.load = std::move(load)};
    }
    case Case::kRefreshEnded: return RefreshEnded{.generation = from.refresh_ended().generation()};
    case Case::kRefreshFailed:
      return RefreshFailed{.failure = read(from.refresh_failed().failure()),
                           .count = from.refresh_failed().count(),
                           .first_at = from.refresh_failed().first_at(),
                           .latest_at = from.refresh_failed().latest_at(),
                           .retry_at = from.refresh_failed().retry_at()};
    case Case::kBuildCounts: return read(from.build_counts());
    case Case::kRefreshPublished:
      return RefreshPublished{.generation = from.refresh_published().generation()};
    case Case::kLoadReport: return read(from.load_report());
    case Case::BODY_NOT_SET: break;
  }
  return fail(Reason::kUnimplemented, "an answer that this client does not know");
}

}  // namespace

std::string encode(const Answer& answer) {
  FirstBlock first;
  google::protobuf::Arena arena(beginning_in(first));
  auto& message = *google::protobuf::Arena::CreateMessage<v1::Answer>(&arena);
  std::visit(Writer{message}, answer);
  return message.SerializeAsString();
}

Result<Answer> decode_answer(std::string_view message) {
  FirstBlock first;
  google::protobuf::Arena arena(beginning_in(first));
  auto& parsed = *google::protobuf::Arena::CreateMessage<v1::Answer>(&arena);
  if (message.size() > INT32_MAX || !parsed.ParseFromArray(message.data(), static_cast<int>(message.size())))
    return fail(Reason::kInvalidArgument, "a message that is no answer");
  return read_body(parsed);
}

}  // namespace slate::wire
