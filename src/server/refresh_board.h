// Who may refresh a copy of a datasource, and who waits for it: decisions without I/O, clock or threads.
//
// For each copy (datasource and scope) one connection at a time holds the right to refresh it, under a lease.
// Everything that the refresh sends renews the lease; it is lost when nothing comes in time, and with the
// connection. Then, and when a refresh ends without saying anything about the loader, the next one who waits
// has the right, in the order of arrival. A success and a failure that says something about the loader answer
// all who wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <slate/clock.h>
#include <slate/error.h>
#include <slate/load.h>

#include "loader/refresh_policy.h"
#include "wire/answers.h"
#include "wire/frame.h"

namespace slate::server {

using SteadyTime = std::chrono::steady_clock::time_point;

// Both clocks: leases and waits are by the steady one, what people see by the other.
struct BoardTime {
  SteadyTime steady{};
  UnixMillis wall = 0;
};

using ConnectionId = std::uint64_t;

// A BeginRefresh on its way: what the answer goes to.
struct Applicant {
  ConnectionId connection = 0;
  wire::RequestId request = 0;
  bool operator==(const Applicant&) const = default;
};

struct Application {
  std::string datasource;
  std::string scope;
  std::string load_id;
  Trigger trigger = Trigger::kOnDemand;
  std::uint64_t seen_generation = 0;
  std::uint64_t live_generation = 0;  // as of now
  SteadyTime give_up{};               // when the applicant stops waiting
  std::chrono::milliseconds lease{0};
};

struct Granted {
  wire::Handle refresh = 0;
};
struct Busy {
  LoadReport load;
};
struct Ended {
  std::uint64_t generation = 0;
};
struct Failed {
  FailureMemory failures;
};
using Verdict = std::variant<Granted, Busy, Ended, Failed>;

struct Notice {
  Applicant applicant;
  Verdict verdict;
};

// What a call has brought about elsewhere.
struct BoardEffects {
  std::vector<Notice> notices;
  std::vector<wire::Handle> lost;  // refreshes that are over: what they have built goes
};

// One thread at a time. Calls cost O(log) of what is there, O(waiters) of the copy where they answer all, and
// O(copies) where a failure, a connection or time passes.
class RefreshBoard {
 public:
  // So many ended loads are remembered, and the failures of so many copies: the latest of either.
  explicit RefreshBoard(std::size_t remembered = 1000) : remembered_(remembered) {}

  // The verdict, or nothing: it will come as a notice. In this order:
  //   on demand, and what is live is newer than what was seen   Ended
  //   somebody holds the right                                  waits, or Busy when there is no time to wait
  //   on demand, while the loader is backing off                Failed
  //   otherwise                                                 Granted
  std::optional<Verdict> begin(const Application& application, Applicant applicant, BoardTime now);

  // A message of the refresh is being handled, which may take longer than the lease: it is renewed at both
  // ends. failed_precondition when the connection does not hold this refresh, or not any more.
  Result<void> enter(wire::Handle refresh, ConnectionId connection, BoardTime now);
  BoardEffects leave(wire::Handle refresh, BoardTime now);
  void report(wire::Handle refresh, const LoadCounts& counts);

  // The refresh is over. REQUIRES: between enter() and leave(), which is not called then.
  BoardEffects succeed(wire::Handle refresh, std::uint64_t generation, std::uint64_t duplicates,
                       BoardTime now);
  // `random` in [0, 1): spreads the back-off. Without a fault: as if it had never been.
  BoardEffects fail(wire::Handle refresh, std::optional<LoadFailure> fault, BoardTime now, double random);

  // Nobody is there any more to whom that connection's rights and waits belong. A message that is being
  // handled is still handled: it may be the one that publishes.
  BoardEffects disconnect(ConnectionId connection, BoardTime now);
  // The applicant does not wait any more. False: it was not waiting.
  bool withdraw(Applicant applicant);
  // Leases and waits that are over at `now`.
  BoardEffects expire(BoardTime now);
  // When expire() has something to do next.
  std::optional<SteadyTime> next_deadline() const;

  // Of a load by its id, or by the id of one who waits or waited for it. Absent: forgotten, or never known.
  std::optional<LoadReport> find(std::string_view load_id) const;
  // Failures of a datasource that was dropped or emptied, in all its scopes.
  void forget(std::string_view datasource);
  std::size_t running() const { return refreshes_.size(); }
  std::size_t held_by(ConnectionId connection) const;
  // Copies of which something is known.
  std::size_t copies() const { return copies_.size(); }

 private:
  using CopyKey = std::pair<std::string, std::string>;
  using Load = std::shared_ptr<LoadReport>;
  struct Waiter {
    Applicant applicant;
    std::string load_id;
    SteadyTime give_up;
    std::chrono::milliseconds lease;
  };
  struct Refresh {
    wire::Handle handle = 0;
    ConnectionId connection = 0;
    std::chrono::milliseconds lease{0};
    SteadyTime expires{};
    bool entered = false;
    bool orphaned = false;  // its connection has gone while it was entered
    Load load;
  };
  struct Copy {
    std::optional<Refresh> refresh;
    std::deque<Waiter> waiters;
    std::optional<FailureMemory> failures;
  };
  using Copies = std::map<CopyKey, Copy>;

  Granted grant(Copies::iterator copy, Waiter winner, BoardTime now);
  // The first who waits has the right now, if anybody does.
  void pass_on(Copies::iterator copy, BoardTime now, BoardEffects& effects);
  void answer_all(Copy& copy, const Verdict& verdict, BoardEffects& effects);
  void lose(Copies::iterator copy, std::string why, BoardTime now, BoardEffects& effects);
  void remember(const std::string& id, Load load);
  void forget_oldest_failure();
  void drop_if_empty(Copies::iterator copy);

  std::size_t remembered_;
  wire::Handle last_handle_ = 0;
  Copies copies_;
  std::map<wire::Handle, Copies::iterator> refreshes_;
  std::map<std::string, Load, std::less<>> loads_;
  std::deque<std::string> load_order_;  // the ids in loads_, oldest first
};

}  // namespace slate::server
