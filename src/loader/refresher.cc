#include "loader/refresher.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <fmt/format.h>
#include <mutex>
#include <random>
#include <set>
#include <stop_token>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/try.h"
#include "loader/copy_map.h"
#include "loader/deadline_thread.h"
#include "loader/flight.h"
#include "loader/refresh_attempt.h"
#include "model/name.h"

namespace slate {
namespace {

// Waiters with nobody to call, in one refresh: their metadata is kept for when another caller's is refused.
constexpr std::size_t kMostSilentWaiters = 64;

LoadFailure shutting_down() {
  return {FailureKind::kCancelled, Error(Reason::kUnavailable, "Slate is shutting down").with_retry_after(1)};
}

struct CopyMemory {
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
  }

  FreshnessDecision decide(const Datasource& datasource, std::string_view scope,
                           std::optional<UnixMillis> loaded_at) const {
    if (!datasource.loader) return {};
    FreshnessFacts facts{.now = options_.clock->now(), .loaded_at = loaded_at};
    if (auto decision = decide_freshness(*datasource.loader, facts); decision.serve == Serve::kFresh)
      return decision;
    const std::lock_guard lock(mutex_);
    if (flights_.contains(CopyRef(datasource.id, scope))) facts.activity = LoadActivity::kRunning;
    facts.failures = failures_of(datasource, scope, loaded_at);
    return decide_freshness(*datasource.loader, facts);
  }

  LoadId refresh(const Datasource& datasource, RefreshRequest request, LoadDone done) {
    const UnixMillis now = options_.clock->now();
    std::unique_lock lock(mutex_);
    if (stopping_) {
      LoadStatus status{
          .id = next_id(), .datasource = datasource.id, .scope = request.scope, .started_at = now};
      lock.unlock();
      if (done) done(failed_status(status, shutting_down(), now));
      return status.id;
    }
    if (const auto running = flights_.find(CopyRef(datasource.id, request.scope));
        running != flights_.end()) {
      join(running->second, std::move(request), std::move(done));
      return running->second->id;
    }
    const FailureMemory* failures = failures_of(datasource, request.scope, request.seen_loaded_at);
    if (request.trigger == Trigger::kOnDemand && failures != nullptr && is_backing_off(*failures, now))
      return answer_from_memory({datasource.id, request.scope}, *failures, now, std::move(done));

    auto flight = std::make_shared<Flight>(next_id(), datasource, request.scope, now);
    flights_.emplace(CopyName{datasource.id, request.scope}, flight);
    running_.emplace(flight->id, flight);
    join(flight, std::move(request), std::move(done));
    queue_.push_back(flight);
    wake_worker();
    return flight->id;
  }

  Result<LoadStatus> status(std::string_view load) const {
    {
      const std::lock_guard lock(mutex_);
      if (auto known = status_of(load)) return *std::move(known);
    }
    SLATE_TRY(auto elsewhere, target_.find(load));
    if (elsewhere) return *std::move(elsewhere);
    return fail(Reason::kNotFound, "there is no load " + quoted(load) + ", or it is long over");
  }

  std::optional<LoadStatus> current(CopyRef copy) const {
    const std::lock_guard lock(mutex_);
    const auto found = flights_.find(copy);
    if (found == flights_.end()) return std::nullopt;
    return running_status(*found->second);
  }

  std::optional<LoadStatus> latest(std::string_view datasource) const {
    const std::lock_guard lock(mutex_);
    const auto running = flights_.lower_bound(CopyRef(datasource));
    if (running != flights_.end() && running->first.datasource == datasource)
      return running_status(*running->second);
    const auto ended = latest_.find(datasource);
    if (ended == latest_.end()) return std::nullopt;
    return status_of(ended->second);
  }

  RefresherStats stats() const {
    const std::lock_guard lock(mutex_);
    return {.running = flights_.size() - queue_.size(), .queued = queue_.size()};
  }

