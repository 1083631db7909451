#include "loader/refresher.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <fmt/format.h>
#include <mutex>
#include <random>
#include <stop_token>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log.h"
#include "loader/deadline_thread.h"
#include "loader/flight.h"
#include "loader/refresh_attempt.h"

namespace slate {
namespace {

// Waiters with nobody to call, in one refresh: their metadata is kept for when another caller's is refused.
constexpr std::size_t kMostSilentWaiters = 64;

LoadFailure shutting_down() {
  return {FailureKind::kCancelled, Error(Reason::kUnavailable, "Slate is shutting down").with_retry_after(1)};
}

struct DatasourceMemory {
  std::optional<FailureMemory> failures;
  LoaderConfig config;  // the one that failed: a changed one may be tried at once
  LoadId latest;
};

// A lookup by string_view without a copy.
struct StringHash : std::hash<std::string_view> {
  using is_transparent = void;
};
template <typename T>
using ByName = std::unordered_map<std::string, T, StringHash, std::equal_to<>>;

std::function<double()> own_generator() {
  return [] {
    thread_local std::mt19937_64 engine{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
}

}  // namespace

class Refresher::Impl {
 public:
  Impl(RefreshTarget& target, RefresherOptions options) : target_(target), options_(std::move(options)) {
    if (!options_.random) options_.random = own_generator();
    if (options_.max_running == 0) options_.max_running = 1;
    std::random_device device;
    id_prefix_ = fmt::format("{:08x}{:08x}", device(), device());
  }

  FreshnessDecision decide(const Datasource& datasource, std::optional<UnixMillis> loaded_at) const {
    if (!datasource.loader) return {};
    FreshnessFacts facts{.now = options_.clock->now(), .loaded_at = loaded_at};
    if (auto decision = decide_freshness(*datasource.loader, facts); decision.serve == Serve::kFresh)
      return decision;
    const std::lock_guard lock(mutex_);
    if (flights_.contains(datasource.id)) facts.activity = LoadActivity::kRunning;
    facts.failures = failures_of(datasource);
    return decide_freshness(*datasource.loader, facts);
  }

  LoadId refresh(const Datasource& datasource, RefreshRequest request, LoadDone done) {
    const UnixMillis now = options_.clock->now();
    std::unique_lock lock(mutex_);
    if (stopping_) {
      LoadStatus status{.id = next_id(), .datasource = datasource.id, .started_at = now};
      lock.unlock();
      if (done) done(failed_status(status, shutting_down(), now));
      return status.id;
    }
    if (const auto running = flights_.find(datasource.id); running != flights_.end()) {
      join(running->second, std::move(request), std::move(done));
      return running->second->id;
    }
    const FailureMemory* failures = failures_of(datasource);
    if (request.trigger == Trigger::kOnDemand && failures != nullptr && is_backing_off(*failures, now))
      return answer_from_memory(datasource, *failures, now, std::move(done));

    auto flight = std::make_shared<Flight>(next_id(), datasource, now);
    flights_.emplace(datasource.id, flight);
    running_.emplace(flight->id, flight);
    join(flight, std::move(request), std::move(done));
    queue_.push_back(flight);
    wake_worker();
    return flight->id;
  }

  std::optional<LoadStatus> status(std::string_view load) const {
    const std::lock_guard lock(mutex_);
    return status_of(load);
  }

  std::optional<LoadStatus> current(std::string_view datasource) const {
    const std::lock_guard lock(mutex_);
    const auto found = flights_.find(datasource);
    if (found == flights_.end()) return std::nullopt;
    return running_status(*found->second);
  }

  std::optional<LoadStatus> latest(std::string_view datasource) const {
    const std::lock_guard lock(mutex_);
    if (const auto found = flights_.find(datasource); found != flights_.end())
      return running_status(*found->second);
    const auto memory = memories_.find(datasource);
    if (memory == memories_.end()) return std::nullopt;
    return status_of(memory->second.latest);
  }

  RefresherStats stats() const {
    const std::lock_guard lock(mutex_);
    return {.running = flights_.size() - queue_.size(), .queued = queue_.size()};
  }

  void forget(std::string_view datasource) {
    const std::lock_guard lock(mutex_);
    if (const auto found = memories_.find(datasource); found != memories_.end()) memories_.erase(found);
  }

  void shutdown() {
    std::vector<std::shared_ptr<Flight>> flights;
    std::vector<std::thread> workers;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const auto& [id, flight] : running_) flights.push_back(flight);
      workers.swap(workers_);
    }
    for (const auto& flight : flights) flight->stop.request_stop();
    work_.notify_all();
    for (std::thread& worker : workers) worker.join();
    timer_.stop();
  }

