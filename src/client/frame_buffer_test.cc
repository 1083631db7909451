#include "client/frame_buffer.h"

#include <gtest/gtest.h>
#include <utility>
#include <vector>

namespace slate::client {
namespace {

constexpr std::size_t kLarge = FrameBuffers::kLeast * 4;

TEST(FrameBuffers, what_a_large_frame_gives_back_serves_the_next) {
  const auto buffers = std::make_shared<FrameBuffers>();
  const char* first = nullptr;
  {
    const FrameBuffer buffer = buffers->take(kLarge);
    first = buffer.data();
  }
  const FrameBuffer again = buffers->take(kLarge - 100);
  EXPECT_EQ(again.data(), first);
  EXPECT_EQ(again.capacity(), kLarge);
  EXPECT_NE(buffers->take(kLarge).data(), first);
}

TEST(FrameBuffers, one_that_is_too_small_is_not_given_out) {
  const auto buffers = std::make_shared<FrameBuffers>();
  { const FrameBuffer small = buffers->take(FrameBuffers::kLeast); }
  EXPECT_GE(buffers->take(kLarge).capacity(), kLarge);
}

TEST(FrameBuffers, keep_no_more_than_their_limit) {
  const auto buffers = std::make_shared<FrameBuffers>();
  std::vector<FrameBuffer> all;
  for (std::size_t bytes = 0; bytes < 4 * FrameBuffers::kKept; bytes += kLarge)
    all.push_back(buffers->take(kLarge));
  all.clear();
  EXPECT_EQ(buffers->kept_bytes(), FrameBuffers::kKept);
}

TEST(FrameBuffers, a_buffer_may_outlive_them) {
  auto buffers = std::make_shared<FrameBuffers>();
  FrameBuffer buffer = buffers->take(kLarge);
  buffers.reset();
  FrameBuffer moved = std::move(buffer);
  moved.data()[kLarge - 1] = 'x';
}

}  // namespace
}  // namespace slate::client
