#include "api/load_events.h"

#include <chrono>
#include <utility>

#include "api/render/status_json.h"
#include "base/try.h"
#include "model/json.h"

namespace slate::api {
namespace {

constexpr std::chrono::milliseconds kInterval{250};
constexpr std::chrono::seconds kSilence{15};  // beyond it proxies may take a connection for dead

}  // namespace

class LoadEvents::Stream final : public http::BodyStream {
 public:
  Stream(LoadEvents& events, LoadId load) : events_(events), load_(std::move(load)) {}
  ~Stream() override { --events_.listeners_; }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  Result<bool> next(std::string& chunk) override {
    const auto status = events_.refresher_.status(load_);
    if (!status) return fail(status.error());
    const bool runs = status->state == LoadState::kRunning;
    const auto now = events_.timer_.now();
    if (runs && sent_rows_ == status->rows && sent_calls_ == status->calls) {
      if (now - sent_at_ < kSilence) return true;
      chunk += ":\n\n";
    } else {
      chunk += "event: ";
      chunk += load_state_word(status->state);
      if (!runs) chunk += "\nid: end";
      chunk += "\ndata: " + json_text(load_json(*status, Audience::kReaders)) + "\n\n";
    }
    sent_at_ = now;
    sent_rows_ = status->rows;
    sent_calls_ = status->calls;
    return runs;
  }

  void when_ready(std::move_only_function<void()> resume) override {
    // The first event at once.
    if (!sent_rows_) return resume();
    events_.timer_.run_after(kInterval, std::move(resume));
  }

 private:
  LoadEvents& events_;
  const LoadId load_;
  std::optional<std::uint64_t> sent_rows_;
  std::uint32_t sent_calls_ = 0;
  net::DeadlineTimer::TimePoint sent_at_{};
};

LoadEvents::LoadEvents(const Refresher& refresher, net::DeadlineTimer* timer)
    : refresher_(refresher),
      own_timer_(timer == nullptr ? std::make_unique<net::ThreadDeadlineTimer>() : nullptr),
      timer_(timer == nullptr ? *own_timer_ : *timer) {}

Result<std::unique_ptr<http::BodyStream>> LoadEvents::listen(const LoadId& load) {
  if (const auto status = refresher_.status(load); !status) return fail(status.error());
  if (++listeners_ > kMostListeners) {
    --listeners_;
    return fail(Error(Reason::kOverloaded, "too many listen to loads").with_retry_after(1));
  }
  return std::make_unique<Stream>(*this, load);
}

}  // namespace slate::api
