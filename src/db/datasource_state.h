// A datasource while the database is open: the copies of its records.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <slate/clock.h>
#include <slate/datasource.h>

#include "db/catalog.h"
#include "db/copy_state.h"
#include "db/generation.h"
#include "model/schema.h"

namespace slate {

// One copy is shared by all callers. Where the loader has scope headers that one stays empty, which is what a
// scope without records reads, and each scope has a copy of its own. Thread-safe. Locks, in the order in
// which they are taken: change_mutex, the write mutexes of the copies in the order of copies(), then the
// state's own.
class DatasourceState {
 public:
  DatasourceState(std::shared_ptr<CopyState> shared, const Clock& clock)
      : clock_(clock), shared_(std::move(shared)) {}

  // One change at a time of what the catalog says of the datasource.
  std::mutex& change_mutex() { return change_mutex_; }
  // The write lock of a copy, which it keeps alive.
  struct WriteLock {
    explicit WriteLock(std::shared_ptr<CopyState> of) : copy(std::move(of)), lock(copy->write_mutex()) {}

    std::shared_ptr<CopyState> copy;
    std::unique_lock<std::mutex> lock;
  };
  // Of every copy. REQUIRES: change_mutex is held.
  std::vector<WriteLock> lock_writes() const;

  const std::shared_ptr<CopyState>& shared() const { return shared_; }
  // The copy of a scope, or null when it has none; counts as a use of it. The empty scope is the shared one.
  std::shared_ptr<CopyState> find(std::string_view scope);
  // The shared one first, the others by scope.
  std::vector<std::shared_ptr<CopyState>> copies() const;
  std::vector<std::string> scopes() const;

  // As the catalog knows it.
  CatalogEntry entry() const;
  // The scopes that have to go for the limits of the loader, least recently used first, once `kept` has a
  // copy of so many bytes. Never `kept` itself. REQUIRES: change_mutex is held.
  std::vector<std::string> surplus(const LoaderConfig& limits, std::string_view kept,
                                   std::uint64_t bytes) const;

  // From now on a scope reads this generation. REQUIRES: change_mutex is held, and the write mutex of the
  // copy that the scope has, if any.
  void place(std::string_view scope, const std::shared_ptr<const Schema>& schema,
             std::shared_ptr<Generation> generation);
  // REQUIRES: change_mutex is held.
  void drop(const std::vector<std::string>& scopes);

 private:
  struct Scoped {
    std::shared_ptr<CopyState> copy;
    std::uint64_t last_use = 0;
  };

  const Clock& clock_;
  std::mutex change_mutex_;
  const std::shared_ptr<CopyState> shared_;
  mutable std::mutex mutex_;
  std::map<std::string, Scoped, std::less<>> scoped_;  // guarded by mutex_
  std::uint64_t uses_ = 0;                             // guarded by mutex_
};

}  // namespace slate
