#include "storage/environment.h"

#include <cstring>
#include <fcntl.h>
#include <lmdb.h>
#include <string>
#include <system_error>
#include <utility>

#include "base/try.h"
#include "storage/lmdb_error.h"

namespace slate::storage {
namespace {

MDB_val value_of(std::string_view bytes) {
  return MDB_val{.mv_size = bytes.size(), .mv_data = const_cast<char*>(bytes.data())};
}
MDB_val value_of(const std::uint64_t& number) {
  return MDB_val{.mv_size = sizeof(number), .mv_data = const_cast<std::uint64_t*>(&number)};
}
std::string_view bytes_of(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

unsigned flags_of(TableKind kind) {
  switch (kind) {
    case TableKind::kBytes: return 0;
    case TableKind::kNumbers: return MDB_INTEGERKEY;
    case TableKind::kPostings: return MDB_DUPSORT | MDB_DUPFIXED | MDB_INTEGERDUP;
  }
  return 0;
}

Result<std::optional<std::string_view>> get_value(MDB_txn* txn, Table table, MDB_val key) {
  MDB_val value;
  const int code = mdb_get(txn, table.handle, &key, &value);
  if (code == MDB_NOTFOUND) return std::nullopt;
  if (code != MDB_SUCCESS) return fail(lmdb_error(code, "reading a key"));
  return bytes_of(value);
}

}  // namespace

Result<std::unique_ptr<Environment>> Environment::open(const std::filesystem::path& path,
                                                       const EnvironmentOptions& options) {
  if (options.faults != nullptr) SLATE_TRY(options.faults->before(Operation::kOpen));
  std::unique_ptr<Environment> environment(new Environment);
  environment->path_ = path;
  environment->faults_ = options.faults;
  const auto step = [&](int code) -> Result<void> {
    if (code != MDB_SUCCESS) return fail(lmdb_error(code, "opening " + path.filename().string()));
    return {};
  };
  SLATE_TRY(step(mdb_env_create(&environment->env_)));
  const bool reads_only = options.access == Access::kReadOnly;
  // 0: as large as the file says.
  SLATE_TRY(step(mdb_env_set_mapsize(environment->env_, reads_only ? 0 : options.map_bytes)));
  SLATE_TRY(step(mdb_env_set_maxdbs(environment->env_, options.max_tables)));
  SLATE_TRY(step(mdb_env_set_maxreaders(environment->env_, options.max_readers)));
  // NOTLS: transactions move between threads. NORDAHEAD would save nothing here: files are read in order too.
  unsigned flags = MDB_NOSUBDIR | MDB_NOTLS;
  if (reads_only)
    flags |= MDB_RDONLY | MDB_NOLOCK;
  else if (options.commit_sync == CommitSync::kBuffered)
    flags |= MDB_NOSYNC;
  SLATE_TRY(step(mdb_env_open(environment->env_, path.c_str(), flags, 0644)));
  if (reads_only) {
    SLATE_TRY(environment->check_size());
    return environment;
  }
  SLATE_TRY(environment->cover_used_bytes());
  // Slots of readers that died with their process hold back the reuse of pages.
  int dead = 0;
  SLATE_TRY(step(mdb_reader_check(environment->env_, &dead)));
  return environment;
}

// A page that the file says it has but that lies beyond its end, as in a file that was cut short, would be a
// fault of the bus when it is read through the map. As zeros it is damage that LMDB or a block's checksum
// tells.
Result<void> Environment::cover_used_bytes() const {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path_, error);
  if (!error && size < used_bytes()) std::filesystem::resize_file(path_, used_bytes(), error);
  if (error) return fail(Reason::kIo, "opening " + path_.filename().string() + ": " + error.message());
  return {};
}

Result<void> Environment::check_size() const {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path_, error);
  if (error) return fail(Reason::kIo, "opening " + path_.filename().string() + ": " + error.message());
  if (size >= used_bytes()) return {};
  return fail(Reason::kCorrupt, path_.filename().string() + " was cut short: it has " + std::to_string(size) +
                                    " bytes of " + std::to_string(used_bytes()));
}

