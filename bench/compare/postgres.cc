#include <array>
#include <cstring>
#include <endian.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/try.h"
#include "bench/compare/engines.h"
#include "bench/compare/postgres_server.h"
#include "bench/run.h"

namespace slate::bench::compare {
namespace {

constexpr std::string_view kCreateTable =
    "CREATE TABLE records (id text PRIMARY KEY, name text, status text, contacts_count integer, "
    "product_recommendation1 text, product_recommendation2 text, product_recommendation3 text, "
    "last_contacted_at timestamp, notes text)";
constexpr std::size_t kColumns = 9;
constexpr std::size_t kCopyBytes = 1 << 16;  // handed to libpq at a time
constexpr int kBinary = 1;

// PostgreSQL counts microseconds since 2000-01-01.
constexpr std::int64_t kEpoch = 946'684'800;
constexpr std::int64_t kMicroseconds = 1'000'000;

struct CloseConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct ClearAnswer {
  void operator()(PGresult* answer) const { PQclear(answer); }
};
using PgAnswer = std::unique_ptr<PGresult, ClearAnswer>;

template <typename T>
T big_endian(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  if constexpr (sizeof(T) == 4)
    return static_cast<T>(be32toh(static_cast<std::uint32_t>(value)));
  else
    return static_cast<T>(be64toh(static_cast<std::uint64_t>(value)));
}

template <typename Reader>
void read_rows(const PGresult* answer, const Line& line, Reader& reader) {
  const int rows = PQntuples(answer);
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < static_cast<int>(line.columns.size()); ++column) {
      const char* value = PQgetvalue(answer, row, column);
      const int length = PQgetlength(answer, row, column);
      if (length == 0 && PQgetisnull(answer, row, column)) {
        reader.null();
        continue;
      }
      switch (line.columns[static_cast<std::size_t>(column)]) {
        case CellType::kText: reader.text({value, static_cast<std::size_t>(length)}); break;
        case CellType::kInteger: reader.integer(big_endian<std::int32_t>(value)); break;
        case CellType::kDate: reader.integer(big_endian<std::int64_t>(value) / kMicroseconds + kEpoch); break;
      }
    }
    reader.end_row();
  }
}

// Rows in the binary format of COPY.
class CopyBuffer {
 public:
  CopyBuffer() {
    constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
    bytes_ = kSignature;
  }
  void add(const Workload& workload, std::size_t record) {
    number(htobe16(kColumns));
    text(workload.id(record));
    text(workload.name(record));
    text(workload.status(record));
    number(htobe32(4));
    number(htobe32(static_cast<std::uint32_t>(workload.contacts_count(record))));
    for (const std::size_t which : {1, 2, 3}) text(workload.recommendation(record, which));
    if (const auto date = workload.last_contacted_at(record)) {
      number(htobe32(8));
      number(htobe64(static_cast<std::uint64_t>((date->seconds - kEpoch) * kMicroseconds)));
    } else {
      number(kNullLength);
    }
    if (const auto notes = workload.notes(record))
      text(*notes);
    else
      number(kNullLength);
  }
  void end() { number(std::uint16_t{0xffff}); }

  std::string& bytes() { return bytes_; }

 private:
  static constexpr std::uint32_t kNullLength = 0xffff'ffff;

  template <typename T>
  void number(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void text(std::string_view text) {
    number(htobe32(static_cast<std::uint32_t>(text.size())));
    bytes_ += text;
  }

  std::string bytes_;
};

class Connection {
 public:
  Result<void> open(const std::string& where) {
    connection_.reset(PQconnectdb(where.c_str()));
    if (PQstatus(connection_.get()) != CONNECTION_OK) return error("connecting");
    PQsetNoticeProcessor(
        connection_.get(), [](void*, const char*) {}, nullptr);
    return {};
  }

  Result<void> execute(const std::string& sql) {
    const PgAnswer answer(PQexec(connection_.get(), sql.c_str()));
    return expect(answer.get(), PGRES_COMMAND_OK, sql);
  }

  Result<void> prepare(const std::string& name, const std::string& sql) {
    const PgAnswer answer(PQprepare(connection_.get(), name.c_str(), sql.c_str(), 0, nullptr));
    return expect(answer.get(), PGRES_COMMAND_OK, sql);
  }

