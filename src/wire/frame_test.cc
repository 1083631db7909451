#include "wire/frame.h"

#include <gtest/gtest.h>

namespace slate::wire {
namespace {

FrameHeader header_of(std::string_view frame) {
  return read_frame_header(frame, kFrameBytes).value().value();
}

TEST(Frame, id_message_and_payload_come_back) {
  FrameWriter writer(7, "hello");
  writer.payload() += "rows";
  EXPECT_EQ(writer.payload_bytes(), 4u);
  const std::string bytes = writer.finish();
  const FrameHeader header = header_of(bytes);
  EXPECT_EQ(header.size, bytes.size());
  const Frame frame = split_frame(bytes, header);
  EXPECT_EQ(frame.id, 7u);
  EXPECT_EQ(frame.message, "hello");
  EXPECT_EQ(frame.payload, "rows");
  EXPECT_EQ((frame.payload.data() - bytes.data()) % 8, 0);
}

TEST(Frame, a_head_and_its_payload_are_the_frame) {
  FrameWriter writer(7, "hello");
  writer.payload() += "rows";
  EXPECT_EQ(make_frame_head(7, "hello", 4) + "rows", writer.finish());
  EXPECT_EQ(make_frame_head(7, "hello", 0), make_frame(7, "hello"));
  EXPECT_EQ(frame_bytes(5, 4), make_frame_head(7, "hello", 4).size() + 4);
  EXPECT_EQ(frame_bytes(5, 0), make_frame(7, "hello").size());
}

TEST(Frame, without_a_payload_it_ends_with_the_message) {
  const std::string bytes = make_frame(1, "hello");
  EXPECT_EQ(bytes.size(), kFrameHeaderBytes + 5);
  EXPECT_TRUE(split_frame(bytes, header_of(bytes)).payload.empty());
}

TEST(Frame, a_payload_that_was_begun_and_stayed_empty_is_none) {
  FrameWriter writer(1, "hello");
  (void)writer.payload();
  const std::string bytes = writer.finish();
  EXPECT_TRUE(split_frame(bytes, header_of(bytes)).payload.empty());
}

TEST(Frame, nothing_is_known_before_the_header_is_whole) {
  const std::string bytes = make_frame(1, "hello");
  for (std::size_t size = 0; size < kFrameHeaderBytes; ++size)
    EXPECT_FALSE(read_frame_header(std::string_view(bytes).substr(0, size), kFrameBytes).value()) << size;
}

TEST(Frame, one_beyond_the_limit_is_refused_by_its_length_alone) {
  const std::string bytes = make_frame(1, std::string(100, 'x'));
  EXPECT_TRUE(read_frame_header(bytes, bytes.size()).has_value());
  const auto refused = read_frame_header(std::string_view(bytes).substr(0, 4), bytes.size() - 1);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().reason(), Reason::kPayloadTooLarge);
}

TEST(Frame, lengths_that_contradict_each_other_are_refused) {
  std::string bytes = make_frame(1, "hello");
  for (const auto& [at, value] : {std::pair{0, 7}, std::pair{8, 6}, std::pair{8, -1}}) {
    std::string bad = bytes;
    const auto word = static_cast<std::uint32_t>(value);
    bad.replace(static_cast<std::size_t>(at), 4, reinterpret_cast<const char*>(&word), 4);
    const auto refused = read_frame_header(bad, kFrameBytes);
    ASSERT_FALSE(refused.has_value()) << at;
    EXPECT_EQ(refused.error().reason(), Reason::kInvalidArgument);
  }
}

TEST(Frame, a_payload_that_would_begin_behind_the_frame_is_refused) {
  std::string bytes = make_frame(1, "hello");  // 17 bytes: a payload would begin at 24
  bytes += "xx";
  bytes[0] = static_cast<char>(bytes.size() - 4);
  EXPECT_FALSE(read_frame_header(bytes, kFrameBytes).has_value());
}

}  // namespace
}  // namespace slate::wire
