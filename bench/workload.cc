#include "bench/workload.h"

#include <fmt/format.h>
#include <iterator>
#include <random>
#include <utility>

namespace slate::bench {
namespace {

constexpr std::uint64_t kRecordSeed = 0x51a7e5eedULL;
constexpr std::uint64_t kPositionSeed = 0x9e7a11e5ULL;

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kNoteCharacters = "abcdefghijklmnopqrstuvwxyz      ";
constexpr std::int64_t kFirstContact = 1'577'836'800;   // 2020-01-01
constexpr std::uint64_t kContactSeconds = 157'852'800;  // to the end of 2024

constexpr std::array<std::array<std::string_view, 3>, 3> kRecommendations{{
    {"ProductA", "ProductB", "ProductC"},
    {"ProductX", "ProductY", "ProductZ"},
    {"Widget1", "Widget2", "Widget3"},
}};

// Of the standard's generators and distributions only the engines give the same numbers everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  // Evenly from 0 to `bound` - 1, up to a bias of bound / 2^32. REQUIRES: 0 < bound < 2^32.
  std::uint64_t below(std::uint64_t bound) { return ((engine_() >> 32) * bound) >> 32; }
  bool percent(std::uint64_t share) { return below(100) < share; }
  void append_text(std::string& out, std::size_t length, std::string_view characters) {
    for (std::size_t i = 0; i < length; ++i) out += characters[below(characters.size())];
  }

 private:
  std::mt19937_64 engine_;
};

std::uint32_t position(WorkloadField field) { return static_cast<std::uint32_t>(field); }

Filter equals(std::string field, std::string_view text) {
  return Filter::condition(std::move(field), Op::kEq, text);
}
Filter active() { return equals("status", "active"); }
Filter is_null(std::string field) { return Filter::condition(std::move(field), Op::kIsnull, true); }
std::vector<SortKey> by_contacts_count() { return {{.field = "contacts_count"}}; }

}  // namespace

Datasource workload_datasource(std::string id, Durability durability) {
  const auto text = [](std::string name) { return Field{.name = std::move(name), .type = Type::kString}; };
  Datasource datasource{.id = std::move(id), .title = "Workload W", .durability = durability};
  datasource.fields = {text("name"),
                       {.name = "status", .type = Type::kString, .indexed = true},
                       {.name = "contacts_count", .type = Type::kInt, .indexed = true},
                       text("product_recommendation1"),
                       text("product_recommendation2"),
                       text("product_recommendation3"),
                       {.name = "last_contacted_at", .type = Type::kDate},
                       text("notes")};
  return datasource;
}

Workload::Workload(std::size_t count) {
  rows_.reserve(count);
  text_.reserve(count * 37);
  Random random(kRecordSeed);
  for (std::size_t i = 0; i < count; ++i) {
    Row row{.text = text_.size()};
    fmt::format_to(std::back_inserter(text_), "r{:08}", i);
    row.id_bytes = static_cast<std::uint8_t>(text_.size() - row.text);
    row.name_bytes = static_cast<std::uint8_t>(8 + random.below(9));
    random.append_text(text_, row.name_bytes, kLetters);
    row.is_active = random.below(2) == 0;
    row.contacts_count = static_cast<std::uint8_t>(random.below(101));
    for (std::uint8_t& choice : row.recommendations) choice = static_cast<std::uint8_t>(random.below(3));
    row.was_contacted = !random.percent(30);
    row.last_contacted_at = kFirstContact + static_cast<std::int64_t>(random.below(kContactSeconds));
    if (!random.percent(50)) {
      row.notes_bytes = static_cast<std::uint8_t>(20 + random.below(21));
      random.append_text(text_, row.notes_bytes, kNoteCharacters);
    }
    rows_.push_back(row);
  }
}

std::string_view Workload::id(std::size_t record) const {
  return std::string_view(text_).substr(rows_[record].text, rows_[record].id_bytes);
}

std::string_view Workload::name(std::size_t record) const {
  const Row& row = rows_[record];
  return std::string_view(text_).substr(row.text + row.id_bytes, row.name_bytes);
}

std::string_view Workload::status(std::size_t record) const {
  return rows_[record].is_active ? "active" : "rejected";
}

std::string_view Workload::recommendation(std::size_t record, std::size_t which) const {
  return kRecommendations[which - 1][rows_[record].recommendations[which - 1]];
}

std::optional<Date> Workload::last_contacted_at(std::size_t record) const {
  if (!rows_[record].was_contacted) return std::nullopt;
  return Date{rows_[record].last_contacted_at};
}

std::optional<std::string_view> Workload::notes(std::size_t record) const {
  const Row& row = rows_[record];
  if (row.notes_bytes == 0) return std::nullopt;
  return std::string_view(text_).substr(row.text + row.id_bytes + row.name_bytes, row.notes_bytes);
}

