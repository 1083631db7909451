#include "storage/cursor.h"

#include <algorithm>
#include <cstring>
#include <lmdb.h>

#include "base/try.h"
#include "storage/lmdb_error.h"

namespace slate::storage {
namespace {

MDB_val key_of(std::string_view key) {
  return {.mv_size = key.size(), .mv_data = const_cast<char*>(key.data())};
}
MDB_val posting_of(const std::uint64_t& posting) {
  return {.mv_size = sizeof(posting), .mv_data = const_cast<std::uint64_t*>(&posting)};
}

Result<MDB_cursor*> open_cursor(const Transaction& transaction, Table table) {
  MDB_cursor* cursor = nullptr;
  if (const int code = mdb_cursor_open(transaction.raw(), table.handle, &cursor); code != MDB_SUCCESS)
    return fail(lmdb_error(code, "opening a cursor"));
  return cursor;
}

Result<std::optional<NumberEntry>> move_number(MDB_cursor* cursor, MDB_cursor_op operation,
                                               std::uint64_t key) {
  MDB_val k{.mv_size = sizeof(key), .mv_data = &key};
  MDB_val v;
  const int code = mdb_cursor_get(cursor, &k, &v, operation);
  if (code == MDB_NOTFOUND) return std::nullopt;
  if (code != MDB_SUCCESS) return fail(lmdb_error(code, "walking a table"));
  NumberEntry entry;
  std::memcpy(&entry.key, k.mv_data, sizeof(entry.key));
  entry.value = {static_cast<const char*>(v.mv_data), v.mv_size};
  return entry;
}

Result<std::optional<BytesEntry>> move_bytes(MDB_cursor* cursor, MDB_cursor_op operation) {
  MDB_val k;
  MDB_val v;
  const int code = mdb_cursor_get(cursor, &k, &v, operation);
  if (code == MDB_NOTFOUND) return std::nullopt;
  if (code != MDB_SUCCESS) return fail(lmdb_error(code, "walking a table"));
  return BytesEntry{.key = {static_cast<const char*>(k.mv_data), k.mv_size},
                    .value = {static_cast<const char*>(v.mv_data), v.mv_size}};
}

}  // namespace

Result<NumberCursor> NumberCursor::open(const Transaction& transaction, Table table) {
  SLATE_TRY(MDB_cursor * cursor, open_cursor(transaction, table));
  return NumberCursor(cursor);
}
NumberCursor::~NumberCursor() {
  if (cursor_ != nullptr) mdb_cursor_close(cursor_);
}
Result<std::optional<NumberEntry>> NumberCursor::seek(std::uint64_t key) {
  return move_number(cursor_, MDB_SET_RANGE, key);
}
Result<std::optional<NumberEntry>> NumberCursor::next() { return move_number(cursor_, MDB_NEXT, 0); }
Result<std::optional<NumberEntry>> NumberCursor::previous() { return move_number(cursor_, MDB_PREV, 0); }
Result<std::optional<NumberEntry>> NumberCursor::last() { return move_number(cursor_, MDB_LAST, 0); }

Result<BytesCursor> BytesCursor::open(const Transaction& transaction, Table table) {
  SLATE_TRY(MDB_cursor * cursor, open_cursor(transaction, table));
  return BytesCursor(cursor);
}
BytesCursor::~BytesCursor() {
  if (cursor_ != nullptr) mdb_cursor_close(cursor_);
}
Result<std::optional<BytesEntry>> BytesCursor::first() { return move_bytes(cursor_, MDB_FIRST); }
Result<std::optional<BytesEntry>> BytesCursor::next() { return move_bytes(cursor_, MDB_NEXT); }

Result<PostingCursor> PostingCursor::open(const Transaction& transaction, Table table, PostingOrder order) {
  SLATE_TRY(MDB_cursor * cursor, open_cursor(transaction, table));
  return PostingCursor(cursor, order);
}
PostingCursor::~PostingCursor() {
  if (cursor_ != nullptr) mdb_cursor_close(cursor_);
}

Result<std::optional<std::string_view>> PostingCursor::move(int operation, std::string_view key) {
  MDB_val k{.mv_size = key.size(), .mv_data = const_cast<char*>(key.data())};
  MDB_val v;
  place_ = Place::kNone;
  int code = mdb_cursor_get(cursor_, &k, &v, static_cast<MDB_cursor_op>(operation));
  const bool lands_on_last = operation == MDB_PREV_NODUP || operation == MDB_LAST;
  if (code == MDB_SUCCESS && lands_on_last != (order_ == PostingOrder::kDescending)) {
    // At the wrong end of the key's postings. A key with a single one has no page of them to move in.
    MDB_val first = v;
    code = mdb_cursor_get(cursor_, &k, &first, lands_on_last ? MDB_FIRST_DUP : MDB_LAST_DUP);
    if (code == MDB_SUCCESS && first.mv_size == sizeof(std::uint64_t)) v = first;
  }
  if (code == MDB_NOTFOUND) return std::nullopt;
  if (code != MDB_SUCCESS) return fail(lmdb_error(code, "walking an index"));
  if (v.mv_size != sizeof(std::uint64_t)) return fail(Reason::kCorrupt, "index entry of a wrong size");
  std::memcpy(&first_, v.mv_data, sizeof(first_));
  place_ = Place::kFirst;
  return std::string_view(static_cast<const char*>(k.mv_data), k.mv_size);
}

Result<std::optional<std::string_view>> PostingCursor::seek(std::string_view key) {
  if (key.empty()) return move(MDB_FIRST, {});
  return move(MDB_SET_RANGE, key);
}
Result<std::optional<std::string_view>> PostingCursor::seek_before(std::string_view key) {
  if (key.empty()) return std::nullopt;
  SLATE_TRY(const auto at, seek(key));
  if (!at) return last_key();
  return previous_key();
}
Result<std::optional<std::string_view>> PostingCursor::next_key() { return move(MDB_NEXT_NODUP, {}); }
Result<std::optional<std::string_view>> PostingCursor::previous_key() { return move(MDB_PREV_NODUP, {}); }
Result<std::optional<std::string_view>> PostingCursor::last_key() { return move(MDB_LAST, {}); }

Result<std::span<const std::uint64_t>> PostingCursor::next_postings() {
  MDB_val k;
  MDB_val v{.mv_size = 0, .mv_data = nullptr};
  if (place_ == Place::kNone || place_ == Place::kExhausted) return std::span<const std::uint64_t>();
  if (place_ == Place::kFirst) {
    // A key with one posting keeps it in its node: there is no page of postings to hand out.
    SLATE_TRY(const auto count, count_postings());
    if (count == 1) {
      place_ = Place::kExhausted;
      return std::span<const std::uint64_t>(&first_, 1);
    }
  }
  const bool descends = order_ == PostingOrder::kDescending;
  if (descends && place_ == Place::kFirst) {
    // At the very last posting LMDB takes the cursor to be at its end and gives no page: it is told the place
    // again.
    MDB_val at{.mv_size = sizeof(first_), .mv_data = &first_};
    int code = mdb_cursor_get(cursor_, &k, &v, MDB_GET_CURRENT);
    if (code == MDB_SUCCESS) code = mdb_cursor_get(cursor_, &k, &at, MDB_GET_BOTH);
    if (code != MDB_SUCCESS) return fail(lmdb_error(code, "walking an index"));
  }
  const MDB_cursor_op operation = place_ == Place::kFirst ? MDB_GET_MULTIPLE
                                  : descends              ? MDB_PREV_MULTIPLE
                                                          : MDB_NEXT_MULTIPLE;
  const int code = mdb_cursor_get(cursor_, &k, &v, operation);
  if (code == MDB_NOTFOUND) {
    place_ = Place::kExhausted;
    return std::span<const std::uint64_t>();
  }
  if (code != MDB_SUCCESS) return fail(lmdb_error(code, "walking an index"));
  const std::size_t size = v.mv_size / sizeof(std::uint64_t);
  std::span<const std::uint64_t> postings(static_cast<const std::uint64_t*>(v.mv_data), size);
  // A small set lies within its key's node, where nothing is aligned.
  const bool aligned = reinterpret_cast<std::uintptr_t>(v.mv_data) % alignof(std::uint64_t) == 0;
  if (!aligned || descends) {
    aligned_.resize(size);
    std::memcpy(aligned_.data(), v.mv_data, size * sizeof(std::uint64_t));
    postings = aligned_;
  }
  // The page comes whole, wherever the cursor stands in it.
  if (descends) {
    if (place_ == Place::kFirst)
      aligned_.resize(
          static_cast<std::size_t>(std::ranges::upper_bound(aligned_, first_) - aligned_.begin()));
    std::ranges::reverse(aligned_);
    postings = aligned_;
  } else if (place_ == Place::kFirst) {
    postings = postings.subspan(
        static_cast<std::size_t>(std::ranges::lower_bound(postings, first_) - postings.begin()));
  }
  place_ = Place::kWithin;
  return postings;
}

Result<void> PostingCursor::seek_posting(std::string_view key, std::uint64_t posting) {
  MDB_val k{.mv_size = key.size(), .mv_data = const_cast<char*>(key.data())};
  MDB_val v{.mv_size = sizeof(posting), .mv_data = &posting};
  place_ = Place::kExhausted;
  int code = mdb_cursor_get(cursor_, &k, &v, MDB_GET_BOTH_RANGE);
  if (order_ == PostingOrder::kDescending) {
    // That stands at the first one not below: the one before it is wanted, or the last when all are below.
    std::uint64_t found = 0;
    if (code == MDB_SUCCESS) std::memcpy(&found, v.mv_data, sizeof(found));
    if (code == MDB_NOTFOUND) {
      code = mdb_cursor_get(cursor_, &k, &v, MDB_SET_KEY);
      if (code == MDB_SUCCESS && mdb_cursor_get(cursor_, &k, &v, MDB_LAST_DUP) == MDB_SUCCESS)
        std::memcpy(&found, v.mv_data, sizeof(found));
      if (code == MDB_SUCCESS && found > posting) code = MDB_NOTFOUND;
    } else if (code == MDB_SUCCESS && found > posting) {
      code = mdb_cursor_get(cursor_, &k, &v, MDB_PREV_DUP);
    }
  }
  if (code == MDB_NOTFOUND) return {};
  if (code != MDB_SUCCESS) return fail(lmdb_error(code, "walking an index"));
  std::memcpy(&first_, v.mv_data, sizeof(first_));
  place_ = Place::kFirst;
  return {};
}

Result<std::optional<std::uint64_t>> PostingCursor::find(std::string_view key) {
  place_ = Place::kNone;
  MDB_val k = key_of(key);
  MDB_val v;
  const int code = mdb_cursor_get(cursor_, &k, &v, MDB_SET);
  if (code == MDB_NOTFOUND) return std::nullopt;
  if (code != MDB_SUCCESS) return fail(lmdb_error(code, "looking for an index key"));
  if (v.mv_size != sizeof(std::uint64_t)) return fail(Reason::kCorrupt, "index entry of a wrong size");
  std::uint64_t posting = 0;
  std::memcpy(&posting, v.mv_data, sizeof(posting));
  return posting;
}

Result<std::uint64_t> PostingCursor::count_postings() {
  std::size_t count = 0;
  if (const int code = mdb_cursor_count(cursor_, &count); code != MDB_SUCCESS)
    return fail(lmdb_error(code, "counting index entries"));
  return count;
}

Result<PostingEditor> PostingEditor::open(WriteTransaction& transaction, Table table) {
  SLATE_TRY(MDB_cursor * cursor, open_cursor(transaction, table));
  return PostingEditor(transaction, cursor);
}
PostingEditor::~PostingEditor() {
  if (cursor_ != nullptr) mdb_cursor_close(cursor_);
}

Result<void> PostingEditor::find_last_key() {
  MDB_val k;
  MDB_val v;
  const int code = mdb_cursor_get(cursor_, &k, &v, MDB_LAST);
  if (code != MDB_SUCCESS && code != MDB_NOTFOUND)
    return fail(lmdb_error(code, "looking for the last index key"));
  last_key_.emplace();
  if (code == MDB_SUCCESS) last_key_->assign(static_cast<const char*>(k.mv_data), k.mv_size);
  return {};
}

// The first as told, the others, which are above it, behind it.
int PostingEditor::append(std::string_view key, std::span<const std::uint64_t> postings,
                          unsigned flags_of_first) {
  MDB_val k = key_of(key);
  MDB_val first = posting_of(postings.front());
  const int code = mdb_cursor_put(cursor_, &k, &first, flags_of_first);
  if (code != MDB_SUCCESS || postings.size() == 1) return code;
  MDB_val rest[2] = {posting_of(postings[1]), {.mv_size = postings.size() - 1, .mv_data = nullptr}};
  return mdb_cursor_put(cursor_, &k, rest, MDB_MULTIPLE | MDB_APPENDDUP);
}

int PostingEditor::put(std::string_view key, std::span<const std::uint64_t> postings) {
  // Pages that are only appended to stay full, where others are split in halves.
  if (key > *last_key_) {
    last_key_->assign(key);
    return append(key, postings, MDB_APPEND);
  }

  MDB_val k = key_of(key);
  MDB_val last;
  int code = mdb_cursor_get(cursor_, &k, &last, MDB_SET);
  if (code == MDB_NOTFOUND) return append(key, postings, 0);
  std::size_t count = 0;
  if (code == MDB_SUCCESS) code = mdb_cursor_count(cursor_, &count);
  // A key with a single posting has no postings page to go to the end of: MDB_SET has read it.
  if (code == MDB_SUCCESS && count > 1) code = mdb_cursor_get(cursor_, &k, &last, MDB_LAST_DUP);
  if (code != MDB_SUCCESS) return code;
  std::uint64_t last_posting = 0;
  std::memcpy(&last_posting, last.mv_data, sizeof(last_posting));
  k = key_of(key);
  if (last_posting < postings.front()) return append(key, postings, MDB_APPENDDUP);

  for (const std::uint64_t posting : postings) {
    MDB_val v = posting_of(posting);
    code = mdb_cursor_put(cursor_, &k, &v, MDB_NODUPDATA);
    if (code != MDB_SUCCESS && code != MDB_KEYEXIST) return code;
  }
  return MDB_SUCCESS;
}

Result<void> PostingEditor::add(std::string_view key, std::span<const std::uint64_t> postings) {
  if (postings.empty()) return {};
  SLATE_TRY(transaction_->before(Operation::kPut));
  if (!last_key_) SLATE_TRY(find_last_key());
  if (const int code = put(key, postings); code != MDB_SUCCESS)
    return fail(lmdb_error(code, "writing index entries"));
  return {};
}

Result<bool> PostingEditor::remove(std::string_view key, std::uint64_t posting) {
  SLATE_TRY(transaction_->before(Operation::kDelete));
  MDB_val k = key_of(key);
  MDB_val v = posting_of(posting);
  int code = mdb_cursor_get(cursor_, &k, &v, MDB_GET_BOTH);
  if (code == MDB_NOTFOUND) return false;
  if (code == MDB_SUCCESS) code = mdb_cursor_del(cursor_, 0);
  if (code != MDB_SUCCESS) return fail(lmdb_error(code, "removing an index entry"));
  return true;
}

}  // namespace slate::storage
