#include "db/copy_state.h"

#include <fmt/format.h>
#include <ranges>
#include <unordered_set>
#include <utility>

#include "base/try.h"

namespace slate {
namespace {

Error conflict(std::string_view id) {
  return Error(Reason::kConflict,
               fmt::format("record \"{}\" was changed by another commit", id.substr(0, 80)));
}

// A record that an optimistic request depends on and that is among `written`, or null.
const std::string_view* first_of(const CommitRequest& request,
                                 const std::unordered_set<std::string_view>& written) {
  if (!request.since || written.empty()) return nullptr;
  const auto find = [&](std::string_view id) {
    const auto found = written.find(id);
    return found != written.end() ? &*found : nullptr;
  };
  for (const PreparedWrite& write : request.writes)
    if (const std::string_view* found = find(write.id)) return found;
  for (const std::string& id : request.read_for_update)
    if (const std::string_view* found = find(id)) return found;
  return nullptr;
}

}  // namespace

CopyState::Current CopyState::current() const {
  const std::lock_guard lock(mutex_);
  return {.schema = schema_, .live = live_, .damage = damage_};
}

void CopyState::replace(std::shared_ptr<const Schema> schema, std::shared_ptr<Generation> live) {
  {
    const std::lock_guard lock(mutex_);
    schema_ = std::move(schema);
    if (live_ == live) return;
    damage_.reset();
    live_.swap(live);
  }
  conflicts_.record_all();
  if (live != nullptr) live->retire();
}

void CopyState::mark_damaged(Error error) {
  const std::lock_guard lock(mutex_);
  damage_ = std::move(error);
}

void CopyState::drop() {
  const std::lock_guard lock(mutex_);
  dropped_ = true;
  if (live_ != nullptr) live_->retire();
}

// Why a request cannot be committed now, if so.
std::optional<Error> CopyState::refusal(const CommitRequest& request, const Current& current) const {
  {
    const std::lock_guard lock(mutex_);
    if (dropped_)
      return Error(Reason::kNotFound, fmt::format("datasource \"{}\" was deleted", schema_->datasource.id));
  }
  if (current.schema->datasource.is_scoped())
    return Error(
        Reason::kFailedPrecondition,
        fmt::format("the records of datasource \"{}\" come from its loader alone, which keeps a copy for "
                    "each caller that its scopeHeaders tell apart",
                    current.schema->datasource.id));
  if (current.damage) return current.damage;
  if (request.schema != current.schema.get())
    return Error(Reason::kConflict, "the datasource's fields changed while the write was under way");
  if (!request.since) return std::nullopt;
  for (const PreparedWrite& write : request.writes)
    if (conflicts_.changed(write.id, *request.since)) return conflict(write.id);
  for (const std::string& id : request.read_for_update)
    if (conflicts_.changed(id, *request.since)) return conflict(id);
  return std::nullopt;
}

void CopyState::committed(std::span<const PreparedWrite> writes) {
  conflicts_.record(std::views::transform(writes, &PreparedWrite::id));
  if (journal_ == nullptr) return;
  for (const PreparedWrite& write : writes) journal_->add_copy(write);
}

Result<AppliedCommit> CopyState::apply_locked(const CommitRequest& request) {
  AppliedCommit applied{.current = current()};
  if (auto refused = refusal(request, applied.current)) return fail(*std::move(refused));
  if (request.writes.empty()) return applied;
  SLATE_TRY(auto writer, Writer::begin(*applied.current.live, *applied.current.schema, clock_.now()));
  SLATE_TRY(applied.counts, writer.apply(request.writes));
  applied.writer = std::make_unique<Writer>(std::move(writer));
  return applied;
}

Result<WriteCounts> CopyState::finish_locked(const CommitRequest& request, AppliedCommit applied) {
  if (applied.writer == nullptr) return applied.counts;
  SLATE_TRY(applied.writer->commit());
  committed(request.writes);
  return applied.counts;
}

Result<WriteCounts> CopyState::commit_locked(const CommitRequest& request) {
  SLATE_TRY(AppliedCommit applied, apply_locked(request));
  return finish_locked(request, std::move(applied));
}

// One transaction for all of them. When it fails, each is tried alone, so that one bad write costs only
// itself.
void CopyState::commit_together(std::span<Waiting* const> group) {
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
    std::unordered_set<std::string_view> written;
    for (Waiting* waiting : group) {
      if (auto refused = refusal(*waiting->request, now)) {
        waiting->result = fail(*std::move(refused));
        continue;
      }
      // An earlier one of the group that wrote what a later, optimistic one depends on comes first.
      if (const std::string_view* id = first_of(*waiting->request, written)) {
        waiting->result = fail(conflict(*id));
        continue;
      }
      SLATE_TRY(const WriteCounts counts, writer.apply(waiting->request->writes));
      applied.emplace_back(waiting, counts);
      for (const PreparedWrite& write : waiting->request->writes) written.insert(write.id);
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

Result<WriteCounts> CopyState::commit(const CommitRequest& request) {
  Waiting mine{.request = &request, .result = std::nullopt};
  std::unique_lock lock(queue_mutex_);
  queue_.push_back(&mine);
  while (!mine.done) {
    if (leading_) {
      done_.wait(lock, [&] { return mine.done || !leading_; });
      continue;
    }
    leading_ = true;
    const std::vector<Waiting*> group = std::exchange(queue_, {});
    lock.unlock();
    commit_together(group);
    lock.lock();
    for (Waiting* waiting : group) waiting->done = true;
    leading_ = false;
    done_.notify_all();
  }
  return *std::move(mine.result);
}

}  // namespace slate