 private:
  // Everything named here and below, but for run() and what it calls, REQUIRES the mutex.
  LoadId next_id() { return fmt::format("{}-{}", id_prefix_, ++last_id_); }

  const FailureMemory* failures_of(const Datasource& datasource) const {
    const auto found = memories_.find(datasource.id);
    if (found == memories_.end() || !found->second.failures) return nullptr;
    return found->second.config == *datasource.loader ? &*found->second.failures : nullptr;
  }

  std::optional<LoadStatus> status_of(std::string_view load) const {
    if (const auto found = running_.find(load); found != running_.end())
      return running_status(*found->second);
    if (const auto found = finished_.find(load); found != finished_.end()) return found->second;
    return std::nullopt;
  }

  LoadId answer_from_memory(const Datasource& datasource, const FailureMemory& failures, UnixMillis now,
                            LoadDone done) {
    const LoadId& latest = memories_.find(datasource.id)->second.latest;
    LoadStatus status = status_of(latest).value_or(LoadStatus{.id = latest, .datasource = datasource.id});
    status = failed_status(std::move(status), {failures.kind, remembered_error(failures, now)},
                           failures.latest_at);
    if (done) timer_.call_soon([done = std::move(done), status]() mutable { done(status); });
    return latest;
  }

  void join(const std::shared_ptr<Flight>& flight, RefreshRequest request, LoadDone done) {
    if (!done) {
      if (request.trigger == Trigger::kOnDemand && flight->silent_waiters >= kMostSilentWaiters) return;
      ++flight->silent_waiters;
    }
    const std::uint64_t number = ++last_waiter_;
    Waiter waiter{.request = std::move(request), .done = std::move(done), .ticket = std::nullopt};
    if (waiter.done && waiter.request.give_up)
      waiter.ticket =
          timer_.call_at(*waiter.request.give_up, [this, flight, number] { give_up(*flight, number); });
    flight->waiters.emplace(number, std::move(waiter));
  }

  void wake_worker() {
    if (idle_ < queue_.size() && workers_.size() < options_.max_running) {
      try {
        workers_.emplace_back([this] { work(); });
      } catch (const std::system_error& problem) {
        log::error("no thread for a load", {{"reason", problem.what()}});
        if (workers_.empty()) timer_.call_soon([this] { run_queued(); });
      }
    }
    work_.notify_one();
  }

  // The timer's thread stands in where the machine gives no other.
  void run_queued() {
    std::unique_lock lock(mutex_);
    if (queue_.empty()) return;
    const auto flight = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    run(*flight);
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      work_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      --idle_;
      if (queue_.empty()) return;
      const auto flight = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      run(*flight);
      lock.lock();
    }
  }

  // Takes the flight off the books and hands out whom to call, once the mutex is free.
  std::vector<LoadDone> retire(Flight& flight, const LoadStatus& status) {
    std::vector<LoadDone> callers;
    for (auto& [number, waiter] : flight.waiters) {
      if (waiter.ticket) timer_.cancel(*waiter.ticket);
      if (waiter.done) callers.push_back(std::move(waiter.done));
    }
    flight.waiters.clear();
    finished_.emplace(flight.id, status);
    finished_order_.push_back(flight.id);
    while (finished_order_.size() > options_.remembered_loads) {
      finished_.erase(finished_order_.front());
      finished_order_.pop_front();
    }
    running_.erase(flight.id);
    flights_.erase(flight.datasource.id);
    return callers;
  }

