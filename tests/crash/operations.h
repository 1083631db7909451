// What the crash test does to a database: operations that follow from a seed and a number, so that the
// process that does them and the one that judges the outcome need not tell each other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <slate/database.h>

#include "differential/reference.h"

namespace slate::crash {

inline constexpr const char* kDatasources[] = {"random", "loaded", "scoped"};

struct Operation {
  enum class Kind : std::uint8_t {
    kWrite,  // a batch, acknowledged as a whole
    kDeleteAll,
    kLoad,     // a generation from `writes`, which replaces everything
    kMerge,    // a generation that keeps what `writes` does not name
    kIndexes,  // saves the datasource with other indexes
  };
  Kind kind = Kind::kWrite;
  std::string datasource;
  std::string scope;  // of "scoped", which is only loaded
  std::vector<RecordWrite> writes;
  Datasource definition;  // kIndexes

  std::string copy() const { return datasource + '/' + scope; }
};

Operation operation(std::uint64_t seed, std::uint64_t number);
// The copies of all datasources, by Operation::copy().
inline constexpr const char* kCopies[] = {"random/", "loaded/", "scoped/a", "scoped/b"};
// The datasources at the start; "loaded" and "scoped" have a loader, the latter one with scopes.
Datasource definition(const std::string& id);
// Small maps, small segments, and a background that works all the time.
DatabaseOptions options(const std::filesystem::path& folder);

// `progress` is called now and then while it goes on.
Result<void> perform(Database& database, const Operation& operation, const std::function<void()>& progress);
void apply(differential::Reference& reference, const Operation& operation);

}  // namespace slate::crash
