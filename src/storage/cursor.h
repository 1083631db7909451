// Walking a table in key order, either way.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <slate/error.h>

#include "storage/environment.h"

namespace slate::storage {

struct NumberEntry {
  std::uint64_t key = 0;
  std::string_view value;
};

// Over a kNumbers table. Entries are read in the map: valid until the transaction ends. Destroy it before its
// transaction. Every move answers nothing at the end of the table.
class NumberCursor {
 public:
  static Result<NumberCursor> open(const Transaction& transaction, Table table);
  NumberCursor(NumberCursor&& other) noexcept : cursor_(std::exchange(other.cursor_, nullptr)) {}
  NumberCursor& operator=(NumberCursor&& other) noexcept {
    std::swap(cursor_, other.cursor_);
    return *this;
  }
  ~NumberCursor();

  // The first entry whose key is at least `key`. O(log n); O(1) near the last place.
  Result<std::optional<NumberEntry>> seek(std::uint64_t key);
  Result<std::optional<NumberEntry>> next();
  Result<std::optional<NumberEntry>> previous();
  Result<std::optional<NumberEntry>> last();

 private:
  explicit NumberCursor(MDB_cursor* cursor) : cursor_(cursor) {}
  MDB_cursor* cursor_;
};

struct BytesEntry {
  std::string_view key;
  std::string_view value;
};

// Over a kBytes table. As NumberCursor.
class BytesCursor {
 public:
  static Result<BytesCursor> open(const Transaction& transaction, Table table);
  BytesCursor(BytesCursor&& other) noexcept : cursor_(std::exchange(other.cursor_, nullptr)) {}
  BytesCursor& operator=(BytesCursor&&) = delete;
  ~BytesCursor();

  Result<std::optional<BytesEntry>> first();
  Result<std::optional<BytesEntry>> next();

 private:
  explicit BytesCursor(MDB_cursor* cursor) : cursor_(cursor) {}
  MDB_cursor* cursor_;
};

enum class PostingOrder : std::uint8_t { kAscending, kDescending };

// Over a kPostings table: a key, then its postings page by page.
class PostingCursor {
 public:
  static Result<PostingCursor> open(const Transaction& transaction, Table table,
                                    PostingOrder order = PostingOrder::kAscending);
  PostingCursor(PostingCursor&& other) noexcept
      : cursor_(std::exchange(other.cursor_, nullptr)), order_(other.order_) {}
  // A moved-to cursor stands nowhere: move it before reading.
  PostingCursor& operator=(PostingCursor&& other) noexcept {
    std::swap(cursor_, other.cursor_);
    order_ = other.order_;
    place_ = Place::kNone;
    return *this;
  }
  ~PostingCursor();

  // Each places the cursor before a key's postings and answers the key, or nothing.
  Result<std::optional<std::string_view>> seek(std::string_view key);         // first key >= `key`
  Result<std::optional<std::string_view>> seek_before(std::string_view key);  // last key < `key`
  Result<std::optional<std::string_view>> next_key();
  Result<std::optional<std::string_view>> previous_key();
  Result<std::optional<std::string_view>> last_key();

  // Some postings of the current key, in the cursor's order: the first call after a move gives the first of
  // them, further calls go on; empty when there are no more. Valid until the next call.
  Result<std::span<const std::uint64_t>> next_postings();
  // Goes to a key's first posting, in the cursor's order, that is `posting` or comes behind it: the next call
  // of next_postings() begins there, and gives none when the key or such a posting is not there.
  Result<void> seek_posting(std::string_view key, std::uint64_t posting);
  // How many postings the current key has. O(1).
  Result<std::uint64_t> count_postings();

 private:
  PostingCursor(MDB_cursor* cursor, PostingOrder order) : cursor_(cursor), order_(order) {}
  Result<std::optional<std::string_view>> move(int operation, std::string_view key);

  enum class Place : std::uint8_t { kNone, kFirst, kWithin, kExhausted };
  MDB_cursor* cursor_;
  PostingOrder order_;
  std::uint64_t first_ = 0;  // the posting under the cursor after a move
  Place place_ = Place::kNone;
  std::vector<std::uint64_t> aligned_;
};

// Fills a kPostings table in order: the fast road for a bulk build. Destroy it before its transaction ends.
class PostingAppender {
 public:
  static Result<PostingAppender> open(WriteTransaction& transaction, Table table);
  PostingAppender(PostingAppender&& other) noexcept : cursor_(std::exchange(other.cursor_, nullptr)) {}
  PostingAppender& operator=(PostingAppender&&) = delete;
  ~PostingAppender();

  // REQUIRES: `key` is at or above the table's last key; `postings` ascend, above those that the key has.
  Result<void> append(std::string_view key, std::span<const std::uint64_t> postings);

 private:
  explicit PostingAppender(MDB_cursor* cursor) : cursor_(cursor) {}
  MDB_cursor* cursor_;
};

}  // namespace slate::storage