  // Without the mutex from here on.
  void observe(const LoadStatus& status) const {
    if (options_.observer) options_.observer(status);
  }

  void give_up(Flight& flight, std::uint64_t number) {
    std::unique_lock lock(mutex_);
    const auto found = flight.waiters.find(number);
    if (found == flight.waiters.end()) return;
    LoadDone done = std::move(found->second.done);
    found->second.done = nullptr;
    found->second.ticket.reset();
    if (flight.silent_waiters >= kMostSilentWaiters)
      flight.waiters.erase(found);
    else
      ++flight.silent_waiters;
    const LoadStatus status = running_status(flight);
    lock.unlock();
    done(status);
  }

  void run(Flight& flight) {
    log::info("refresh started", {{"datasource", flight.datasource.id}, {"load", flight.id}});
    for (;;) {
      const RefreshRequest caller = next_caller(flight);
      LoadCall call{.datasource = flight.datasource, .metadata = caller.metadata, .context = caller.context};
      call.timeouts = timeouts_of(*flight.datasource.loader);
      call.timeouts.connect = options_.connect_timeout;
      const auto result = attempt_refresh(
          target_, *options_.clock, call,
          [&](const SnapshotInfo& live) { return satisfies_everybody(flight, live); }, flight.progress,
          flight.stop.get_token());
      if (result) return end(flight, *result);
      if (result.error().kind == FailureKind::kCancelled) return end(flight, shutting_down());
      if (result.error().kind != FailureKind::kCredentials) return end(flight, result.error());
      if (refuse(flight, caller.metadata, result.error()) == Others::kNone) return;
    }
  }

  // There always is one: refuse() ends a flight without waiters, and the first silent ones stay.
  RefreshRequest next_caller(const Flight& flight) const {
    const std::lock_guard lock(mutex_);
    return flight.waiters.begin()->second.request;
  }

  // A caller may have judged a snapshot that was replaced before its refresh began.
  bool satisfies_everybody(Flight& flight, const SnapshotInfo& live) {
    const std::lock_guard lock(mutex_);
    const bool satisfied =
        live.loaded_at && std::ranges::all_of(flight.waiters, [&](const auto& entry) {
          const RefreshRequest& request = entry.second.request;
          return request.trigger == Trigger::kOnDemand && request.seen_generation != live.generation;
        });
    if (!satisfied) ++flight.calls;
    return satisfied;
  }

  enum class Others : std::uint8_t { kNone, kWait };

  // Answers those whose credentials these were. Without others the flight is over.
  Others refuse(Flight& flight, const LoadMetadata& metadata, const LoadFailure& failure) {
    std::vector<LoadDone> callers;
    std::unique_lock lock(mutex_);
    for (auto entry = flight.waiters.begin(); entry != flight.waiters.end();) {
      Waiter& waiter = entry->second;
      if (waiter.request.metadata != metadata) {
        ++entry;
        continue;
      }
      if (waiter.ticket) timer_.cancel(*waiter.ticket);
      if (waiter.done)
        callers.push_back(std::move(waiter.done));
      else
        --flight.silent_waiters;
      entry = flight.waiters.erase(entry);
    }
    const LoadStatus status = failed_status(running_status(flight), failure, options_.clock->now());
    const Others others = flight.waiters.empty() ? Others::kNone : Others::kWait;
    if (others == Others::kNone) {
      memories_[flight.datasource.id].latest = flight.id;
      retire(flight, status);
    }
    lock.unlock();
    log::info("the loader refused a caller's credentials",
              {{"datasource", flight.datasource.id},
               {"load", flight.id},
               {"tries_the_next_caller", others == Others::kWait}});
    if (others == Others::kNone) observe(status);
    for (LoadDone& done : callers) done(status);
    return others;
  }

