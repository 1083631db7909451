// Bodies in gzip's form (RFC 1952).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <slate/error.h>

namespace slate::http {

// The text as one gzip member: fast rather than small. Each thread that calls it keeps what it works with,
// about 100 KiB. Nothing when there is no memory for that.
std::optional<std::string> gzip(std::string_view text);

// Compresses a text that comes in pieces: fast rather than small, in about 64 KiB of memory. One thread at a
// time.
class GzipEncoder {
 public:
  enum class Piece : std::uint8_t { kMore, kLast };

  // Null when there is no memory for it.
  static std::unique_ptr<GzipEncoder> make();
  ~GzipEncoder();
  GzipEncoder(const GzipEncoder&) = delete;
  GzipEncoder& operator=(const GzipEncoder&) = delete;

  // Appends what the piece becomes. A client can decode all of it at once: nothing is held back.
  void add(std::string_view text, Piece piece, std::string& out);

 private:
  struct Impl;
  explicit GzipEncoder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Asked before a decoded text takes more memory; an error ends the decoding.
using TakeMemory = std::function<Result<void>(std::size_t more)>;

// The text of one or several gzip members, one after the other. However small the input, memory is taken as
// the text grows and never beyond `limit` bytes of it. Errors: invalid_argument for what is no gzip, damaged
// or cut short; payload_too_large; those of `take`.
Result<std::string> gunzip(std::string_view compressed, std::uint64_t limit, const TakeMemory& take);

}  // namespace slate::http
