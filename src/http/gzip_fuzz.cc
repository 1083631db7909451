// Any bytes as a compressed body: a text within its limit or an error, and memory only as far as it was
// asked for. What is encoded again decodes to the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/gzip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint64_t kLimit = 1 << 20;
  std::uint64_t taken = 0;
  const auto text =
      slate::http::gunzip({reinterpret_cast<const char*>(data), size}, kLimit, [&](std::size_t more) {
        taken += more;
        return slate::Result<void>();
      });
  if (taken > kLimit + 1) std::abort();
  if (!text) return 0;
  if (text->size() > kLimit) std::abort();
  const auto encoder = slate::http::GzipEncoder::make();
  std::string again;
  const std::string_view whole = *text;
  encoder->add(whole.substr(0, whole.size() / 2), slate::http::GzipEncoder::Piece::kMore, again);
  encoder->add(whole.substr(whole.size() / 2), slate::http::GzipEncoder::Piece::kLast, again);
  for (const std::string& compressed : {again, slate::http::gzip(whole).value()}) {
    const auto back =
        slate::http::gunzip(compressed, kLimit, [](std::size_t) { return slate::Result<void>(); });
    if (!back || *back != *text) std::abort();
  }
  return 0;
}
