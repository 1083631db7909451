// Start here: a Slate database, in this process or behind a connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <slate/copy_ref.h>
#include <slate/datasource.h>
#include <slate/error.h>
#include <slate/generation_builder.h>
#include <slate/list_view.h>
#include <slate/options.h>
#include <slate/record.h>
#include <slate/snapshot.h>
#include <slate/transaction.h>

namespace slate {

enum class Saved : std::uint8_t { kCreated, kChanged, kUnchanged };
enum class Existing : std::uint8_t { kReplace, kRefuse };    // what to do when the name is taken
enum class Dependents : std::uint8_t { kRefuse, kCascade };  // what to do with lists of a dropped datasource

enum class IndexState : std::uint8_t { kBuilding, kReady };

struct IndexStatus {
  std::string name;  // the field's path; for a compound index "status,-contacts_count"
  IndexState state = IndexState::kReady;
  std::uint64_t rows_indexed = 0;
};

// Where the loader has `scope_headers`, rows and bytes are those of all copies together, and the generation
// and its load time those of the copy that was loaded last.
struct DatasourceStatus {
  Datasource datasource;
  SnapshotInfo data;
  std::uint64_t bytes = 0;   // of the live generation's file
  std::uint64_t scopes = 0;  // copies by scope that there are
  std::vector<IndexStatus> indexes;
};

struct SavedList {
  Saved saved = Saved::kCreated;
  std::vector<std::string> warnings;  // sorts and filters that no index serves, with the index to add
};

// A list, with what a snapshot of its datasource taken now would say of itself.
struct ListState {
  ListView list;
  std::shared_ptr<const Datasource> datasource;
  SnapshotInfo data;
};

class EmbeddedDatabase;

// Datasources, lists and records. Safe for any number of threads; every call blocks until it is done. An
// acknowledged write survives what the datasource's durability says. Errors are values: not_found names the
// datasource, invalid_argument names record and field, conflict asks for a retry, corrupt and io are the
// store's.
class Database {
 public:
  // Opens or creates the database in options.path, removes files that a crash left behind, and goes on with
  // index builds that were under way. Errors: io; in use by another process (failed_precondition);
  // unsupported_format.
  static Result<std::unique_ptr<EmbeddedDatabase>> open(const DatabaseOptions& options);

  // What it gave out (snapshots, result sets, transactions, builders) is destroyed before it.
  virtual ~Database() = default;

  // A word that is made with the store: new with every empty one, the same for as long as its folder lives.
  virtual std::string instance_id() const = 0;

  // Validates everything before anything is written. A change keeps the data where it can: a new field reads
  // as null, a new index is built in the background and used when it is whole, a dropped one is dropped; a
  // changed type empties a datasource that has a loader and is refused for one that has records and none; so
  // do changed scope headers, with all of its copies.
  virtual Result<Saved> save_datasource(const Datasource& datasource,
                                        Existing existing = Existing::kReplace) = 0;
  virtual Result<DatasourceStatus> get_datasource(std::string_view id) = 0;
  virtual Result<std::vector<DatasourceStatus>> list_datasources() = 0;
  // in_use, naming the lists, unless told to cascade.
  virtual Result<void> delete_datasource(std::string_view id,
                                         Dependents dependents = Dependents::kRefuse) = 0;

  virtual Result<SavedList> save_list(const ListView& list) = 0;
  virtual Result<ListView> get_list(std::string_view id) = 0;
  virtual Result<std::vector<ListView>> list_lists() = 0;
  virtual Result<void> delete_list(std::string_view id) = 0;
  // Without waiting for anything, neither the store nor a server: for threads that must not block. Nothing
  // where only they can tell, where there is no such list, and for a scope of a datasource that keeps one
  // copy for all; what to do then get_list() and snapshot() say. Else as new as a snapshot of that copy taken
  // now, and a use of it as that would be. O(list).
  virtual std::optional<ListState> peek_list([[maybe_unused]] std::string_view id,
                                             [[maybe_unused]] std::string_view scope = {}) {
    return std::nullopt;
  }

  // One transaction: all of it or nothing. Later writes to the same id see earlier ones. The error of a write
  // that is refused has its position(). failed_precondition where the loader has `scope_headers`: its records
  // come from nowhere else.
  virtual Result<WriteCounts> write_batch(std::string_view datasource,
                                          std::span<const RecordWrite> writes) = 0;
  // Drops every record, of all copies, and, for a datasource with a loader, the memory of having loaded.
  virtual Result<void> delete_all(std::string_view datasource) = 0;
  // Of a scope that has nothing yet, or nothing any more: of no rows, never loaded; so is the snapshot
  // without a scope of a datasource that keeps a copy for each. failed_precondition for a scope of a
  // datasource that keeps one copy for all.
  virtual Result<std::unique_ptr<Snapshot>> snapshot(CopyRef copy) = 0;

  // The next generation, empty (kReplace) or a copy of the live one (kMerge; writes that are acknowledged
  // while it is being filled are carried over). Publishing may evict other scopes (LoaderConfig::max_scopes).
  // failed_precondition unless it names a scope where the loader has `scope_headers`, and none elsewhere.
  virtual Result<std::unique_ptr<GenerationBuilder>> begin_generation(CopyRef copy, LoadMode mode) = 0;

  // A secret of the data folder, 32 bytes, made once: what scopes are made with, so that they are no trace of
  // the header values behind them. The same for as long as the data folder lives. Known without waiting where
  // peek_list() answers.
  virtual Result<std::string> scope_key() = 0;
};

// A database in this process: it also has transactions.
class EmbeddedDatabase : public Database {
 public:
  virtual Result<std::unique_ptr<Transaction>> begin() = 0;
};

}  // namespace slate