  // All of the answer, in the binary format.
  template <std::size_t kCount>
  Result<PgAnswer> run(const std::string& name, const std::array<std::string_view, kCount>& texts,
                       ExecStatusType expected) {
    std::array<const char*, kCount> values{};
    std::array<int, kCount> lengths{}, formats{};
    for (std::size_t i = 0; i < kCount; ++i) {
      values[i] = texts[i].data();
      lengths[i] = static_cast<int>(texts[i].size());
      formats[i] = kBinary;  // so that lengths count, and the texts need not end in a zero
    }
    PgAnswer answer(PQexecPrepared(connection_.get(), name.c_str(), static_cast<int>(kCount), values.data(),
                                   lengths.data(), formats.data(), kBinary));
    SLATE_TRY(expect(answer.get(), expected, name));
    return answer;
  }

  // Into the table `records`, in one transaction.
  Result<void> copy(const Workload& workload, std::size_t begin, std::size_t end) {
    constexpr const char* kCopy = "COPY records FROM STDIN (FORMAT binary)";
    const PgAnswer started(PQexec(connection_.get(), kCopy));
    SLATE_TRY(expect(started.get(), PGRES_COPY_IN, kCopy));
    CopyBuffer buffer;
    for (std::size_t i = begin; i < end; ++i) {
      buffer.add(workload, i);
      if (buffer.bytes().size() >= kCopyBytes) SLATE_TRY(send(buffer));
    }
    buffer.end();
    SLATE_TRY(send(buffer));
    if (PQputCopyEnd(connection_.get(), nullptr) != 1) return error(kCopy);
    const PgAnswer ended(PQgetResult(connection_.get()));
    SLATE_TRY(expect(ended.get(), PGRES_COMMAND_OK, kCopy));
    while (PgAnswer rest{PQgetResult(connection_.get())}) {
    }
    return {};
  }

  Failure error(std::string_view what) const {
    return fail(Reason::kInternal,
                fmt::format("PostgreSQL: {}: {}", what, PQerrorMessage(connection_.get())));
  }
  int server_version() const { return PQserverVersion(connection_.get()); }

 private:
  Result<void> expect(const PGresult* answer, ExecStatusType expected, std::string_view what) const {
    return PQresultStatus(answer) == expected ? Result<void>() : error(what);
  }
  Result<void> send(CopyBuffer& buffer) {
    std::string& bytes = buffer.bytes();
    if (PQputCopyData(connection_.get(), bytes.data(), static_cast<int>(bytes.size())) != 1)
      return error("COPY");
    bytes.clear();
    return {};
  }

  std::unique_ptr<PGconn, CloseConnection> connection_;
};

class PostgresEngine : public Engine {
 public:
  PostgresEngine(std::shared_ptr<PostgresServer> server, Indexes indexes, const Workload& workload)
      : server_(std::move(server)), indexes_(indexes), workload_(workload), flips_(workload) {
    for (const std::size_t position : random_positions(kGets, workload.size()))
      ids_.push_back(workload.id(position));
  }

  // Indexes are made after the records. VACUUM lets counts be answered by an index alone.
  Result<void> open() {
    SLATE_TRY(connection_.open(server_->connection_string()));
    SLATE_TRY(connection_.execute(fmt::format("CREATE SCHEMA {}", schema())));
    SLATE_TRY(connection_.execute(fmt::format("SET search_path TO {}", schema())));
    SLATE_TRY(connection_.execute(std::string(kCreateTable)));
    SLATE_TRY(connection_.copy(workload_, 0, workload_.size()));
    for (const std::string& sql : create_indexes("records", indexes_)) SLATE_TRY(connection_.execute(sql));
    return connection_.execute("VACUUM (ANALYZE) records");
  }

  int server_version() const { return connection_.server_version(); }

  Role role() const override { return Role::kPeer; }
  std::string_view name() const override { return "PostgreSQL"; }
  Indexes indexes() const override { return indexes_; }
  bool runs(const Line& line) const override {
    if (line.work == Work::kLoad) return false;
    return !line.is_write() || indexes_ == Indexes::kTwo;
  }

  Result<void> prepare(const Line& line) override {
    if (line.work == Work::kInsert) return prepare_insert();
    if (line.work == Work::kUpdate) {
      next_flips_ = flips_.next();
      SLATE_TRY(connection_.execute(fmt::format("SET search_path TO {}", schema())));
    }
    const std::string name(line.name);
    if (!prepared_.contains(name)) {
      SLATE_TRY(connection_.prepare(name, sql_for(line, CaselessLike::kIlike)));
      prepared_.insert(name);
    }
    return {};
  }

