// Client over a Connection.
#pragma once

#include <memory>
#include <string>

#include <slate/client.h>

#include "client/calls.h"
#include "client/connection.h"
#include "client/rows.h"
#include "net/tls_context.h"

namespace slate::client {

// The credentials of options; null for plain TCP. Errors: those of files.
Result<std::shared_ptr<net::TlsContext>> make_tls(const ClientOptions& options);

class RemoteClient final : public Client {
 public:
  // `address` instead of the options'.
  static Result<std::unique_ptr<RemoteClient>> connect(const ClientOptions& options, const Address& address,
                                                       const net::TlsContext* tls);
  explicit RemoteClient(std::shared_ptr<Connection> connection);
  ~RemoteClient() override;

  const std::string& address() const override { return address_; }
  const std::string& server_version() const override { return connection_->welcome().server; }
  const std::string& instance() const override { return connection_->welcome().instance; }
  Result<void> usable() override { return connection_->usable(); }

  Call<void> ping(const CallOptions& options) override;
  Call<ServerStatus> status(const CallOptions& options) override;
  Call<OpenedSnapshot> open_snapshot(CopyRef copy, const CallOptions& options) override;
  Call<OpenedList> open_list(CopyRef list, const CallOptions& options) override;
  Call<void> close_snapshot(std::uint64_t handle, const CallOptions& options) override;
  Call<std::unique_ptr<RemoteRows>> query(const Source& source, const Query& query,
                                          const QueryOptions& options) override;
  Call<Count> count(const Source& source, const std::optional<Filter>& filter,
                    std::optional<std::uint64_t> limit, const QueryOptions& options) override;
  Call<DistinctValues> distinct(const Source& source, const DistinctQuery& query,
                                const QueryOptions& options) override;
  Call<Explanation> explain(const Source& source, const Query& query, ExplainMode mode,
                            const QueryOptions& options) override;
  Call<std::optional<Record>> get(const Source& source, std::string_view id,
                                  const CallOptions& options) override;
  Call<WriteCounts> write_batch(std::string_view datasource, std::span<const RecordWrite> writes,
                                const CallOptions& options) override;
  Call<void> delete_all(std::string_view datasource, const CallOptions& options) override;
  Call<Saved> save_datasource(const Datasource& datasource, Existing existing,
                              const CallOptions& options) override;
  Call<DatasourceStatus> get_datasource(std::string_view id, const CallOptions& options) override;
  Call<std::vector<DatasourceStatus>> list_datasources(const CallOptions& options) override;
  Call<void> delete_datasource(std::string_view id, Dependents dependents,
                               const CallOptions& options) override;
  Call<SavedList> save_list(const ListView& list, const CallOptions& options) override;
  Call<ListView> get_list(std::string_view id, const CallOptions& options) override;
  Call<std::vector<ListView>> list_lists(const CallOptions& options) override;
  Call<void> delete_list(std::string_view id, const CallOptions& options) override;
  Call<std::vector<ReconciledResource>> reconcile(std::span<const Datasource> datasources,
                                                  std::span<const ListView> lists,
                                                  const CallOptions& options) override;
  // refresh.cc
  Call<RefreshAnswer> begin_refresh(CopyRef copy, const RefreshOptions& refresh,
                                    const CallOptions& options) override;
  Call<void> load_rows(const RefreshGranted& refresh, std::span<const Record> rows,
                       const std::optional<LoadCounts>& progress, const CallOptions& options) override;
  Call<BuildCounts> finish_refresh(const RefreshGranted& refresh, const CallOptions& options) override;
  Call<std::uint64_t> commit_refresh(const RefreshGranted& refresh, UnixMillis loaded_at,
                                     const CallOptions& options) override;
  Call<void> abort_refresh(const RefreshGranted& refresh, const std::optional<LoadFailure>& failure,
                           const CallOptions& options) override;
  Call<void> renew_refresh(const RefreshGranted& refresh, const std::optional<LoadCounts>& progress,
                           const CallOptions& options) override;
  Call<LoadReport> get_load(std::string_view load_id, const CallOptions& options) override;

  // For this room: what is not in the public interface.
  Connection& connection() { return *connection_; }
  // The rows keep `keep` alive.
  Call<std::unique_ptr<RemoteRows>> query(const Source& source, const Query& query,
                                          const QueryOptions& options, std::shared_ptr<void> keep);
  Call<FoundRecord> find(const Source& source, std::string_view id, const CallOptions& options);
  // Rows that are encoded already: wire::append_row.
  Call<void> load_encoded(const RefreshGranted& refresh, std::uint32_t count, std::string_view payload,
                          const std::optional<LoadCounts>& progress, const CallOptions& options);

 private:
  std::unique_ptr<Exchange> start(wire::RequestBody body, const CallOptions& options,
                                  std::string_view payload = {});

  const std::string address_;
  const std::shared_ptr<Connection> connection_;
};

}  // namespace slate::client
