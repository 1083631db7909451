// Any bytes, in pieces of any size: frames that came whole lie within their own memory, and the end comes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "client/frame_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slate;
  if (size == 0) return 0;
  const std::size_t step = data[0] + std::size_t{1};
  std::size_t at = 1;
  client::FrameReader reader(
      [&](std::span<char> into, client::TimePoint) -> Result<std::size_t> {
        const std::size_t count = std::min({step, into.size(), size - at});
        std::memcpy(into.data(), data + at, count);
        at += count;
        return count;
      },
      std::size_t{1} << 20);
  std::size_t bytes = 0;
  for (;;) {
    const auto frame = reader.next(client::TimePoint::max());
    if (!frame) return 0;
    for (const char byte : frame->frame.message) bytes += static_cast<unsigned char>(byte);
    for (const char byte : frame->frame.payload) bytes += static_cast<unsigned char>(byte);
    if (!frame->frame.payload.empty() &&
        reinterpret_cast<std::uintptr_t>(frame->frame.payload.data()) % 8 != 0)
      __builtin_trap();
    if (bytes == SIZE_MAX) return 1;
  }
}
