// The bare round trip between two threads over loopback: what everything over TCP stands on.
#pragma once

#include <cstdint>
#include <memory>
#include <thread>

#include <slate/error.h>

#include "bench/net/placement.h"

namespace slate::bench::network {

// Sends some bytes to a thread that blocks in recv() and sends them back. One thread at a time.
class RoundTrip {
 public:
  // The other end runs on `server`.
  static Result<std::unique_ptr<RoundTrip>> open(const Processors& server);
  ~RoundTrip();
  RoundTrip(const RoundTrip&) = delete;
  RoundTrip& operator=(const RoundTrip&) = delete;

  // Errors: io.
  Result<void> go();

 private:
  RoundTrip() = default;

  int socket_ = -1;
  std::thread other_;
};

}  // namespace slate::bench::network
