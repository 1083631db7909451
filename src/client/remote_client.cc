#include "client/remote_client.h"

#include <utility>

#include "base/try.h"
#include "wire/row_payload.h"

namespace slate::client {
namespace {

wire::Target target_of(const Source& source) {
  if (source.snapshot != 0) return {.snapshot = source.snapshot, .datasource = {}, .scope = {}};
  return {.snapshot = 0,
          .datasource = std::string(source.copy.datasource),
          .scope = std::string(source.copy.scope)};
}

CallOptions call_options(const QueryOptions& options) {
  return {.deadline = options.deadline, .stop = options.stop};
}

OpenedSnapshot opened(wire::SnapshotOpened from) {
  return {.handle = from.snapshot, .info = from.info, .datasource = std::move(from.datasource)};
}

// Rows that begin with the first frame, which the call waits for.
class QueryCall final : public PendingCall<std::unique_ptr<RemoteRows>> {
 public:
  explicit QueryCall(std::unique_ptr<StreamedRows> rows) : rows_(std::move(rows)) {}

  Result<std::unique_ptr<RemoteRows>> take() override {
    SLATE_TRY(rows_->begin());
    return std::move(rows_);
  }
  bool is_ready() override { return rows_->exchange().is_ready(); }
  bool resume_when_ready(std::coroutine_handle<> waiting) override {
    return rows_->exchange().when_ready([waiting] { waiting.resume(); });
  }

