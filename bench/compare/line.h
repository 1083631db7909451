// The lines of the comparison: workload W, as every engine is told it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/workload.h"

namespace slate::bench::compare {

enum class Work : std::uint8_t {
  kQuery,   // `query`, which is `sql`
  kGets,    // `sql` with the id as $1, kGets times, each answered before the next is asked; one transaction
  kInsert,  // all records into an empty table, in kInsertTransactions transactions; both indexes
  kLoad,    // all records at once, in place of those that were there; both indexes
  kUpdate,  // the flips of StatusFlips, a transaction each; `sql` with the status as $1 and the id as $2
};

enum class CellType : std::uint8_t { kText, kInteger, kDate };

// Which parts of two answers have to be equal.
enum class Determined : std::uint8_t {
  kRows,  // the set of rows: number and checksum of all cells, and the order of the key columns
  kKeys,  // ties at the cut may fall either way: number of rows, and the key columns in their order
};

// What page 7 of the design asks for at 100,000 records.
struct Goal {
  double ms = 0;
  std::optional<double> compound_ms{};  // with a compound index
};

struct Line {
  std::string_view name;  // "Q1"
  std::string_view what;
  Work work = Work::kQuery;
  WorkloadQuery query;  // kQuery and kGets
  std::string sql;      // queries and updates, in the dialect that SQLite, PostgreSQL and DuckDB share
  std::vector<CellType> columns;  // of every row; of writes, those of the check
  Determined determined = Determined::kRows;
  std::vector<std::size_t>
      key_columns;       // ascending positions in `columns`: what the query sorts or selects by
  bool is_scan = false;  // reads most records; here the goal is three times the best peer
  Goal goal;

  bool is_write() const { return work != Work::kQuery && work != Work::kGets; }
  bool is_count() const { return work == Work::kQuery && query.task == Task::kCount; }
};

// Q1 to Q18, INS, LOAD, UPD.
const std::vector<Line>& lines();

// Columns of the SQL engines' table, in the order in which full rows have them: the id, then the fields.
inline constexpr std::string_view kAllColumns =
    "id, name, status, contacts_count, product_recommendation1, product_recommendation2, "
    "product_recommendation3, last_contacted_at, notes";

// A name like '%ab%' in any case: where the dialects differ.
enum class CaselessLike : std::uint8_t { kLike, kIlike };
std::string sql_for(const Line& line, CaselessLike like);
// CREATE INDEX statements on the table of that name.
enum class Indexes : std::uint8_t { kTwo, kTwoAndCompound };
std::vector<std::string> create_indexes(std::string_view table, Indexes indexes);

// Which records UPD changes, and to what: the same sequence for every engine. Each flips the status that the
// flips before it left.
class StatusFlips {
 public:
  // The workload must outlive the object.
  explicit StatusFlips(const Workload& workload);
  struct Flip {
    std::size_t record = 0;
    std::string_view id;
    bool is_active = false;  // from now on
    std::string_view status() const { return is_active ? "active" : "rejected"; }
  };
  // kUpdates flips: those of one run. Valid as long as the workload.
  std::vector<Flip> next();

 private:
  const Workload& workload_;
  std::vector<std::size_t> positions_;
  std::vector<bool> is_active_;
};

// INS: the records of transaction `share`, from begin to end.
std::pair<std::size_t, std::size_t> insert_share(std::size_t share, std::size_t records);

}  // namespace slate::bench::compare
