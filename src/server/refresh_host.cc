#include "server/refresh_host.h"

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/wait_traits.hpp>
#include <fmt/format.h>
#include <vector>

#include "base/try.h"
#include "loader/load_failure.h"
#include "wire/row_payload.h"

namespace slate::server {
namespace {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;
using Strand = asio::strand<asio::io_context::executor_type>;

// Each has a file and memory of its own.
constexpr std::size_t kMostOfConnection = 16;

RefreshFailed answer_of(const FailureMemory& failures) {
  return {.failure = {failures.kind, failures.error},
          .count = failures.count,
          .first_at = failures.first_at,
          .latest_at = failures.latest_at,
          .retry_at = failures.retry_at};
}

wire::Handle refresh_of(const wire::RequestBody& request) {
  return std::visit(
      [](const auto& body) -> wire::Handle {
        if constexpr (requires { body.refresh; }) return body.refresh;
        return 0;
      },
      request);
}

}  // namespace

// Its callback refers to the host only while that lives.
struct RefreshHost::Timer {
  explicit Timer(asio::io_context& context) : strand(asio::make_strand(context)), timer(strand) {}
  Strand strand;
  asio::basic_waitable_timer<SteadyClock, asio::wait_traits<SteadyClock>, Strand> timer;
};

RefreshHost::RefreshHost(ServerCore& core)
    : core_(core), timer_(std::make_unique<Timer>(core.io.context())) {}

RefreshHost::~RefreshHost() = default;

BoardTime RefreshHost::now() const {
  return {.steady = SteadyClock::now(), .wall = core_.options.clock->now()};
}

void RefreshHost::begin(const std::shared_ptr<Call>& call) {
  auto taken = core_.pool.submit([self = shared_from_this(), call] { self->apply(call); });
  if (!taken) call->answer(std::move(taken).error());
}

void RefreshHost::apply(const std::shared_ptr<Call>& call) {
  const auto& request = call->as<wire::BeginRefresh>();
  if (request.load_id.size() > wire::kLoadIdBytes)
    return call->answer(
        slate::Error(Reason::kInvalidArgument, fmt::format("expected at most {} bytes, got {}",
                                                           wire::kLoadIdBytes, request.load_id.size()))
            .with_field("load_id"));
  const auto snapshot = core_.database.snapshot({request.datasource, request.scope});
  if (!snapshot) return call->answer(snapshot.error());
  auto give_up = call->arrived() + request.wait;
  if (call->deadline()) give_up = std::min(give_up, *call->deadline());
  const auto most = core_.options.lease;
  const Application application{.datasource = request.datasource,
                                .scope = request.scope,
                                .load_id = request.load_id,
                                .trigger = request.trigger,
                                .seen_generation = request.seen_generation,
                                .live_generation = (*snapshot)->info().generation,
                                .give_up = give_up,
                                .lease = request.lease.count() > 0 ? std::min(request.lease, most) : most};
  std::optional<Verdict> verdict;
  bool has_enough = false;
  {
    const std::scoped_lock lock(mutex_);
    has_enough = board_.held_by(call->connection()) >= kMostOfConnection;
    if (!has_enough) verdict = board_.begin(application, {call->connection(), call->id()}, now());
    if (!has_enough && !verdict) waiting_.emplace(WaiterKey{call->connection(), call->id()}, call);
  }
  if (has_enough)
    return call->answer(
        slate::Error(Reason::kQuotaExceeded,
                     fmt::format("{} refreshes are under way on this connection", kMostOfConnection))
            .with_hint("end one of them first"));
  arm();
  if (verdict) return settle(call, *verdict);
  // The client may have gone, or cancelled, before the call was among those that wait.
  if (call->stop().stop_requested()) withdraw(call);
}

void RefreshHost::settle(const std::shared_ptr<Call>& call, const Verdict& verdict) {
  if (const auto* granted = std::get_if<Granted>(&verdict)) return open(call, granted->refresh);
  if (const auto* busy = std::get_if<Busy>(&verdict)) return call->answer(RefreshBusy{busy->load});
  if (const auto* ended = std::get_if<Ended>(&verdict)) return call->answer(RefreshEnded{ended->generation});
  call->answer(answer_of(std::get<Failed>(verdict).failures));
}

// On the pool: a merge copies what is live.
void RefreshHost::open(const std::shared_ptr<Call>& call, wire::Handle refresh) {
  if (!enter(refresh, call->connection()))
    return call->answer(
        slate::Error(Reason::kOverloaded, "the lease of the refresh ended before it could begin")
            .with_retry_after(1));
  // Whoever asked may have gone or cancelled before there was a right to take away.
  if (call->stop().stop_requested()) {
    give_up(refresh, {});
    return call->answer(slate::Error(Reason::kCancelled, "the request was cancelled"));
  }
  const auto& request = call->as<wire::BeginRefresh>();
  const CopyRef copy{request.datasource, request.scope};
  auto running = std::make_shared<Running>(core_);
  RefreshGranted granted{.handle = refresh};
  const auto opened = [&]() -> Result<void> {
    SLATE_TRY(const auto snapshot, core_.database.snapshot(copy));
    granted.datasource = snapshot->datasource();
    granted.live = snapshot->info();
    const auto& loader = granted.datasource.loader;
    const LoadMode mode = request.mode.value_or(loader ? loader->mode : LoadMode::kReplace);
    SLATE_TRY(running->builder, core_.database.begin_generation(copy, mode));
    return {};
  }();
  const auto most = core_.options.lease;
  granted.lease = request.lease.count() > 0 ? std::min(request.lease, most) : most;
  if (!opened) {
    const LoadFailure failure = failure_of_store(opened.error());
    give_up(refresh, failure);
    return call->answer(opened.error());
  }
  {
    const std::scoped_lock lock(mutex_);
    running_.emplace(refresh, std::move(running));
  }
  leave(refresh);
  call->answer(granted);
}

void RefreshHost::go_on(const std::shared_ptr<Call>& call) {
  const wire::Handle refresh = refresh_of(call->request());
  std::shared_ptr<Running> running;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = running_.find(refresh);
    if (found != running_.end()) running = found->second;
  }
  if (running == nullptr) {
    // The board says why.
    auto refused = enter(refresh, call->connection());
    if (refused) leave(refresh);
    return call->answer(
        refused ? slate::Error(Reason::kFailedPrecondition, "the refresh has not been granted yet")
                : std::move(refused).error());
  }
  // However busy the pool is: a message turned away would cost all that was loaded before it. There are as
  // many as a connection may have requests under way.
  auto taken = running->lane->run(
      [self = shared_from_this(), call, refresh, running] {
        if (auto entered = self->enter(refresh, call->connection()); !entered)
          return call->answer(std::move(entered).error());
        self->handle(call, refresh, *running);
      },
      net::Admission::kAlways);
  if (!taken) call->answer(std::move(taken).error());
}

