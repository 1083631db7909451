// V: what a program could do that has the records in a std::vector and nothing else. Low-cardinality strings
// are codes, the others views of one text, so that a record is a cache line and a bit. No index: lines that
// live off one are left to raw LMDB.
#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <vector>

#include "bench/compare/engines.h"

namespace slate::bench::compare {
namespace {

constexpr std::size_t kCounts = 101;  // contacts_count is 0 to 100

struct Row {
  std::string_view id;
  std::string_view name;
  std::string_view notes;  // null data: null
  std::int64_t last_contacted_at = 0;
  std::uint8_t contacts_count = 0;
  bool was_contacted = false;
  bool is_active = false;
  std::array<std::uint8_t, 3> recommendations{};  // codes in kRecommendations
};

constexpr std::array<std::array<std::string_view, 3>, 3> kRecommendations{{
    {"ProductA", "ProductB", "ProductC"},
    {"ProductX", "ProductY", "ProductZ"},
    {"Widget1", "Widget2", "Widget3"},
}};

std::uint8_t code_of(std::size_t which, std::string_view text) {
  const auto& texts = kRecommendations[which - 1];
  return static_cast<std::uint8_t>(std::ranges::find(texts, text) - texts.begin());
}

std::string_view status_of(const Row& row) { return row.is_active ? "active" : "rejected"; }

template <typename Reader>
void read_row(const Row& row, Reader& reader) {
  reader.text(row.id);
  reader.text(row.name);
  reader.text(status_of(row));
  reader.integer(row.contacts_count);
  for (std::size_t i = 0; i < 3; ++i) reader.text(kRecommendations[i][row.recommendations[i]]);
  row.was_contacted ? reader.integer(row.last_contacted_at) : reader.null();
  row.notes.data() != nullptr ? reader.text(row.notes) : reader.null();
  reader.end_row();
}

// ASCII letters only, as names are.
bool contains_ab(std::string_view text) {
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    if ((text[i] | 0x20) == 'a' && (text[i + 1] | 0x20) == 'b') return true;
  return false;
}

class Rows {
 public:
  void load(const Workload& workload) {
    text_.clear();
    rows_.clear();
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < workload.size(); ++i)
      bytes += workload.id(i).size() + workload.name(i).size() + workload.notes(i).value_or("").size();
    text_.reserve(bytes);  // never moved: views of it stay
    rows_.reserve(workload.size());
    for (std::size_t i = 0; i < workload.size(); ++i) {
      Row row{.id = keep(workload.id(i)), .name = keep(workload.name(i))};
      if (const auto notes = workload.notes(i)) row.notes = keep(*notes);
      if (const auto date = workload.last_contacted_at(i)) {
        row.was_contacted = true;
        row.last_contacted_at = date->seconds;
      }
      row.contacts_count = static_cast<std::uint8_t>(workload.contacts_count(i));
      row.is_active = workload.status(i) == "active";
      for (std::size_t which = 1; which <= 3; ++which)
        row.recommendations[which - 1] = code_of(which, workload.recommendation(i, which));
      rows_.push_back(row);
    }
  }

  template <typename Reader, typename Predicate>
  void scan(Reader& reader, Predicate matches) const {
    for (const Row& row : rows_)
      if (matches(row)) read_row(row, reader);
  }

  // Q6: the active ones by contacts_count, sorted by counting.
  template <typename Reader>
  void active_by_count(Reader& reader) const {
    std::array<std::size_t, kCounts + 1> begins{};
    for (const Row& row : rows_) begins[row.contacts_count + 1U] += row.is_active ? 1 : 0;
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    std::vector<const Row*> sorted(begins.back());
    for (const Row& row : rows_)
      if (row.is_active) sorted[begins[row.contacts_count]++] = &row;
    for (const Row* row : sorted) read_row(*row, reader);
  }

  // Q10: contacts_count descending, then name; the first 200.
  template <typename Reader>
  void top_by_count_and_name(Reader& reader) const {
    constexpr std::size_t kTake = 200;
    std::array<std::size_t, kCounts> counts{};
    for (const Row& row : rows_) ++counts[row.contacts_count];
    std::size_t least = kCounts, enough = 0;
    while (least > 0 && enough < kTake) enough += counts[--least];
    std::vector<const Row*> candidates;
    candidates.reserve(enough);
    for (const Row& row : rows_)
      if (row.contacts_count >= least) candidates.push_back(&row);
    const auto end = candidates.begin() + static_cast<std::ptrdiff_t>(std::min(kTake, candidates.size()));
    std::partial_sort(candidates.begin(), end, candidates.end(), [](const Row* a, const Row* b) {
      return a->contacts_count != b->contacts_count ? a->contacts_count > b->contacts_count
                                                    : a->name < b->name;
    });
    for (auto row = candidates.begin(); row != end; ++row) read_row(**row, reader);
  }

