#include "client/remote_builder.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/try.h"
#include "client/load_pulse.h"
#include "net/thread_name.h"
#include "wire/row_payload.h"

namespace slate::client {
namespace {

constexpr std::size_t kFrameRowBytes = std::size_t{256} << 10;
constexpr std::size_t kFramesUnderWay = 4;
constexpr std::chrono::milliseconds kAbort{2'000};
constexpr std::chrono::milliseconds kDefaultLease{15'000};
// How often progress is told at most: together with how often it is asked for, others see it within a second.
constexpr std::chrono::milliseconds kMostTick{500};

}  // namespace

Result<std::unique_ptr<GenerationBuilder>> RemoteBuilder::begin(Lease lease, CopyRef copy, LoadMode mode) {
  SLATE_TRY(auto answer, lease->begin_refresh(copy, {.mode = mode}, {}).get());
  if (auto* granted = std::get_if<RefreshGranted>(&answer))
    return std::make_unique<RemoteBuilder>(std::move(lease), std::move(*granted));
  if (auto* failed = std::get_if<RefreshFailed>(&answer)) return fail(std::move(failed->failure.error));
  return fail(Error(Reason::kFailedPrecondition,
                    "another refresh of " + std::string(copy.datasource) + " is under way")
                  .with_retry_after(1));
}

RemoteBuilder::RemoteBuilder(Lease lease, RefreshGranted granted, std::function<LoadCounts()> progress)
    : lease_(std::move(lease)),
      refresh_(std::move(granted)),
      progress_(std::move(progress)),
      keeper_([this](const std::stop_token& stop) { keep_alive(stop); }) {}

RemoteBuilder::~RemoteBuilder() { abort({}); }

void RemoteBuilder::abort(const std::optional<LoadFailure>& failure) {
  if (std::exchange(is_over_, true)) return;
  keeper_.request_stop();
  keeper_.join();
  sent_.clear();
  if (failure) tell_progress();
  // Waited for, so that the next one can begin.
  (void)lease_->abort_refresh(refresh_, failure, {.deadline = std::chrono::steady_clock::now() + kAbort})
      .get();
}

// Nobody waits for the answer.
void RemoteBuilder::tell_progress() {
  lease_->connection().post(wire::RenewRefresh{.refresh = refresh_.handle, .progress = progress()});
}

LoadCounts RemoteBuilder::progress() const {
  if (progress_) return progress_();
  return {.rows = rows_.load(), .bytes = bytes_.load(), .calls = 1};
}

Result<void> RemoteBuilder::append(std::string_view id, std::span<const CellRef> cells) {
  const std::size_t before = payload_.size();
  wire::append_row(id, cells, payload_);
  ++count_;
  ++rows_;
  bytes_ += payload_.size() - before;
  if (payload_.size() < kFrameRowBytes) return {};
  // A huge row goes alone: a frame has a limit.
  if (before != 0 && payload_.size() - before >= kFrameRowBytes) {
    SLATE_TRY(send(count_ - 1, std::string_view(payload_).substr(0, before)));
    SLATE_TRY(send(1, std::string_view(payload_).substr(before)));
  } else {
    SLATE_TRY(send(count_, payload_));
  }
  payload_.clear();
  count_ = 0;
  return {};
}

Result<void> RemoteBuilder::send(std::uint32_t count, std::string_view payload) {
  SLATE_TRY(settle(kFramesUnderWay - 1));
  ++frames_;
  sent_.push_back({.first_row = std::exchange(sent_rows_, sent_rows_ + count),
                   .answer = lease_->load_encoded(refresh_, count, payload, progress(), {})});
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
  if (count_ != 0) SLATE_TRY(send(count_, payload_));
  payload_ = {};
  count_ = 0;
  SLATE_TRY(settle(0));
  // All of it, now that all has come.
  tell_progress();
  return lease_->finish_refresh(refresh_, {}).get();
}

Result<std::uint64_t> RemoteBuilder::publish(UnixMillis loaded_at) {
  SLATE_TRY(const std::uint64_t generation, lease_->commit_refresh(refresh_, loaded_at, {}).get());
  is_over_ = true;
  return generation;
}

void RemoteBuilder::keep_alive(const std::stop_token& stop) {
  net::name_this_thread("load-lease", 0);
  const auto life_sign = (refresh_.lease.count() > 0 ? refresh_.lease : kDefaultLease) / 3;
  const auto tick = std::clamp(life_sign, std::chrono::milliseconds(1), kMostTick);
  LoadPulse pulse(static_cast<std::uint32_t>(std::max<std::int64_t>(life_sign / tick, 1)));
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (!wake.wait_for(lock, stop, tick, [&] { return stop.stop_requested(); })) {
    const LoadCounts counts = progress();
    if (!pulse.is_due(frames_, counts)) continue;
    // Without a deadline: what came before it may take the server long.
    const auto renewed = lease_->renew_refresh(refresh_, counts, {.stop = stop}).get();
    if (renewed || stop.stop_requested()) continue;
    lost_.request_stop();
    return;
  }
}

}  // namespace slate::client
