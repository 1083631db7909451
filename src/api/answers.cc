#include "api/answers.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <random>
#include <span>
#include <utility>

#include "base/check.h"
#include "model/json.h"
#include "model/schema.h"

namespace slate::api {
namespace {

// Lists that are gone leave their digests behind: beyond so many all are forgotten.
constexpr std::size_t kMostDeclared = 10'000;

std::string random_instance() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}", device(), device());
}

using Digest = std::array<std::uint8_t, 32>;

Digest sha256(std::string_view text) {
  // Fetched once: a lookup costs more than the digest of a few hundred bytes.
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  Digest digest{};
  const int done = EVP_Digest(text.data(), text.size(), digest.data(), nullptr, algorithm, nullptr);
  check(done == 1, "SHA-256 is there");
  return digest;
}

// Parts of a whole, each with its length, so that no two wholes are the same bytes.
class Parts {
 public:
  Parts& add(std::string_view part) {
    add(static_cast<std::uint64_t>(part.size()));
    bytes_ += part;
    return *this;
  }
  Parts& add(std::uint64_t number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof number);
    return *this;
  }
  Parts& add(const std::optional<UnixMillis>& time) {
    return add(std::uint64_t{time.has_value()}).add(static_cast<std::uint64_t>(time.value_or(0)));
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

AnswerIdentity identity_of(const Parts& parts) {
  const Digest digest = sha256(parts.bytes());
  AnswerIdentity identity;
  std::copy_n(digest.begin(), identity.bits.size(), identity.bits.begin());
  return identity;
}

void add_data(Parts& parts, const SnapshotInfo& data) {
  parts.add(data.generation).add(data.data_version).add(data.loaded_at);
}

bool is_inside(std::string_view path, std::string_view of) {
  return path == of || (path.starts_with(of) && path[of.size()] == '.');
}

bool filters_by(const Filter& filter, std::string_view path) {
  if (filter.kind == Filter::Kind::kCondition) return filter.field == path;
  return std::ranges::any_of(filter.children,
                             [path](const Filter& child) { return filters_by(child, path); });
}

// Whether the column may have a part in an answer of the list.
bool has_part(const ListView& list, std::string_view path) {
  return std::ranges::any_of(list.columns,
                             [path](const auto& column) { return is_inside(path, column.field); }) ||
         std::ranges::any_of(list.sort, [path](const auto& key) { return key.field == path; }) ||
         (list.filter && filters_by(*list.filter, path));
}

bool may_expire(const ListView* list, const Datasource& datasource) {
  const Schema schema = make_schema(datasource, nullptr);
  return std::ranges::any_of(schema.columns, [list](const Column& column) {
    return column.ttl_seconds && (list == nullptr || has_part(*list, column.path));
  });
}

}  // namespace

Answers::Answers(AnswersOptions options)
    : instance_(options.instance ? *std::move(options.instance) : random_instance()),
      pages_(options.cache_bytes) {}

std::optional<std::string> Answers::digest_of(const ListView* list, const Datasource& datasource) {
  const std::string name = list != nullptr ? "l" + list->id : "d" + datasource.id;
  const std::lock_guard lock(mutex_);
  const auto found = declared_.find(name);
  const bool as_before = found != declared_.end() && found->second.datasource == datasource &&
                         (list == nullptr || found->second.list == *list);
  if (!as_before) {
    Parts parts;
    parts.add(list != nullptr ? boost::json::serialize(to_json(*list)) : std::string());
    parts.add(boost::json::serialize(to_json(datasource)));
    const Digest digest = sha256(parts.bytes());
    if (declared_.size() >= kMostDeclared) declared_.clear();
    declared_.insert_or_assign(name, Declared{.list = list != nullptr ? std::optional(*list) : std::nullopt,
                                              .datasource = datasource,
                                              .digest = std::string(digest.begin(), digest.end()),
                                              .expires = may_expire(list, datasource)});
  }
  const Declared& declared = as_before ? found->second : declared_.find(name)->second;
  return declared.expires ? std::nullopt : std::optional(declared.digest);
}

std::optional<AnswerIdentity> Answers::identify(std::string_view request, const AnswerBasis& basis) {
  const auto digest = digest_of(&basis.list, basis.datasource);
  if (!digest) return std::nullopt;
  Parts parts;
  parts.add(instance_).add(request).add(*digest).add(basis.scope);
  add_data(parts, basis.data);
  parts.add(static_cast<std::uint64_t>(basis.freshness.state)).add(basis.freshness.expires_at);
  const auto& error = basis.freshness.error;
  parts.add(error ? reason_info(error->reason()).name : "").add(error ? error->message() : "");
  return identity_of(parts);
}

std::optional<AnswerIdentity> Answers::identify(std::string_view request, const Datasource& datasource,
                                                const SnapshotInfo& data) {
  const auto digest = digest_of(nullptr, datasource);
  if (!digest) return std::nullopt;
  Parts parts;
  parts.add(instance_).add(request).add(*digest);
  add_data(parts, data);
  return identity_of(parts);
}

std::string etag_of(const AnswerIdentity& identity) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string etag = "W/\"";
  for (const std::uint8_t byte : identity.bits) {
    etag += kDigits[byte >> 4];
    etag += kDigits[byte & 15];
  }
  return etag + '"';
}

Match match_of(const http::Headers& headers, std::string_view etag) {
  const auto opaque = [](std::string_view tag) {
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    return tag;
  };
  for (std::string_view value : headers.all("If-None-Match")) {
    // Ours have no comma inside, so that tags of others may be cut into pieces without harm.
    while (!value.empty()) {
      const auto comma = value.find(',');
      auto tag = value.substr(0, comma);
      value.remove_prefix(comma == std::string_view::npos ? value.size() : comma + 1);
      while (!tag.empty() && (tag.front() == ' ' || tag.front() == '\t')) tag.remove_prefix(1);
      while (!tag.empty() && (tag.back() == ' ' || tag.back() == '\t')) tag.remove_suffix(1);
      if (tag == "*") return Match::kAny;
      if (!tag.empty() && opaque(tag) == opaque(etag)) return Match::kThis;
    }
  }
  return Match::kNone;
}

}  // namespace slate::api
