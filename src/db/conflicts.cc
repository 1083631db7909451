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
  if (open_.empty()) changed_at_.clear();
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