Environment::~Environment() {
  for (MDB_txn* txn : idle_) mdb_txn_abort(txn);
  if (env_ != nullptr) mdb_env_close(env_);
}

Result<void> Environment::before(Operation operation) const {
  if (faults_ == nullptr) return {};
  return faults_->before(operation);
}

Result<ReadTransaction> Environment::begin_read() {
  MDB_txn* txn = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      txn = idle_.back();
      idle_.pop_back();
    }
  }
  if (txn != nullptr) {
    if (const int code = mdb_txn_renew(txn); code != MDB_SUCCESS) {
      mdb_txn_abort(txn);
      return fail(lmdb_error(code, "beginning a read"));
    }
  } else if (const int code = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn); code != MDB_SUCCESS) {
    return fail(lmdb_error(code, "beginning a read"));
  }
  return ReadTransaction(this, txn);
}

void Environment::give_back(MDB_txn* txn) {
  mdb_txn_reset(txn);
  const std::lock_guard lock(mutex_);
  idle_.push_back(txn);
}

Result<WriteTransaction> Environment::begin_write() {
  MDB_txn* txn = nullptr;
  if (const int code = mdb_txn_begin(env_, nullptr, 0, &txn); code != MDB_SUCCESS)
    return fail(lmdb_error(code, "beginning a write"));
  return WriteTransaction(this, txn);
}

Result<std::uint64_t> Environment::last_transaction() const {
  MDB_envinfo info;
  if (const int code = mdb_env_info(env_, &info); code != MDB_SUCCESS)
    return fail(lmdb_error(code, "syncing"));
  return info.me_last_txnid;
}

Result<void> Environment::sync() {
  SLATE_TRY(before(Operation::kSync));
  SLATE_TRY(const std::uint64_t last, last_transaction());
  if (const int code = mdb_env_sync(env_, 1); code != MDB_SUCCESS) return fail(lmdb_error(code, "syncing"));
  synced_transaction_.store(last, std::memory_order_relaxed);
  return {};
}

Result<void> Environment::sync_if_changed() {
  SLATE_TRY(const std::uint64_t last, last_transaction());
  if (last == synced_transaction_.load(std::memory_order_relaxed)) return {};
  return sync();
}

void Environment::start_writing_back() {
  mdb_filehandle_t file = -1;
  if (mdb_env_get_fd(env_, &file) == MDB_SUCCESS)
    static_cast<void>(sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE));
}

Result<void> Environment::set_commit_sync(CommitSync commit_sync) {
  const int on = commit_sync == CommitSync::kBuffered ? 1 : 0;
  if (const int code = mdb_env_set_flags(env_, MDB_NOSYNC, on); code != MDB_SUCCESS)
    return fail(lmdb_error(code, "setting durability"));
  return {};
}

Result<void> Environment::copy_to(const std::filesystem::path& path) {
  if (const int code = mdb_env_copy(env_, path.c_str()); code != MDB_SUCCESS)
    return fail(lmdb_error(code, "copying"));
  return {};
}

std::uint64_t Environment::used_bytes() const {
  MDB_envinfo info;
  MDB_stat stat;
  if (mdb_env_info(env_, &info) != MDB_SUCCESS || mdb_env_stat(env_, &stat) != MDB_SUCCESS) return 0;
  return (info.me_last_pgno + 1) * stat.ms_psize;
}

Result<std::optional<Table>> Transaction::find_table(const char* name, TableKind kind) {
  MDB_dbi handle = 0;
  const int code = mdb_dbi_open(txn_, name, flags_of(kind), &handle);
  if (code == MDB_NOTFOUND) return std::nullopt;
  if (code != MDB_SUCCESS) return fail(lmdb_error(code, "opening a table"));
  return Table{handle};
}

Result<std::optional<std::string_view>> Transaction::get(Table table, std::string_view key) const {
  return get_value(txn_, table, value_of(key));
}
Result<std::optional<std::string_view>> Transaction::get(Table table, std::uint64_t key) const {
  return get_value(txn_, table, value_of(key));
}

std::uint64_t Transaction::id() const { return mdb_txn_id(txn_); }

