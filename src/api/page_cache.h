// Rendered answers, kept while there is room.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "http/content_coding.h"

namespace slate::api {

// 128 bits of a SHA-256 over all that an answer is made of: two answers have the same only when they are the
// same, but for what belongs to a request alone.
struct AnswerIdentity {
  std::array<std::uint8_t, 16> bits{};
  bool operator==(const AnswerIdentity&) const = default;
};

struct PageCacheStats {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;   // answers that were made
  std::uint64_t bytes = 0;    // held now
  std::uint64_t entries = 0;  // held now
};

// A body as it is sent.
struct Page {
  std::shared_ptr<const std::string> body;  // null: there is none
  http::Coding coding = http::Coding::kIdentity;
};

// Bodies of answers by identity, and by the coding that those who are sent them accept; the one that was not
// asked for longest goes first. Nothing in it is ever wrong, as data that changes has another identity: it is
// only no longer asked for. Safe from any thread; every call is O(1) but for what it drops.
class PageCache {
 public:
  // Of memory for bodies, each with kOverhead; 0: it holds nothing, and counts nothing.
  explicit PageCache(std::size_t bytes) : limit_(bytes) {}

  // Without a body when it is not there.
  Page find(const AnswerIdentity& identity, http::Coding accepted);
  // A page that was made. Those beyond an eighth of the limit are passed over.
  void put(const AnswerIdentity& identity, http::Coding accepted, Page page);
  PageCacheStats stats() const;

 private:
  struct Key {
    AnswerIdentity identity;
    http::Coding accepted = http::Coding::kIdentity;
    bool operator==(const Key&) const = default;
  };
  struct Entry {
    Key key;
    Page page;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  static constexpr std::size_t kOverhead = 256;  // of an entry, about
  static std::size_t bytes_of(const Page& page) { return page.body->capacity() + kOverhead; }

  const std::size_t limit_;
  mutable std::mutex mutex_;   // guards what follows
  std::list<Entry> by_usage_;  // the latest first
  std::unordered_map<Key, std::list<Entry>::iterator, Hash> by_key_;
  PageCacheStats stats_;
};

}  // namespace slate::api
