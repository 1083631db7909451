#include "db/conflicts.h"

namespace slate {

std::uint64_t Conflicts::begin() {
  const std::lock_guard lock(mutex_);
  open_.insert(commits_);
  return commits_;
}

void Conflicts::end(std::uint64_t since) {
  const std::lock_guard lock(mutex_);
  open_.erase(open_.find(since));
  const std::uint64_t oldest = open_.empty() ? commits_ : *open_.begin();
  for (; !log_.empty() && log_.front().first <= oldest; log_.pop_front()) {
    const auto entry = changed_at_.find(*log_.front().second);
    // A later change of the same record has an entry of its own.
    if (entry != changed_at_.end() && entry->second == log_.front().first) changed_at_.erase(entry);
  }
}

bool Conflicts::changed(std::string_view record_id, std::uint64_t since) const {
  const std::lock_guard lock(mutex_);
  if (all_changed_at_ > since) return true;
  const auto found = changed_at_.find(std::string(record_id));
  return found != changed_at_.end() && found->second > since;
}

void Conflicts::record_all() {
  const std::lock_guard lock(mutex_);
  all_changed_at_ = ++commits_;
}

}  // namespace slate
