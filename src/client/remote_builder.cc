#include "client/remote_builder.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <random>
#include <utility>

#include "base/try.h"
#include "net/thread_name.h"
#include "wire/row_payload.h"

namespace slate::client {
namespace {

constexpr std::size_t kFrameRowBytes = std::size_t{256} << 10;
constexpr std::size_t kFramesUnderWay = 4;
constexpr std::chrono::milliseconds kAbort{2'000};
constexpr std::chrono::milliseconds kDefaultLease{15'000};

std::string random_load_id() {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 4; ++i) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (auto bits = random(), digit = 0U; digit < 8; ++digit, bits >>= 4) id += kDigits[bits & 15];
  }
  return id;
}

}  // namespace

Result<std::unique_ptr<GenerationBuilder>> RemoteBuilder::begin(Lease lease, CopyRef copy, LoadMode mode) {
  SLATE_TRY(auto answer, begin_refresh(*lease, {.datasource = std::string(copy.datasource),
                                                .scope = std::string(copy.scope),
                                                .mode = mode,
                                                .load_id = random_load_id(),
                                                .trigger = Trigger::kForced}));
  if (const auto* granted = std::get_if<wire::RefreshGranted>(&answer))
    return std::make_unique<RemoteBuilder>(std::move(lease), *granted);
  if (auto* failed = std::get_if<wire::RefreshFailed>(&answer)) return fail(std::move(failed->failure.error));
  return fail(Error(Reason::kFailedPrecondition,
                    "another refresh of " + std::string(copy.datasource) + " is under way")
                  .with_retry_after(1));
}

RemoteBuilder::RemoteBuilder(Lease lease, const wire::RefreshGranted& granted,
                             std::function<wire::LoadCounts()> progress)
    : lease_(std::move(lease)),
      refresh_(granted.refresh),
      progress_(std::move(progress)),
      sign_of_life_((granted.lease.count() > 0 ? granted.lease : kDefaultLease) / 3),
      keeper_([this](const std::stop_token& stop) { keep_alive(stop); }) {}

RemoteBuilder::~RemoteBuilder() { abort({}); }

void RemoteBuilder::abort(std::optional<wire::LoadFault> fault) {
  if (std::exchange(is_over_, true)) return;
  keeper_.request_stop();
  keeper_.join();
  sent_.clear();
  Connection& connection = lease_->connection();
  if (fault) connection.post(wire::RenewRefresh{.refresh = refresh_, .progress = progress()});
  // Waited for, so that the next one can begin.
  const auto given_up = connection.start(wire::AbortRefresh{.refresh = refresh_, .failure = std::move(fault)},
                                         {.deadline = std::chrono::steady_clock::now() + kAbort});
  (void)given_up->next();
}

wire::LoadCounts RemoteBuilder::progress() const {
  if (progress_) return progress_();
  return {.rows = rows_.load(), .bytes = bytes_.load(), .calls = 1};
}

Result<void> RemoteBuilder::append(std::string_view id, std::span<const CellRef> cells) {
  const std::size_t before = payload_.size();
  wire::append_row(id, cells, payload_);
  ++count_;
  if (payload_.size() < kFrameRowBytes) return {};
  // A huge row goes alone: a frame has a limit.
  if (before != 0 && payload_.size() - before >= kFrameRowBytes) {
    SLATE_TRY(send(std::string_view(payload_).substr(0, before), count_ - 1));
    SLATE_TRY(send(std::string_view(payload_).substr(before), 1));
  } else {
    SLATE_TRY(send(payload_, count_));
  }
  payload_.clear();
  count_ = 0;
  return {};
}

Result<void> RemoteBuilder::send(std::string_view payload, std::uint32_t count) {
  SLATE_TRY(settle(kFramesUnderWay - 1));
  const std::uint64_t first = rows_.fetch_add(count);
  bytes_ += payload.size();
  ++life_signs_;
  auto exchange = lease_->connection().start(
      wire::LoadRows{.refresh = refresh_, .count = count, .progress = progress()}, {}, payload);
  sent_.push_back({.first_row = first, .answer = make_call(std::move(exchange), reads_done())});
  return {};
}

// Waits until at most so many frames are not answered.
Result<void> RemoteBuilder::settle(std::size_t most_under_way) {
  while (sent_.size() > most_under_way) {
    Sent oldest = std::move(sent_.front());
    sent_.pop_front();
    auto answer = oldest.answer.get();
    if (answer) continue;
    Error error = std::move(answer).error();
    if (error.position()) {
      const std::uint64_t position = oldest.first_row + *error.position();
      error = std::move(error).with_position(position);
    }
    return fail(std::move(error));
  }
  return {};
}

Result<BuildCounts> RemoteBuilder::finish() {
  if (count_ != 0) SLATE_TRY(send(payload_, count_));
  payload_ = {};
  count_ = 0;
  SLATE_TRY(settle(0));
  // All of it, now that all has come.
  lease_->connection().post(wire::RenewRefresh{.refresh = refresh_, .progress = progress()});
  return make_call(lease_->connection().start(wire::FinishRefresh{.refresh = refresh_}, {}),
                   reads<BuildCounts>())
      .get();
}

Result<std::uint64_t> RemoteBuilder::publish(UnixMillis loaded_at) {
  auto call = make_call(
      lease_->connection().start(wire::CommitRefresh{.refresh = refresh_, .loaded_at = loaded_at}, {}),
      reads<std::uint64_t, wire::RefreshPublished>(
          [](const wire::RefreshPublished& from) { return from.generation; }));
  SLATE_TRY(const std::uint64_t generation, call.get());
  is_over_ = true;
  return generation;
}

void RemoteBuilder::keep_alive(const std::stop_token& stop) {
  net::name_this_thread("load-lease", 0);
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  std::uint64_t seen = 0;
  while (!wake.wait_for(lock, stop, sign_of_life_, [&] { return stop.stop_requested(); })) {
    if (const std::uint64_t signs = life_signs_.load(); signs != std::exchange(seen, signs)) continue;
    // Without a deadline: what came before it may take the server long.
    auto renewed =
        make_call(lease_->connection().start(wire::RenewRefresh{.refresh = refresh_, .progress = progress()},
                                             {.stop = stop}),
                  reads_done())
            .get();
    if (renewed || stop.stop_requested()) continue;
    lost_.request_stop();
    return;
  }
}

}  // namespace slate::client
