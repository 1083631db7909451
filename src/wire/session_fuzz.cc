// Any bytes, in pieces: the session answers or ends, and holds no more than one frame.
#include <cstddef>
#include <cstdint>

#include "wire/session.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  slate::wire::SessionOptions options;
  options.welcome.limits = {.frame_bytes = 1 << 12, .write_frame_bytes = 1 << 14, .requests = 4};
  slate::wire::Session session(options);
  // The first byte decides the size of the pieces.
  const std::size_t piece = data[0] + std::size_t{1};
  std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  while (!bytes.empty()) {
    session.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      auto step = session.next();
      if (std::holds_alternative<slate::wire::Session::NeedMore>(step)) break;
      const auto* started = std::get_if<slate::wire::Session::Started>(&step);
      if (started != nullptr && started->id % 2 == 0) session.finished(started->id);
      if (session.running() > 4) __builtin_trap();
    }
    if (session.buffered() > (1 << 14) + piece) __builtin_trap();
  }
  return 0;
}