void RefreshHost::handle(const std::shared_ptr<Call>& call, wire::Handle refresh, Running& running) {
  const auto finished = [&](wire::Answer answer) {
    leave(refresh);
    call->answer(answer);
  };
  const auto report = [&](const LoadCounts& counts) {
    const std::scoped_lock lock(mutex_);
    board_.report(refresh, counts);
  };
  if (const auto* rows = std::get_if<wire::LoadRows>(&call->request())) {
    const auto appended = wire::read_rows(call->payload(), rows->count,
                                          [&](std::string_view id, std::span<const CellRef> cells) {
                                            return running.builder->append(id, cells);
                                          });
    if (!appended) return finished(appended.error());
    running.taken.rows += rows->count;
    running.taken.bytes += call->payload().size();
    report(rows->progress.value_or(running.taken));
    return finished(wire::Done{});
  }
  if (const auto* renew = std::get_if<wire::RenewRefresh>(&call->request())) {
    if (renew->progress) report(*renew->progress);
    return finished(wire::Done{});
  }
  if (std::holds_alternative<wire::FinishRefresh>(call->request())) {
    auto counts = running.builder->finish();
    if (!counts) return finished(std::move(counts).error());
    running.duplicates = counts->duplicates;
    return finished(*counts);
  }
  if (const auto* commit = std::get_if<wire::CommitRefresh>(&call->request())) {
    auto generation = running.builder->publish(commit->loaded_at);
    if (!generation) return finished(std::move(generation).error());
    running.builder.reset();
    BoardEffects effects;
    {
      const std::scoped_lock lock(mutex_);
      effects = board_.succeed(refresh, *generation, running.duplicates, now());
    }
    drop(refresh);
    call->answer(wire::RefreshPublished{*generation});
    return take_effect(std::move(effects));
  }
  running.builder.reset();
  drop(refresh);
  give_up(refresh, call->as<wire::AbortRefresh>().failure);
  call->answer(wire::Done{});
}

void RefreshHost::give_up(wire::Handle refresh, const std::optional<LoadFailure>& fault) {
  BoardEffects effects;
  {
    const std::scoped_lock lock(mutex_);
    effects = board_.fail(refresh, fault, now(), std::generate_canonical<double, 53>(random_));
  }
  take_effect(std::move(effects));
}

