// Frames out of a stream of bytes, each in memory of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include <slate/error.h>

#include "client/frame_buffer.h"
#include "wire/frame.h"

namespace slate::client {

using TimePoint = std::chrono::steady_clock::time_point;

// A frame and the bytes that it refers to, which begin at a multiple of 8: blocks are read in place.
struct ReceivedFrame {
  FrameBuffer bytes;
  wire::Frame frame;
};

// One thread at a time. Memory grows with what has come, never with what a header promises.
class FrameReader {
 public:
  // At least one byte into the span; 0 at the end of the stream; deadline_exceeded, after which it may be
  // called again.
  using Read = std::function<Result<std::size_t>(std::span<char> into, TimePoint deadline)>;

  // Frames beyond `limit` bytes are refused.
  FrameReader(Read read, std::size_t limit)
      : read_(std::move(read)), limit_(limit), buffers_(std::make_shared<FrameBuffers>()) {}

  // The next frame. Errors: deadline_exceeded, after which reading may go on; those of the source;
  // unavailable at the end of the stream; invalid_argument and payload_too_large for what is no frame.
  Result<ReceivedFrame> next(TimePoint deadline);
  // A frame that has come already, if there is one whole.
  Result<std::optional<ReceivedFrame>> next_buffered();

 private:
  Result<void> fill(std::size_t wanted, TimePoint deadline);
  void reserve(std::size_t bytes);
  ReceivedFrame take(const wire::FrameHeader& header);

  Read read_;
  const std::size_t limit_;
  const std::shared_ptr<FrameBuffers> buffers_;
  FrameBuffer bytes_;
  std::size_t usual_ = FrameBuffers::kLeast;  // capacity of a new buffer
  std::size_t begin_ = 0;  // a multiple of 8 where a frame may be handed out with the buffer: 0
  std::size_t end_ = 0;
};

}  // namespace slate::client
