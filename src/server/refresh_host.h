// Refreshes that clients run: the board's decisions put into effect. Private to the server.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include <slate/generation_builder.h>
#include <slate/load.h>

#include "server/call.h"
#include "server/lane.h"
#include "server/refresh_board.h"

namespace slate::server {

// Safe from any thread.
class RefreshHost : public std::enable_shared_from_this<RefreshHost> {
 public:
  // Part of the core.
  explicit RefreshHost(ServerCore& core);
  ~RefreshHost();

  // BeginRefresh: answered at once, or when the one that runs has ended, or when the wait is over.
  void begin(const std::shared_ptr<Call>& call);
  // LoadRows, FinishRefresh, CommitRefresh, AbortRefresh and RenewRefresh, in the order in which they come.
  void go_on(const std::shared_ptr<Call>& call);
  void get_load(Call& call);
  // The call does not wait any more; it is answered. Nothing when it did not.
  void withdraw(const std::shared_ptr<Call>& call);
  void disconnect(ConnectionId connection);
  void forget(std::string_view datasource);
  std::size_t running() const;
  // No timer runs afterwards, and nothing is held.
  void stop();

 private:
  struct Timer;
  // What a holder has built so far. One thread at a time: whoever has its lane.
  struct Running {
    explicit Running(ServerCore& core) : alive(core.group), lane(std::make_shared<Lane>(core.pool)) {}
    AliveGuard alive;
    std::shared_ptr<Lane> lane;
    std::unique_ptr<GenerationBuilder> builder;
    LoadCounts taken;  // where the holder tells no progress
    std::uint64_t duplicates = 0;
  };
  using WaiterKey = std::pair<ConnectionId, wire::RequestId>;

  void apply(const std::shared_ptr<Call>& call);
  void settle(const std::shared_ptr<Call>& call, const Verdict& verdict);
  void open(const std::shared_ptr<Call>& call, wire::Handle refresh);
  void handle(const std::shared_ptr<Call>& call, wire::Handle refresh, Running& running);
  // The refresh, which is entered, is over: as board_.fail().
  void give_up(wire::Handle refresh, const std::optional<LoadFailure>& fault);
  // REQUIRES: mutex_ is not held.
  void take_effect(BoardEffects effects);
  Result<void> enter(wire::Handle refresh, ConnectionId connection);
  void leave(wire::Handle refresh);
  void drop(wire::Handle refresh);
  BoardTime now() const;
  void arm();

  ServerCore& core_;
  const std::unique_ptr<Timer> timer_;
  mutable std::mutex mutex_;  // guards what follows
  RefreshBoard board_;
  std::map<WaiterKey, std::shared_ptr<Call>> waiting_;
  std::map<wire::Handle, std::shared_ptr<Running>> running_;
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace slate::server
