// Walking a table in key order, either way.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
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
  // The first posting of exactly this key, or nothing. Keys looked for in order are found near the last
  // place.
  Result<std::optional<std::uint64_t>> find(std::string_view key);
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

// Changes a kPostings table, while nothing else does. Changes in the order of their keys find their places
// near the last one. Destroy it before its transaction moves or ends.
class PostingEditor {
 public:
  static Result<PostingEditor> open(WriteTransaction& transaction, Table table);
  PostingEditor(PostingEditor&& other) noexcept
      : transaction_(other.transaction_),
        cursor_(std::exchange(other.cursor_, nullptr)),
        last_key_(std::move(other.last_key_)) {}
  PostingEditor& operator=(PostingEditor&&) = delete;
  ~PostingEditor();

  // Those that the key has already are no error. REQUIRES: `postings` ascend.
  Result<void> add(std::string_view key, std::span<const std::uint64_t> postings);
  // True when it was there.
  Result<bool> remove(std::string_view key, std::uint64_t posting);

 private:
  PostingEditor(WriteTransaction& transaction, MDB_cursor* cursor)
      : transaction_(&transaction), cursor_(cursor) {}
  Result<void> find_last_key();
  int put(std::string_view key, std::span<const std::uint64_t> postings);
  int append(std::string_view key, std::span<const std::uint64_t> postings, unsigned flags_of_first);

  WriteTransaction* transaction_;
  MDB_cursor* cursor_;
  std::optional<std::string> last_key_;  // no key of the table is above it; known from the first add() on
};

}  // namespace slate::storage