void RefreshHost::take_effect(BoardEffects effects) {
  std::vector<std::shared_ptr<Running>> lost;  // goes after the lock
  std::vector<std::pair<std::shared_ptr<Call>, Verdict>> answers;
  {
    const std::scoped_lock lock(mutex_);
    for (const wire::Handle refresh : effects.lost)
      if (auto node = running_.extract(refresh)) lost.push_back(std::move(node.mapped()));
    for (Notice& notice : effects.notices)
      if (auto node = waiting_.extract({notice.applicant.connection, notice.applicant.request}))
        answers.emplace_back(std::move(node.mapped()), std::move(notice.verdict));
  }
  for (auto& [call, verdict] : answers) {
    if (!std::holds_alternative<Granted>(verdict)) {
      settle(call, verdict);
      continue;
    }
    auto taken = core_.pool.submit(
        [self = shared_from_this(), winner = call, granted = verdict] { self->settle(winner, granted); },
        net::Admission::kAlways);
    if (!taken) call->answer(std::move(taken).error());
  }
  arm();
}

void RefreshHost::get_load(Call& call) {
  std::optional<LoadReport> report;
  {
    const std::scoped_lock lock(mutex_);
    report = board_.find(call.as<wire::GetLoad>().load_id);
  }
  if (report) return call.answer(*std::move(report));
  call.answer(slate::Error(Reason::kNotFound, "no load of this id is known"));
}

void RefreshHost::withdraw(const std::shared_ptr<Call>& call) {
  {
    const std::scoped_lock lock(mutex_);
    if (!board_.withdraw({call->connection(), call->id()})) return;
    waiting_.erase({call->connection(), call->id()});
  }
  call->answer(slate::Error(Reason::kCancelled, "the request was cancelled"));
}

void RefreshHost::disconnect(ConnectionId connection) {
  BoardEffects effects;
  {
    const std::scoped_lock lock(mutex_);
    effects = board_.disconnect(connection, now());
    std::erase_if(waiting_, [&](const auto& each) { return each.first.first == connection; });
  }
  take_effect(std::move(effects));
}

void RefreshHost::forget(std::string_view datasource) {
  const std::scoped_lock lock(mutex_);
  board_.forget(datasource);
}

std::size_t RefreshHost::running() const {
  const std::scoped_lock lock(mutex_);
  return board_.running();
}

Result<void> RefreshHost::enter(wire::Handle refresh, ConnectionId connection) {
  const std::scoped_lock lock(mutex_);
  return board_.enter(refresh, connection, now());
}

void RefreshHost::leave(wire::Handle refresh) {
  BoardEffects effects;
  {
    const std::scoped_lock lock(mutex_);
    effects = board_.leave(refresh, now());
  }
  take_effect(std::move(effects));
}

void RefreshHost::drop(wire::Handle refresh) {
  std::shared_ptr<Running> over;  // goes after the lock
  const std::scoped_lock lock(mutex_);
  if (auto node = running_.extract(refresh)) over = std::move(node.mapped());
}

void RefreshHost::arm() {
  asio::post(timer_->strand, [weak = weak_from_this(), alive = AliveGuard(core_.group)] {
    const auto self = weak.lock();
    if (!self) return;
    std::optional<SteadyTime> next;
    {
      const std::scoped_lock lock(self->mutex_);
      next = self->board_.next_deadline();
    }
    if (!next) {
      self->timer_->timer.cancel();
      return;
    }
    self->timer_->timer.expires_at(*next);
    self->timer_->timer.async_wait([weak, held = AliveGuard(self->core_.group)](const auto& cancelled) {
      const auto host = weak.lock();
      if (cancelled || !host) return;
      BoardEffects effects;
      {
        const std::scoped_lock lock(host->mutex_);
        effects = host->board_.expire(host->now());
      }
      host->take_effect(std::move(effects));
    });
  });
}

void RefreshHost::stop() {
  std::map<WaiterKey, std::shared_ptr<Call>> waiting;
  std::map<wire::Handle, std::shared_ptr<Running>> running;
  {
    const std::scoped_lock lock(mutex_);
    waiting.swap(waiting_);
    running.swap(running_);
    board_ = RefreshBoard();
  }
  for (const auto& [key, call] : waiting)
    call->answer(slate::Error(Reason::kUnavailable, "the server is ending").with_retry_after(1));
  arm();
}

}  // namespace slate::server
