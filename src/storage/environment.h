// LMDB behind Result: environments, transactions, tables and cursors. The only room that includes lmdb.h.
//
// Threads: an Environment may be used by any number of threads. A read transaction and its cursors belong to
// one thread at a time, but may move between threads; a write transaction stays on the thread that began it.
// There is one write transaction at a time per environment: a second begin_write() waits for the first to
// end.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <slate/error.h>

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

namespace slate::storage {

// What a commit waits for.
enum class CommitSync : std::uint8_t {
  kDurable,   // until it is on stable storage
  kBuffered,  // until the operating system has it; sync() makes it durable
};

// Where a fault can be made to happen, for tests.
enum class Operation : std::uint8_t { kOpen, kPut, kDelete, kCommit, kSync };
class Faults {
 public:
  virtual ~Faults() = default;
  // Called before the operation; an error is what the operation answers, and it does not happen.
  virtual Result<void> before(Operation operation) = 0;
};

enum class Access : std::uint8_t {
  kReadWrite,
  // The file must be there and is left as it is, to the byte; no lock file is looked at. REQUIRES: that
  // nobody writes it meanwhile.
  kReadOnly,
};

struct EnvironmentOptions {
  // With kReadOnly no more than the file's own size is needed, whatever this says.
  std::uint64_t map_bytes = std::uint64_t{64} << 30;
  std::uint32_t max_tables = 32;
  std::uint32_t max_readers = 4096;
  CommitSync commit_sync = CommitSync::kDurable;
  Access access = Access::kReadWrite;
  Faults* faults = nullptr;  // outlives the environment
};

enum class TableKind : std::uint8_t {
  kBytes,     // any key, any value
  kNumbers,   // key: a std::uint64_t in native order
  kPostings,  // any key, many sorted values of std::uint64_t each
};

// A named table of an environment. A plain handle: copy it freely; it means nothing to another environment.
struct Table {
  std::uint32_t handle = 0;
};

class ReadTransaction;
class WriteTransaction;

class Environment {
 public:
  // Opens or creates the file at `path` (a lock file stands beside it). Errors: io, corrupt,
  // unsupported_format; read only, a file that was cut short is corrupt.
  static Result<std::unique_ptr<Environment>> open(const std::filesystem::path& path,
                                                   const EnvironmentOptions& options);
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // One snapshot. Cheap: transactions are pooled. Errors: quota_exceeded when max_readers are open.
  Result<ReadTransaction> begin_read();
  Result<WriteTransaction> begin_write();
  // Makes every commit so far durable. Does not hold back readers or writers.
  Result<void> sync();
  // The same, when something was committed since the last time.
  Result<void> sync_if_changed();
  // Has the disk begin to write what was committed, so that a later sync() finds less to wait for. Answers at
  // once, and promises nothing.
  void start_writing_back();
  // What commits wait for from now on. Not while a write transaction is open.
  Result<void> set_commit_sync(CommitSync commit_sync);
  // A copy of the newest commit, in a new file, without holding back readers or writers. Errors: io.
  Result<void> copy_to(const std::filesystem::path& path);
  // Bytes that the store uses of its file.
  std::uint64_t used_bytes() const;
  const std::filesystem::path& path() const { return path_; }

 private:
  friend class ReadTransaction;
  friend class WriteTransaction;
  Environment() = default;
  Result<void> cover_used_bytes() const;
  Result<void> check_size() const;
  Result<std::uint64_t> last_transaction() const;
  void give_back(MDB_txn* txn);
  Result<void> before(Operation operation) const;

  std::filesystem::path path_;
  MDB_env* env_ = nullptr;
  Faults* faults_ = nullptr;
  std::atomic<std::uint64_t> synced_transaction_ = 0;
  std::mutex mutex_;
  std::vector<MDB_txn*> idle_;  // reset readers; guarded by mutex_
};

// What reads and writes share.
class Transaction {
 public:
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  // The table of that name, or nothing. Not to be called by two transactions of an environment at once: open
  // tables while nothing else runs, or in a write transaction.
  Result<std::optional<Table>> find_table(const char* name, TableKind kind);
  // The value under a key, in the map: valid until the transaction ends or, in a write transaction, writes.
  Result<std::optional<std::string_view>> get(Table table, std::string_view key) const;
  Result<std::optional<std::string_view>> get(Table table, std::uint64_t key) const;
  // Entries in a table. O(1).
  Result<std::uint64_t> count(Table table) const;

  // Of a read: the commit that it sees. Of a write: what its commit will be.
  std::uint64_t id() const;
  MDB_txn* raw() const { return txn_; }

 protected:
  Transaction(Environment* environment, MDB_txn* txn) : environment_(environment), txn_(txn) {}
  Transaction(Transaction&& other) noexcept
      : environment_(std::exchange(other.environment_, nullptr)), txn_(std::exchange(other.txn_, nullptr)) {}
  ~Transaction() = default;

  Environment* environment_;
  MDB_txn* txn_;
};

class ReadTransaction : public Transaction {
 public:
  ReadTransaction(ReadTransaction&& other) noexcept = default;
  ~ReadTransaction();

  // Ends it. Tables that it found stay open for those that come; otherwise they go with it.
  Result<void> keep_tables();

 private:
  friend class Environment;
  using Transaction::Transaction;
};

// Ends by commit(); destroyed before that, nothing happened.
class WriteTransaction : public Transaction {
 public:
  WriteTransaction(WriteTransaction&& other) noexcept = default;
  ~WriteTransaction();

  Result<Table> create_table(const char* name, TableKind kind);
  // Removes the table and everything in it.
  Result<void> drop_table(Table table);
  // Removes everything in the table.
  Result<void> clear_table(Table table);

  Result<void> put(Table table, std::string_view key, std::string_view value);
  Result<void> put(Table table, std::uint64_t key, std::string_view value);
  // Room for `bytes` under a key, to be filled before the next call.
  Result<std::span<std::byte>> reserve(Table table, std::uint64_t key, std::size_t bytes);
  // REQUIRES: the key is above every key of the table.
  Result<void> append(Table table, std::uint64_t key, std::string_view value);
  // True when there was something to remove.
  Result<bool> remove(Table table, std::string_view key);
  Result<bool> remove(Table table, std::uint64_t key);

  Result<void> commit();

 private:
  friend class Environment;
  friend class PostingEditor;
  using Transaction::Transaction;
  Result<void> before(Operation operation) const { return environment_->before(operation); }
};

}  // namespace slate::storage
