#include <cstring>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <sqlite3.h>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/try.h"
#include "bench/compare/engines.h"
#include "bench/run.h"

namespace slate::bench::compare {
namespace {

constexpr std::string_view kCreateTable =
    "CREATE TABLE records (id TEXT PRIMARY KEY, name TEXT, status TEXT, contacts_count INTEGER, "
    "product_recommendation1 TEXT, product_recommendation2 TEXT, product_recommendation3 TEXT, "
    "last_contacted_at INTEGER, notes TEXT)";
constexpr std::string_view kInsert = "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";

struct CloseConnection {
  void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

class Connection {
 public:
  // One connection, one thread: no mutexes. The file is mapped, and WAL is handed to the operating system.
  Result<void> open(const std::filesystem::path& file) {
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(
        file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    connection_.reset(opened);
    if (code != SQLITE_OK) return error("opening " + file.string());
    for (const char* pragma : {"journal_mode=WAL", "synchronous=OFF", "mmap_size=17179869184",
                               "cache_size=-262144", "temp_store=MEMORY"})
      SLATE_TRY(execute(fmt::format("PRAGMA {}", pragma)));
    return {};
  }

  Result<void> execute(const std::string& sql) {
    if (sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
      return error(sql);
    return {};
  }

  Result<Statement> prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                           SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
      return error(sql);
    return Statement(statement);
  }

  // Runs a statement that returns nothing, and makes it ready for the next time.
  Result<void> step(sqlite3_stmt* statement) {
    const int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? Result<void>() : error("a statement");
  }

  Failure error(std::string_view what) const {
    return fail(Reason::kInternal, fmt::format("SQLite: {}: {}", what, sqlite3_errmsg(connection_.get())));
  }

 private:
  std::unique_ptr<sqlite3, CloseConnection> connection_;
};

// The text must stay as it is until the statement has run.
void bind(sqlite3_stmt* statement, int position, std::string_view text) {
  sqlite3_bind_text(statement, position, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}

void bind_record(sqlite3_stmt* statement, const Workload& workload, std::size_t record) {
  bind(statement, 1, workload.id(record));
  bind(statement, 2, workload.name(record));
  bind(statement, 3, workload.status(record));
  sqlite3_bind_int64(statement, 4, workload.contacts_count(record));
  for (int which = 1; which <= 3; ++which)
    bind(statement, 4 + which, workload.recommendation(record, static_cast<std::size_t>(which)));
  if (const auto date = workload.last_contacted_at(record))
    sqlite3_bind_int64(statement, 8, date->seconds);
  else
    sqlite3_bind_null(statement, 8);
  if (const auto notes = workload.notes(record))
    bind(statement, 9, *notes);
  else
    sqlite3_bind_null(statement, 9);
}

template <typename Reader>
void read_row(sqlite3_stmt* statement, const std::vector<CellType>& columns, Reader& reader) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const int column = static_cast<int>(i);
    if (columns[i] == CellType::kText) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
      if (text == nullptr)
        reader.null();
      else
        reader.text({text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column))});
    } else if (sqlite3_column_type(statement, column) == SQLITE_NULL) {
      reader.null();
    } else {
      reader.integer(sqlite3_column_int64(statement, column));
    }
  }
  reader.end_row();
}

Result<void> insert_all(Connection& connection, const Workload& workload) {
  SLATE_TRY(const Statement insert, connection.prepare(kInsert));
  for (std::size_t share = 0; share < kInsertTransactions; ++share) {
    const auto [begin, end] = insert_share(share, workload.size());
    SLATE_TRY(connection.execute("BEGIN"));
    for (std::size_t i = begin; i < end; ++i) {
      bind_record(insert.get(), workload, i);
      SLATE_TRY(connection.step(insert.get()));
    }
    SLATE_TRY(connection.execute("COMMIT"));
  }
  return {};
}

Result<void> create_empty(Connection& connection, Indexes indexes) {
  SLATE_TRY(connection.execute(std::string(kCreateTable)));
  for (const std::string& sql : create_indexes("records", indexes)) SLATE_TRY(connection.execute(sql));
  return {};
}

// SQLite would walk the index on status for queries that half of the records match, or the one on
// contacts_count to sort all of them, although reading the table from end to end is faster: a user who
// measures tells it so.
bool is_better_scanned(const Line& line, Indexes indexes) {
  if (line.name == "Q6") return indexes == Indexes::kTwo;
  return line.name == "Q2" || line.name == "Q4" || line.name == "Q13";
}

std::string sqlite_sql(const Line& line, Indexes indexes) {
  constexpr std::string_view kFrom = "FROM records";
  std::string sql = sql_for(line, CaselessLike::kLike);
  if (is_better_scanned(line, indexes)) sql.insert(sql.find(kFrom) + kFrom.size(), " NOT INDEXED");
  return sql;
}

class SqliteEngine : public Engine {
 public:
  SqliteEngine(std::filesystem::path folder, Indexes indexes, const Workload& workload)
      : folder_(std::move(folder)), indexes_(indexes), workload_(workload), flips_(workload) {
    for (const std::size_t position : random_positions(kGets, workload.size()))
      ids_.push_back(workload.id(position));
  }

