// Database behind connections.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <slate/database.h>
#include <slate/pool.h>

#include "client/remote_client.h"

namespace slate::client {

// A connection that nobody else has while it is held.
using Lease = std::shared_ptr<RemoteClient>;
using Borrow = std::function<Result<Lease>()>;

class RemoteDatabase final : public Database {
 public:
  // `instance`: the one that was met last.
  RemoteDatabase(Borrow borrow, std::function<std::string()> instance)
      : borrow_(std::move(borrow)), instance_(std::move(instance)) {}

  std::string instance_id() const override { return instance_(); }
  Result<std::string> scope_key() override;
  Result<Saved> save_datasource(const Datasource& datasource, Existing existing) override;
  Result<DatasourceStatus> get_datasource(std::string_view id) override;
  Result<std::vector<DatasourceStatus>> list_datasources() override;
  Result<void> delete_datasource(std::string_view id, Dependents dependents) override;
  Result<SavedList> save_list(const ListView& list) override;
  Result<ListView> get_list(std::string_view id) override;
  Result<std::vector<ListView>> list_lists() override;
  Result<void> delete_list(std::string_view id) override;
  Result<WriteCounts> write_batch(std::string_view datasource, std::span<const RecordWrite> writes) override;
  Result<void> delete_all(std::string_view datasource) override;
  Result<std::unique_ptr<Snapshot>> snapshot(CopyRef copy) override;
  Result<std::unique_ptr<GenerationBuilder>> begin_generation(CopyRef copy, LoadMode mode) override;

 private:
  // `ask` makes a Call on the client it is given. A read whose connection broke is asked once more on another
  // one; a write only when it was never sent.
  template <typename Ask>
  auto read(Ask ask);
  // `lease`: becomes the connection that it was asked on.
  template <typename Ask>
  auto read(Ask ask, Lease& lease) -> decltype(ask(*lease).get());
  template <typename Ask>
  auto write(Ask ask) -> decltype(ask(std::declval<RemoteClient&>()).get());

  const Borrow borrow_;
  const std::function<std::string()> instance_;
};

// A client of the pool's, until the lease ends. Errors: those of ClientPool::checkout.
Result<Lease> borrow(ClientPool& pool);

// Of slate/pool.h.
std::unique_ptr<Database> make_single_database(Client& client);
std::unique_ptr<Database> make_pooled_database(ClientPool& pool);

}  // namespace slate::client
