#include <array>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/try.h"
#include "bench/compare/duckdb_api.h"
#include "bench/compare/engines.h"
#include "bench/run.h"

namespace slate::bench::compare {
namespace {

using duck::Api;
using duck::Handle;
using ApiPointer = std::shared_ptr<const Api>;

constexpr std::string_view kCreateTable =
    "CREATE TABLE records (id VARCHAR PRIMARY KEY, name VARCHAR, status VARCHAR, contacts_count INTEGER, "
    "product_recommendation1 VARCHAR, product_recommendation2 VARCHAR, product_recommendation3 VARCHAR, "
    "last_contacted_at TIMESTAMP_S, notes VARCHAR)";
constexpr std::size_t kColumns = 9;

// ---- reading chunks

std::string_view view(const duck::Text& text) {
  return {text.length <= duck::kInlined ? text.first : text.place, text.length};
}

// A column of a chunk.
struct Column {
  CellType type = CellType::kText;
  const void* data = nullptr;
  const std::uint64_t* validity = nullptr;

  bool is_null(std::size_t row) const {
    return validity != nullptr && ((validity[row >> 6] >> (row & 63)) & 1) == 0;
  }
  std::string_view text(std::size_t row) const { return view(static_cast<const duck::Text*>(data)[row]); }
  std::int64_t integer(std::size_t row) const {
    return type == CellType::kDate ? static_cast<const std::int64_t*>(data)[row]
                                   : static_cast<const std::int32_t*>(data)[row];
  }
};

std::uint64_t fold_column(const Column& column, std::size_t rows) {
  std::uint64_t sum = 0;
  if (column.type == CellType::kText) {
    for (std::size_t row = 0; row < rows; ++row)
      if (!column.is_null(row)) sum += fold_text(column.text(row));
  } else {
    for (std::size_t row = 0; row < rows; ++row)
      if (!column.is_null(row)) sum += static_cast<std::uint64_t>(column.integer(row));
  }
  return sum;
}

// Column by column, as Slate's batches are read.
void read_chunk(std::span<const Column> columns, std::size_t rows, CellFold& fold) {
  std::uint64_t sum = 0;
  for (const Column& column : columns) sum += fold_column(column, rows);
  fold.add(rows, sum);
}

void read_chunk(std::span<const Column> columns, std::size_t rows, CellCheck& check) {
  for (std::size_t row = 0; row < rows; ++row) {
    for (const Column& column : columns) {
      if (column.is_null(row))
        check.null();
      else if (column.type == CellType::kText)
        check.text(column.text(row));
      else
        check.integer(column.integer(row));
    }
    check.end_row();
  }
}

// ---- a database with one connection

class Connection {
 public:
  explicit Connection(ApiPointer api) : api_(std::move(api)) {}
  ~Connection() {
    if (connection_ != nullptr) api_->disconnect(&connection_);
    if (database_ != nullptr) api_->close(&database_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // ":memory:", or a file.
  Result<void> open(const std::string& where) {
    if (api_->open(where.c_str(), &database_) != duck::kSuccess ||
        api_->connect(database_, &connection_) != duck::kSuccess)
      return error("opening " + where, nullptr);
    return {};
  }

  Result<void> execute(const std::string& sql) {
    duck::QueryAnswer answer;
    const bool succeeded = api_->query(connection_, sql.c_str(), &answer) == duck::kSuccess;
    Result<void> done;
    if (!succeeded) done = error(sql, api_->result_error(&answer));
    api_->destroy_result(&answer);
    return done;
  }

  // Every record in its order, by the appender, a chunk at a time; kInsertTransactions transactions.
  Result<void> insert_all(const Workload& workload);

  const Api& api() const { return *api_; }
  Handle raw() const { return connection_; }
  static Failure error(std::string_view what, const char* why) {
    return fail(Reason::kInternal, fmt::format("DuckDB: {}: {}", what, why == nullptr ? "failed" : why));
  }

 private:
  Result<void> append(Handle appender, Handle chunk, const Workload& workload, std::size_t begin,
                      std::size_t end);

  ApiPointer api_;
  Handle database_ = nullptr;
  Handle connection_ = nullptr;
};

Result<void> Connection::insert_all(const Workload& workload) {
  std::array<int, kColumns> types{};
  types.fill(duck::kTypeVarchar);
  types[3] = duck::kTypeInteger;
  types[7] = duck::kTypeTimestampS;
  std::array<Handle, kColumns> made{};
  for (std::size_t i = 0; i < kColumns; ++i) made[i] = api_->create_logical_type(types[i]);
  Handle chunk = api_->create_data_chunk(made.data(), kColumns);
  for (Handle& type : made) api_->destroy_logical_type(&type);

  Result<void> done;
  for (std::size_t share = 0; done && share < kInsertTransactions; ++share) {
    const auto [begin, end] = insert_share(share, workload.size());
    done = execute("BEGIN");
    if (!done) break;
    Handle appender = nullptr;
    if (api_->appender_create(connection_, nullptr, "records", &appender) != duck::kSuccess)
      done = error("making an appender", api_->appender_error(appender));
    if (done) done = append(appender, chunk, workload, begin, end);
    api_->appender_destroy(&appender);
    if (done) done = execute("COMMIT");
  }
  api_->destroy_data_chunk(&chunk);
  return done;
}

Result<void> Connection::append(Handle appender, Handle chunk, const Workload& workload, std::size_t begin,
                                std::size_t end) {
  const std::size_t most = api_->vector_size();
  while (begin < end) {
    const std::size_t rows = std::min(most, end - begin);
    api_->data_chunk_reset(chunk);
    std::array<Handle, kColumns> vectors{};
    for (std::size_t i = 0; i < kColumns; ++i) vectors[i] = api_->data_chunk_get_vector(chunk, i);
    for (const std::size_t nullable : {7, 8}) api_->vector_ensure_validity_writable(vectors[nullable]);
    auto* counts = static_cast<std::int32_t*>(api_->vector_get_data(vectors[3]));
    auto* dates = static_cast<std::int64_t*>(api_->vector_get_data(vectors[7]));
    std::uint64_t* has_date = api_->vector_get_validity(vectors[7]);
    std::uint64_t* has_notes = api_->vector_get_validity(vectors[8]);
    const auto text = [&](std::size_t column, std::size_t row, std::string_view value) {
      api_->vector_assign_string_element_len(vectors[column], row, value.data(), value.size());
    };
    const auto clear = [](std::uint64_t* bits, std::size_t row) { bits[row >> 6] &= ~(1ULL << (row & 63)); };
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t record = begin + row;
      text(0, row, workload.id(record));
      text(1, row, workload.name(record));
      text(2, row, workload.status(record));
      counts[row] = static_cast<std::int32_t>(workload.contacts_count(record));
      for (const std::size_t which : {1, 2, 3}) text(3 + which, row, workload.recommendation(record, which));
      if (const auto date = workload.last_contacted_at(record))
        dates[row] = date->seconds;
      else
        clear(has_date, row);
      if (const auto notes = workload.notes(record))
        text(8, row, *notes);
      else
        clear(has_notes, row);
    }
    api_->data_chunk_set_size(chunk, rows);
    if (api_->append_data_chunk(appender, chunk) != duck::kSuccess)
      return error("appending", api_->appender_error(appender));
    begin += rows;
  }
  if (api_->appender_flush(appender) != duck::kSuccess)
    return error("appending", api_->appender_error(appender));
  return {};
}

// Whether an answer is whole before its first row is read, by all threads, or made while it is read.
enum class Fetch : std::uint8_t { kWhole, kStream };

class Statement {
 public:
  static Result<std::unique_ptr<Statement>> prepare(const Connection& connection, const std::string& sql) {
    std::unique_ptr<Statement> made(new Statement(connection));
    if (connection.api().prepare(connection.raw(), sql.c_str(), &made->statement_) != duck::kSuccess)
      return Connection::error(sql, connection.api().prepare_error(made->statement_));
    return made;
  }
  ~Statement() { api_.destroy_prepare(&statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Texts for $1, $2, ...
  void bind(std::uint64_t position, std::string_view text) {
    api_.bind_varchar_length(statement_, position, text.data(), text.size());
  }

  // Runs it and gives every chunk of the answer to `read`, as columns and their number of rows.
  template <typename Read>
  Result<void> run(std::span<const CellType> types, Fetch fetch, Read read) {
    duck::QueryAnswer answer;
    const auto execute = fetch == Fetch::kWhole ? api_.execute_prepared : api_.execute_prepared_streaming;
    const bool succeeded = execute(statement_, &answer) == duck::kSuccess;
    Result<void> done;
    if (!succeeded) done = Connection::error("a statement", api_.result_error(&answer));
    std::array<Column, kColumns> columns;
    while (succeeded && !types.empty()) {
      Handle chunk = api_.fetch_chunk(answer);
      if (chunk == nullptr) break;
      for (std::size_t i = 0; i < types.size(); ++i) {
        const Handle vector = api_.data_chunk_get_vector(chunk, i);
        columns[i] = {types[i], api_.vector_get_data(vector), api_.vector_get_validity(vector)};
      }
      read(std::span<const Column>(columns).first(types.size()), api_.data_chunk_get_size(chunk));
      api_.destroy_data_chunk(&chunk);
    }
    api_.destroy_result(&answer);
    return done;
  }

 private:
  explicit Statement(const Connection& connection) : api_(connection.api()) {}

  const Api& api_;
  Handle statement_ = nullptr;
};

enum class Place : std::uint8_t { kMemory, kFile };

class DuckdbEngine : public Engine {
 public:
  DuckdbEngine(ApiPointer api, std::filesystem::path folder, Place place, Fetch fetch,
               const Workload& workload)
      : api_(std::move(api)),
        folder_(std::move(folder)),
        place_(place),
        fetch_(fetch),
        workload_(workload),
        flips_(workload) {
    for (const std::size_t position : random_positions(kGets, workload.size()))
      ids_.push_back(workload.id(position));
  }

  // Queries run faster without the two indexes: DuckDB's own scans beat them on values that many records
  // share. The primary key stays.
  Result<void> open() {
    SLATE_TRY(connection_, open_empty("queries.duckdb"));
    SLATE_TRY(connection_->insert_all(workload_));
    SLATE_TRY(connection_->execute("ANALYZE"));
    return connection_->execute("CHECKPOINT");  // of a file: compressed from here on
  }

  Role role() const override { return Role::kPeer; }
  std::string_view name() const override { return "DuckDB"; }
  Indexes indexes() const override { return Indexes::kTwo; }
  std::string_view setup() const override {
    if (place_ == Place::kMemory)
      return fetch_ == Fetch::kWhole ? "in memory, whole answers" : "in memory, streamed answers";
    return fetch_ == Fetch::kWhole ? "in a file, whole answers" : "in a file, streamed answers";
  }
  // A file is fsynced at every commit, which cannot be turned off: writes are compared in memory.
  bool runs(const Line& line) const override {
    if (line.work == Work::kLoad) return false;
    return !line.is_write() || (place_ == Place::kMemory && fetch_ == Fetch::kWhole);
  }

  Result<void> prepare(const Line& line) override {
    if (line.work == Work::kInsert) {
      inserted_.reset();
      SLATE_TRY(inserted_, open_indexed("inserts.duckdb"));
      return {};
    }
    if (line.work == Work::kUpdate) {
      next_flips_ = flips_.next();
      if (!updated_) {
        SLATE_TRY(updated_, open_indexed("updates.duckdb"));
        SLATE_TRY(updated_->insert_all(workload_));
      }
    }
    auto& statement = statements_[line.name];
    if (!statement) {
      const Connection& connection = line.work == Work::kUpdate ? *updated_ : *connection_;
      SLATE_TRY(statement, Statement::prepare(connection, sql_for(line, CaselessLike::kIlike)));
    }
    return {};
  }

  Result<Answer> run(const Line& line) override {
    switch (line.work) {
      case Work::kInsert:
        SLATE_TRY(inserted_->insert_all(workload_));
        return Answer{.rows = workload_.size()};
      case Work::kUpdate: return update(line);
      default: return answer(line, CellFold());
    }
  }

  Result<Answer> check(const Line& line) override {
    CellCheck check(line.key_columns);
    if (!line.is_write()) return answer(line, check);
    const Connection& connection = line.work == Work::kInsert ? *inserted_ : *updated_;
    SLATE_TRY(const auto all,
              Statement::prepare(connection, fmt::format("SELECT {} FROM records", kAllColumns)));
    SLATE_TRY(all->run(line.columns, Fetch::kWhole,
                       [&](auto columns, auto rows) { read_chunk(columns, rows, check); }));
    return check.answer();
  }

 private:
  Result<std::unique_ptr<Connection>> open_empty(const std::string& file) {
    auto connection = std::make_unique<Connection>(api_);
    std::string where = ":memory:";
    if (place_ == Place::kFile) {
      std::error_code error;
      std::filesystem::create_directories(folder_, error);
      where = (folder_ / file).string();
      std::filesystem::remove(where, error);
    }
    SLATE_TRY(connection->open(where));
    SLATE_TRY(connection->execute(std::string(kCreateTable)));
    return connection;
  }

  Result<std::unique_ptr<Connection>> open_indexed(const std::string& file) {
    SLATE_TRY(auto connection, open_empty(file));
    for (const std::string& sql : create_indexes("records", Indexes::kTwo))
      SLATE_TRY(connection->execute(sql));
    return connection;
  }

  template <typename Reader>
  Result<Answer> answer(const Line& line, Reader reader) {
    Statement& statement = *statements_[line.name];
    if (line.is_count()) {
      static constexpr std::array<CellType, 1> kBigint{CellType::kDate};  // 64 bits, as a date's
      std::uint64_t count = 0;
      SLATE_TRY(statement.run(kBigint, fetch_, [&](auto columns, auto) {
        count = static_cast<std::uint64_t>(columns[0].integer(0));
      }));
      return Answer{.rows = count};
    }
    const auto read = [&](auto columns, auto rows) { read_chunk(columns, rows, reader); };
    if (line.work == Work::kGets) {
      SLATE_TRY(connection_->execute("BEGIN"));
      for (const std::string_view id : ids_) {
        statement.bind(1, id);
        SLATE_TRY(statement.run(line.columns, fetch_, read));
      }
      SLATE_TRY(connection_->execute("COMMIT"));
    } else {
      SLATE_TRY(statement.run(line.columns, fetch_, read));
    }
    return reader.answer();
  }

  Result<Answer> update(const Line& line) {
    Statement& statement = *statements_[line.name];
    for (const auto& flip : next_flips_) {
      statement.bind(1, flip.status());
      statement.bind(2, flip.id);
      SLATE_TRY(statement.run({}, Fetch::kWhole, [](auto, auto) {}));
    }
    return Answer{.rows = next_flips_.size()};
  }

  ApiPointer api_;
  std::filesystem::path folder_;
  Place place_;
  Fetch fetch_;
  const Workload& workload_;
  StatusFlips flips_;
  std::vector<StatusFlips::Flip> next_flips_;
  std::vector<std::string_view> ids_;
  // Statements are destroyed before their connection.
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Connection> inserted_;  // of INS, with both indexes
  std::unique_ptr<Connection> updated_;   // of UPD, with both indexes
  std::map<std::string_view, std::unique_ptr<Statement>> statements_;
};

}  // namespace

Result<EngineFamily> open_duckdb(const std::filesystem::path& folder, const std::filesystem::path& library,
                                 const Workload& workload) {
  SLATE_TRY(const auto api, Api::load(library));
  EngineFamily family{.version = fmt::format("DuckDB {}: in memory and in a file, answers whole and "
                                             "streamed, by chunks; its default of a thread a core",
                                             api->library_version())};
  for (const Place place : {Place::kMemory, Place::kFile}) {
    for (const Fetch fetch : {Fetch::kWhole, Fetch::kStream}) {
      const auto own = folder / (fetch == Fetch::kWhole ? "whole" : "stream");
      auto engine = std::make_unique<DuckdbEngine>(api, own, place, fetch, workload);
      SLATE_TRY(engine->open());
      family.engines.push_back(std::move(engine));
    }
  }
  return family;
}

}  // namespace slate::bench::compare
