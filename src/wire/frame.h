// Frames: what a connection carries in both directions (docs/formats/wire.md).
//
//   u32 length of what follows · u32 request id · u32 message bytes · message · zeroes to a multiple of 8 ·
//   payload
//
// Little-endian. The payload (blocks or rows) begins at a multiple of 8 from the start of the frame, so that
// blocks are read in place where a frame is received at an aligned address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <slate/error.h>

namespace slate::wire {

// The first eight bytes that a client sends, before its first frame. The last one is the version of framing.
inline constexpr std::string_view kPreamble{"SLATE\r\n\x01", 8};

// What the two sides of a TLS handshake call this protocol (ALPN).
inline constexpr std::string_view kAlpn = "slate";

inline constexpr std::size_t kFrameHeaderBytes = 12;
inline constexpr std::size_t kFrameBytes = std::size_t{16} << 20;
inline constexpr std::size_t kMostFrameBytes = std::size_t{64} << 20;
// Answers: a record of 16 MiB and what belongs to it.
inline constexpr std::size_t kAnswerFrameBytes = std::size_t{32} << 20;
// Of a request's message: what is taken apart takes up to a hundred times its bytes. Rows are no part of it.
inline constexpr std::size_t kRequestMessageBytes = std::size_t{4} << 20;
// Before the handshake is done.
inline constexpr std::size_t kHelloFrameBytes = std::size_t{8} << 10;

using RequestId = std::uint32_t;

// Refers to the bytes it was read from.
struct Frame {
  RequestId id = 0;
  std::string_view message;
  std::string_view payload;  // at a multiple of 8 from the start of the frame
};

struct FrameHeader {
  std::size_t size = 0;  // of the whole frame, header included
  RequestId id = 0;
  std::size_t message = 0;  // its bytes
};

// The header at the beginning of `bytes`; nothing while there are fewer than its twelve. Errors, all of which
// end the connection: invalid_argument for lengths that do not fit each other, payload_too_large when the
// frame is larger than `limit`. Nothing is allocated.
Result<std::optional<FrameHeader>> read_frame_header(std::string_view bytes, std::size_t limit);
// REQUIRES: `bytes` is the whole frame, and `header` what read_frame_header() said of it.
Frame split_frame(std::string_view bytes, const FrameHeader& header);

// Puts a frame together in one string: the message first, then the payload, which is appended in place.
class FrameWriter {
 public:
  FrameWriter(RequestId id, std::string_view message);
  // Zeroes up to the next multiple of 8 are there; append the payload. Whoever appends nothing pays nothing.
  std::string& payload();
  // Bytes of payload so far.
  std::size_t payload_bytes() const { return payload_at_ == 0 ? 0 : bytes_.size() - payload_at_; }
  // The frame; the writer is spent. REQUIRES: at most 4 GiB.
  std::string finish();

 private:
  std::string bytes_;
  std::size_t payload_at_ = 0;  // 0: none was begun
};

// Of a frame with a message and a payload of so many bytes.
std::size_t frame_bytes(std::size_t message, std::size_t payload);
// A frame without a payload.
std::string make_frame(RequestId id, std::string_view message);
// What comes before a payload of so many bytes, for who sends both without putting them together.
std::string make_frame_head(RequestId id, std::string_view message, std::size_t payload_bytes);

}  // namespace slate::wire