  template <typename Reader>
  void first_active(std::size_t take, Reader& reader) const {
    for (const Row& row : rows_) {
      if (take == 0) break;
      if (!row.is_active) continue;
      read_row(row, reader);
      --take;
    }
  }

  template <typename Reader>
  void names_and_statuses(Reader& reader) const {
    for (const Row& row : rows_) {
      reader.text(row.id);
      reader.text(row.name);
      reader.text(status_of(row));
      reader.end_row();
    }
  }

  template <typename Reader>
  void distinct_recommendations(Reader& reader) const {
    std::array<bool, 3> seen{};
    for (const Row& row : rows_) seen[row.recommendations[0]] = true;
    for (std::size_t code = 0; code < seen.size(); ++code) {
      if (!seen[code]) continue;
      reader.text(kRecommendations[0][code]);
      reader.end_row();
    }
  }

  std::uint64_t count_active() const {
    std::uint64_t count = 0;
    for (const Row& row : rows_) count += row.is_active ? 1 : 0;
    return count;
  }

 private:
  std::string_view keep(std::string_view text) {
    const std::size_t at = text_.size();
    text_ += text;
    return std::string_view(text_).substr(at);
  }

  std::string text_;
  std::vector<Row> rows_;
};

class VectorEngine : public Engine {
 public:
  explicit VectorEngine(const Workload& workload) : workload_(workload) { rows_.load(workload); }

  Role role() const override { return Role::kLimit; }
  std::string_view name() const override { return "V"; }
  Indexes indexes() const override { return Indexes::kTwo; }
  std::string_view setup() const override { return "no index"; }
  bool runs(const Line& line) const override {
    static constexpr std::array<std::string_view, 6> kLeftOut{"Q5", "Q8", "Q9", "Q14", "INS", "UPD"};
    return std::ranges::find(kLeftOut, line.name) == kLeftOut.end();
  }

  Result<void> prepare(const Line&) override { return {}; }

  Result<Answer> run(const Line& line) override {
    if (line.work == Work::kLoad) {
      rows_.load(workload_);
      return Answer{.rows = workload_.size()};
    }
    return answer(line, CellFold());
  }

  Result<Answer> check(const Line& line) override { return answer(line, CellCheck(line.key_columns)); }

 private:
  template <typename Reader>
  Result<Answer> answer(const Line& line, Reader reader) const {
    constexpr std::uint8_t kA = 0, kX = 0;
    if (line.name == "Q1" || line.work == Work::kLoad)
      rows_.scan(reader, [](const Row&) { return true; });
    else if (line.name == "Q2")
      rows_.scan(reader, [](const Row& row) { return row.is_active; });
    else if (line.name == "Q3")
      rows_.scan(reader, [](const Row& row) { return row.recommendations[0] == kA; });
    else if (line.name == "Q4")
      rows_.scan(reader, [](const Row& row) {
        return row.is_active && row.recommendations[0] == kA && row.recommendations[1] == kX;
      });
    else if (line.name == "Q6")
      rows_.active_by_count(reader);
    else if (line.name == "Q7")
      rows_.first_active(200, reader);
    else if (line.name == "Q10")
      rows_.top_by_count_and_name(reader);
    else if (line.name == "Q11")
      rows_.scan(reader, [](const Row& row) { return !row.was_contacted; });
    else if (line.name == "Q12")
      rows_.scan(reader, [](const Row& row) { return row.notes.data() == nullptr; });
    else if (line.name == "Q13")
      rows_.scan(reader, [](const Row& row) { return row.is_active && row.notes.data() == nullptr; });
    else if (line.name == "Q15")
      rows_.names_and_statuses(reader);
    else if (line.name == "Q16")
      rows_.distinct_recommendations(reader);
    else if (line.name == "Q17")
      return Answer{.rows = rows_.count_active()};
    else if (line.name == "Q18")
      rows_.scan(reader, [](const Row& row) { return contains_ab(row.name); });
    else
      return fail(Reason::kInternal, "V does not run " + std::string(line.name));
    return reader.answer();
  }

  const Workload& workload_;
  Rows rows_;
};

}  // namespace

Result<EngineFamily> open_vector(const Workload& workload) {
  EngineFamily family{.version = "V: a std::vector of structs, hand-written loops, no index"};
  family.engines.push_back(std::make_unique<VectorEngine>(workload));
  return family;
}

}  // namespace slate::bench::compare
