// A database behind its TCP server, in this process: what a client sees of it.
#pragma once

#include <memory>
#include <utility>

#include <slate/database.h>
#include <slate/pool.h>

#include "base/try.h"
#include "net/blocking_pool.h"
#include "net/io_threads.h"
#include "net/testing/patience.h"
#include "server/server.h"

namespace slate::testing {

class ServedDatabase {
 public:
  // `database` must outlive it.
  static Result<std::unique_ptr<ServedDatabase>> start(Database& database, server::ServerOptions server = {},
                                                       ClientPoolOptions pool = {}) {
    std::unique_ptr<ServedDatabase> served(new ServedDatabase());
    SLATE_TRY(served->server_,
              server::Server::start(std::move(server), database, *served->io_, *served->workers_));
    pool.client.address = "127.0.0.1:" + std::to_string(served->server_->port());
    SLATE_TRY(served->clients_, ClientPool::create(std::move(pool)));
    served->remote_ = make_remote_database(*served->clients_);
    return served;
  }

  Database& remote() { return *remote_; }
  ClientPool& clients() { return *clients_; }
  server::Server& server() { return *server_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(server_->port()); }

 private:
  ServedDatabase() = default;

  std::unique_ptr<net::IoThreads> io_ = std::make_unique<net::IoThreads>(1);
  std::unique_ptr<net::BlockingPool> workers_ =
      std::make_unique<net::BlockingPool>(net::testing::patient_pool(2));
  std::unique_ptr<server::Server> server_;
  std::unique_ptr<ClientPool> clients_;
  std::unique_ptr<Database> remote_;
};

}  // namespace slate::testing
