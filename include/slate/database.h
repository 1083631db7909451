// Start here: a Slate database, in this process or behind a connection.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

struct DatasourceStatus {
  Datasource datasource;
  SnapshotInfo data;
  std::uint64_t bytes = 0;  // of the live generation's file
  std::vector<IndexStatus> indexes;
};

struct SavedList {
  Saved saved = Saved::kCreated;
  std::vector<std::string> warnings;  // sorts and filters that no index serves, with the index to add
};

// One copy of a datasource's records. The empty scope is the copy that all callers share; a datasource whose
// loader has `scope_headers` has a copy for each scope instead, and none that is shared. A scope is an opaque
// word. Refers to its texts, as string_view does.
struct CopyRef {
  std::string_view datasource;
  std::string_view scope{};

  CopyRef(std::string_view of, std::string_view scope_ = {}) : datasource(of), scope(scope_) {}
  CopyRef(const std::string& of) : datasource(of) {}
  CopyRef(const char* of) : datasource(of) {}
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
  // changed type empties a datasource that has a loader and is refused for one that has records and none.
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

  // One transaction: all of it or nothing. Later writes to the same id see earlier ones. The error of a write
  // that is refused has its position().
  virtual Result<WriteCounts> write_batch(std::string_view datasource,
                                          std::span<const RecordWrite> writes) = 0;
  // Drops every record and, for a datasource with a loader, the memory of having loaded.
  virtual Result<void> delete_all(std::string_view datasource) = 0;
  // Of a scope that has nothing yet: of no rows, never loaded.
  virtual Result<std::unique_ptr<Snapshot>> snapshot(CopyRef copy) = 0;

  // The next generation, empty (kReplace) or a copy of the live one (kMerge; writes that are acknowledged
  // while it is being filled are carried over).
  virtual Result<std::unique_ptr<GenerationBuilder>> begin_generation(CopyRef copy, LoadMode mode) = 0;
};

// A database in this process: it also has transactions.
class EmbeddedDatabase : public Database {
 public:
  virtual Result<std::unique_ptr<Transaction>> begin() = 0;
};

}  // namespace slate
