#include "bench/compare/line.h"

#include <algorithm>
#include <fmt/format.h>

#include "bench/run.h"

namespace slate::bench::compare {
namespace {

using enum CellType;

// Positions in full rows.
constexpr std::size_t kNameCell = 1, kStatusCell = 2, kCountCell = 3;

const std::vector<CellType> kFullRow{kText, kText, kText, kInteger, kText, kText, kText, kDate, kText};

// What the queries of workload_queries() are in SQL, and how their answers are compared.
struct Translation {
  std::string_view name;
  std::string_view tail;  // after SELECT ... FROM records
  bool is_scan = false;
  Goal goal;
  Determined determined = Determined::kRows;
  std::vector<std::size_t> key_columns{};
};

std::vector<Translation> translations() {
  using enum Determined;
  return {
      {"Q1", "", true, {4.5}},
      {"Q2", "WHERE status = 'active'", true, {2.5}},
      {"Q3", "WHERE product_recommendation1 = 'ProductA'", true, {2}},
      {"Q4",
       "WHERE status = 'active' AND product_recommendation1 = 'ProductA' AND product_recommendation2 = "
       "'ProductX'",
       true,
       {0.45}},
      {"Q5",
       "WHERE status = 'active' ORDER BY contacts_count LIMIT 50 OFFSET 100",
       false,
       {0.02},
       kKeys,
       {kStatusCell, kCountCell}},
      {"Q6", "WHERE status = 'active' ORDER BY contacts_count", true, {5}, kRows, {kStatusCell, kCountCell}},
      {"Q7", "WHERE status = 'active' LIMIT 200", false, {0.01}, kKeys, {kStatusCell}},
      {"Q8",
       "WHERE status = 'active' ORDER BY contacts_count LIMIT 200",
       false,
       {0.05, 0.03},
       kKeys,
       {kStatusCell, kCountCell}},
      {"Q9", "ORDER BY contacts_count LIMIT 200", false, {0.03}, kKeys, {kCountCell}},
      {"Q10", "ORDER BY contacts_count DESC, name LIMIT 200", false, {0.2}, kKeys, {kNameCell, kCountCell}},
      {"Q11", "WHERE last_contacted_at IS NULL", true, {1.7}},
      {"Q12", "WHERE notes IS NULL", true, {2.2}},
      {"Q13", "WHERE status = 'active' AND notes IS NULL", true, {1.3}},
      {"Q14", "WHERE id = $1", false, {0.5}},
      {"Q15", "", true, {1.4}},
      {"Q16", "", true, {0.03}},
      {"Q17", "WHERE status = 'active'", false, {0.01}},
      {"Q18", "WHERE name {ilike} '%ab%'", true, {1.5}},
  };
}

Line query_line(const WorkloadQuery& query, const Translation& translation) {
  Line line{.name = query.name,
            .what = query.what,
            .work = query.task == Task::kGets ? Work::kGets : Work::kQuery,
            .query = query,
            .columns = kFullRow,
            .determined = translation.determined,
            .key_columns = translation.key_columns,
            .is_scan = translation.is_scan,
            .goal = translation.goal};
  std::string selected(kAllColumns);
  if (query.task == Task::kDistinct) {
    line.what = "distinct rec1";
    line.columns = {kText};
    selected = "DISTINCT product_recommendation1";
  } else if (query.task == Task::kCount) {
    line.columns = {kInteger};
    selected = "count(*)";
  } else if (query.query.columns) {
    // Slate's rows always have their id.
    line.columns = {kText, kText, kText};
    selected = "id, name, status";
  }
  line.sql = fmt::format("SELECT {} FROM records", selected);
  if (!translation.tail.empty()) line.sql += fmt::format(" {}", translation.tail);
  return line;
}

std::vector<Line> make_lines() {
  std::vector<Line> made;
  const auto known = translations();
  const auto queries = workload_queries();
  for (std::size_t i = 0; i < queries.size(); ++i) made.push_back(query_line(queries[i], known.at(i)));
  made.push_back({.name = "INS",
                  .what = "10 transactions of N/10, both indexes",
                  .work = Work::kInsert,
                  .columns = kFullRow,
                  .goal = {90}});
  made.push_back({.name = "LOAD",
                  .what = "refresh of N records from memory, both indexes",
                  .work = Work::kLoad,
                  .columns = kFullRow,
                  .goal = {60}});
  made.push_back({.name = "UPD",
                  .what = "1,000 single updates that flip status",
                  .work = Work::kUpdate,
                  .sql = "UPDATE records SET status = $1 WHERE id = $2",
                  .columns = kFullRow,
                  .goal = {12}});
  return made;
}

}  // namespace

const std::vector<Line>& lines() {
  static const std::vector<Line> all = make_lines();
  return all;
}

std::string sql_for(const Line& line, CaselessLike like) {
  constexpr std::string_view kMark = "{ilike}";
  std::string sql = line.sql;
  if (const auto at = sql.find(kMark); at != std::string::npos)
    sql.replace(at, kMark.size(), like == CaselessLike::kIlike ? "ILIKE" : "LIKE");
  return sql;
}

std::vector<std::string> create_indexes(std::string_view table, Indexes indexes) {
  std::vector<std::string> made{
      fmt::format("CREATE INDEX {0}_status ON {0} (status)", table),
      fmt::format("CREATE INDEX {0}_contacts_count ON {0} (contacts_count)", table),
  };
  if (indexes == Indexes::kTwoAndCompound)
    made.push_back(fmt::format("CREATE INDEX {0}_compound ON {0} (status, contacts_count)", table));
  return made;
}

StatusFlips::StatusFlips(const Workload& workload)
    : workload_(workload), positions_(random_positions(kUpdates, workload.size())) {
  is_active_.reserve(workload.size());
  for (std::size_t i = 0; i < workload.size(); ++i) is_active_.push_back(workload.status(i) == "active");
}

std::vector<StatusFlips::Flip> StatusFlips::next() {
  std::vector<Flip> flips;
  flips.reserve(positions_.size());
  for (const std::size_t record : positions_) {
    is_active_[record] = !is_active_[record];
    flips.push_back({.record = record, .id = workload_.id(record), .is_active = is_active_[record]});
  }
  return flips;
}

std::pair<std::size_t, std::size_t> insert_share(std::size_t share, std::size_t records) {
  const std::size_t size = records / kInsertTransactions;
  return {share * size, share + 1 == kInsertTransactions ? records : (share + 1) * size};
}

}  // namespace slate::bench::compare
