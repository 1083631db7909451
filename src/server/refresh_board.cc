#include "server/refresh_board.h"

#include <algorithm>

#include "base/check.h"

namespace slate::server {
namespace {

constexpr const char* kGone = "the process that loaded has gone";

}  // namespace

std::optional<Verdict> RefreshBoard::begin(const Application& application, Applicant applicant,
                                           BoardTime now) {
  const bool on_demand = application.trigger == Trigger::kOnDemand;
  if (on_demand && application.live_generation > application.seen_generation)
    return Ended{application.live_generation};
  const auto copy = copies_.try_emplace({application.datasource, application.scope}).first;
  Waiter waiter{.applicant = applicant,
                .load_id = application.load_id,
                .give_up = application.give_up,
                .lease = application.lease};
  if (const auto& held = copy->second.refresh) {
    remember(application.load_id, held->load);
    if (application.give_up <= now.steady) return Busy{*held->load};
    copy->second.waiters.push_back(std::move(waiter));
    return std::nullopt;
  }
  if (const auto& failures = copy->second.failures;
      on_demand && failures && is_backing_off(*failures, now.wall))
    return Failed{*failures};
  return grant(copy, std::move(waiter), now);
}

Granted RefreshBoard::grant(Copies::iterator copy, Waiter winner, BoardTime now) {
  auto load = std::make_shared<LoadReport>();
  load->load_id = winner.load_id;
  std::tie(load->datasource, load->scope) = copy->first;
  load->started_at = now.wall;
  remember(winner.load_id, load);
  // Who still waits, waits for this one.
  for (const Waiter& waiter : copy->second.waiters) remember(waiter.load_id, load);
  copy->second.refresh = Refresh{.handle = ++last_handle_,
                                 .connection = winner.applicant.connection,
                                 .lease = winner.lease,
                                 .expires = now.steady + winner.lease,
                                 .load = std::move(load)};
  refreshes_.emplace(last_handle_, copy);
  return {last_handle_};
}

Result<void> RefreshBoard::enter(wire::Handle refresh, ConnectionId connection, BoardTime now) {
  const auto found = refreshes_.find(refresh);
  if (found == refreshes_.end() || found->second->second.refresh->connection != connection)
    return slate::fail(slate::Error(Reason::kFailedPrecondition,
                                    "this connection does not hold the refresh, or not any more")
                           .with_hint("its lease may have expired: begin another one"));
  Refresh& held = *found->second->second.refresh;
  held.entered = true;
  held.expires = now.steady + held.lease;
  return {};
}

BoardEffects RefreshBoard::leave(wire::Handle refresh, BoardTime now) {
  BoardEffects effects;
  const auto found = refreshes_.find(refresh);
  if (found == refreshes_.end()) return effects;
  Refresh& held = *found->second->second.refresh;
  held.entered = false;
  held.expires = now.steady + held.lease;
  if (held.orphaned) lose(found->second, kGone, now, effects);
  return effects;
}

void RefreshBoard::report(wire::Handle refresh, const LoadCounts& counts) {
  const auto found = refreshes_.find(refresh);
  if (found != refreshes_.end()) found->second->second.refresh->load->counts = counts;
}

BoardEffects RefreshBoard::succeed(wire::Handle refresh, std::uint64_t generation, std::uint64_t duplicates,
                                   BoardTime now) {
  BoardEffects effects;
  const auto found = refreshes_.find(refresh);
  if (found == refreshes_.end()) return effects;
  const auto copy = found->second;
  LoadReport& load = *copy->second.refresh->load;
  load.state = LoadState::kSucceeded;
  load.generation = generation;
  load.duplicates = duplicates;
  load.finished_at = now.wall;
  copy->second.failures.reset();
  copy->second.refresh.reset();
  refreshes_.erase(found);
  answer_all(copy->second, Ended{generation}, effects);
  drop_if_empty(copy);
  return effects;
}

BoardEffects RefreshBoard::fail(wire::Handle refresh, std::optional<LoadFailure> fault, BoardTime now,
                                double random) {
  BoardEffects effects;
  const auto found = refreshes_.find(refresh);
  if (found == refreshes_.end()) return effects;
  const auto copy = found->second;
  if (!fault) {
    lose(copy, "the refresh was given up", now, effects);
    effects.lost.clear();  // its holder knows
    return effects;
  }
  LoadReport& load = *copy->second.refresh->load;
  load.state = LoadState::kFailed;
  load.failure = fault;
  load.finished_at = now.wall;
  copy->second.refresh.reset();
  refreshes_.erase(found);
  if (delays_next_load(fault->kind)) {
    const auto& previous = copy->second.failures;
    copy->second.failures =
        remember_failure(previous ? &*previous : nullptr, {fault->kind, fault->error}, now.wall, random);
    answer_all(copy->second, Failed{*copy->second.failures}, effects);
    forget_oldest_failure();
    return effects;
  }
  pass_on(copy, now, effects);
  drop_if_empty(copy);
  return effects;
}

void RefreshBoard::lose(Copies::iterator copy, std::string why, BoardTime now, BoardEffects& effects) {
  Refresh& held = *copy->second.refresh;
  held.load->state = LoadState::kFailed;
  held.load->failure =
      LoadFailure{FailureKind::kCancelled, slate::Error(Reason::kUnavailable, std::move(why))};
  held.load->finished_at = now.wall;
  effects.lost.push_back(held.handle);
  refreshes_.erase(held.handle);
  copy->second.refresh.reset();
  pass_on(copy, now, effects);
  drop_if_empty(copy);
}

void RefreshBoard::pass_on(Copies::iterator copy, BoardTime now, BoardEffects& effects) {
  if (copy->second.waiters.empty()) return;
  Waiter next = std::move(copy->second.waiters.front());
  copy->second.waiters.pop_front();
  const Applicant applicant = next.applicant;
  effects.notices.push_back({applicant, grant(copy, std::move(next), now)});
}

void RefreshBoard::answer_all(Copy& copy, const Verdict& verdict, BoardEffects& effects) {
  for (const Waiter& waiter : copy.waiters) effects.notices.push_back({waiter.applicant, verdict});
  copy.waiters.clear();
}

BoardEffects RefreshBoard::disconnect(ConnectionId connection, BoardTime now) {
  BoardEffects effects;
  // Its waits go first, so that it is not granted what it is about to lose.
  std::vector<Copies::iterator> losing;
  for (auto copy = copies_.begin(); copy != copies_.end(); ++copy) {
    std::erase_if(copy->second.waiters,
                  [&](const Waiter& waiter) { return waiter.applicant.connection == connection; });
    auto& held = copy->second.refresh;
    if (!held || held->connection != connection) continue;
    held->orphaned = held->entered;
    if (!held->entered) losing.push_back(copy);
  }
  for (const auto copy : losing) lose(copy, kGone, now, effects);
  return effects;
}

bool RefreshBoard::withdraw(Applicant applicant) {
  for (auto& [key, copy] : copies_)
    if (std::erase_if(copy.waiters, [&](const Waiter& waiter) { return waiter.applicant == applicant; }) > 0)
      return true;
  return false;
}

BoardEffects RefreshBoard::expire(BoardTime now) {
  BoardEffects effects;
  std::vector<Copies::iterator> losing;
  for (auto copy = copies_.begin(); copy != copies_.end(); ++copy) {
    auto& waiters = copy->second.waiters;
    std::erase_if(waiters, [&](const Waiter& waiter) {
      if (waiter.give_up > now.steady) return false;
      effects.notices.push_back({waiter.applicant, Busy{*copy->second.refresh->load}});
      return true;
    });
    const auto& held = copy->second.refresh;
    if (held && !held->entered && held->expires <= now.steady) losing.push_back(copy);
  }
  for (const auto copy : losing) lose(copy, "nothing was heard of the load for too long", now, effects);
  return effects;
}

std::optional<SteadyTime> RefreshBoard::next_deadline() const {
  std::optional<SteadyTime> next;
  const auto consider = [&](SteadyTime time) { next = next ? std::min(*next, time) : time; };
  for (const auto& [handle, copy] : refreshes_) {
    if (!copy->second.refresh->entered) consider(copy->second.refresh->expires);
    for (const Waiter& waiter : copy->second.waiters) consider(waiter.give_up);
  }
  return next;
}

std::size_t RefreshBoard::held_by(ConnectionId connection) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      refreshes_, [&](const auto& each) { return each.second->second.refresh->connection == connection; }));
}