 private:
  std::unique_ptr<StreamedRows> rows_;
};

}  // namespace

Result<std::shared_ptr<net::TlsContext>> make_tls(const ClientOptions& options) {
  if (!options.tls) return std::shared_ptr<net::TlsContext>();
  return net::TlsContext::client({.ca = options.tls->ca,
                                  .certificate = options.tls->certificate,
                                  .key = options.tls->key,
                                  .protocols = {std::string(wire::kAlpn)}});
}

Result<std::unique_ptr<RemoteClient>> RemoteClient::connect(const ClientOptions& options,
                                                            const Address& address,
                                                            const net::TlsContext* tls) {
  SLATE_TRY(auto connection, Connection::open(options, address, tls));
  return std::make_unique<RemoteClient>(std::move(connection));
}

RemoteClient::RemoteClient(std::shared_ptr<Connection> connection)
    : address_(connection->address().to_string()), connection_(std::move(connection)) {}

RemoteClient::~RemoteClient() { connection_->close(); }

std::unique_ptr<Exchange> RemoteClient::start(wire::RequestBody body, const CallOptions& options,
                                              std::string_view payload) {
  return connection_->start(std::move(body), {.deadline = options.deadline, .stop = options.stop}, payload);
}

Call<void> RemoteClient::ping(const CallOptions& options) {
  return make_call<void>(start(wire::Ping{}, options),
                         [](wire::Answer answer, ReceivedFrame) -> Result<void> {
                           if (!std::holds_alternative<wire::Pong>(answer)) return unexpected_answer();
                           return {};
                         });
}

Call<ServerStatus> RemoteClient::status(const CallOptions& options) {
  return make_call(
      start(wire::GetStatus{}, options), reads<ServerStatus, wire::ServerStatus>([](wire::ServerStatus from) {
        auto& [version, instance, uptime, datasources, lists, connections, requests, snapshots, refreshes] =
            from;
        return ServerStatus{.version = std::move(version),
                            .instance = std::move(instance),
                            .uptime = uptime,
                            .datasources = datasources,
                            .lists = lists,
                            .connections = connections,
                            .requests = requests,
                            .snapshots = snapshots,
                            .refreshes = refreshes};
      }));
}

// ---- snapshots and questions

Call<OpenedSnapshot> RemoteClient::open_snapshot(CopyRef copy, const CallOptions& options) {
  return make_call(
      start(wire::OpenSnapshot{.datasource = std::string(copy.datasource), .scope = std::string(copy.scope)},
            options),
      reads<OpenedSnapshot, wire::SnapshotOpened>(opened));
}

Call<OpenedList> RemoteClient::open_list(CopyRef list, const CallOptions& options) {
  return make_call(
      start(wire::OpenList{.list = std::string(list.datasource), .scope = std::string(list.scope)}, options),
      reads<OpenedList, wire::ListOpened>([](wire::ListOpened from) {
        OpenedList result{.list = std::move(from.list), .snapshot = {}};
        if (from.snapshot) result.snapshot = opened(*std::move(from.snapshot));
        return result;
      }));
}

Call<void> RemoteClient::close_snapshot(std::uint64_t handle, const CallOptions& options) {
  return make_call(start(wire::CloseSnapshot{.snapshot = handle}, options), reads_done());
}

Call<std::unique_ptr<RemoteRows>> RemoteClient::query(const Source& source, const Query& query,
                                                      const QueryOptions& options) {
  return this->query(source, query, options, nullptr);
}

Call<std::unique_ptr<RemoteRows>> RemoteClient::query(const Source& source, const Query& query,
                                                      const QueryOptions& options,
                                                      std::shared_ptr<void> keep) {
  const std::uint64_t window = connection_->query_window();
  auto exchange = connection_->start(
      wire::RunQuery{.target = target_of(source), .query = query, .options = options, .credit = window},
      {.deadline = options.deadline, .stop = options.stop, .frames = AnswerFrames::kMany, .window = window});
  auto rows = std::make_unique<StreamedRows>(std::move(exchange), std::move(keep));
  return Call<std::unique_ptr<RemoteRows>>(std::make_unique<QueryCall>(std::move(rows)));
}

Call<Count> RemoteClient::count(const Source& source, const std::optional<Filter>& filter,
                                std::optional<std::uint64_t> limit, const QueryOptions& options) {
  return make_call(
      start(
          wire::CountRows{.target = target_of(source), .filter = filter, .limit = limit, .options = options},
          call_options(options)),
      reads<Count, wire::CountAnswer>([](const wire::CountAnswer& from) { return from.count; }));
}

Call<DistinctValues> RemoteClient::distinct(const Source& source, const DistinctQuery& query,
                                            const QueryOptions& options) {
  return make_call(start(wire::GetDistinct{.target = target_of(source), .query = query, .options = options},
                         call_options(options)),
                   reads<DistinctValues, wire::DistinctAnswer>(
                       [](wire::DistinctAnswer from) { return std::move(from.values); }));
}

Call<Explanation> RemoteClient::explain(const Source& source, const Query& query, ExplainMode mode,
                                        const QueryOptions& options) {
  return make_call(
      start(wire::ExplainQuery{.target = target_of(source), .query = query, .mode = mode, .options = options},
            call_options(options)),
      reads<Explanation>());
}

Call<FoundRecord> RemoteClient::find(const Source& source, std::string_view id, const CallOptions& options) {
  return make_call<FoundRecord>(
      start(wire::GetRecord{.target = target_of(source), .id = std::string(id)}, options), FoundRecord::read);
}

Call<std::optional<Record>> RemoteClient::get(const Source& source, std::string_view id,
                                              const CallOptions& options) {
  return make_call<std::optional<Record>>(
      start(wire::GetRecord{.target = target_of(source), .id = std::string(id)}, options),
      [](wire::Answer answer, ReceivedFrame frame) -> Result<std::optional<Record>> {
        SLATE_TRY(FoundRecord found, FoundRecord::read(std::move(answer), std::move(frame)));
        SLATE_TRY(const Batch* batch, found.batch());
        if (batch == nullptr) return std::nullopt;
        return to_record(found.columns(), *batch, 0);
      });
}

// ---- writes

Call<WriteCounts> RemoteClient::write_batch(std::string_view datasource, std::span<const RecordWrite> writes,
                                            const CallOptions& options) {
  std::string payload;
  for (const RecordWrite& write : writes) wire::append_write(write, payload);
  return make_call(start(wire::WriteBatch{.datasource = std::string(datasource),
                                          .count = static_cast<std::uint32_t>(writes.size())},
                         options, payload),
                   reads<WriteCounts>());
}

Call<void> RemoteClient::delete_all(std::string_view datasource, const CallOptions& options) {
  return make_call(start(wire::DeleteAll{.datasource = std::string(datasource)}, options), reads_done());
}

// ---- the catalog

Call<Saved> RemoteClient::save_datasource(const Datasource& datasource, Existing existing,
                                          const CallOptions& options) {
  return make_call(
      start(wire::SaveDatasource{.datasource = datasource, .existing = existing}, options),
      reads<Saved, wire::DatasourceSaved>([](const wire::DatasourceSaved& from) { return from.saved; }));
}

Call<DatasourceStatus> RemoteClient::get_datasource(std::string_view id, const CallOptions& options) {
  return make_call(start(wire::GetDatasource{.id = std::string(id)}, options), reads<DatasourceStatus>());
}

Call<std::vector<DatasourceStatus>> RemoteClient::list_datasources(const CallOptions& options) {
  return make_call(start(wire::ListDatasources{}, options),
                   reads<std::vector<DatasourceStatus>, wire::DatasourceStatuses>(
                       [](wire::DatasourceStatuses from) { return std::move(from.datasources); }));
}

Call<void> RemoteClient::delete_datasource(std::string_view id, Dependents dependents,
                                           const CallOptions& options) {
  return make_call(start(wire::DeleteDatasource{.id = std::string(id), .dependents = dependents}, options),
                   reads_done());
}

Call<SavedList> RemoteClient::save_list(const ListView& list, const CallOptions& options) {
  return make_call(start(wire::SaveList{.list = list}, options), reads<SavedList>());
}

Call<ListView> RemoteClient::get_list(std::string_view id, const CallOptions& options) {
  return make_call(start(wire::GetList{.id = std::string(id)}, options), reads<ListView>());
}

Call<std::vector<ListView>> RemoteClient::list_lists(const CallOptions& options) {
  return make_call(
      start(wire::ListLists{}, options),
      reads<std::vector<ListView>, wire::Lists>([](wire::Lists from) { return std::move(from.lists); }));
}

Call<void> RemoteClient::delete_list(std::string_view id, const CallOptions& options) {
  return make_call(start(wire::DeleteList{.id = std::string(id)}, options), reads_done());
}

Call<std::vector<ReconciledResource>> RemoteClient::reconcile(std::span<const Datasource> datasources,
                                                              std::span<const ListView> lists,
                                                              const CallOptions& options) {
  wire::Reconcile body{.datasources = {datasources.begin(), datasources.end()},
                       .lists = {lists.begin(), lists.end()}};
  return make_call(start(std::move(body), options),
                   reads<std::vector<ReconciledResource>, wire::Reconciled>(
                       [](wire::Reconciled from) { return std::move(from.resources); }));
}

}  // namespace slate::client

namespace slate {

Result<std::unique_ptr<Client>> Client::connect(ClientOptions options) {
  SLATE_TRY(const auto address, client::parse_address(options.address));
  SLATE_TRY(const auto tls, client::make_tls(options));
  return client::RemoteClient::connect(options, address, tls.get());
}

}  // namespace slate