std::span<const CellRef> Workload::cells(std::size_t record,
                                         std::array<CellRef, kWorkloadFields>& room) const {
  using enum WorkloadField;
  room[0] = {position(kName), name(record)};
  room[1] = {position(kStatus), status(record)};
  room[2] = {position(kContactsCount), contacts_count(record)};
  room[3] = {position(kProductRecommendation1), recommendation(record, 1)};
  room[4] = {position(kProductRecommendation2), recommendation(record, 2)};
  room[5] = {position(kProductRecommendation3), recommendation(record, 3)};
  std::size_t used = 6;
  if (const auto date = last_contacted_at(record)) room[used++] = {position(kLastContactedAt), *date};
  if (const auto text = notes(record)) room[used++] = {position(kNotes), *text};
  return std::span(room).first(used);
}

RecordWrite Workload::write(std::size_t record) const {
  RecordWrite write{.kind = WriteKind::kReplace, .id = std::string(id(record))};
  write.cells.reserve(kWorkloadFields);
  write.cells.emplace_back("name", name(record));
  write.cells.emplace_back("status", status(record));
  write.cells.emplace_back("contacts_count", contacts_count(record));
  write.cells.emplace_back("product_recommendation1", recommendation(record, 1));
  write.cells.emplace_back("product_recommendation2", recommendation(record, 2));
  write.cells.emplace_back("product_recommendation3", recommendation(record, 3));
  if (const auto date = last_contacted_at(record)) write.cells.emplace_back("last_contacted_at", *date);
  if (const auto text = notes(record)) write.cells.emplace_back("notes", *text);
  return write;
}

std::vector<WorkloadQuery> workload_queries() {
  const auto all = [](Filter first, Filter second) {
    return Filter::all_of({std::move(first), std::move(second)});
  };
  const auto count_descending_then_name = [] {
    return std::vector<SortKey>{{.field = "contacts_count", .direction = Direction::kDescending},
                                {.field = "name"}};
  };
  const auto recommended = [](int which, std::string_view product) {
    return equals("product_recommendation" + std::to_string(which), product);
  };
  const auto names_and_statuses = std::vector<std::string>{"name", "status"};
  const auto first_recommendations = std::vector<std::string>{"product_recommendation1"};
  return {
      {"Q1", "all records, all cells", Task::kQuery, {}},
      {"Q2", "status=active", Task::kQuery, {.filter = active()}},
      {"Q3", "rec1=ProductA, no index", Task::kQuery, {.filter = recommended(1, "ProductA")}},
      {"Q4",
       "status, rec1, rec2",
       Task::kQuery,
       {.filter = Filter::all_of({active(), recommended(1, "ProductA"), recommended(2, "ProductX")})}},
      {"Q5",
       "status, sort contacts_count, skip 100, take 50",
       Task::kQuery,
       {.filter = active(), .sort = by_contacts_count(), .skip = 100, .take = 50}},
      {"Q6",
       "status, sort contacts_count, all",
       Task::kQuery,
       {.filter = active(), .sort = by_contacts_count()}},
      {"Q7", "status, take 200", Task::kQuery, {.filter = active(), .take = 200}},
      {"Q8",
       "status, sort contacts_count, take 200",
       Task::kQuery,
       {.filter = active(), .sort = by_contacts_count(), .take = 200}},
      {"Q9", "sort contacts_count, take 200", Task::kQuery, {.sort = by_contacts_count(), .take = 200}},
      {"Q10",
       "sort contacts_count desc, name, take 200",
       Task::kQuery,
       {.sort = count_descending_then_name(), .take = 200}},
      {"Q11", "last_contacted_at is null", Task::kQuery, {.filter = is_null("last_contacted_at")}},
      {"Q12", "notes is null", Task::kQuery, {.filter = is_null("notes")}},
      {"Q13", "status=active and notes is null", Task::kQuery, {.filter = all(active(), is_null("notes"))}},
      {"Q14", "1,000 random gets by id, one snapshot", Task::kGets, {}},
      {"Q15", "name and status of all", Task::kQuery, {.columns = names_and_statuses}},
      {"Q16", "distinct rec1", Task::kDistinct, {.columns = first_recommendations}},
      {"Q17", "count status=active", Task::kCount, {.filter = active()}},
      {"Q18",
       "name icontains \"ab\"",
       Task::kQuery,
       {.filter = Filter::condition("name", Op::kIcontains, "ab")}},
  };
}

std::vector<std::size_t> random_positions(std::size_t count, std::size_t records) {
  Random random(kPositionSeed);
  std::vector<std::size_t> positions;
  positions.reserve(count);
  for (std::size_t i = 0; i < count; ++i) positions.push_back(random.below(records));
  return positions;
}

}  // namespace slate::bench
