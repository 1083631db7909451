#include "wire/frame.h"

#include <cstring>
#include <fmt/format.h>

#include "base/check.h"

namespace slate::wire {
namespace {

std::uint32_t load_u32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}
void store_u32(std::string& bytes, std::size_t at, std::size_t value) {
  const auto word = static_cast<std::uint32_t>(value);
  std::memcpy(bytes.data() + at, &word, sizeof(word));
}
constexpr std::size_t align8(std::size_t size) { return (size + 7) & ~std::size_t{7}; }

}  // namespace

Result<std::optional<FrameHeader>> read_frame_header(std::string_view bytes, std::size_t limit) {
  // The length alone is enough to refuse a frame.
  if (bytes.size() < sizeof(std::uint32_t)) return std::nullopt;
  const std::size_t size = std::size_t{load_u32(bytes, 0)} + sizeof(std::uint32_t);
  if (size > limit)
    return fail(Reason::kPayloadTooLarge, fmt::format("a frame of {} bytes; the limit is {}", size, limit));
  if (size < kFrameHeaderBytes)
    return fail(Reason::kInvalidArgument, "a frame that is shorter than its header");
  if (bytes.size() < kFrameHeaderBytes) return std::nullopt;
  const std::size_t message = load_u32(bytes, 8);
  const std::size_t end = kFrameHeaderBytes + message;
  if (end > size || (end < size && align8(end) > size))
    return fail(Reason::kInvalidArgument, "a message that is longer than its frame");
  return FrameHeader{.size = size, .id = load_u32(bytes, 4), .message = message};
}

Frame split_frame(std::string_view bytes, const FrameHeader& header) {
  const std::size_t end = kFrameHeaderBytes + header.message;
  return {.id = header.id,
          .message = bytes.substr(kFrameHeaderBytes, header.message),
          .payload = end == header.size ? std::string_view{} : bytes.substr(align8(end))};
}

FrameWriter::FrameWriter(RequestId id, std::string_view message) {
  bytes_.reserve(kFrameHeaderBytes + message.size());
  bytes_.resize(kFrameHeaderBytes);
  store_u32(bytes_, 4, id);
  store_u32(bytes_, 8, message.size());
  bytes_.append(message);
}

std::string& FrameWriter::payload() {
  if (payload_at_ == 0) {
    payload_at_ = align8(bytes_.size());
    bytes_.resize(payload_at_);
  }
  return bytes_;
}

std::string FrameWriter::finish() {
  check(bytes_.size() <= UINT32_MAX, "a frame of 4 GiB");
  store_u32(bytes_, 0, bytes_.size() - sizeof(std::uint32_t));
  return std::move(bytes_);
}

std::size_t frame_bytes(std::size_t message, std::size_t payload) {
  const std::size_t end = kFrameHeaderBytes + message;
  return payload == 0 ? end : align8(end) + payload;
}

std::string make_frame(RequestId id, std::string_view message) { return FrameWriter(id, message).finish(); }

std::string make_frame_head(RequestId id, std::string_view message, std::size_t payload_bytes) {
  FrameWriter writer(id, message);
  if (payload_bytes == 0) return writer.finish();
  (void)writer.payload();
  std::string head = writer.finish();
  check(frame_bytes(message.size(), payload_bytes) <= UINT32_MAX, "a frame of 4 GiB");
  store_u32(head, 0, head.size() + payload_bytes - sizeof(std::uint32_t));
  return head;
}

}  // namespace slate::wire
