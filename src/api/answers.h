// What answers are made of, told by a few bits; and those that are kept.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <slate/datasource.h>
#include <slate/list_view.h>
#include <slate/snapshot.h>

#include "api/page_cache.h"
#include "http/headers.h"
#include "lists/list_service.h"

namespace slate::api {

struct AnswersOptions {
  std::size_t cache_bytes = std::size_t{16} << 20;  // 0: no answer is kept
  // Another for each life of the process: after a crash of the machine commits of the same number may be
  // others. Absent: random.
  std::optional<std::string> instance{};
};

// Safe from any thread.
class Answers {
 public:
  explicit Answers(AnswersOptions options = {});

  // Of the answer to a request, whose words `request` is: target and representation. It covers them, the list
  // and its datasource as they are declared, generation, data version, scope, and the freshness that is
  // shown. Nothing where the answer may change by itself: no index tells when the next cell expires, so that
  // answers which a field with a TTL has a part in have no identity. O(declaration), mostly comparisons.
  std::optional<AnswerIdentity> identify(std::string_view request, const AnswerBasis& basis);
  // Of a query on a datasource.
  std::optional<AnswerIdentity> identify(std::string_view request, const Datasource& datasource,
                                         const SnapshotInfo& data);

  PageCache& pages() { return pages_; }
  const PageCache& pages() const { return pages_; }

 private:
  // A list (absent: all of a datasource) with its datasource, as last seen.
  struct Declared {
    std::optional<ListView> list;
    Datasource datasource;
    std::string digest;
    bool expires = false;
  };
  // The digest; nothing when cells may expire.
  std::optional<std::string> digest_of(const ListView* list, const Datasource& datasource);

  const std::string instance_;
  std::mutex mutex_;                                       // guards declared_
  std::map<std::string, Declared, std::less<>> declared_;  // by "l" and the list, or "d" and the datasource
  PageCache pages_;
};

// W/"...": a weak validator, since compressed and not it is the same answer.
std::string etag_of(const AnswerIdentity& identity);

enum class Match : std::uint8_t { kNone, kAny, kThis };  // kAny: `*`
// What If-None-Match says of an entity tag.
Match match_of(const http::Headers& headers, std::string_view etag);

}  // namespace slate::api
