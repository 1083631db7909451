// L: LMDB used by hand, for the lines that live off indexes and writes. Table "records": id -> all cells in
// one value. Tables of the indexes: value -> ids, sorted duplicates of one size. Not synced, one reader, no
// concurrency.
#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <lmdb.h>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/try.h"
#include "bench/compare/engines.h"
#include "bench/run.h"
#include "storage/lmdb_error.h"

namespace slate::bench::compare {
namespace {

constexpr std::size_t kMapBytes = std::size_t{64} << 30;

Result<void> done(int code, std::string_view what) {
  if (code == MDB_SUCCESS) return {};
  return fail(storage::lmdb_error(code, what));
}

// LMDB takes what it does not change as void*, too.
MDB_val val(std::string_view bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }
std::string_view view(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

// ---- a record as one value: date, flags, contacts_count, then each string behind its length

constexpr std::uint8_t kHasDate = 1, kHasNotes = 2;
constexpr std::size_t kTexts = 10;  // where the strings begin

void append_text(std::string& row, std::string_view text) {
  row += static_cast<char>(text.size());
  row += text;
}

// `row`: room that is used again.
void write_row(const Workload& workload, std::size_t record, std::string_view status, std::string& row) {
  const auto date = workload.last_contacted_at(record);
  const auto notes = workload.notes(record);
  const std::int64_t seconds = date ? date->seconds : 0;
  row.assign(reinterpret_cast<const char*>(&seconds), sizeof(seconds));
  row += static_cast<char>((date ? kHasDate : 0) | (notes ? kHasNotes : 0));
  row += static_cast<char>(workload.contacts_count(record));
  append_text(row, workload.name(record));
  append_text(row, status);
  for (const std::size_t which : {1, 2, 3}) append_text(row, workload.recommendation(record, which));
  if (notes) append_text(row, *notes);
}

template <typename Reader>
void read_row(std::string_view id, std::string_view row, Reader& reader) {
  const auto flags = static_cast<std::uint8_t>(row[8]);
  const char* at = row.data() + kTexts;
  const auto text = [&] {
    const auto size = static_cast<std::uint8_t>(*at);
    const std::string_view found(at + 1, size);
    at += 1 + size;
    return found;
  };
  reader.text(id);
  reader.text(text());
  reader.text(text());
  reader.integer(static_cast<std::uint8_t>(row[9]));
  for (int i = 0; i < 3; ++i) reader.text(text());
  if (flags & kHasDate) {
    std::int64_t seconds = 0;
    std::memcpy(&seconds, row.data(), sizeof(seconds));
    reader.integer(seconds);
  } else {
    reader.null();
  }
  if (flags & kHasNotes)
    reader.text(text());
  else
    reader.null();
  reader.end_row();
}

// ---- keys of the indexes

std::string count_key(std::int64_t count) { return {static_cast<char>(count)}; }
std::string compound_key(std::string_view status, std::int64_t count) {
  std::string key(status);
  key += '\0';
  key += static_cast<char>(count);
  return key;
}

struct CloseEnvironment {
  void operator()(MDB_env* env) const { mdb_env_close(env); }
};
struct AbortTransaction {
  void operator()(MDB_txn* txn) const { mdb_txn_abort(txn); }
};
struct CloseCursor {
  void operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }
};
using OwnedTransaction = std::unique_ptr<MDB_txn, AbortTransaction>;
using OwnedCursor = std::unique_ptr<MDB_cursor, CloseCursor>;

class Store {
 public:
  Result<void> open(const std::filesystem::path& folder, Indexes indexes) {
    env_.reset();
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    std::filesystem::create_directories(folder, error);
    if (error) return fail(Reason::kIo, folder.string() + ": " + error.message());
    has_compound_ = indexes == Indexes::kTwoAndCompound;
    MDB_env* env = nullptr;
    SLATE_TRY(done(mdb_env_create(&env), "making an environment"));
    env_.reset(env);
    SLATE_TRY(done(mdb_env_set_mapsize(env, kMapBytes), "setting the map's size"));
    SLATE_TRY(done(mdb_env_set_maxdbs(env, 4), "setting the number of tables"));
    SLATE_TRY(done(mdb_env_open(env, folder.c_str(), MDB_NOSYNC | MDB_NORDAHEAD, 0644), "opening"));
    SLATE_TRY(OwnedTransaction txn, begin(0));
    constexpr unsigned kIndex = MDB_CREATE | MDB_DUPSORT | MDB_DUPFIXED;
    SLATE_TRY(done(mdb_dbi_open(txn.get(), "records", MDB_CREATE, &records_), "making records"));
    SLATE_TRY(done(mdb_dbi_open(txn.get(), "status", kIndex, &status_), "making status"));
    SLATE_TRY(done(mdb_dbi_open(txn.get(), "contacts_count", kIndex, &count_), "making contacts_count"));
    if (has_compound_)
      SLATE_TRY(done(mdb_dbi_open(txn.get(), "compound", kIndex, &compound_), "making the compound index"));
    return commit(std::move(txn));
  }

