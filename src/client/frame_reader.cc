#include "client/frame_reader.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/try.h"

namespace slate::client {
namespace {

// Frames below it are copied out of the buffer, so that what follows them stays where it is.
constexpr std::size_t kSmallFrame = std::size_t{4} << 10;
// Room that is made at once for what a header promises; beyond, as the bytes come.
constexpr std::size_t kTrusted = std::size_t{1} << 20;

}  // namespace

Result<ReceivedFrame> FrameReader::next(TimePoint deadline) {
  for (;;) {
    SLATE_TRY(auto frame, next_buffered());
    if (frame) return *std::move(frame);
    std::size_t wanted = 0;
    if (end_ - begin_ >= wire::kFrameHeaderBytes) {
      SLATE_TRY(const auto header, wire::read_frame_header({bytes_.data() + begin_, end_ - begin_}, limit_));
      wanted = header->size;
    }
    SLATE_TRY(fill(wanted, deadline));
  }
}

Result<std::optional<ReceivedFrame>> FrameReader::next_buffered() {
  const std::size_t there = end_ - begin_;
  if (there < wire::kFrameHeaderBytes) return std::nullopt;
  SLATE_TRY(const auto header, wire::read_frame_header({bytes_.data() + begin_, there}, limit_));
  if (!header || header->size > there) return std::nullopt;
  return take(*header);
}

// Reads some bytes of a frame of `wanted` (0: unknown yet).
Result<void> FrameReader::fill(std::size_t wanted, TimePoint deadline) {
  const std::size_t there = end_ - begin_;
  const std::size_t room = std::max(usual_, std::min(wanted, std::max(kTrusted, there * 2)));
  if (begin_ != 0 && (there == 0 || bytes_.capacity() - begin_ < room)) {
    std::memmove(bytes_.data(), bytes_.data() + begin_, there);
    begin_ = 0;
    end_ = there;
  }
  if (bytes_.capacity() < room) reserve(room);
  // Of what follows a large frame nothing, as it would have to be copied.
  const std::size_t most = wanted >= FrameBuffers::kLeast ? wanted - there : bytes_.capacity() - end_;
  SLATE_TRY(const std::size_t got,
            read_({bytes_.data() + end_, std::min(most, bytes_.capacity() - end_)}, deadline));
  if (got == 0) return fail(Reason::kUnavailable, "the server ended the connection");
  end_ += got;
  return {};
}

void FrameReader::reserve(std::size_t bytes) {
  FrameBuffer larger = buffers_->take(bytes);
  if (end_ != begin_) std::memcpy(larger.data(), bytes_.data() + begin_, end_ - begin_);
  bytes_ = std::move(larger);
  end_ -= begin_;
  begin_ = 0;
}

ReceivedFrame FrameReader::take(const wire::FrameHeader& header) {
  ReceivedFrame frame;
  const std::size_t rest = end_ - begin_ - header.size;
  if (header.size < kSmallFrame || begin_ != 0) {
    frame.bytes = buffers_->take(header.size);
    std::memcpy(frame.bytes.data(), bytes_.data() + begin_, header.size);
    begin_ += header.size;
    if (rest == 0) begin_ = end_ = 0;
  } else {
    // The buffer goes with the frame. The next one has room for another of about its size, which often
    // follows.
    usual_ = std::min((header.size / FrameBuffers::kLeast + 1) * FrameBuffers::kLeast, kTrusted);
    FrameBuffer next;
    if (rest != 0) {
      next = buffers_->take(std::max(usual_, rest));
      std::memcpy(next.data(), bytes_.data() + header.size, rest);
    }
    frame.bytes = std::exchange(bytes_, std::move(next));
    begin_ = 0;
    end_ = rest;
  }
  frame.frame = wire::split_frame({frame.bytes.data(), header.size}, header);
  return frame;
}

}  // namespace slate::client
