#include "db/datasource_state.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace slate {
namespace {

std::uint64_t bytes_of(const CopyState& copy) {
  const auto current = copy.current();
  return current.live != nullptr ? current.live->environment().used_bytes() : 0;
}

}  // namespace

std::vector<DatasourceState::WriteLock> DatasourceState::lock_writes() const {
  std::vector<WriteLock> locks;
  for (auto& copy : copies()) locks.emplace_back(std::move(copy));
  return locks;
}

std::shared_ptr<CopyState> DatasourceState::find(std::string_view scope) {
  if (scope.empty()) return shared_;
  const std::lock_guard lock(mutex_);
  const auto found = scoped_.find(scope);
  if (found == scoped_.end()) return nullptr;
  found->second.last_use = ++uses_;
  return found->second.copy;
}

std::vector<std::shared_ptr<CopyState>> DatasourceState::copies() const {
  std::vector<std::shared_ptr<CopyState>> copies{shared_};
  const std::lock_guard lock(mutex_);
  for (const auto& [scope, scoped] : scoped_) copies.push_back(scoped.copy);
  return copies;
}

std::vector<std::string> DatasourceState::scopes() const {
  std::vector<std::string> scopes;
  const std::lock_guard lock(mutex_);
  for (const auto& [scope, scoped] : scoped_) scopes.push_back(scope);
  return scopes;
}

CatalogEntry DatasourceState::entry() const {
  const auto shared = shared_->current();
  CatalogEntry entry{.schema = shared.schema};
  if (shared.live != nullptr) {
    entry.live_generation = shared.live->number();
    entry.loaded_at = shared.live->loaded_at();
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [scope, scoped] : scoped_) {
    const auto live = scoped.copy->current().live;
    entry.scopes.emplace(scope, CatalogCopy{.generation = live->number(), .loaded_at = live->loaded_at()});
  }
  return entry;
}

std::vector<std::string> DatasourceState::surplus(const LoaderConfig& limits, std::string_view kept,
                                                  std::uint64_t bytes) const {
  std::vector<std::tuple<std::uint64_t, std::string, std::uint64_t>> others;  // last use, scope, bytes
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [scope, scoped] : scoped_)
      if (scope != kept) others.emplace_back(scoped.last_use, scope, bytes_of(*scoped.copy));
  }
  std::ranges::sort(others);
  auto count = others.size() + (kept.empty() ? 0 : 1);
  for (const auto& other : others) bytes += std::get<2>(other);
  std::vector<std::string> surplus;
  for (auto& [last_use, scope, size] : others) {
    const bool too_many = count > static_cast<std::uint64_t>(limits.max_scopes);
    const bool too_large =
        limits.max_scope_bytes && bytes > static_cast<std::uint64_t>(*limits.max_scope_bytes);
    if (!too_many && !too_large) break;
    --count;
    bytes -= size;
    surplus.push_back(std::move(scope));
  }
  return surplus;
}

void DatasourceState::place(std::string_view scope, const std::shared_ptr<const Schema>& schema,
                            std::shared_ptr<Generation> generation) {
  if (const auto copy = find(scope)) return copy->replace(schema, std::move(generation));
  auto copy = std::make_shared<CopyState>(schema, std::move(generation), clock_);
  const std::lock_guard lock(mutex_);
  scoped_.emplace(scope, Scoped{.copy = std::move(copy), .last_use = ++uses_});
}

void DatasourceState::drop(const std::vector<std::string>& scopes) {
  for (const std::string& scope : scopes) {
    std::unique_lock lock(mutex_);
    const auto taken = scoped_.extract(scope);
    lock.unlock();
    if (taken) taken.mapped().copy->drop();
  }
}

}  // namespace slate
