// Memory that frames are read into.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace slate::client {

class FrameBuffers;

// Some bytes that begin at a multiple of 8; one owner. Its memory goes back to where it came from.
class FrameBuffer {
 public:
  FrameBuffer() = default;
  FrameBuffer(FrameBuffer&& other) noexcept;
  FrameBuffer& operator=(FrameBuffer&& other) noexcept;
  ~FrameBuffer();

  char* data() const { return reinterpret_cast<char*>(words_.get()); }
  std::size_t capacity() const { return capacity_; }

 private:
  friend class FrameBuffers;
  FrameBuffer(std::unique_ptr<std::uint64_t[]> words, std::size_t capacity)
      : words_(std::move(words)), capacity_(capacity) {}
  void swap(FrameBuffer& other) noexcept;

  std::unique_ptr<std::uint64_t[]> words_;
  std::size_t capacity_ = 0;
  std::shared_ptr<FrameBuffers> home_;  // null: it is freed
};

// Keeps what large frames were read into for those that follow: an answer of many frames would otherwise take
// its memory from the operating system anew, page by page. Safe from any thread.
class FrameBuffers : public std::enable_shared_from_this<FrameBuffers> {
 public:
  // Smaller ones are left to the allocator.
  static constexpr std::size_t kLeast = std::size_t{64} << 10;
  // How much is kept at most.
  static constexpr std::size_t kKept = std::size_t{1} << 20;

  // At least so many bytes.
  FrameBuffer take(std::size_t bytes);
  std::size_t kept_bytes() const;

 private:
  friend class FrameBuffer;
  void give(FrameBuffer buffer);

  mutable std::mutex mutex_;  // guards what follows
  std::vector<FrameBuffer> kept_;
  std::size_t kept_bytes_ = 0;
};

}  // namespace slate::client
