#include "client/frame_buffer.h"

#include <utility>

namespace slate::client {

FrameBuffer::FrameBuffer(FrameBuffer&& other) noexcept { swap(other); }

FrameBuffer& FrameBuffer::operator=(FrameBuffer&& other) noexcept {
  FrameBuffer moved(std::move(other));
  swap(moved);
  return *this;
}

FrameBuffer::~FrameBuffer() {
  if (const auto home = std::move(home_)) home->give(std::move(*this));
}

void FrameBuffer::swap(FrameBuffer& other) noexcept {
  words_.swap(other.words_);
  std::swap(capacity_, other.capacity_);
  home_.swap(other.home_);
}

FrameBuffer FrameBuffers::take(std::size_t bytes) {
  FrameBuffer buffer;
  if (bytes >= kLeast) {
    const std::scoped_lock lock(mutex_);
    for (FrameBuffer& each : kept_) {
      if (each.capacity() < bytes) continue;
      kept_bytes_ -= each.capacity();
      buffer = std::exchange(each, std::move(kept_.back()));
      kept_.pop_back();
      break;
    }
  }
  if (buffer.capacity() == 0)
    buffer = FrameBuffer(std::make_unique_for_overwrite<std::uint64_t[]>((bytes + 7) / 8), bytes);
  if (bytes >= kLeast) buffer.home_ = shared_from_this();
  return buffer;
}

std::size_t FrameBuffers::kept_bytes() const {
  const std::scoped_lock lock(mutex_);
  return kept_bytes_;
}

void FrameBuffers::give(FrameBuffer buffer) {
  const std::scoped_lock lock(mutex_);
  if (kept_bytes_ + buffer.capacity() > kKept) return;
  kept_bytes_ += buffer.capacity();
  kept_.push_back(std::move(buffer));
}

}  // namespace slate::client
