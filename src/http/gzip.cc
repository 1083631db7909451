#include "http/gzip.h"

#include <algorithm>
#include <libdeflate.h>
#include <utility>
#include <zlib.h>

#include "base/try.h"

namespace slate::http {
namespace {

constexpr int kFastest = 1;
constexpr int kGzipFlag = 16;  // added to the bits of the window: gzip's header and checksum
constexpr int kWindowBits = 13;
constexpr int kMemoryLevel = 6;
constexpr std::size_t kStep = std::size_t{64} << 10;

// The library takes input that is not const, and only reads it.
Bytef* input_of(std::string_view text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text.data())); }

struct FreeCompressor {
  void operator()(libdeflate_compressor* compressor) const { ::libdeflate_free_compressor(compressor); }
};

}  // namespace

// libdeflate takes half of zlib's time, for texts that are there in one piece.
std::optional<std::string> gzip(std::string_view text) {
  thread_local const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor(
      ::libdeflate_alloc_compressor(kFastest));
  if (compressor == nullptr) return std::nullopt;
  std::string out;
  const std::size_t bound = ::libdeflate_gzip_compress_bound(compressor.get(), text.size());
  out.resize_and_overwrite(bound, [&](char* bytes, std::size_t /*may be more*/) {
    return ::libdeflate_gzip_compress(compressor.get(), text.data(), text.size(), bytes, bound);
  });
  return out;
}

struct GzipEncoder::Impl {
  z_stream stream{};
  ~Impl() { ::deflateEnd(&stream); }
};

GzipEncoder::GzipEncoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GzipEncoder::~GzipEncoder() = default;

std::unique_ptr<GzipEncoder> GzipEncoder::make() {
  auto impl = std::make_unique<Impl>();
  if (::deflateInit2(&impl->stream, kFastest, Z_DEFLATED, kWindowBits + kGzipFlag, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) != Z_OK)
    return nullptr;
  return std::unique_ptr<GzipEncoder>(new GzipEncoder(std::move(impl)));
}

void GzipEncoder::add(std::string_view text, Piece piece, std::string& out) {
  z_stream& stream = impl_->stream;
  do {
    const std::string_view part = text.substr(0, std::size_t{1} << 30);
    text.remove_prefix(part.size());
    const bool is_end = text.empty();
    const int flush = !is_end ? Z_NO_FLUSH : piece == Piece::kLast ? Z_FINISH : Z_SYNC_FLUSH;
    stream.next_in = input_of(part);
    stream.avail_in = static_cast<uInt>(part.size());
    do {
      const std::size_t before = out.size();
      const std::size_t room = std::clamp<std::size_t>(part.size() / 4, 256, kStep);
      out.resize(before + room);
      stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
      stream.avail_out = static_cast<uInt>(room);
      ::deflate(&stream, flush);  // fails only for a state or arguments that it never gets
      out.resize(out.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  } while (!text.empty());
}

namespace {

struct Inflater {
  z_stream stream{};
  bool good = ::inflateInit2(&stream, MAX_WBITS + kGzipFlag) == Z_OK;
  ~Inflater() {
    if (good) ::inflateEnd(&stream);
  }
};

Failure broken(std::string_view why) {
  return fail(Error(Reason::kInvalidArgument, "the compressed body " + std::string(why))
                  .with_field("Content-Encoding"));
}

}  // namespace

Result<std::string> gunzip(std::string_view compressed, std::uint64_t limit, const TakeMemory& take) {
  Inflater inflater;
  if (!inflater.good)
    return fail(Error(Reason::kOverloaded, "there is no memory to decode the body").with_retry_after(1));
  z_stream& stream = inflater.stream;
  std::string text;
  std::size_t used = 0;
  for (bool in_member = true; in_member || !compressed.empty();) {
    const std::string_view part = compressed.substr(0, std::size_t{1} << 30);
    stream.next_in = input_of(part);
    stream.avail_in = static_cast<uInt>(part.size());
    if (used == text.size()) {
      // One byte more than allowed tells a text that is too long from one that just fits.
      const std::uint64_t left = limit + 1 - used;
      const auto more = static_cast<std::size_t>(std::min<std::uint64_t>(left, std::max(kStep, used / 2)));
      SLATE_TRY(take(more));
      text.resize(used + more);
    }
    const std::size_t room = std::min(text.size() - used, std::size_t{1} << 30);
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + used);
    stream.avail_out = static_cast<uInt>(room);
    const int state = ::inflate(&stream, Z_NO_FLUSH);
    used += room - stream.avail_out;
    compressed.remove_prefix(part.size() - stream.avail_in);
    if (used > limit)
      return fail(Reason::kPayloadTooLarge,
                  "the body is limited to " + std::to_string(limit) + " bytes, counted when it is decoded");
    in_member = state != Z_STREAM_END;
    if (state == Z_BUF_ERROR || (state == Z_OK && compressed.empty() && stream.avail_out > 0))
      return broken("is cut short");
    if (state != Z_OK && state != Z_STREAM_END) return broken("is no gzip, or is damaged");
    if (!in_member && !compressed.empty()) ::inflateReset(&stream);
  }
  text.resize(used);
  return text;
}

}  // namespace slate::http
