// Cursor tokens: where a page begins, sealed so that nobody but the database can make one. Layout:
// docs/formats/cursor.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <slate/error.h>

namespace slate {

inline constexpr std::size_t kMostCursorBytes = 512;  // of a token
// Of the values of its sort keys; longer ones are replaced by a digest.
inline constexpr std::size_t kMostCursorValueBytes = 320;

// Secret of one database.
using CursorKey = std::array<unsigned char, 32>;

struct CursorToken {
  bool previous = false;    // the page before the place, not the one behind it
  bool has_digest = false;  // `values` is a digest of them
  std::uint64_t generation = 0;
  std::uint64_t query = 0;  // fingerprint of filter and sort
  std::uint64_t docid = 0;
  std::string values;  // of the sort keys, at most kMostCursorValueBytes
  bool operator==(const CursorToken&) const = default;
};

// URL-safe text of at most kMostCursorBytes.
std::string seal(const CursorToken& token, const CursorKey& key);
// invalid_argument, about the field "cursor", for anything that was not sealed with this key. Any bytes are
// survived.
Result<CursorToken> unseal(std::string_view text, const CursorKey& key);

// A new secret. Errors: internal, when the system has no randomness.
Result<CursorKey> make_cursor_key();

}  // namespace slate