  void end(Flight& flight, const AttemptResult& result) {
    std::unique_lock lock(mutex_);
    const LoadStatus status =
        succeeded_status(running_status(flight), result.generation, result.duplicates, options_.clock->now());
    DatasourceMemory& memory = memories_[flight.datasource.id];
    memory.failures.reset();
    if (result.kind == AttemptKind::kLoaded) memory.latest = flight.id;
    std::vector<LoadDone> callers = retire(flight, status);
    lock.unlock();
    log::info("refresh finished", {{"datasource", flight.datasource.id},
                                   {"load", flight.id},
                                   {"rows", status.rows},
                                   {"bytes", status.bytes},
                                   {"ms", status.elapsed.count()},
                                   {"generation", status.generation}});
    if (result.kind == AttemptKind::kLoaded) observe(status);
    for (LoadDone& done : callers) done(status);
  }

  void end(Flight& flight, const LoadFailure& failure) {
    std::unique_lock lock(mutex_);
    const UnixMillis now = options_.clock->now();
    const LoadStatus status = failed_status(running_status(flight), failure, now);
    const FailureMemory* earlier = failures_of(flight.datasource);
    DatasourceMemory& memory = memories_[flight.datasource.id];
    memory.latest = flight.id;
    if (delays_next_load(failure.kind)) {
      memory.failures = remember_failure(earlier, failure, now, options_.random());
      memory.config = *flight.datasource.loader;
    }
    std::vector<LoadDone> callers = retire(flight, status);
    lock.unlock();
    log::warning("refresh failed", {{"datasource", flight.datasource.id},
                                    {"load", flight.id},
                                    {"kind", failure_kind_name(failure.kind)},
                                    {"rows", status.rows},
                                    {"ms", status.elapsed.count()},
                                    {"error", failure.error.to_string()}});
    observe(status);
    for (LoadDone& done : callers) done(status);
  }

  RefreshTarget& target_;
  RefresherOptions options_;
  std::string id_prefix_;

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::deque<std::shared_ptr<Flight>> queue_;
  ByName<std::shared_ptr<Flight>> flights_;  // by datasource: queued and running
  ByName<std::shared_ptr<Flight>> running_;  // the same, by load
  ByName<LoadStatus> finished_;              // by load
  std::deque<LoadId> finished_order_;
  ByName<DatasourceMemory> memories_;
  std::vector<std::thread> workers_;
  std::size_t idle_ = 0;
  std::uint64_t last_id_ = 0;
  std::uint64_t last_waiter_ = 0;
  bool stopping_ = false;
  DeadlineThread timer_;
};

Refresher::Refresher(RefreshTarget& target, RefresherOptions options)
    : impl_(std::make_unique<Impl>(target, std::move(options))) {}
Refresher::~Refresher() { shutdown(); }

FreshnessDecision Refresher::decide(const Datasource& datasource, std::optional<UnixMillis> loaded_at) const {
  return impl_->decide(datasource, loaded_at);
}
LoadId Refresher::refresh(const Datasource& datasource, RefreshRequest request, LoadDone done) {
  return impl_->refresh(datasource, std::move(request), std::move(done));
}
std::optional<LoadStatus> Refresher::status(std::string_view load) const { return impl_->status(load); }
std::optional<LoadStatus> Refresher::current(std::string_view datasource) const {
  return impl_->current(datasource);
}
std::optional<LoadStatus> Refresher::latest(std::string_view datasource) const {
  return impl_->latest(datasource);
}
RefresherStats Refresher::stats() const { return impl_->stats(); }
void Refresher::forget(std::string_view datasource) { impl_->forget(datasource); }
void Refresher::shutdown() { impl_->shutdown(); }

}  // namespace slate
