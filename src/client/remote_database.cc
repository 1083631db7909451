#include "client/remote_database.h"

#include <utility>

#include "base/try.h"
#include "client/remote_builder.h"
#include "client/remote_snapshot.h"

namespace slate::client {

template <typename Ask>
auto RemoteDatabase::read(Ask ask, Lease& lease) -> decltype(ask(*lease).get()) {
  SLATE_TRY(lease, borrow_());
  auto answer = ask(*lease).get();
  if (answer || !lease->connection().is_broken()) return answer;
  lease.reset();
  SLATE_TRY(lease, borrow_());
  return ask(*lease).get();
}

template <typename Ask>
auto RemoteDatabase::read(Ask ask) {
  Lease lease;
  return read(std::move(ask), lease);
}

template <typename Ask>
auto RemoteDatabase::write(Ask ask) -> decltype(ask(std::declval<RemoteClient&>()).get()) {
  SLATE_TRY(Lease lease, borrow_());
  const std::uint64_t sent = lease->connection().requests_sent();
  auto answer = ask(*lease).get();
  if (answer || !lease->connection().is_broken() || lease->connection().requests_sent() != sent)
    return answer;
  lease.reset();
  SLATE_TRY(lease, borrow_());
  return ask(*lease).get();
}

Result<std::string> RemoteDatabase::scope_key() {
  SLATE_TRY(const Lease lease, borrow_());
  const auto& key = lease->connection().welcome().scope_key;
  if (!key) return fail(Reason::kUnimplemented, "the database keeps no copies by scope");
  return *key;
}

Result<Saved> RemoteDatabase::save_datasource(const Datasource& datasource, Existing existing) {
  return write([&](RemoteClient& client) { return client.save_datasource(datasource, existing, {}); });
}

Result<DatasourceStatus> RemoteDatabase::get_datasource(std::string_view id) {
  return read([&](RemoteClient& client) { return client.get_datasource(id, {}); });
}

Result<std::vector<DatasourceStatus>> RemoteDatabase::list_datasources() {
  return read([](RemoteClient& client) { return client.list_datasources({}); });
}

Result<void> RemoteDatabase::delete_datasource(std::string_view id, Dependents dependents) {
  return write([&](RemoteClient& client) { return client.delete_datasource(id, dependents, {}); });
}

Result<SavedList> RemoteDatabase::save_list(const ListView& list) {
  return write([&](RemoteClient& client) { return client.save_list(list, {}); });
}

Result<ListView> RemoteDatabase::get_list(std::string_view id) {
  return read([&](RemoteClient& client) { return client.get_list(id, {}); });
}

Result<std::vector<ListView>> RemoteDatabase::list_lists() {
  return read([](RemoteClient& client) { return client.list_lists({}); });
}

Result<void> RemoteDatabase::delete_list(std::string_view id) {
  return write([&](RemoteClient& client) { return client.delete_list(id, {}); });
}

Result<WriteCounts> RemoteDatabase::write_batch(std::string_view datasource,
                                                std::span<const RecordWrite> writes) {
  return write([&](RemoteClient& client) { return client.write_batch(datasource, writes, {}); });
}

Result<void> RemoteDatabase::delete_all(std::string_view datasource) {
  return write([&](RemoteClient& client) { return client.delete_all(datasource, {}); });
}

Result<std::unique_ptr<Snapshot>> RemoteDatabase::snapshot(CopyRef copy) {
  Lease lease;
  SLATE_TRY(auto opened, read([&](RemoteClient& client) { return client.open_snapshot(copy, {}); }, lease));
  return std::make_unique<RemoteSnapshot>(std::move(lease), std::move(opened));
}

Result<std::unique_ptr<GenerationBuilder>> RemoteDatabase::begin_generation(CopyRef copy, LoadMode mode) {
  SLATE_TRY(Lease lease, borrow_());
  return RemoteBuilder::begin(std::move(lease), copy, mode);
}

namespace {

// Whatever keeps this program from connecting, its credentials among it, is no matter of who asks it: the
// database is away. Only that all connections are in use is as it is.
Error as_of_a_database(Error error) {
  if (error.reason() == Reason::kUnavailable || error.reason() == Reason::kOverloaded) return error;
  return {Reason::kUnavailable, "there is no connection to the database: " + error.message()};
}

}  // namespace

Result<Lease> borrow(ClientPool& pool) {
  auto pooled = pool.checkout();
  if (!pooled) return fail(as_of_a_database(std::move(pooled).error()));
  const auto held = std::make_shared<PooledClient>(*std::move(pooled));
  // There is no other kind of client.
  return Lease(held, static_cast<RemoteClient*>(&**held));
}

std::unique_ptr<Database> make_single_database(Client& client) {
  // There is no other kind of client.
  return std::make_unique<RemoteDatabase>(
      [remote = static_cast<RemoteClient*>(&client)]() -> Result<Lease> {
        return Lease(remote, [](RemoteClient*) {});
      },
      [&client] { return client.instance(); });
}

std::unique_ptr<Database> make_pooled_database(ClientPool& pool) {
  return std::make_unique<RemoteDatabase>([&pool] { return borrow(pool); },
                                          [&pool] { return pool.instance(); });
}

}  // namespace slate::client
