#include "client/pool_core.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/try.h"
#include "client/remote_database.h"
#include "net/thread_name.h"

namespace slate::client {
namespace {

using SteadyClock = std::chrono::steady_clock;

int whole_seconds(SteadyClock::duration left) {
  return static_cast<int>(
      std::clamp<std::int64_t>(std::chrono::ceil<std::chrono::seconds>(left).count(), 1, 60));
}

}  // namespace

PoolCore::PoolCore(ClientPoolOptions options, std::vector<Address> addresses,
                   std::shared_ptr<net::TlsContext> tls)
    : options_(std::move(options)), addresses_(std::move(addresses)), tls_(std::move(tls)) {}

Result<PooledClient> PoolCore::checkout(std::chrono::milliseconds timeout) {
  const TimePoint deadline = SteadyClock::now() + timeout;
  Waiter me;
  Lock lock(mutex_);
  ++counts_.checkouts;
  auto at = waiting_.insert(waiting_.end(), &me);
  bool has_waited = false;
  for (;;) {
    if (is_closed_) {
      leave(at);
      return fail(Reason::kUnavailable, "the pool of connections is closed");
    }
    const TimePoint now = SteadyClock::now();
    connect_for(me, now);
    const Step step = at == waiting_.begin() ? next_step(me, now, timeout) : Step::kWait;
    if (step == Step::kTake) {
      std::unique_ptr<Client> client = std::move(idle_.back());
      idle_.pop_back();
      const bool is_current = client->instance() == instance_;
      leave(at);
      lock.unlock();
      if (is_current && client->usable()) return PooledClient(shared_from_this(), std::move(client));
      lock.lock();
      drop(lock, std::move(client));
      at = waiting_.insert(waiting_.begin(), &me);
    } else if (step == Step::kRefuse) {
      ++counts_.refused;
      leave(at);
      return fail(refusal(now));
    } else if (now >= deadline) {
      ++counts_.timeouts;
      leave(at);
      return fail(timeout_error(timeout));
    } else {
      if (connecting_ == 0 && !std::exchange(has_waited, true)) ++counts_.waited;
      const bool is_next = at == waiting_.begin() && outage_ && open_ < options_.size && connecting_ == 0;
      me.wake.wait_until(lock, is_next ? std::min(deadline, outage_->retry_at) : deadline);
    }
  }
}

PoolCore::Step PoolCore::next_step(const Waiter& waiter, TimePoint now,
                                   std::chrono::milliseconds timeout) const {
  if (!idle_.empty()) return Step::kTake;
  if (!outage_ || open_ - connecting_ >= options_.size) return Step::kWait;
  // One at a time has it tried whether the server is there again, and waits for what comes of it.
  if (waiter.probes && connecting_ != 0) return Step::kWait;
  const bool is_hopeless = outage_->error.reason() != Reason::kUnavailable || now - outage_->since >= timeout;
  return is_hopeless ? Step::kRefuse : Step::kWait;
}

void PoolCore::connect_for(Waiter& waiter, TimePoint now) {
  if (open_ >= options_.size || idle_.size() + connecting_ >= waiting_.size()) return;
  if (outage_ && (now < outage_->retry_at || connecting_ != 0)) return;
  waiter.probes = outage_.has_value();
  ++open_;
  ++connecting_;
  try {
    std::thread([self = shared_from_this()] {
      net::name_this_thread("connect", 0);
      self->connect();
    }).detach();
  } catch (const std::system_error& error) {
    --open_;
    --connecting_;
    ++counts_.connect_failures;
    note_outage(Error(Reason::kUnavailable, std::string("no thread can be started: ") + error.what()));
  }
}

// The next one may find something to do.
void PoolCore::leave(std::list<Waiter*>::iterator at) {
  waiting_.erase(at);
  wake_front();
}

void PoolCore::wake_front() {
  if (!waiting_.empty()) waiting_.front()->wake.notify_one();
}

void PoolCore::connect() {
  auto client = connect_somewhere();
  if (client) {
    if (auto met = meet(**client); !met) client = fail(std::move(met).error());
  }
  Lock lock(mutex_);
  if (client) {
    ++counts_.connects;
    if (outage_) log::info("the database can be reached again", {{"address", (*client)->address()}});
    outage_.reset();
    if (is_closed_)
      drop(lock, *std::move(client));
    else
      idle_.push_back(*std::move(client));
  } else {
    ++counts_.connect_failures;
    --open_;
    note_outage(client.error());
  }
  --connecting_;
  wake_front();
  if (connecting_ == 0) none_connects_.notify_all();
}

Result<std::unique_ptr<RemoteClient>> PoolCore::connect_somewhere() {
  std::size_t first = 0;
  {
    const Lock lock(mutex_);
    first = preferred_;
  }
  Result<std::unique_ptr<RemoteClient>> client = fail(Reason::kUnavailable, "there is no address");
  for (std::size_t i = 0; i < addresses_.size(); ++i) {
    const std::size_t at = (first + i) % addresses_.size();
    client = RemoteClient::connect(options_.client, addresses_[at], tls_.get());
    if (!client) continue;
    const Lock lock(mutex_);
    preferred_ = at;
    break;
  }
  // One that is too busy for another connection may take it a moment later, as one that is away.
  const Reason why = client ? Reason::kUnavailable : client.error().reason();
  if (why == Reason::kOverloaded || why == Reason::kQuotaExceeded)
    return fail(Reason::kUnavailable, client.error().message());
  return client;
}

// Nobody is given a connection to an instance before on_new_instance has run for it.
Result<void> PoolCore::meet(RemoteClient& client) {
  Lock lock(mutex_);
  met_.wait(lock, [this] { return !is_meeting_; });
  if (is_closed_ || client.instance() == instance_) return {};
  if (options_.on_new_instance) {
    is_meeting_ = true;
    lock.unlock();
    const auto database = make_single_database(client);
    auto called = options_.on_new_instance(*database, client.instance());
    lock.lock();
    is_meeting_ = false;
    met_.notify_all();
    SLATE_TRY(std::move(called));
  }
  instance_ = client.instance();
  ++counts_.instances;
  return {};
}

void PoolCore::give_back(std::unique_ptr<Client> client) {
  Lock lock(mutex_);
  Connection& connection = static_cast<RemoteClient&>(*client).connection();
  const bool is_good =
      !is_closed_ && client->instance() == instance_ && !connection.is_broken() && !connection.owes_answers();
  if (!is_good) return drop(lock, std::move(client));
  idle_.push_back(std::move(client));
  wake_front();
}

void PoolCore::drop(Lock& lock, std::unique_ptr<Client> client) {
  --open_;
  ++counts_.dropped;
  wake_front();
  lock.unlock();
  client.reset();  // says goodbye to the server
  lock.lock();
}

void PoolCore::note_outage(const Error& error) {
  const TimePoint now = SteadyClock::now();
  if (!outage_) {
    log::warning("the database cannot be reached", {{"error", error.to_string()}});
    outage_ = Outage{.since = now, .retry_at = now, .back_off = options_.first_back_off, .error = error};
  } else if (now >= outage_->retry_at) {
    outage_->back_off = std::min(2 * outage_->back_off, options_.most_back_off);
    outage_->error = error;
  } else {
    return;  // another one that was tried at the same time
  }
  // Some of it by chance, so that many clients do not come together.
  std::uniform_real_distribution<double> share(0.5, 1.0);
  outage_->retry_at =
      now + std::chrono::duration_cast<SteadyClock::duration>(outage_->back_off * share(random_));
}

Error PoolCore::refusal(TimePoint now) const {
  return Error(outage_->error).with_retry_after(whole_seconds(outage_->retry_at - now));
}

Error PoolCore::timeout_error(std::chrono::milliseconds timeout) const {
  if (outage_ && open_ - connecting_ < options_.size) return refusal(SteadyClock::now());
  if (connecting_ != 0)
    return Error(Reason::kUnavailable, "the database cannot be reached: no answer within " +
                                           std::to_string(timeout.count()) + " milliseconds")
        .with_retry_after(1);
  return Error(Reason::kOverloaded, "all " + std::to_string(options_.size) +
                                        " connections to the database have been in use for " +
                                        std::to_string(timeout.count()) + " milliseconds")
      .with_retry_after(1);
}

void PoolCore::close() {
  std::vector<std::unique_ptr<Client>> idle;
  Lock lock(mutex_);
  is_closed_ = true;
  open_ -= idle_.size();
  idle.swap(idle_);
  for (Waiter* waiter : waiting_) waiter->wake.notify_one();
  none_connects_.wait(lock, [this] { return connecting_ == 0; });
}

ClientPoolStats PoolCore::stats() const {
  const Lock lock(mutex_);
  ClientPoolStats stats = counts_;
  stats.open = open_ - connecting_;
  stats.idle = idle_.size();
  stats.waiting = waiting_.size();
  return stats;
}

std::string PoolCore::instance() const {
  const Lock lock(mutex_);
  return instance_;
}

}  // namespace slate::client
