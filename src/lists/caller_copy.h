// Which copy of a datasource a caller reads.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <slate/database.h>

namespace slate {

// A scope: HMAC-SHA256 with `key`, as hex digits, over the values of the loader's `scope_headers`, each with
// its name and length, so that no two tuples of values are taken for one. Several values of one header are
// joined with ", ", as HTTP reads them. The values are kept nowhere. invalid_argument naming the header that
// is missing or empty: nobody is given a copy for having said nothing. REQUIRES: there are scope headers.
Result<std::string> scope_of(const LoaderConfig& config,
                             std::span<const std::pair<std::string, std::string>> headers,
                             std::string_view key);

struct CallerCopy {
  std::string scope;  // empty: all callers share the copy
  std::unique_ptr<Snapshot> snapshot;
};
// A snapshot of the copy that a request with these headers reads, as the snapshot's datasource is declared.
// Errors: those of scope_of() and of Database::snapshot().
Result<CallerCopy> open_copy(Database& database, std::string_view datasource,
                             std::span<const std::pair<std::string, std::string>> headers);

struct PeekedCopy {
  std::string scope;  // as above
  ListState state;
};
// The same of a list's datasource by Database::peek_list(), for threads that must not block. Nothing where
// open_copy() is needed to know, or refuses.
std::optional<PeekedCopy> peek_copy(Database& database, std::string_view list,
                                    std::span<const std::pair<std::string, std::string>> headers);

}  // namespace slate
