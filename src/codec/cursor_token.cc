#include "codec/cursor_token.h"

#include <algorithm>
#include <cstring>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <span>
#include <vector>

namespace slate {
namespace {

constexpr unsigned char kVersion = 1;
constexpr unsigned char kPrevious = 1;
constexpr unsigned char kDigest = 2;
constexpr std::size_t kMacBytes = 16;

// What precedes the values, little-endian.
struct Fixed {
  unsigned char version = kVersion;
  unsigned char flags = 0;
  unsigned char reserved[6] = {};
  std::uint64_t generation = 0;
  std::uint64_t query = 0;
  std::uint64_t docid = 0;
};
static_assert(sizeof(Fixed) == 32);
static_assert((sizeof(Fixed) + kMostCursorValueBytes + kMacBytes + 2) / 3 * 4 <= kMostCursorBytes);

// HMAC-SHA256, cut to 128 bits.
std::array<unsigned char, kMacBytes> mac_of(std::string_view bytes, const CursorKey& key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> whole{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), whole.data(), &size);
  std::array<unsigned char, kMacBytes> mac;
  std::copy_n(whole.begin(), kMacBytes, mac.begin());
  return mac;
}

// Base64 with the URL-safe alphabet and without padding: RFC 4648, 5.
std::string to_text(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  while (text.ends_with('=')) text.pop_back();
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

// Empty when it is no such text.
std::string from_text(std::string_view given) {
  const auto is_digit = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  if (given.size() > kMostCursorBytes || given.size() % 4 == 1 || !std::ranges::all_of(given, is_digit))
    return {};
  std::string text(given);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  const std::size_t padding = (4 - text.size() % 4) % 4;
  text.append(padding, '=');
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return {};
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

Failure not_ours() {
  return fail(Error(Reason::kInvalidArgument, "expected a cursor that this database has given out")
                  .with_field("cursor")
                  .with_hint("begin again with the first page"));
}

}  // namespace

std::string seal(const CursorToken& token, const CursorKey& key) {
  Fixed fixed{.flags = static_cast<unsigned char>((token.previous ? kPrevious : 0) |
                                                  (token.has_digest ? kDigest : 0)),
              .generation = token.generation,
              .query = token.query,
              .docid = token.docid};
  std::string bytes(reinterpret_cast<const char*>(&fixed), sizeof(fixed));
  bytes += token.values;
  const auto mac = mac_of(bytes, key);
  bytes.append(reinterpret_cast<const char*>(mac.data()), mac.size());
  return to_text(bytes);
}

Result<CursorToken> unseal(std::string_view text, const CursorKey& key) {
  const std::string bytes = from_text(text);
  if (bytes.size() < sizeof(Fixed) + kMacBytes) return not_ours();
  const std::string_view sealed = std::string_view(bytes).substr(0, bytes.size() - kMacBytes);
  const auto mac = mac_of(sealed, key);
  if (CRYPTO_memcmp(mac.data(), bytes.data() + sealed.size(), kMacBytes) != 0) return not_ours();
  Fixed fixed;
  std::memcpy(&fixed, bytes.data(), sizeof(fixed));
  if (fixed.version != kVersion) return not_ours();
  return CursorToken{.previous = (fixed.flags & kPrevious) != 0,
                     .has_digest = (fixed.flags & kDigest) != 0,
                     .generation = fixed.generation,
                     .query = fixed.query,
                     .docid = fixed.docid,
                     .values = std::string(sealed.substr(sizeof(fixed)))};
}

Result<CursorKey> make_cursor_key() {
  CursorKey key;
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1)
    return fail(Reason::kInternal, "the system has no random bytes");
  return key;
}

}  // namespace slate