  Result<Answer> run(const Line& line) override {
    switch (line.work) {
      case Work::kInsert: return insert();
      case Work::kUpdate: return update(line);
      default: return answer(line, CellFold());
    }
  }

  Result<Answer> check(const Line& line) override {
    CellCheck check(line.key_columns);
    if (!line.is_write()) return answer(line, check);
    const bool was_insert = line.work == Work::kInsert;
    const std::string name = fmt::format("check_{}", line.name);
    SLATE_TRY(connection_.prepare(
        name, fmt::format("SELECT {} FROM {}.records", kAllColumns, was_insert ? kInserts : schema())));
    SLATE_TRY(const PgAnswer all, connection_.run<0>(name, {}, PGRES_TUPLES_OK));
    read_rows(all.get(), line, check);
    return check.answer();
  }

 private:
  static constexpr std::string_view kInserts = "inserts";  // the schema of INS

  std::string_view schema() const { return indexes_ == Indexes::kTwo ? "two" : "compound"; }

  Result<void> prepare_insert() {
    SLATE_TRY(connection_.execute(fmt::format("DROP SCHEMA IF EXISTS {} CASCADE", kInserts)));
    SLATE_TRY(connection_.execute(fmt::format("CREATE SCHEMA {}", kInserts)));
    SLATE_TRY(connection_.execute(fmt::format("SET search_path TO {}", kInserts)));
    SLATE_TRY(connection_.execute(std::string(kCreateTable)));
    for (const std::string& sql : create_indexes("records", indexes_)) SLATE_TRY(connection_.execute(sql));
    return {};
  }

  Result<Answer> insert() {
    for (std::size_t share = 0; share < kInsertTransactions; ++share) {
      const auto [begin, end] = insert_share(share, workload_.size());
      SLATE_TRY(connection_.copy(workload_, begin, end));
    }
    return Answer{.rows = workload_.size()};
  }

  Result<Answer> update(const Line& line) {
    const std::string name(line.name);
    for (const auto& flip : next_flips_)
      SLATE_TRY(connection_.run<2>(name, {flip.status(), flip.id}, PGRES_COMMAND_OK));
    return Answer{.rows = next_flips_.size()};
  }

  template <typename Reader>
  Result<Answer> answer(const Line& line, Reader reader) {
    const std::string name(line.name);
    if (line.work == Work::kGets) {
      SLATE_TRY(connection_.execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"));
      for (const std::string_view id : ids_) {
        SLATE_TRY(const PgAnswer one, connection_.run<1>(name, {id}, PGRES_TUPLES_OK));
        read_rows(one.get(), line, reader);
      }
      SLATE_TRY(connection_.execute("COMMIT"));
      return reader.answer();
    }
    SLATE_TRY(const PgAnswer all, connection_.run<0>(name, {}, PGRES_TUPLES_OK));
    if (line.is_count())
      return Answer{.rows =
                        static_cast<std::uint64_t>(big_endian<std::int64_t>(PQgetvalue(all.get(), 0, 0)))};
    read_rows(all.get(), line, reader);
    return reader.answer();
  }

  std::shared_ptr<PostgresServer> server_;
  Indexes indexes_;
  const Workload& workload_;
  StatusFlips flips_;
  std::vector<StatusFlips::Flip> next_flips_;
  std::vector<std::string_view> ids_;
  std::set<std::string> prepared_;
  Connection connection_;
};

}  // namespace

Result<EngineFamily> open_postgres(const std::filesystem::path& programs, const Workload& workload) {
  SLATE_TRY(const std::shared_ptr<PostgresServer> server, PostgresServer::start(programs, workload.size()));
  EngineFamily family;
  int version = 0;
  for (const Indexes indexes : {Indexes::kTwo, Indexes::kTwoAndCompound}) {
    auto engine = std::make_unique<PostgresEngine>(server, indexes, workload);
    SLATE_TRY(engine->open());
    version = engine->server_version();
    family.engines.push_back(std::move(engine));
  }
  family.version = fmt::format(
      "PostgreSQL {}.{}: Unix socket, fsync off, binary results, VACUUM ANALYZE, its default of 2 parallel "
      "workers",
      version / 10'000, version % 10'000);
  return family;
}

}  // namespace slate::bench::compare
