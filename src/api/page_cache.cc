#include "api/page_cache.h"

#include <cstring>

namespace slate::api {

std::size_t PageCache::Hash::operator()(const AnswerIdentity& identity) const {
  std::size_t hash = 0;
  std::memcpy(&hash, identity.bits.data(), sizeof hash);
  return hash;
}

std::shared_ptr<const std::string> PageCache::find(const AnswerIdentity& identity) {
  if (limit_ == 0) return nullptr;
  const std::lock_guard lock(mutex_);
  const auto found = by_identity_.find(identity);
  if (found == by_identity_.end()) {
    ++stats_.misses;
    return nullptr;
  }
  ++stats_.hits;
  by_usage_.splice(by_usage_.begin(), by_usage_, found->second);
  return found->second->body;
}

void PageCache::put(const AnswerIdentity& identity, const std::string& body) {
  const std::size_t size = body.size() + kOverhead;
  if (size > limit_ / 8) return;
  auto kept = std::make_shared<const std::string>(body);
  std::list<Entry> dropped;  // freed when the lock is
  const std::lock_guard lock(mutex_);
  if (by_identity_.contains(identity)) return;
  by_usage_.push_front({.identity = identity, .body = std::move(kept)});
  by_identity_.emplace(identity, by_usage_.begin());
  stats_.bytes += size;
  ++stats_.entries;
  while (stats_.bytes > limit_) {
    const auto last = std::prev(by_usage_.end());
    stats_.bytes -= last->body->size() + kOverhead;
    --stats_.entries;
    by_identity_.erase(last->identity);
    dropped.splice(dropped.begin(), by_usage_, last);
  }
}

PageCacheStats PageCache::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_;
}

}  // namespace slate::api
