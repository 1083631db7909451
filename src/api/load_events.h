// The progress of a load as server-sent events.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>

#include <slate/error.h>

#include "http/message.h"
#include "loader/refresher.h"
#include "net/deadline_timer.h"

namespace slate::api {

// `event: loading` whenever there is progress, at most four times a second; a comment after 15 s without any;
// at last `event: succeeded` or `event: failed` with the id `end`. The data is that of GET /v1/loads/{id}. A
// listener holds no thread: it is a timer and a connection. Safe from any thread; must outlive its streams.
class LoadEvents {
 public:
  // Both must outlive this. No timer: one of its own.
  LoadEvents(const Refresher& refresher, net::DeadlineTimer* timer);

  // Of a load that runs or has ended. Errors: not_found; overloaded beyond kMostListeners.
  Result<std::unique_ptr<http::BodyStream>> listen(const LoadId& load);

  static constexpr std::size_t kMostListeners = 1'000;

 private:
  class Stream;
  const Refresher& refresher_;
  std::atomic<std::size_t> listeners_ = 0;
  std::unique_ptr<net::ThreadDeadlineTimer> own_timer_;
  net::DeadlineTimer& timer_;
};

}  // namespace slate::api