Result<std::uint64_t> Transaction::count(Table table) const {
  MDB_stat stat;
  if (const int code = mdb_stat(txn_, table.handle, &stat); code != MDB_SUCCESS)
    return fail(lmdb_error(code, "counting"));
  return stat.ms_entries;
}

ReadTransaction::~ReadTransaction() {
  if (txn_ != nullptr) environment_->give_back(txn_);
}

Result<void> ReadTransaction::keep_tables() {
  MDB_txn* txn = std::exchange(txn_, nullptr);
  if (const int code = mdb_txn_commit(txn); code != MDB_SUCCESS)
    return fail(lmdb_error(code, "ending a read"));
  return {};
}

WriteTransaction::~WriteTransaction() {
  if (txn_ != nullptr) mdb_txn_abort(txn_);
}

Result<Table> WriteTransaction::create_table(const char* name, TableKind kind) {
  MDB_dbi handle = 0;
  if (const int code = mdb_dbi_open(txn_, name, flags_of(kind) | MDB_CREATE, &handle); code != MDB_SUCCESS)
    return fail(lmdb_error(code, "creating a table"));
  return Table{handle};
}

Result<void> WriteTransaction::drop_table(Table table) {
  SLATE_TRY(before(Operation::kDelete));
  if (const int code = mdb_drop(txn_, table.handle, 1); code != MDB_SUCCESS)
    return fail(lmdb_error(code, "dropping a table"));
  return {};
}

Result<void> WriteTransaction::clear_table(Table table) {
  SLATE_TRY(before(Operation::kDelete));
  if (const int code = mdb_drop(txn_, table.handle, 0); code != MDB_SUCCESS)
    return fail(lmdb_error(code, "clearing a table"));
  return {};
}

Result<void> WriteTransaction::put(Table table, std::string_view key, std::string_view value) {
  SLATE_TRY(before(Operation::kPut));
  MDB_val k = value_of(key);
  MDB_val v = value_of(value);
  if (const int code = mdb_put(txn_, table.handle, &k, &v, 0); code != MDB_SUCCESS)
    return fail(lmdb_error(code, "writing"));
  return {};
}

Result<void> WriteTransaction::put(Table table, std::uint64_t key, std::string_view value) {
  SLATE_TRY(const auto room, reserve(table, key, value.size()));
  std::memcpy(room.data(), value.data(), value.size());
  return {};
}

Result<std::span<std::byte>> WriteTransaction::reserve(Table table, std::uint64_t key, std::size_t bytes) {
  SLATE_TRY(before(Operation::kPut));
  MDB_val k = value_of(key);
  MDB_val v{.mv_size = bytes, .mv_data = nullptr};
  if (const int code = mdb_put(txn_, table.handle, &k, &v, MDB_RESERVE); code != MDB_SUCCESS)
    return fail(lmdb_error(code, "writing"));
  return std::span(static_cast<std::byte*>(v.mv_data), bytes);
}

Result<void> WriteTransaction::append(Table table, std::uint64_t key, std::string_view value) {
  SLATE_TRY(before(Operation::kPut));
  MDB_val k = value_of(key);
  MDB_val v = value_of(value);
  if (const int code = mdb_put(txn_, table.handle, &k, &v, MDB_APPEND); code != MDB_SUCCESS)
    return fail(lmdb_error(code, "appending"));
  return {};
}

Result<bool> WriteTransaction::remove(Table table, std::string_view key) {
  SLATE_TRY(before(Operation::kDelete));
  MDB_val k = value_of(key);
  const int code = mdb_del(txn_, table.handle, &k, nullptr);
  if (code == MDB_NOTFOUND) return false;
  if (code != MDB_SUCCESS) return fail(lmdb_error(code, "removing"));
  return true;
}
Result<bool> WriteTransaction::remove(Table table, std::uint64_t key) {
  return remove(table, std::string_view(reinterpret_cast<const char*>(&key), sizeof(key)));
}

Result<void> WriteTransaction::commit() {
  SLATE_TRY(before(Operation::kCommit));
  MDB_txn* txn = std::exchange(txn_, nullptr);
  if (const int code = mdb_txn_commit(txn); code != MDB_SUCCESS) return fail(lmdb_error(code, "committing"));
  return {};
}

}  // namespace slate::storage
