#include "client/frame_reader.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace slate::client {
namespace {

constexpr TimePoint kNoDeadline = TimePoint::max();

// Gives out `bytes`, at most `step` at a time, and then ends.
FrameReader reader_of(std::string bytes, std::size_t step, std::size_t limit = wire::kFrameBytes) {
  return FrameReader(
      [bytes = std::move(bytes), step, at = std::size_t{0}](std::span<char> into,
                                                            TimePoint) mutable -> Result<std::size_t> {
        const std::size_t count = std::min({step, into.size(), bytes.size() - at});
        std::memcpy(into.data(), bytes.data() + at, count);
        at += count;
        return count;
      },
      limit);
}

std::string frame_of(wire::RequestId id, std::string_view message, std::string_view payload = {}) {
  wire::FrameWriter writer(id, message);
  if (!payload.empty()) writer.payload().append(payload);
  return writer.finish();
}

TEST(FrameReader, frames_come_whole_however_their_bytes_come) {
  const std::string large(300'000, 'x');
  const std::string middle(5'000, 'y');
  const std::string bytes = frame_of(1, "a") + frame_of(2, "bc", large) + frame_of(3, "", "payload!") +
                            frame_of(4, "d", middle) + frame_of(5, "e", middle) + frame_of(6, "f");
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, bytes.size()}) {
    FrameReader reader = reader_of(bytes, step);
    const auto expect = [&](wire::RequestId id, std::string_view message, std::string_view payload) {
      const auto got = reader.next(kNoDeadline);
      ASSERT_TRUE(got) << got.error().to_string();
      EXPECT_EQ(got->frame.id, id);
      EXPECT_EQ(got->frame.message, message);
      EXPECT_EQ(got->frame.payload, payload);
      if (!payload.empty()) {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(got->frame.payload.data()) % 8, 0U);
      }
    };
    expect(1, "a", "");
    expect(2, "bc", large);
    expect(3, "", "payload!");
    expect(4, "d", middle);
    expect(5, "e", middle);
    expect(6, "f", "");
    const auto end = reader.next(kNoDeadline);
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().reason(), Reason::kUnavailable);
  }
}

TEST(FrameReader, a_frame_stays_when_the_next_one_is_read) {
  FrameReader reader =
      reader_of(frame_of(1, "first", std::string(6'000, 'p')) + frame_of(2, "second"), 100'000);
  const auto first = reader.next(kNoDeadline);
  const auto second = reader.next(kNoDeadline);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->frame.message, "first");
  EXPECT_EQ(first->frame.payload, std::string(6'000, 'p'));
}

TEST(FrameReader, a_frame_beyond_the_limit_is_refused_by_its_header) {
  FrameReader reader = reader_of(frame_of(1, "m", std::string(2'000, 'p')), 12, 1'000);
  const auto got = reader.next(kNoDeadline);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().reason(), Reason::kPayloadTooLarge);
}

TEST(FrameReader, goes_on_after_a_deadline) {
  int calls = 0;
  const std::string bytes = frame_of(9, "late");
  FrameReader reader(
      [&](std::span<char> into, TimePoint) -> Result<std::size_t> {
        if (++calls == 2) return fail(Reason::kDeadlineExceeded, "");
        const std::size_t half = bytes.size() / 2;
        const std::string_view part =
            calls == 1 ? std::string_view(bytes).substr(0, half) : std::string_view(bytes).substr(half);
        std::ranges::copy(part, into.begin());
        return part.size();
      },
      wire::kFrameBytes);
  EXPECT_EQ(reader.next(kNoDeadline).error().reason(), Reason::kDeadlineExceeded);
  const auto got = reader.next(kNoDeadline);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->frame.message, "late");
}

TEST(FrameReader, memory_grows_with_what_has_come_and_not_with_what_a_header_says) {
  std::string header = frame_of(1, "m").substr(0, 12);
  const std::uint32_t promised = 20u << 20;
  std::memcpy(header.data(), &promised, 4);
  std::size_t largest = 0;
  bool is_first = true;
  FrameReader reader(
      [&](std::span<char> into, TimePoint) -> Result<std::size_t> {
        if (std::exchange(is_first, false)) {
          std::ranges::copy(header, into.begin());
          return header.size();
        }
        largest = into.size();
        return fail(Reason::kDeadlineExceeded, "");
      },
      wire::kAnswerFrameBytes);
  EXPECT_FALSE(reader.next(kNoDeadline));
  EXPECT_LE(largest, std::size_t{1} << 20);
}

}  // namespace
}  // namespace slate::client
