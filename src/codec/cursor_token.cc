#include "codec/cursor_token.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"

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

using Mac = std::array<unsigned char, kMacBytes>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, decltype(&::EVP_MAC_CTX_free)>;

// HMAC-SHA256. Null when OpenSSL has none.
MacContext make_mac_context() {
  const std::unique_ptr<EVP_MAC, decltype(&::EVP_MAC_free)> algorithm(
      ::EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr), &::EVP_MAC_free);
  MacContext context(algorithm ? ::EVP_MAC_CTX_new(algorithm.get()) : nullptr, &::EVP_MAC_CTX_free);
  std::string digest = OSSL_DIGEST_NAME_SHA2_256;
  const std::array parameters = {
      ::OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), digest.size()),
      ::OSSL_PARAM_construct_end()};
  if (context && ::EVP_MAC_CTX_set_params(context.get(), parameters.data()) != 1) context.reset();
  return context;
}

// HMAC-SHA256, cut to 128 bits. A context that has the key already is kept, because making one takes several
// times as long as the digest of so few bytes.
Mac mac_of(std::string_view bytes, const CursorKey& key) {
  thread_local const MacContext context = make_mac_context();
  thread_local std::optional<CursorKey> keyed;
  Mac mac{};
  std::array<unsigned char, EVP_MAX_MD_SIZE> whole{};
  std::size_t size = 0;
  const bool is_keyed = keyed == key;
  const bool is_made = context &&
                       ::EVP_MAC_init(context.get(), is_keyed ? nullptr : key.data(),
                                      is_keyed ? 0 : key.size(), nullptr) == 1 &&
                       ::EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                                        bytes.size()) == 1 &&
                       ::EVP_MAC_final(context.get(), whole.data(), &size, whole.size()) == 1;
  check(is_made && size >= mac.size(), "there is no HMAC-SHA256");
  keyed = key;
  std::copy_n(whole.begin(), mac.size(), mac.begin());
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
  const Mac mac = mac_of(bytes, key);
  bytes.append(reinterpret_cast<const char*>(mac.data()), mac.size());
  return to_text(bytes);
}

Result<CursorToken> unseal(std::string_view text, const CursorKey& key) {
  const std::string bytes = from_text(text);
  if (bytes.size() < sizeof(Fixed) + kMacBytes) return not_ours();
  const std::string_view sealed = std::string_view(bytes).substr(0, bytes.size() - kMacBytes);
  const Mac mac = mac_of(sealed, key);
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