  // Indexes are made after the records, and ANALYZE then sees everything.
  Result<void> open() {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    if (error) return fail(Reason::kIo, folder_.string() + ": " + error.message());
    SLATE_TRY(connection_.open(folder_ / "queries.db"));
    SLATE_TRY(connection_.execute(std::string(kCreateTable)));
    SLATE_TRY(insert_all(connection_, workload_));
    for (const std::string& sql : create_indexes("records", indexes_)) SLATE_TRY(connection_.execute(sql));
    SLATE_TRY(connection_.execute("ANALYZE"));
    return connection_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  Role role() const override { return Role::kPeer; }
  std::string_view name() const override { return "SQLite"; }
  Indexes indexes() const override { return indexes_; }
  bool runs(const Line& line) const override {
    if (line.work == Work::kLoad) return false;
    return !line.is_write() || indexes_ == Indexes::kTwo;
  }

  Result<void> prepare(const Line& line) override {
    if (line.work == Work::kInsert) return prepare_insert();
    if (line.work == Work::kUpdate) next_flips_ = flips_.next();
    Statement& statement = statements_[line.name];
    if (!statement) {
      SLATE_TRY(statement, connection_.prepare(sqlite_sql(line, indexes_)));
    }
    return {};
  }

  Result<Answer> run(const Line& line) override {
    switch (line.work) {
      case Work::kInsert:
        SLATE_TRY(insert_all(*inserted_, workload_));
        return Answer{.rows = workload_.size()};
      case Work::kUpdate: return update(line);
      default: return answer(line, CellFold());
    }
  }

  Result<Answer> check(const Line& line) override {
    CellCheck check(line.key_columns);
    if (!line.is_write()) return answer(line, check);
    Connection& connection = line.work == Work::kInsert ? *inserted_ : connection_;
    SLATE_TRY(const Statement all, connection.prepare(fmt::format("SELECT {} FROM records", kAllColumns)));
    SLATE_TRY(read_all(connection, all.get(), line, check));
    return check.answer();
  }

 private:
  Result<void> prepare_insert() {
    inserted_.reset();
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::error_code ignored;
      std::filesystem::remove(folder_ / fmt::format("inserts.db{}", suffix), ignored);
    }
    inserted_ = std::make_unique<Connection>();
    SLATE_TRY(inserted_->open(folder_ / "inserts.db"));
    return create_empty(*inserted_, indexes_);
  }

  template <typename Reader>
  static Result<void> read_all(Connection& connection, sqlite3_stmt* statement, const Line& line,
                               Reader& reader) {
    int code = sqlite3_step(statement);
    for (; code == SQLITE_ROW; code = sqlite3_step(statement)) read_row(statement, line.columns, reader);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? Result<void>() : connection.error(line.name);
  }

  template <typename Reader>
  Result<Answer> answer(const Line& line, Reader reader) {
    sqlite3_stmt* statement = statements_[line.name].get();
    if (line.is_count()) {
      const int code = sqlite3_step(statement);
      const auto count = static_cast<std::uint64_t>(sqlite3_column_int64(statement, 0));
      sqlite3_reset(statement);
      if (code != SQLITE_ROW) return connection_.error(line.name);
      return Answer{.rows = count};
    }
    if (line.work == Work::kGets) {
      SLATE_TRY(connection_.execute("BEGIN"));
      for (const std::string_view id : ids_) {
        bind(statement, 1, id);
        SLATE_TRY(read_all(connection_, statement, line, reader));
      }
      SLATE_TRY(connection_.execute("COMMIT"));
    } else {
      SLATE_TRY(read_all(connection_, statement, line, reader));
    }
    return reader.answer();
  }

  Result<Answer> update(const Line& line) {
    sqlite3_stmt* statement = statements_[line.name].get();
    for (const auto& flip : next_flips_) {
      bind(statement, 1, flip.status());
      bind(statement, 2, flip.id);
      SLATE_TRY(connection_.step(statement));
    }
    return Answer{.rows = next_flips_.size()};
  }

  std::filesystem::path folder_;
  Indexes indexes_;
  const Workload& workload_;
  StatusFlips flips_;
  std::vector<StatusFlips::Flip> next_flips_;
  std::vector<std::string_view> ids_;
  // Statements are closed before their connection.
  Connection connection_;
  std::unique_ptr<Connection> inserted_;  // of INS
  std::map<std::string_view, Statement> statements_;
};

}  // namespace

Result<EngineFamily> open_sqlite(const std::filesystem::path& folder, const Workload& workload) {
  EngineFamily family{.version = fmt::format("SQLite {}: WAL, synchronous=OFF, mapped, ANALYZE, one thread",
                                             sqlite3_libversion())};
  for (const Indexes indexes : {Indexes::kTwo, Indexes::kTwoAndCompound}) {
    auto engine = std::make_unique<SqliteEngine>(folder / (indexes == Indexes::kTwo ? "two" : "compound"),
                                                 indexes, workload);
    SLATE_TRY(engine->open());
    family.engines.push_back(std::move(engine));
  }
  return family;
}

}  // namespace slate::bench::compare
