// Which records changed since an optimistic transaction began: first committer wins.
#pragma once

#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace slate {

// Of one datasource. Remembers changes only while transactions are open. Safe for any number of threads.
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
    for (const auto& id : record_ids) changed_at_[std::string(id)] = commits_;
  }
  // Every record may have changed: the data was replaced as a whole.
  void record_all();

 private:
  mutable std::mutex mutex_;
  std::uint64_t commits_ = 0;
  std::uint64_t all_changed_at_ = 0;
  std::multiset<std::uint64_t> open_;
  std::unordered_map<std::string, std::uint64_t> changed_at_;
};

}  // namespace slate
