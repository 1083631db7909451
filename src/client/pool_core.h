// What a ClientPool and the connections that it gave out share.
#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <slate/pool.h>

#include "client/address.h"
#include "client/remote_client.h"
#include "net/tls_context.h"

namespace slate::client {

// Safe from any thread.
class PoolCore : public std::enable_shared_from_this<PoolCore> {
 public:
  PoolCore(ClientPoolOptions options, std::vector<Address> addresses, std::shared_ptr<net::TlsContext> tls);

  Result<PooledClient> checkout(std::chrono::milliseconds timeout);
  void give_back(std::unique_ptr<Client> client);
  // Who waits is refused; returns when nothing of the pool runs any more, which a server that takes long to
  // be connected to may hold up.
  void close();
  ClientPoolStats stats() const;
  std::string instance() const;
  const ClientPoolOptions& options() const { return options_; }

 private:
  using Lock = std::unique_lock<std::mutex>;
  struct Waiter {
    std::condition_variable wake;
    bool probes = false;  // it had the server tried again
  };
  struct Outage {  // no connection could be made since
    TimePoint since{};
    TimePoint retry_at{};
    std::chrono::milliseconds back_off{0};
    Error error;
  };

  // What the one in front does next.
  enum class Step : std::uint8_t { kTake, kWait, kRefuse };
  Step next_step(const Waiter& waiter, TimePoint now, std::chrono::milliseconds timeout) const;
  void leave(std::list<Waiter*>::iterator at);
  void wake_front();
  // As many connections as those that wait could use are made on threads of their own: connecting may take
  // longer than any of them waits, and is not in vain when one has left.
  void connect_for(Waiter& waiter, TimePoint now);
  void connect();
  Result<std::unique_ptr<RemoteClient>> connect_somewhere();
  Result<void> meet(RemoteClient& client);
  void drop(Lock& lock, std::unique_ptr<Client> client);
  void note_outage(const Error& error);
  Error refusal(TimePoint now) const;
  Error timeout_error(std::chrono::milliseconds timeout) const;

  const ClientPoolOptions options_;
  const std::vector<Address> addresses_;
  const std::shared_ptr<net::TlsContext> tls_;

  mutable std::mutex mutex_;  // guards what follows
  std::list<Waiter*> waiting_;
  std::vector<std::unique_ptr<Client>> idle_;  // the last one was in use last
  std::size_t open_ = 0;                       // those being made included
  std::size_t connecting_ = 0;
  std::condition_variable none_connects_;
  std::size_t preferred_ = 0;  // the address that answered last
  std::optional<Outage> outage_;
  bool is_closed_ = false;
  std::string instance_;
  bool is_meeting_ = false;  // on_new_instance runs
  std::condition_variable met_;
  ClientPoolStats counts_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace slate::client