  void forget(std::string_view datasource) {
    const std::lock_guard lock(mutex_);
    for (auto memory = memories_.lower_bound(CopyRef(datasource));
         memory != memories_.end() && memory->first.datasource == datasource;)
      memory = memories_.erase(memory);
    if (const auto ended = latest_.find(datasource); ended != latest_.end()) latest_.erase(ended);
    if (const auto told = shared_.find(datasource); told != shared_.end()) shared_.erase(told);
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
  LoadId next_id() {
    return fmt::format("{:08x}{:08x}{:08x}{:08x}", randomness_(), randomness_(), randomness_(),
                       randomness_());
  }

  const FailureMemory* failures_of(const Datasource& datasource, std::string_view scope,
                                   std::optional<UnixMillis> loaded_at) const {
    const auto found = memories_.find(CopyRef(datasource.id, scope));
    if (found == memories_.end() || !found->second.failures) return nullptr;
    const CopyMemory& memory = found->second;
    return memory.config == *datasource.loader && !is_past(*memory.failures, loaded_at) ? &*memory.failures
                                                                                        : nullptr;
  }

  std::optional<LoadStatus> status_of(std::string_view load) const {
    if (const auto found = running_.find(load); found != running_.end())
      return running_status(*found->second);
    if (const auto found = finished_.find(load); found != finished_.end()) return found->second;
    return std::nullopt;
  }

  LoadId answer_from_memory(CopyRef copy, const FailureMemory& failures, UnixMillis now, LoadDone done) {
    const LoadId& latest = memories_.find(copy)->second.latest;
    LoadStatus status = status_of(latest).value_or(LoadStatus{
        .id = latest, .datasource = std::string(copy.datasource), .scope = std::string(copy.scope)});
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
    while (finished_order_.size() > options_.remembered_loads) forget_oldest();
    running_.erase(flight.id);
    flights_.erase(flights_.find(flight.copy()));
    return callers;
  }

  // There may be any number of scopes over time, so theirs is all that is forgotten with it.
  void forget_oldest() {
    const auto oldest = finished_.find(finished_order_.front());
    const LoadStatus& status = oldest->second;
    const auto memory = memories_.find(CopyRef(status.datasource, status.scope));
    if (!status.scope.empty() && memory != memories_.end() && memory->second.latest == status.id)
      memories_.erase(memory);
    finished_.erase(oldest);
    finished_order_.pop_front();
  }

  CopyMemory& remember(const Flight& flight) {
    CopyMemory& memory = memories_[CopyName{flight.datasource.id, flight.scope}];
    memory.latest = flight.id;
    latest_[flight.datasource.id] = flight.id;
    return memory;
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

  // Once for each datasource.
  void tell_of_sharing(const Flight& flight) {
    if (!flight.scope.empty()) return;
    {
      const std::lock_guard lock(mutex_);
      if (!shared_.insert(flight.datasource.id).second) return;
    }
    log::info("all callers share one copy of these records, whoever's headers loaded it",
              {{"datasource", flight.datasource.id}});
  }

  void run(Flight& flight) {
    tell_of_sharing(flight);
    log::info("refresh started", {{"datasource", flight.datasource.id}, {"load", flight.id}});
    for (std::uint32_t calls = 1;; ++calls) {
      auto claimed = claim_refresh(target_, flight, [&](const SnapshotInfo& live, Joined joined) {
        return need(flight, live, joined);
      });
      auto* granted = std::get_if<ClaimGranted>(&claimed);
      if (granted == nullptr) return end_without_load(flight, std::move(claimed));
      flight.progress.set({.calls = calls});
      // After the wait: the first who waits may be another one by now.
      const RefreshRequest caller = next_caller(flight);
      const auto result = call_loader(flight, caller, std::move(*granted));
      if (result) return end(flight, *result);
      if (result.error().kind == FailureKind::kCancelled) return end(flight, shutting_down());
      if (result.error().kind != FailureKind::kCredentials) return end(flight, result.error());
      if (refuse(flight, caller.metadata, result.error()) == Others::kNone) return;
    }
  }

  std::expected<AttemptResult, LoadFailure> call_loader(Flight& flight, const RefreshRequest& caller,
                                                        ClaimGranted granted) const {
    LoadCall call{.datasource = flight.datasource, .metadata = caller.metadata, .context = caller.context};
    call.timeouts = timeouts_of(*flight.datasource.loader);
    call.timeouts.connect = options_.connect_timeout;
    auto result = fill_generation(std::move(granted), call, flight, *options_.clock);
    if (options_.attempt_observer)
      options_.attempt_observer({.datasource = flight.datasource.id,
                                 .end = result ? AttemptEnd::kPublished : AttemptEnd::kGivenUp,
                                 .rows = result ? result->rows : 0});
    return result;
  }

  // There always is one: refuse() ends a flight without waiters, and the first silent ones stay.
  RefreshRequest next_caller(const Flight& flight) const {
    const std::lock_guard lock(mutex_);
    return flight.waiters.begin()->second.request;
  }

  // A caller may have judged a snapshot that was replaced before its refresh began. Somebody who asked for a
  // load may have another process', if that ran.
  Need need(const Flight& flight, const SnapshotInfo& live, Joined joined) {
    const std::lock_guard lock(mutex_);
    const auto memory = memories_.find(flight.copy());
    if (memory != memories_.end() && memory->second.failures &&
        is_past(*memory->second.failures, live.loaded_at))
      memory->second.failures.reset();
    Need most = live.loaded_at ? Need::kNothing : Need::kNewer;
    for (const auto& [number, waiter] : flight.waiters) {
      const RefreshRequest& request = waiter.request;
      const bool has_newer = request.seen_generation != live.generation;
      if (request.trigger == Trigger::kForced && !(has_newer && joined == Joined::kYes)) return Need::kLoad;
      if (!has_newer) most = Need::kNewer;
    }
    return most;
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
      remember(flight);
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

  // Another process' load, or an earlier one of this, was enough; or nothing could be done.
  void end_without_load(Flight& flight, ClaimOutcome outcome) {
    if (auto* failures = std::get_if<FailureMemory>(&outcome)) return adopt(flight, std::move(*failures));
    if (const auto* failure = std::get_if<LoadFailure>(&outcome))
      return end(flight, flight.stop.stop_requested() ? shutting_down() : *failure);
    const auto& found = std::get<AttemptResult>(outcome);
    std::unique_lock lock(mutex_);
    if (found.joined == Joined::kYes) remember(flight);
    const LoadStatus status = succeed(flight, found);
    answer_all(flight, status, std::move(lock));
  }

  // What all processes know holds here, too: they are to back off alike.
  void adopt(Flight& flight, FailureMemory failures) {
    std::unique_lock lock(mutex_);
    const UnixMillis now = options_.clock->now();
    const LoadStatus status =
        failed_status(running_status(flight), {failures.kind, remembered_error(failures, now)}, now);
    CopyMemory& memory = remember(flight);
    memory.failures = std::move(failures);
    memory.config = *flight.datasource.loader;
    answer_all(flight, status, std::move(lock));
  }

  LoadStatus succeed(Flight& flight, const AttemptResult& result) {
    if (const auto memory = memories_.find(flight.copy()); memory != memories_.end())
      memory->second.failures.reset();
    return succeeded_status(running_status(flight), result.generation, result.duplicates,
                            options_.clock->now());
  }

  // REQUIRES: `lock` is of the mutex, which it lets go.
  void answer_all(Flight& flight, const LoadStatus& status, std::unique_lock<std::mutex> lock) {
    std::vector<LoadDone> callers = retire(flight, status);
    lock.unlock();
    for (LoadDone& done : callers) done(status);
  }

  void end(Flight& flight, const AttemptResult& result) {
    std::unique_lock lock(mutex_);
    remember(flight);
    const LoadStatus status = succeed(flight, result);
    std::vector<LoadDone> callers = retire(flight, status);
    lock.unlock();
    log::info("refresh finished", {{"datasource", flight.datasource.id},
                                   {"load", flight.id},
                                   {"rows", status.rows},
                                   {"bytes", status.bytes},
                                   {"ms", status.elapsed.count()},
                                   {"generation", status.generation}});
    observe(status);
    for (LoadDone& done : callers) done(status);
  }

  void end(Flight& flight, const LoadFailure& failure) {
    std::unique_lock lock(mutex_);
    const UnixMillis now = options_.clock->now();
    const LoadStatus status = failed_status(running_status(flight), failure, now);
    const FailureMemory* earlier = failures_of(flight.datasource, flight.scope, {});
    CopyMemory& memory = remember(flight);
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

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::deque<std::shared_ptr<Flight>> queue_;
  ByCopy<std::shared_ptr<Flight>> flights_;  // queued and running
  ByName<std::shared_ptr<Flight>> running_;  // the same, by load
  ByName<LoadStatus> finished_;              // by load
  std::deque<LoadId> finished_order_;
  ByCopy<CopyMemory> memories_;
  ByName<LoadId> latest_;                      // by datasource, of any scope
  std::set<std::string, std::less<>> shared_;  // datasources of which the log told that callers share them
  std::vector<std::thread> workers_;
  std::size_t idle_ = 0;
  std::random_device randomness_;
  std::uint64_t last_waiter_ = 0;
  bool stopping_ = false;
  DeadlineThread timer_;
};

Refresher::Refresher(RefreshTarget& target, RefresherOptions options)
    : impl_(std::make_unique<Impl>(target, std::move(options))) {}
Refresher::~Refresher() { shutdown(); }

FreshnessDecision Refresher::decide(const Datasource& datasource, std::string_view scope,
                                    std::optional<UnixMillis> loaded_at) const {
  return impl_->decide(datasource, scope, loaded_at);
}
LoadId Refresher::refresh(const Datasource& datasource, RefreshRequest request, LoadDone done) {
  return impl_->refresh(datasource, std::move(request), std::move(done));
}
Result<LoadStatus> Refresher::status(std::string_view load) const { return impl_->status(load); }
std::optional<LoadStatus> Refresher::current(CopyRef copy) const { return impl_->current(copy); }
std::optional<LoadStatus> Refresher::latest(std::string_view datasource) const {
  return impl_->latest(datasource);
}
RefresherStats Refresher::stats() const { return impl_->stats(); }
void Refresher::forget(std::string_view datasource) { impl_->forget(datasource); }
void Refresher::shutdown() { impl_->shutdown(); }

}  // namespace slate