  // The records in the order of their ids, then each index in its order: everything is appended.
  Result<void> load(const Workload& workload) {
    SLATE_TRY(OwnedTransaction txn, begin(0));
    std::string row;
    for (std::size_t i = 0; i < workload.size(); ++i) {
      write_row(workload, i, workload.status(i), row);
      SLATE_TRY(put(txn.get(), records_, workload.id(i), row, MDB_APPEND));
    }
    SLATE_TRY(load_index(txn.get(), status_, workload,
                         [&](std::size_t i) { return std::string(workload.status(i)); }));
    SLATE_TRY(load_index(txn.get(), count_, workload,
                         [&](std::size_t i) { return count_key(workload.contacts_count(i)); }));
    if (has_compound_) {
      SLATE_TRY(load_index(txn.get(), compound_, workload, [&](std::size_t i) {
        return compound_key(workload.status(i), workload.contacts_count(i));
      }));
    }
    return commit(std::move(txn));
  }

  // REQUIRES: opened with two indexes.
  Result<void> insert(const Workload& workload) {
    std::string row;
    for (std::size_t share = 0; share < kInsertTransactions; ++share) {
      const auto [first, last] = insert_share(share, workload.size());
      SLATE_TRY(OwnedTransaction txn, begin(0));
      for (std::size_t i = first; i < last; ++i) {
        write_row(workload, i, workload.status(i), row);
        SLATE_TRY(put(txn.get(), records_, workload.id(i), row, 0));
        SLATE_TRY(put(txn.get(), status_, workload.status(i), workload.id(i), 0));
        SLATE_TRY(put(txn.get(), count_, count_key(workload.contacts_count(i)), workload.id(i), 0));
      }
      SLATE_TRY(commit(std::move(txn)));
    }
    return {};
  }

  // REQUIRES: opened with two indexes.
  Result<void> update(const Workload& workload, std::span<const StatusFlips::Flip> flips) {
    std::string row;
    for (const auto& flip : flips) {
      SLATE_TRY(OwnedTransaction txn, begin(0));
      write_row(workload, flip.record, flip.status(), row);
      SLATE_TRY(put(txn.get(), records_, flip.id, row, 0));
      MDB_val old = val(flip.is_active ? "rejected" : "active"), id = val(flip.id);
      SLATE_TRY(done(mdb_del(txn.get(), status_, &old, &id), "removing from the index"));
      SLATE_TRY(put(txn.get(), status_, flip.status(), flip.id, 0));
      SLATE_TRY(commit(std::move(txn)));
    }
    return {};
  }

  template <typename Reader>
  Result<void> read_all(Reader& reader) {
    SLATE_TRY(const OwnedTransaction txn, begin(MDB_RDONLY));
    SLATE_TRY(const OwnedCursor cursor, open_cursor(txn.get(), records_));
    MDB_val key{}, row{};
    int code = mdb_cursor_get(cursor.get(), &key, &row, MDB_FIRST);
    for (; code == MDB_SUCCESS; code = mdb_cursor_get(cursor.get(), &key, &row, MDB_NEXT))
      read_row(view(key), view(row), reader);
    return code == MDB_NOTFOUND ? Result<void>() : done(code, "reading");
  }

