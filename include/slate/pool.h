// Connections to a Slate server that many threads share, and a Database on top of them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <slate/client.h>
#include <slate/database.h>

namespace slate {

namespace client {
class PoolCore;  // private to Slate
}

struct ClientPoolOptions {
  // Its address may be several, "db-0:9600,db-1:9600": those of one database. The first that answers is
  // used, until it does not.
  ClientOptions client{};
  std::size_t size = 8;  // connections, at most; each is made when it is first needed
  // How long a checkout waits for a connection to come back, or for the server to.
  std::chrono::milliseconds checkout_timeout{5'000};
  // After a connection could not be made, and doubled each time that it fails again.
  std::chrono::milliseconds first_back_off{50};
  std::chrono::milliseconds most_back_off{5'000};
  // Called when a new connection meets another instance than the ones before, or the first one: an empty
  // database, perhaps. It runs before the connection is handed out and before any other to that instance is,
  // once; the database works on that connection alone. An error fails the connection, and the next one calls
  // it again. Must not use the pool.
  std::function<Result<void>(Database& database, const std::string& instance)> on_new_instance{};
};

// Counts since the start, unless said otherwise.
struct ClientPoolStats {
  std::size_t open = 0;  // now: connections, idle ones and those in use
  std::size_t idle = 0;
  std::size_t waiting = 0;  // checkouts that wait
  std::uint64_t checkouts = 0;
  std::uint64_t waited = 0;    // checkouts that had to wait for a connection in use
  std::uint64_t timeouts = 0;  // that waited in vain
  std::uint64_t refused = 0;   // that failed at once, as the server has been away for long
  std::uint64_t connects = 0;  // connections made
  std::uint64_t connect_failures = 0;
  std::uint64_t dropped = 0;    // broken ones that were closed
  std::uint64_t instances = 0;  // that were met
};

// A connection of one's own for a while; it goes back when this is destroyed.
class PooledClient {
 public:
  PooledClient(std::shared_ptr<client::PoolCore> pool, std::unique_ptr<Client> client);
  PooledClient(PooledClient&&) noexcept = default;
  PooledClient& operator=(PooledClient&& other) noexcept;
  ~PooledClient();

  Client& operator*() const { return *client_; }
  Client* operator->() const { return client_.get(); }

 private:
  void give_back();

  std::shared_ptr<client::PoolCore> pool_;
  std::unique_ptr<Client> client_;
};

// Safe from any thread. Who came first is served first. A connection that broke, or owes answers that nobody
// waits for any more, is closed when it comes back, and its place is free for a new one.
class ClientPool {
 public:
  // Connects nothing yet. Errors: invalid_argument for addresses and options; those of TLS files.
  static Result<std::unique_ptr<ClientPool>> create(ClientPoolOptions options);
  // close().
  ~ClientPool();
  ClientPool(const ClientPool&) = delete;
  ClientPool& operator=(const ClientPool&) = delete;

  // Errors: overloaded when all are in use until the timeout; unavailable, with the reason, when the server
  // cannot be reached until then. Once it has been away for as long as the timeout, at once: whoever comes
  // when a back-off is over tries again. unauthenticated and errors of on_new_instance as they are.
  // Connections are made on threads of their own, so that a server which takes its time makes nobody wait any
  // longer.
  Result<PooledClient> checkout();
  Result<PooledClient> checkout(std::chrono::milliseconds timeout);
  // Checkouts that wait, and later ones, fail with unavailable. Connections in use stay until they are given
  // back. Those that are being made are waited for, ClientOptions::connect_timeout for each address at most:
  // on_new_instance does not run any more.
  void close();
  ClientPoolStats stats() const;
  // The instance that was met last; empty before the first connection.
  std::string instance() const;

 private:
  explicit ClientPool(std::shared_ptr<client::PoolCore> core);
  std::shared_ptr<client::PoolCore> core_;
};

// A Database behind the pool: same answers, same errors, and `unavailable` when the server is away or does
// not take the pool's token, which is no matter of who asks the database. A
// snapshot has a connection of its own while it, or a result set of it, lives; so has a generation builder.
// Reads whose connection turns out to be broken are asked once more on another; writes only when they were
// never sent. A generation builder checks rows when a few hundred kilobytes of them have come together, so
// that an error of append() may be that of an earlier row. `pool` must outlive it.
std::unique_ptr<Database> make_remote_database(ClientPool& pool);
// The same on one connection alone, which must outlive it: nothing is asked twice.
std::unique_ptr<Database> make_remote_database(Client& client);

}  // namespace slate
