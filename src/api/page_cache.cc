#include "api/page_cache.h"

#include <cstring>

namespace slate::api {

std::size_t PageCache::Hash::operator()(const Key& key) const {
  std::size_t hash = 0;
  std::memcpy(&hash, key.identity.bits.data(), sizeof hash);
  return hash + static_cast<std::size_t>(key.accepted);
}

Page PageCache::find(const AnswerIdentity& identity, http::Coding accepted) {
  if (limit_ == 0) return {};
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find({identity, accepted});
  if (found == by_key_.end()) return {};
  ++stats_.hits;
  by_usage_.splice(by_usage_.begin(), by_usage_, found->second);
  return found->second->page;
}

void PageCache::put(const AnswerIdentity& identity, http::Coding accepted, Page page) {
  if (limit_ == 0) return;
  const std::size_t size = bytes_of(page);
  const Key key{identity, accepted};
  std::list<Entry> dropped;  // freed when the lock is
  const std::lock_guard lock(mutex_);
  ++stats_.misses;
  if (size > limit_ / 8 || by_key_.contains(key)) return;
  by_usage_.push_front({.key = key, .page = std::move(page)});
  by_key_.emplace(key, by_usage_.begin());
  stats_.bytes += size;
  ++stats_.entries;
  while (stats_.bytes > limit_) {
    const auto last = std::prev(by_usage_.end());
    stats_.bytes -= bytes_of(last->page);
    --stats_.entries;
    by_key_.erase(last->key);
    dropped.splice(dropped.begin(), by_usage_, last);
  }
}

PageCacheStats PageCache::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace slate::api
