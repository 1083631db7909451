// Workload W of the performance page: records, the datasource that holds them, and the questions asked of it.
// The same records come out on every machine and with every standard library.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <slate/datasource.h>
#include <slate/query.h>
#include <slate/record.h>

namespace slate::bench {

// Positions in Datasource::fields.
enum class WorkloadField : std::uint8_t {
  kName,
  kStatus,
  kContactsCount,
  kProductRecommendation1,
  kProductRecommendation2,
  kProductRecommendation3,
  kLastContactedAt,
  kNotes,
};
inline constexpr std::size_t kWorkloadFields = 8;

// status and contacts_count are indexed; no loader.
Datasource workload_datasource(std::string id, Durability durability);

// The first `count` records of the workload, ready in memory: about 70 bytes each. Immutable; reading is safe
// from any number of threads.
//   id                      "r00000000", "r00000001", ...
//   name                    8 to 16 letters, upper and lower case
//   status                  active or rejected, evenly
//   contacts_count          0 to 100, evenly
//   product_recommendation  1: ProductA-C, 2: ProductX-Z, 3: Widget1-3, evenly
//   last_contacted_at       a second of the years 2020 to 2024; 30 % null
//   notes                   20 to 40 letters and blanks; 50 % null
class Workload {
 public:
  // O(count). The records of a smaller workload are the first ones of a larger one.
  explicit Workload(std::size_t count);

  std::size_t size() const { return rows_.size(); }
  std::string_view id(std::size_t record) const;
  std::string_view name(std::size_t record) const;
  std::string_view status(std::size_t record) const;
  std::int64_t contacts_count(std::size_t record) const { return rows_[record].contacts_count; }
  // 1, 2 or 3: which of the recommendations.
  std::string_view recommendation(std::size_t record, std::size_t which) const;
  std::optional<Date> last_contacted_at(std::size_t record) const;
  std::optional<std::string_view> notes(std::size_t record) const;

  // The record as a bulk load takes it; null cells are left out. Valid as long as the workload and `room`.
  std::span<const CellRef> cells(std::size_t record, std::array<CellRef, kWorkloadFields>& room) const;
  // The record as a write takes it.
  RecordWrite write(std::size_t record) const;

 private:
  struct Row {
    std::uint64_t text = 0;  // where id, name and notes stand in text_, one after the other
    std::int64_t last_contacted_at = 0;
    std::uint8_t id_bytes = 0;
    std::uint8_t name_bytes = 0;
    std::uint8_t notes_bytes = 0;  // 0: null
    std::uint8_t contacts_count = 0;
    std::array<std::uint8_t, 3> recommendations{};
    bool is_active = false;
    bool was_contacted = false;
  };
  std::vector<Row> rows_;
  std::string text_;
};

// What is done with the answer of a line of the table.
enum class Task : std::uint8_t {
  kQuery,     // run `query` and read every returned cell
  kGets,      // 1,000 records by random ids, each cell read, in one snapshot
  kDistinct,  // the distinct values of the only column of `query`
  kCount,     // how many records match
};

struct WorkloadQuery {
  std::string_view name;  // "Q1"
  std::string_view what;  // "all records, all cells"
  Task task = Task::kQuery;
  Query query;
};

// Q1 to Q18, in order.
std::vector<WorkloadQuery> workload_queries();

// `count` positions below `records`, the same every time. REQUIRES: records > 0.
std::vector<std::size_t> random_positions(std::size_t count, std::size_t records);

}  // namespace slate::bench
