// Which records changed since an optimistic transaction began: first committer wins.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace slate {

// Of one datasource. Remembers what an open transaction may ask for, and no more. Safe for any number of
// threads.
class Conflicts {
 public:
  // A point in the order of commits, before the snapshot of the transaction that begins here.
  std::uint64_t begin();
  // REQUIRES: `since` came from begin() and was not ended before.
  void end(std::uint64_t since);

  bool changed(std::string_view record_id, std::uint64_t since) const;
  // To be called after each commit, with what it changed.
  template <typename Ids>
  void record(const Ids& record_ids) {
    const std::lock_guard lock(mutex_);
    ++commits_;
    if (open_.empty()) return;
    for (const auto& id : record_ids) {
      auto& [key, changed_at] = *changed_at_.try_emplace(std::string(id), 0).first;
      if (std::exchange(changed_at, commits_) != commits_) log_.emplace_back(commits_, &key);
    }
  }
  // Every record may have changed: the data was replaced as a whole.
  void record_all();

 private:
  mutable std::mutex mutex_;
  std::uint64_t commits_ = 0;
  std::uint64_t all_changed_at_ = 0;
  std::multiset<std::uint64_t> open_;
  std::unordered_map<std::string, std::uint64_t> changed_at_;
  // What `changed_at_` was told, oldest first; the ids are its keys.
  std::deque<std::pair<std::uint64_t, const std::string*>> log_;
};

}  // namespace slate
