#include "server/query_stream.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/try.h"

namespace slate::server {
namespace {

// Blocks are collected up to a quarter of what the client has room for, within these bounds: each frame costs
// a change of threads here and at the client.
constexpr std::int64_t kLeastFlushBytes = std::int64_t{64} << 10;
constexpr std::int64_t kMostFlushBytes = std::int64_t{256} << 10;
// About what a block has that goes beyond them.
constexpr std::size_t kLastBlockBytes = std::size_t{32} << 10;
// Then others have their turn on the pool.
constexpr std::size_t kTurnBytes = std::size_t{1} << 20;
// What an answer that is given at once may hold.
constexpr std::uint64_t kInlineTake = 2'000;
constexpr std::size_t kInlineBytes = std::size_t{256} << 10;

std::int64_t as_credit(std::uint64_t bytes) {
  return static_cast<std::int64_t>(
      std::min<std::uint64_t>(bytes, std::numeric_limits<std::int64_t>::max() / 4));
}

}  // namespace

QueryStream::QueryStream(std::shared_ptr<Call> call, std::shared_ptr<HeldSnapshot> held)
    : call_(std::move(call)),
      request_(call_->as<wire::RunQuery>()),
      held_(std::move(held)),
      credit_(as_credit(request_.credit != 0 ? request_.credit : call_->core().options.credit)) {}

Result<void> QueryStream::open(const QueryOptions& options) {
  if (held_ == nullptr) {
    const wire::Target& target = request_.target;
    SLATE_TRY(held_, HeldSnapshot::open(call_->core(), {target.datasource, target.scope}));
  }
  Snapshot& snapshot = held_->snapshot();
  SLATE_TRY(result_, snapshot.query(request_.query, options));
  head_ = wire::RowsHead{.info = snapshot.info(), .columns = result_->columns()};
  return {};
}

bool QueryStream::run_at_once() {
  if (request_.query.take.value_or(kInlineTake + 1) > kInlineTake) return false;
  const bool is_shared = held_ != nullptr;
  if (is_shared && !held_->lane().try_enter()) return false;
  const AtOnce at_once(*call_, request_.options);
  bool is_large = false;
  const auto run = [&]() -> Result<void> {
    SLATE_TRY(open(at_once.options()));
    for (;;) {
      SLATE_TRY(const Batch* batch, result_->next());
      if (batch == nullptr) break;
      appender_.add(*batch, blocks_);
      is_large = collected() > std::min<std::size_t>(kInlineBytes, static_cast<std::size_t>(credit_));
      if (is_large) return {};
    }
    SLATE_TRY(wire::RowsEnd end, make_end());
    appender_.flush(blocks_);
    call_->answer(wire::Rows{.head = std::move(head_), .end = std::move(end)}, std::move(blocks_));
    release();  // afterwards: the client need not wait for it
    return {};
  };
  const auto lane = is_shared ? held_ : nullptr;
  const auto done = run();
  const bool begins_again = is_large || (!done && at_once.is_cause_of(done.error()));
  if (begins_again) {
    result_.reset();
    if (!is_shared) held_.reset();
    head_.reset();
    appender_.clear();
    blocks_.clear();
  } else if (!done) {
    fail_with(done.error());
  }
  if (lane) lane->lane().leave();
  return !begins_again;
}

void QueryStream::start() {
  {
    const std::scoped_lock lock(mutex_);
    is_running_ = true;
    is_started_ = true;
  }
  call_->waits_for_turn();
  run_on_pool(net::Admission::kLimited);
}

void QueryStream::grant(std::uint64_t bytes) {
  {
    const std::scoped_lock lock(mutex_);
    credit_ = std::min(credit_ + as_credit(bytes), std::numeric_limits<std::int64_t>::max() / 4);
  }
  poke();
}

void QueryStream::poke() {
  {
    const std::scoped_lock lock(mutex_);
    if (!is_started_ || is_running_ || !may_go_on()) return;
    is_running_ = true;
  }
  run_on_pool(net::Admission::kAlways);
}

std::optional<Call::TimePoint> QueryStream::waiting_since() const {
  const std::scoped_lock lock(mutex_);
  if (!is_started_ || is_running_) return std::nullopt;
  return since_;
}

bool QueryStream::may_go_on() const {
  return (credit_ > 0 && !call_->is_backlogged()) || call_->interruption(std::chrono::steady_clock::now());
}

void QueryStream::run_on_pool(net::Admission admission) {
  net::BlockingPool::Task task = [self = shared_from_this()] { self->step(); };
  auto taken = held_ != nullptr ? held_->lane().run(std::move(task), admission)
                                : call_->core().pool.submit(std::move(task), admission);
  if (!taken) fail_with(std::move(taken).error());
}

void QueryStream::step() {
  if (!call_->begins()) return release();
  const auto run = [&]() -> Result<bool> {
    if (result_ == nullptr) SLATE_TRY(open(call_->bounded(request_.options)));
    for (std::size_t sent = 0; sent < kTurnBytes;) {
      if (auto interrupted = call_->interruption(std::chrono::steady_clock::now()))
        return fail(*std::move(interrupted));
      std::int64_t flush_at = 0;
      {
        const std::scoped_lock lock(mutex_);
        if (!may_go_on()) {
          is_running_ = false;
          since_ = std::chrono::steady_clock::now();
          return false;
        }
        flush_at = std::clamp(credit_ / 4, kLeastFlushBytes, kMostFlushBytes);
      }
      if (blocks_.empty()) blocks_.reserve(static_cast<std::size_t>(flush_at) + kLastBlockBytes);
      SLATE_TRY(const Batch* batch, result_->next());
      if (batch == nullptr) {
        finish();
        return false;
      }
      appender_.add(*batch, blocks_);
      if (collected() < static_cast<std::size_t>(flush_at)) continue;
      appender_.flush(blocks_);
      sent += blocks_.size();
      SLATE_TRY(flush());
    }
    return true;
  };
  const auto goes_on = run();
  if (!goes_on) return fail_with(goes_on.error());
  if (*goes_on) run_on_pool(net::Admission::kAlways);
}

Result<void> QueryStream::flush() {
  {
    const std::scoped_lock lock(mutex_);
    credit_ -= static_cast<std::int64_t>(blocks_.size());
  }
  return call_->send(wire::Rows{.head = std::exchange(head_, std::nullopt), .end = {}},
                     std::exchange(blocks_, {}));
}

Result<wire::RowsEnd> QueryStream::make_end() {
  wire::RowsEnd end;
  if (request_.paging == wire::Paging::kPage) {
    SLATE_TRY(end.has_more, result_->has_more());
    SLATE_TRY(end.next_cursor, result_->next_cursor());
    SLATE_TRY(end.previous_cursor, result_->previous_cursor());
  }
  end.counters = result_->counters();
  end.server = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                     call_->arrived());
  return end;
}

void QueryStream::finish() {
  auto end = make_end();
  if (!end) return fail_with(std::move(end).error());
  release();
  appender_.flush(blocks_);
  call_->answer(wire::Rows{.head = std::exchange(head_, std::nullopt), .end = *std::move(end)},
                std::exchange(blocks_, {}));
}

void QueryStream::fail_with(slate::Error error) {
  release();
  call_->answer(std::move(error));
}

// The snapshot is not held back by an answer on its way.
void QueryStream::release() {
  result_.reset();
  held_.reset();
}

}  // namespace slate::server
