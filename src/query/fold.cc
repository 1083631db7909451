#include "query/fold.h"

#include <cstdint>
#include <cstring>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace slate {
namespace {

constexpr std::size_t kBlock = 64;

// Branch-free, so that the compiler turns a block into vector instructions.
inline char fold_ascii(char c) {
  const auto byte = static_cast<unsigned char>(c);
  const auto upper = static_cast<unsigned char>(static_cast<unsigned char>(byte - 'A') < 26);
  return static_cast<char>(byte | (upper << 5));
}

// Folds ASCII from `from` to `to` and stops at the first block that holds anything else. Returns how far it
// came.
std::size_t fold_ascii_prefix(const char* from, std::size_t size, char* to) {
  std::size_t done = 0;
  while (done < size) {
    const std::size_t length = size - done < kBlock ? size - done : kBlock;
    unsigned char bits = 0;
    for (std::size_t i = 0; i < length; ++i) {
      const char c = from[done + i];
      bits |= static_cast<unsigned char>(c);
      to[done + i] = fold_ascii(c);
    }
    if (bits & 0x80) break;
    done += length;
  }
  return done;
}

// Encodes one code point. Returns the bytes written, at most 4.
std::size_t append_utf8(UChar32 point, char* to) {
  std::size_t size = 0;
  if (point < 0x80) {
    to[size++] = static_cast<char>(point);
  } else if (point < 0x800) {
    to[size++] = static_cast<char>(0xC0 | (point >> 6));
    to[size++] = static_cast<char>(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    to[size++] = static_cast<char>(0xE0 | (point >> 12));
    to[size++] = static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    to[size++] = static_cast<char>(0x80 | (point & 0x3F));
  } else {
    to[size++] = static_cast<char>(0xF0 | (point >> 18));
    to[size++] = static_cast<char>(0x80 | ((point >> 12) & 0x3F));
    to[size++] = static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    to[size++] = static_cast<char>(0x80 | (point & 0x3F));
  }
  return size;
}

// `to` has room for twice the bytes: a code point of 1 byte folds to 1, one of 2 bytes to at most 3, one of 3
// or 4 bytes to at most 4.
std::size_t fold_unicode(std::string_view text, char* to) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const std::size_t size = text.size();
  std::size_t written = 0;
  for (std::size_t i = 0; i < size;) {
    if (bytes[i] < 0x80) {
      to[written++] = fold_ascii(text[i++]);
      continue;
    }
    const std::size_t begin = i;
    UChar32 point = 0;
    U8_NEXT(bytes, i, size, point);
    if (point < 0) {
      std::memcpy(to + written, text.data() + begin, i - begin);
      written += i - begin;
    } else {
      written += append_utf8(u_foldCase(point, U_FOLD_CASE_DEFAULT), to + written);
    }
  }
  return written;
}

}  // namespace

bool is_ascii(std::string_view text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const std::size_t length = text.size() - done < kBlock ? text.size() - done : kBlock;
    unsigned char bits = 0;
    for (std::size_t i = 0; i < length; ++i) bits |= static_cast<unsigned char>(text[done + i]);
    if (bits & 0x80) return false;
    done += length;
  }
  return true;
}

void fold_case(std::string_view text, std::string& out) {
  std::size_t ascii = 0;
  out.resize_and_overwrite(text.size(), [&](char* to, std::size_t) {
    ascii = fold_ascii_prefix(text.data(), text.size(), to);
    return ascii;
  });
  if (ascii == text.size()) return;
  const auto rest = text.substr(ascii);
  out.resize_and_overwrite(ascii + 2 * rest.size(),
                           [&](char* to, std::size_t) { return ascii + fold_unicode(rest, to + ascii); });
}

std::string fold_case(std::string_view text) {
  std::string out;
  fold_case(text, out);
  return out;
}

}  // namespace slate