  template <typename Reader>
  Result<void> get(std::span<const std::string_view> ids, Reader& reader) {
    SLATE_TRY(const OwnedTransaction txn, begin(MDB_RDONLY));
    for (const std::string_view id : ids) SLATE_TRY(get_one(txn.get(), id, reader));
    return {};
  }

  enum class Index : std::uint8_t { kStatus, kCount, kCompound };

  // The records of an index in its order, of the keys that begin with `prefix`.
  template <typename Reader>
  Result<void> walk(Index index, std::string_view prefix, std::size_t skip, std::size_t take,
                    Reader& reader) {
    SLATE_TRY(const OwnedTransaction txn, begin(MDB_RDONLY));
    SLATE_TRY(const OwnedCursor cursor, open_cursor(txn.get(), index == Index::kStatus  ? status_
                                                               : index == Index::kCount ? count_
                                                                                        : compound_));
    MDB_val key = val(prefix), id{};
    int code = mdb_cursor_get(cursor.get(), &key, &id, prefix.empty() ? MDB_FIRST : MDB_SET_RANGE);
    while (code == MDB_SUCCESS && take > 0 && view(key).starts_with(prefix)) {
      std::size_t duplicates = 0;
      SLATE_TRY(done(mdb_cursor_count(cursor.get(), &duplicates), "counting"));
      if (duplicates <= skip) {
        skip -= duplicates;
      } else {
        for (; code == MDB_SUCCESS && take > 0;
             code = mdb_cursor_get(cursor.get(), &key, &id, MDB_NEXT_DUP)) {
          if (skip > 0) {
            --skip;
            continue;
          }
          SLATE_TRY(get_one(txn.get(), view(id), reader));
          --take;
        }
        if (take == 0) return {};
      }
      code = mdb_cursor_get(cursor.get(), &key, &id, MDB_NEXT_NODUP);
    }
    return code == MDB_NOTFOUND ? Result<void>() : done(code, "walking an index");
  }

 private:
  Result<OwnedTransaction> begin(unsigned flags) {
    MDB_txn* txn = nullptr;
    SLATE_TRY(done(mdb_txn_begin(env_.get(), nullptr, flags, &txn), "beginning"));
    return OwnedTransaction(txn);
  }
  Result<void> commit(OwnedTransaction txn) { return done(mdb_txn_commit(txn.release()), "committing"); }
  Result<OwnedCursor> open_cursor(MDB_txn* txn, MDB_dbi table) {
    MDB_cursor* cursor = nullptr;
    SLATE_TRY(done(mdb_cursor_open(txn, table, &cursor), "opening a cursor"));
    return OwnedCursor(cursor);
  }
  Result<void> put(MDB_txn* txn, MDB_dbi table, std::string_view key, std::string_view value,
                   unsigned flags) {
    MDB_val stored_key = val(key), stored = val(value);
    return done(mdb_put(txn, table, &stored_key, &stored, flags), "putting");
  }
  template <typename Reader>
  Result<void> get_one(MDB_txn* txn, std::string_view id, Reader& reader) {
    MDB_val key = val(id), row{};
    SLATE_TRY(done(mdb_get(txn, records_, &key, &row), "getting"));
    read_row(id, view(row), reader);
    return {};
  }

  template <typename KeyOf>
  Result<void> load_index(MDB_txn* txn, MDB_dbi table, const Workload& workload, KeyOf key_of) {
    std::vector<std::pair<std::string, std::uint32_t>> entries;
    entries.reserve(workload.size());
    for (std::size_t i = 0; i < workload.size(); ++i)
      entries.emplace_back(key_of(i), static_cast<std::uint32_t>(i));
    std::ranges::sort(entries);
    SLATE_TRY(const OwnedCursor cursor, open_cursor(txn, table));
    for (const auto& [key, record] : entries) {
      MDB_val stored_key = val(key), id = val(workload.id(record));
      SLATE_TRY(done(mdb_cursor_put(cursor.get(), &stored_key, &id, MDB_APPENDDUP), "filling an index"));
    }
    return {};
  }

