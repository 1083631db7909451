#include "db/datasource_state.h"

#include <utility>

#include <fmt/format.h>

#include "base/try.h"
#include "db/writer.h"

namespace slate {
namespace {

std::vector<std::string_view> ids_of(std::span<const PreparedWrite> writes) {
  std::vector<std::string_view> ids;
  ids.reserve(writes.size());
  for (const PreparedWrite& write : writes) ids.push_back(write.id);
  return ids;
}

}  // namespace

DatasourceState::Current DatasourceState::current() const {
  const std::lock_guard lock(mutex_);
  return {.schema = schema_, .live = live_, .damage = damage_};
}

void DatasourceState::replace(std::shared_ptr<const Schema> schema, std::shared_ptr<Generation> live) {
  const std::lock_guard lock(mutex_);
  schema_ = std::move(schema);
  if (live_ != live) {
    damage_.reset();
    live_ = std::move(live);
  }
}

void DatasourceState::mark_damaged(Error error) {
  const std::lock_guard lock(mutex_);
  damage_ = std::move(error);
}

void DatasourceState::mark_dropped() {
  const std::lock_guard lock(mutex_);
  dropped_ = true;
}

// Why a request cannot be committed now, if so.
std::optional<Error> DatasourceState::refusal(const CommitRequest& request, const Current& current) const {
  {
    const std::lock_guard lock(mutex_);
    if (dropped_)
      return Error(Reason::kNotFound, fmt::format("datasource \"{}\" was deleted", schema_->datasource.id));
  }
  if (current.damage) return current.damage;
  if (request.schema != current.schema.get())
    return Error(Reason::kConflict, "the datasource's fields changed while the write was under way");
  if (!request.since) return std::nullopt;
  const auto conflict = [](std::string_view id) {
    return Error(Reason::kConflict, fmt::format("record \"{}\" was changed by another commit", id.substr(0, 80)));
  };
  for (const PreparedWrite& write : request.writes)
    if (conflicts_.changed(write.id, *request.since)) return conflict(write.id);
  for (const std::string& id : request.read_for_update)
    if (conflicts_.changed(id, *request.since)) return conflict(id);
  return std::nullopt;
}

void DatasourceState::committed(std::span<const PreparedWrite> writes) {
  conflicts_.record(ids_of(writes));
  if (journal_ != nullptr) journal_->insert(journal_->end(), writes.begin(), writes.end());
}

Result<void> DatasourceState::check_locked(const CommitRequest& request) const {
  if (auto refused = refusal(request, current())) return fail(*std::move(refused));
  return {};
}

Result<WriteCounts> DatasourceState::commit_locked(const CommitRequest& request) {
  const Current now = current();
  if (auto refused = refusal(request, now)) return fail(*std::move(refused));
  SLATE_TRY(auto writer, Writer::begin(*now.live, *now.schema, clock_.now()));
  SLATE_TRY(const WriteCounts counts, writer.apply(request.writes));
  SLATE_TRY(writer.commit());
  committed(request.writes);
  return counts;
}

// One transaction for all of them. When it fails, each is tried alone, so that one bad write costs only itself.
void DatasourceState::commit_together(std::span<Waiting* const> group) {
  const std::lock_guard lock(write_mutex_);
  if (group.size() == 1) {
    group.front()->result = commit_locked(*group.front()->request);
    return;
  }
  const auto together = [&]() -> Result<void> {
    const Current now = current();
    if (now.live == nullptr) return fail(Reason::kInternal, "no generation");
    SLATE_TRY(auto writer, Writer::begin(*now.live, *now.schema, clock_.now()));
    std::vector<std::pair<Waiting*, WriteCounts>> applied;
    for (Waiting* waiting : group) {
      if (auto refused = refusal(*waiting->request, now)) {
        waiting->result = fail(*std::move(refused));
        continue;
      }
      // An earlier one of the group that wrote what a later, optimistic one depends on comes first.
      if (waiting->request->since && !applied.empty()) return fail(Reason::kConflict, "decided one by one");
      SLATE_TRY(const WriteCounts counts, writer.apply(waiting->request->writes));
      applied.emplace_back(waiting, counts);
    }
    if (applied.empty()) return {};
    SLATE_TRY(writer.commit());
    for (auto& [waiting, counts] : applied) {
      waiting->result = counts;
      committed(waiting->request->writes);
    }
    return {};
  };
  if (together()) return;
  for (Waiting* waiting : group) waiting->result = commit_locked(*waiting->request);
}

Result<WriteCounts> DatasourceState::commit(const CommitRequest& request) {
  Waiting mine{.request = &request, .result = std::nullopt};
  std::unique_lock lock(queue_mutex_);
  queue_.push_back(&mine);
  while (!mine.result) {
    if (leading_) {
      done_.wait(lock, [&] { return mine.result.has_value() || !leading_; });
      continue;
    }
    leading_ = true;
    const std::vector<Waiting*> group = std::exchange(queue_, {});
    lock.unlock();
    commit_together(group);
    lock.lock();
    leading_ = false;
    done_.notify_all();
  }
  return *std::move(mine.result);
}

}  // namespace slate