std::optional<LoadReport> RefreshBoard::find(std::string_view load_id) const {
  const auto found = loads_.find(load_id);
  if (found == loads_.end()) return std::nullopt;
  return *found->second;
}

void RefreshBoard::remember(const std::string& id, Load load) {
  if (id.empty()) return;
  const auto [known, is_new] = loads_.insert_or_assign(id, std::move(load));
  if (!is_new) return;
  load_order_.push_back(id);
  // Of those that run, all are kept: there are as many as copies that are being refreshed.
  for (std::size_t kept = 0; load_order_.size() - kept > remembered_;) {
    const auto oldest = loads_.find(load_order_[kept]);
    if (oldest->second->state == LoadState::kRunning && oldest->second->load_id == oldest->first) {
      ++kept;
      continue;
    }
    loads_.erase(oldest);
    load_order_.erase(load_order_.begin() + static_cast<std::ptrdiff_t>(kept));
  }
}

// There may be any number of scopes over time, each with a loader that fails for it.
void RefreshBoard::forget_oldest_failure() {
  std::size_t failing = 0;
  auto oldest = copies_.end();
  for (auto copy = copies_.begin(); copy != copies_.end(); ++copy) {
    if (!copy->second.failures) continue;
    ++failing;
    if (oldest == copies_.end() || copy->second.failures->latest_at < oldest->second.failures->latest_at)
      oldest = copy;
  }
  if (failing <= remembered_) return;
  oldest->second.failures.reset();
  drop_if_empty(oldest);
}

void RefreshBoard::forget(std::string_view datasource) {
  for (auto copy = copies_.begin(); copy != copies_.end();) {
    const auto here = copy++;
    if (here->first.first != datasource) continue;
    here->second.failures.reset();
    drop_if_empty(here);
  }
}

void RefreshBoard::drop_if_empty(Copies::iterator copy) {
  if (!copy->second.refresh && !copy->second.failures) {
    check(copy->second.waiters.empty(), "waiting for nobody");
    copies_.erase(copy);
  }
}

}  // namespace slate::server
