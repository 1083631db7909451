#include "lists/caller_copy.h"

#include <cstdint>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/try.h"
#include "lists/forwarded_headers.h"

namespace slate {
namespace {

// Of changes of the declaration that come between two looks at it.
constexpr int kMostTries = 3;

// The length as eight bytes, the last one first, and the text.
void append(std::string& message, std::string_view text) {
  for (std::uint64_t i = 0, size = text.size(); i < 8; ++i, size >>= 8)
    message.push_back(static_cast<char>(size & 0xff));
  message += text;
}

}  // namespace

Result<std::string> scope_of(const LoaderConfig& config,
                             std::span<const std::pair<std::string, std::string>> headers,
                             std::string_view key) {
  std::string message = "slate scope 1";
  for (const std::string& name : config.scope_headers) {
    const auto value = joined_header(headers, name);
    if (!value || value->empty())
      return fail(Error(Reason::kInvalidArgument,
                        fmt::format("the header {} is {}: every value of it has records of its own", name,
                                    value ? "empty" : "missing"))
                      .with_field(name)
                      .with_hint(fmt::format("send {}", name)));
    append(message, name);
    append(message, *value);
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest, &size) == nullptr)
    return fail(Reason::kInternal, "a scope could not be made");
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string scope;
  for (unsigned int i = 0; i < size; ++i) {
    scope += kDigits[digest[i] >> 4];
    scope += kDigits[digest[i] & 15];
  }
  return scope;
}

Result<CallerCopy> open_copy(Database& database, std::string_view datasource,
                             std::span<const std::pair<std::string, std::string>> headers) {
  for (int i = 0; i < kMostTries; ++i) {
    SLATE_TRY(auto shared, database.snapshot(datasource));
    if (!shared->datasource().is_scoped()) return CallerCopy{.snapshot = std::move(shared)};
    const LoaderConfig config = *shared->datasource().loader;
    shared.reset();
    SLATE_TRY(const std::string key, database.scope_key());
    SLATE_TRY(std::string scope, scope_of(config, headers, key));
    auto own = database.snapshot({datasource, scope});
    if (own && (*own)->datasource().is_scoped() &&
        (*own)->datasource().loader->scope_headers == config.scope_headers)
      return CallerCopy{.scope = std::move(scope), .snapshot = *std::move(own)};
    if (!own && own.error().reason() != Reason::kFailedPrecondition) return fail(std::move(own).error());
  }
  return fail(
      Error(Reason::kUnavailable, fmt::format("datasource \"{}\" is being changed; try again", datasource))
          .with_retry_after(1));
}

std::optional<PeekedCopy> peek_copy(Database& database, std::string_view list,
                                    std::span<const std::pair<std::string, std::string>> headers) {
  auto shared = database.peek_list(list);
  if (!shared) return std::nullopt;
  if (!shared->datasource->is_scoped()) return PeekedCopy{.state = *std::move(shared)};
  const LoaderConfig& config = *shared->datasource->loader;
  const auto key = database.scope_key();
  if (!key) return std::nullopt;
  auto scope = scope_of(config, headers, *key);
  if (!scope) return std::nullopt;
  auto own = database.peek_list(list, *scope);
  if (!own || own->datasource->loader->scope_headers != config.scope_headers) return std::nullopt;
  return PeekedCopy{.scope = *std::move(scope), .state = *std::move(own)};
}

}  // namespace slate
