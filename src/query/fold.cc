#include "query/fold.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "base/ascii.h"

namespace slate {
namespace {

constexpr std::size_t kBlock = 64;
// Code points that UTF-8 writes in at most two bytes.
constexpr std::size_t kTwoBytePoints = 0x800;

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

// ICU takes tens of nanoseconds to fold a code point. So the folds of the basic plane are kept in tables,
// which are made when the first text needs them.

// What a code point folds to, encoded: `size` bytes.
struct EncodedFold {
  char bytes[3];
  std::uint8_t size;
};
using TwoByteFolds = std::array<EncodedFold, kTwoBytePoints>;

const TwoByteFolds& two_byte_folds() {
  static const TwoByteFolds folds = [] {
    TwoByteFolds made{};
    for (std::size_t point = 0; point < made.size(); ++point) {
      char bytes[4] = {};
      const UChar32 folded = u_foldCase(static_cast<UChar32>(point), U_FOLD_CASE_DEFAULT);
      made[point].size = static_cast<std::uint8_t>(append_utf8(folded, bytes));
      std::memcpy(made[point].bytes, bytes, sizeof(made[point].bytes));
    }
    return made;
  }();
  return folds;
}

UChar32 fold_point(UChar32 point) {
  using Folds = std::array<char16_t, 0x10000>;
  static const std::unique_ptr<const Folds> folds = [] {
    auto made = std::make_unique<Folds>();
    for (std::size_t each = 0; each < made->size(); ++each)
      (*made)[each] = static_cast<char16_t>(u_foldCase(static_cast<UChar32>(each), U_FOLD_CASE_DEFAULT));
    return made;
  }();
  if (point < 0x10000) return (*folds)[static_cast<std::size_t>(point)];
  return u_foldCase(point, U_FOLD_CASE_DEFAULT);
}

// `to` has room for twice the bytes: a code point of 1 byte folds to 1, one of 2 bytes to at most 3, one of 3
// or 4 bytes to at most 4.
std::size_t fold_unicode(std::string_view text, char* to) {
  const TwoByteFolds& folds = two_byte_folds();
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const std::size_t size = text.size();
  std::size_t written = 0;
  for (std::size_t i = 0; i < size;) {
    if (bytes[i] < 0x80) {
      to[written++] = fold_ascii(text[i++]);
      continue;
    }
    const std::size_t begin = i;
    if (bytes[i] >= 0xC2 && bytes[i] < 0xE0 && i + 1 < size && (bytes[i + 1] & 0xC0) == 0x80) {
      const auto point = static_cast<std::size_t>(bytes[i] & 0x1F) << 6 | (bytes[i + 1] & 0x3Fu);
      // One store of four bytes, whatever the size: the two bytes that are read have room for four.
      std::memcpy(to + written, &folds[point], sizeof(EncodedFold));
      written += folds[point].size;
      i += 2;
      continue;
    }
    UChar32 point = 0;
    U8_NEXT(bytes, i, size, point);
    if (point < 0) {
      std::memcpy(to + written, text.data() + begin, i - begin);
      written += i - begin;
    } else {
      written += append_utf8(fold_point(point), to + written);
    }
  }
  return written;
}

}  // namespace

void append_folded(std::string_view text, std::string& out) {
  const std::size_t before = out.size();
  std::size_t ascii = 0;
  // A short text in another script mostly has no ASCII worth folding first.
  if (text.size() >= kBlock || is_ascii(text)) {
    out.resize_and_overwrite(before + text.size(), [&](char* to, std::size_t) {
      ascii = fold_ascii_prefix(text.data(), text.size(), to + before);
      return before + ascii;
    });
  }
  if (ascii == text.size()) return;
  const auto rest = text.substr(ascii);
  out.resize_and_overwrite(before + ascii + 2 * rest.size(), [&](char* to, std::size_t) {
    return before + ascii + fold_unicode(rest, to + before + ascii);
  });
}

void fold_case(std::string_view text, std::string& out) {
  out.clear();
  append_folded(text, out);
}

std::string fold_case(std::string_view text) {
  std::string out;
  fold_case(text, out);
  return out;
}

std::array<std::string, 3> usual_spellings(std::string_view folded) {
  std::string words;
  std::string capitals;
  const auto append = [](std::string& to, UChar32 point) {
    char encoded[4];
    to.append(encoded, append_utf8(point, encoded));
  };
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(folded.data());
  bool within_word = false;
  for (std::size_t i = 0; i < folded.size();) {
    const std::size_t begin = i;
    UChar32 point = 0;
    U8_NEXT(bytes, i, folded.size(), point);
    if (point < 0) {
      words.append(folded.substr(begin, i - begin));
      capitals.append(folded.substr(begin, i - begin));
      continue;
    }
    append(words, within_word ? point : u_totitle(point));
    append(capitals, u_toupper(point));
    within_word = u_isalpha(point) != 0;
  }
  return {std::string(folded), std::move(words), std::move(capitals)};
}

}  // namespace slate