  std::unique_ptr<MDB_env, CloseEnvironment> env_;
  bool has_compound_ = false;
  MDB_dbi records_ = 0;
  MDB_dbi status_ = 0;
  MDB_dbi count_ = 0;
  MDB_dbi compound_ = 0;
};

class LmdbEngine : public Engine {
 public:
  LmdbEngine(std::filesystem::path folder, const Workload& workload)
      : folder_(std::move(folder)), workload_(workload), flips_(workload) {
    for (const std::size_t position : random_positions(kGets, workload.size()))
      ids_.push_back(workload.id(position));
  }

  Result<void> open() {
    SLATE_TRY(queries_.open(folder_ / "queries", Indexes::kTwoAndCompound));
    SLATE_TRY(queries_.load(workload_));
    SLATE_TRY(updates_.open(folder_ / "updates", Indexes::kTwo));
    return updates_.load(workload_);
  }

  Role role() const override { return Role::kLimit; }
  std::string_view name() const override { return "L"; }
  Indexes indexes() const override { return Indexes::kTwoAndCompound; }
  bool runs(const Line& line) const override {
    static constexpr std::array<std::string_view, 8> kRuns{"Q5",  "Q7",  "Q8",   "Q9",
                                                           "Q14", "INS", "LOAD", "UPD"};
    return std::ranges::find(kRuns, line.name) != kRuns.end();
  }

  Result<void> prepare(const Line& line) override {
    if (line.work == Work::kUpdate) next_flips_ = flips_.next();
    if (line.work == Work::kInsert || line.work == Work::kLoad)
      SLATE_TRY(filled_.open(folder_ / "filled", Indexes::kTwo));
    return {};
  }

  Result<Answer> run(const Line& line) override {
    switch (line.work) {
      case Work::kQuery:
      case Work::kGets: return query(line, CellFold());
      case Work::kInsert: SLATE_TRY(filled_.insert(workload_)); break;
      case Work::kLoad: SLATE_TRY(filled_.load(workload_)); break;
      case Work::kUpdate:
        SLATE_TRY(updates_.update(workload_, next_flips_));
        return Answer{.rows = next_flips_.size()};
    }
    return Answer{.rows = workload_.size()};
  }

  Result<Answer> check(const Line& line) override {
    CellCheck check(line.key_columns);
    if (!line.is_write()) return query(line, check);
    SLATE_TRY((line.work == Work::kUpdate ? updates_ : filled_).read_all(check));
    return check.answer();
  }

 private:
  template <typename Reader>
  Result<Answer> query(const Line& line, Reader reader) {
    using enum Store::Index;
    const std::uint64_t skip = line.query.query.skip;
    const std::uint64_t take = line.query.query.take.value_or(workload_.size());
    if (line.work == Work::kGets) {
      SLATE_TRY(queries_.get(ids_, reader));
    } else if (line.name == "Q9") {
      SLATE_TRY(queries_.walk(kCount, "", skip, take, reader));
    } else if (line.name == "Q7") {
      SLATE_TRY(queries_.walk(kStatus, "active", skip, take, reader));
    } else {
      SLATE_TRY(queries_.walk(kCompound, "active", skip, take, reader));
    }
    return reader.answer();
  }

  std::filesystem::path folder_;
  const Workload& workload_;
  StatusFlips flips_;
  std::vector<StatusFlips::Flip> next_flips_;
  std::vector<std::string_view> ids_;
  Store queries_;
  Store updates_;
  Store filled_;  // by INS and LOAD
};

}  // namespace

Result<EngineFamily> open_lmdb(const std::filesystem::path& folder, const Workload& workload) {
  int major = 0, minor = 0, patch = 0;
  mdb_version(&major, &minor, &patch);
  EngineFamily family{.version = fmt::format("L: LMDB {}.{}.{} by hand, not synced", major, minor, patch)};
  auto engine = std::make_unique<LmdbEngine>(folder, workload);
  SLATE_TRY(engine->open());
  family.engines.push_back(std::move(engine));
  return family;
}

}  // namespace slate::bench::compare
