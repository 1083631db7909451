#include <slate/pool.h>

#include "base/try.h"
#include "client/pool_core.h"
#include "client/remote_database.h"

namespace slate {

PooledClient::PooledClient(std::shared_ptr<client::PoolCore> pool, std::unique_ptr<Client> client)
    : pool_(std::move(pool)), client_(std::move(client)) {}

PooledClient& PooledClient::operator=(PooledClient&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  pool_ = std::move(other.pool_);
  client_ = std::move(other.client_);
  return *this;
}

PooledClient::~PooledClient() { give_back(); }

void PooledClient::give_back() {
  if (client_ != nullptr) pool_->give_back(std::move(client_));
}

Result<std::unique_ptr<ClientPool>> ClientPool::create(ClientPoolOptions options) {
  if (options.size == 0) return fail(Reason::kInvalidArgument, "a pool has one connection at least");
  SLATE_TRY(auto addresses, client::parse_addresses(options.client.address));
  SLATE_TRY(auto tls, client::make_tls(options.client));
  return std::unique_ptr<ClientPool>(new ClientPool(
      std::make_shared<client::PoolCore>(std::move(options), std::move(addresses), std::move(tls))));
}

ClientPool::ClientPool(std::shared_ptr<client::PoolCore> core) : core_(std::move(core)) {}

ClientPool::~ClientPool() { close(); }

void ClientPool::close() { core_->close(); }

Result<PooledClient> ClientPool::checkout() { return checkout(core_->options().checkout_timeout); }

Result<PooledClient> ClientPool::checkout(std::chrono::milliseconds timeout) {
  const auto core = core_;  // may go while this waits
  return core->checkout(timeout);
}

ClientPoolStats ClientPool::stats() const { return core_->stats(); }

std::string ClientPool::instance() const { return core_->instance(); }

std::unique_ptr<Database> make_remote_database(ClientPool& pool) {
  return client::make_pooled_database(pool);
}

std::unique_ptr<Database> make_remote_database(Client& client) {
  return client::make_single_database(client);
}

}  // namespace slate
