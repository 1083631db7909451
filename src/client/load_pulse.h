// When a server is told how a load goes that sends it no rows: decisions without I/O, clock or threads.
#pragma once

#include <cstdint>
#include <utility>

#include <slate/load.h>

namespace slate::client {

// Frames of rows tell it themselves, so that a fast load sends nothing else. Time passes in ticks.
class LoadPulse {
 public:
  // `silence`: so many ticks without a word are too many, though nothing has changed. At least 1.
  explicit LoadPulse(std::uint32_t silence) : silence_(silence) {}

  // At each tick, with the frames of rows sent so far and how the load stands. True: tell the server.
  bool is_due(std::uint64_t frames, const LoadCounts& counts) {
    if (std::exchange(frames_, frames) != frames) {
      is_known_ = false;
      quiet_ = 0;
      return false;
    }
    if (++quiet_ < silence_ && is_known_ && told_ == counts) return false;
    is_known_ = true;
    told_ = counts;
    quiet_ = 0;
    return true;
  }

 private:
  const std::uint32_t silence_;
  std::uint64_t frames_ = 0;
  std::uint32_t quiet_ = 0;  // ticks since something was told
  bool is_known_ = false;    // what the server thinks: no rows came after it
  LoadCounts told_;
};

}  // namespace slate::client
