// Fields that fold case: what is stored of them, and what a change of the collation does.
#include <condition_variable>
#include <cstring>
#include <gmock/gmock.h>
#include <mutex>
#include <span>
#include <thread>

#include "codec/statistics.h"
#include "db/testing/database_fixture.h"
#include "storage/environment.h"

namespace slate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// A clock that holds up every thread but the one that made it: what is built in the background waits.
class GatedClock final : public Clock {
 public:
  UnixMillis now() const override {
    if (std::this_thread::get_id() != owner_) {
      std::unique_lock lock(mutex_);
      waiting_ = !open_;
      changed_.notify_all();
      changed_.wait(lock, [&] { return open_; });
      waiting_ = false;
    }
    return 1'700'000'000'000;
  }
  void set_open(bool open) {
    const std::lock_guard lock(mutex_);
    open_ = open;
    changed_.notify_all();
  }
  void wait_until_someone_waits() const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_; });
  }

 private:
  const std::thread::id owner_ = std::this_thread::get_id();
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable bool waiting_ = false;
  bool open_ = true;
};

class CollationTest : public DatabaseFixture {
 protected:
  CollationTest() {
    options_.clock = &gate_;
    reopen();
  }
  ~CollationTest() override {
    gate_.set_open(true);
    database_.reset();
  }

  static Datasource people(Collation collation) {
    return {.id = "prospects",
            .fields = {{.name = "name", .indexed = true, .collation = collation},
                       {.name = "n", .type = Type::kInt}},
            .indexes = {{.fields = {{.field = "name"}, {.field = "n"}}}},
            .durability = Durability::kOs};
  }
  static RecordWrite person(std::string id, std::string name, int n = 0) {
    return {.id = std::move(id), .cells = {{"name", Value(std::move(name))}, {"n", n}}};
  }
  // Names 0 to 199, five times each, in three spellings.
  void fill() {
    static constexpr const char* kSpellings[] = {"Person ", "PERSON ", "person "};
    std::vector<RecordWrite> writes;
    for (int i = 0; i < 1000; ++i)
      writes.push_back(person("r" + std::to_string(i), kSpellings[i % 3] +
                                                           std::string(i % 200 < 10    ? "00"
                                                                       : i % 200 < 100 ? "0"
                                                                                       : "") +
                                                           std::to_string(i % 200)));
    write(writes);
  }
  static Query sorted(std::uint64_t take) { return {.sort = {{.field = "name"}}, .take = take}; }
  static Query named(const char* name) { return {.filter = Filter::condition("name", Op::kEq, name)}; }
  bool walks_index(const Query& query) {
    const auto explanation = snapshot()->explain(query, ExplainMode::kPlan).value();
    const PlanNode* node = &explanation.root;
    while (!node->children.empty()) node = &node->children.front();
    return node->op == "index_walk";
  }
  std::vector<std::string> being_built(const Query& query) {
    std::vector<std::string> names;
    const auto explanation = snapshot()->explain(query, ExplainMode::kPlan).value();
    for (const RefusedPlan& refused : explanation.refused)
      if (refused.why == "the index is still being built") names.push_back(refused.detail);
    return names;
  }
  // "Ann 2, ANN 1": values as they are stored, with their counts.
  std::string distinct(const DistinctQuery& query, std::uint64_t* keys = nullptr) {
    const auto found = snapshot()->distinct(query);
    EXPECT_TRUE(found.has_value()) << found.error().to_string();
    if (!found) return {};
    if (keys != nullptr) *keys = found->counters.keys_examined;
    std::string text;
    for (const DistinctValue& each : found->values) {
      const auto* value = each.value.get_if<std::string>();
      text += (text.empty() ? "" : ", ") + (value != nullptr ? *value : "null") + " " +
              std::to_string(each.count);
    }
    return text;
  }

  GatedClock gate_;
};

TEST_F(CollationTest, a_collated_sort_uses_only_the_collated_index) {
  const Ids folded = {"r0", "r200", "r400", "r600", "r800", "r1"};
  save(people(Collation::kBinary));
  fill();
  ASSERT_TRUE(walks_index(sorted(4)));
  const Ids binary_order = ids(sorted(1000));
  EXPECT_NE(Ids(binary_order.begin(), binary_order.begin() + 6), folded);

  for (const Collation collation : {Collation::kNocase, Collation::kBinary}) {
    // A change wakes the builder; once it waits, it is in no step that it began before.
    gate_.set_open(false);
    Datasource retitled = people(collation == Collation::kNocase ? Collation::kBinary : Collation::kNocase);
    retitled.title = "People";
    EXPECT_EQ(save(retitled), Saved::kChanged);
    gate_.wait_until_someone_waits();
    EXPECT_EQ(save(people(collation)), Saved::kChanged);
    EXPECT_FALSE(walks_index(sorted(4)));
    EXPECT_FALSE(walks_index(named("person 007")));
    EXPECT_THAT(being_built(sorted(4)), ElementsAre("name", "name,n"));
    const bool folds = collation == Collation::kNocase;
    const auto expect_answers = [&](const QueryOptions& options) {
      if (folds)
        EXPECT_EQ(ids(sorted(6), options), folded);
      else
        EXPECT_EQ(ids(sorted(1000), options), binary_order);
      EXPECT_EQ(ids(named("PERSON 007"), options).size(), folds ? 5u : 2u);
      EXPECT_EQ(snapshot()->count(named("PERSON 007").filter, {}, options)->value, folds ? 5u : 2u);
    };
    expect_answers({});
    expect_answers({.force_index = "name"});
    // Kept up while it is being built.
    write({person("r0", "PERSON 000 B"), person("new", "pERSON 000 b"), deletion("r1")});
    EXPECT_EQ(ids(named("PERSON 000 B")).size(), folds ? 2u : 1u);
    write({deletion("new")});
    fill();

    gate_.set_open(true);
    wait_for_indexes();
    EXPECT_TRUE(walks_index(sorted(4)));
    EXPECT_TRUE(walks_index(named("person 007")));
    EXPECT_THAT(being_built(sorted(4)), IsEmpty());
    EXPECT_THAT(problems(), IsEmpty());
    write({deletion("r1")});
    write({person("r1", "PERSON 001")});
    EXPECT_THAT(problems(), IsEmpty());
    ASSERT_TRUE(database_->delete_all("prospects").has_value());
    fill();
    expect_answers({.force_index = "name"});
    EXPECT_THAT(problems(), IsEmpty());
  }
}

TEST_F(CollationTest, a_record_that_changes_only_its_case_stays_where_it_is_in_the_order) {
  save(people(Collation::kNocase));
  write({person("a", "bob"), person("b", "BOB"), person("c", "Bob")});
  write({person("b", "boB")});
  EXPECT_THAT(ids(sorted(9), {.force_index = "name"}), ElementsAre("a", "b", "c"));
  EXPECT_EQ(cell("b", "name"), Value("boB"));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(CollationTest, the_collation_and_its_indexes_are_there_after_reopening) {
  save(people(Collation::kNocase));
  fill();
  reopen();
  EXPECT_EQ(database_->get_datasource("prospects")->datasource, people(Collation::kNocase));
  EXPECT_EQ(save(people(Collation::kNocase)), Saved::kUnchanged);
  EXPECT_THAT(being_built(sorted(4)), IsEmpty());
  EXPECT_THAT(ids(sorted(6), {.force_index = "name"}),
              ElementsAre("r0", "r200", "r400", "r600", "r800", "r1"));
  write({person("late", "PERSON 000")});
  EXPECT_THAT(ids(named("person 000"), {.force_index = "name"}),
              ElementsAre("r0", "r200", "r400", "r600", "r800", "late"));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(CollationTest, a_load_under_way_is_published_with_the_collation_that_there_is_by_then) {
  for (const LoadMode mode : {LoadMode::kReplace, LoadMode::kMerge}) {
    save(people(Collation::kBinary));
    auto builder = database_->begin_generation("prospects", mode).value();
    const auto append = [&](int from, int to) {
      for (int i = from; i < to; ++i) {
        const CellRef cells[] = {{.field = 0, .value = std::string_view(i % 2 == 0 ? "EVEN" : "even")}};
        ASSERT_TRUE(builder->append("n" + std::to_string(i), cells).has_value());
      }
    };
    append(0, 400);
    save(people(Collation::kNocase));
    write({person("beside", "Even")});
    append(400, 700);
    ASSERT_TRUE(builder->finish().has_value());
    ASSERT_TRUE(builder->publish(gate_.now()).has_value());
    wait_for_indexes();
    const std::size_t expected = mode == LoadMode::kMerge ? 701 : 700;
    EXPECT_EQ(ids(named("EVEN"), {.force_index = "name"}).size(), expected);
    EXPECT_THAT(problems(), IsEmpty());
  }
}

TEST_F(CollationTest, distinct_values_are_those_that_are_stored_whatever_index_there_is) {
  for (const Collation collation : {Collation::kBinary, Collation::kNocase}) {
    save(people(collation));
    wait_for_indexes();
    ASSERT_TRUE(database_->delete_all("prospects").has_value());
    std::vector<RecordWrite> writes;
    for (int i = 0; i < 1500; ++i)
      writes.push_back(person("r" + std::to_string(i),
                              i % 3 == 0   ? "bob"
                              : i % 3 == 1 ? "BOB"
                                           : "ann",
                              i % 2));
    writes.push_back({.id = "null", .cells = {{"n", 1}}});
    // Too long for frequencies to list the values.
    writes.push_back(person("long", std::string(300, 'y')));
    write(writes);
    const bool folds = collation == Collation::kNocase;
    std::uint64_t keys = 0;
    EXPECT_EQ(distinct({.field = "name", .take = 3}, &keys), "BOB 500, ann 500, bob 500");
    EXPECT_EQ(keys, folds ? 0u : 5u);  // by code point the keys are the values
    EXPECT_EQ(distinct({.field = "name", .filter = Filter::condition("name", Op::kEq, "bob")}),
              folds ? "BOB 500, bob 500" : "bob 500");
    EXPECT_EQ(distinct({.field = "name", .filter = Filter::condition("name", Op::kGt, "ANN"), .take = 2}),
              folds ? "BOB 500, bob 500" : "BOB 500, ann 500");
  }
}

TEST_F(CollationTest, statistics_count_values_once_that_are_equal_in_the_field) {
  save(people(Collation::kNocase));
  fill();
  change_file([](storage::WriteTransaction& txn) {
    const auto meta = txn.find_table("meta", storage::TableKind::kBytes).value().value();
    const std::string_view stored = txn.get(meta, "statistics").value().value();
    std::vector<std::uint64_t> aligned(stored.size() / 8 + 1);
    std::memcpy(aligned.data(), stored.data(), stored.size());
    const auto statistics =
        StatisticsView::verify(std::as_bytes(std::span(aligned)).first(stored.size())).value();
    const ColumnStatistics* name = statistics.find(1);
    ASSERT_NE(name, nullptr);
    EXPECT_EQ(name->distinct, 200);
  });
}

TEST_F(CollationTest, pages_by_cursor_go_through_ties_in_both_directions) {
  save(people(Collation::kNocase));
  const std::string long_name(400, 'n');
  write({person("a", "bob"), person("b", "BOB"), person("c", "Bob"), person("d", "ann"), person("e", "ANN"),
         person("f", long_name), person("g", std::string(400, 'N')), person("h", "boB")});
  const Ids whole = {"d", "e", "a", "b", "c", "h", "f", "g"};
  const auto page = [&](const Query& query, const QueryOptions& options, Ids& into) {
    auto rows = snapshot()->query(query, options);
    EXPECT_TRUE(rows.has_value()) << rows.error().to_string();
    while (const Batch* batch = (*rows)->next().value())
      for (const std::uint16_t row : batch->rows) into.emplace_back(batch->id.text(row));
    return *std::move(rows);
  };
  for (const QueryOptions& options :
       {QueryOptions{.force_index = "name"}, QueryOptions{.force_index = "name,n"},
        QueryOptions{.disabled_rules = {"index_sort", "in_merge", "index_filter"}}}) {
    for (const std::uint64_t take : {1, 2, 3}) {
      Query query = sorted(take);
      Ids forwards;
      std::optional<std::string> previous;
      do {
        const auto rows = page(query, options, forwards);
        query.cursor = rows->next_cursor().value();
        previous = rows->previous_cursor().value();
      } while (query.cursor && forwards.size() <= whole.size());
      EXPECT_EQ(forwards, whole);
      Ids backwards;
      while (previous && backwards.size() <= whole.size()) {
        query.cursor = previous;
        Ids ids;
        const auto rows = page(query, options, ids);
        backwards.insert(backwards.begin(), ids.begin(), ids.end());
        previous = rows->previous_cursor().value();
      }
      const auto last = static_cast<std::ptrdiff_t>((whole.size() - 1) / take * take);
      EXPECT_EQ(backwards, Ids(whole.begin(), whole.begin() + last));
    }
  }
}

TEST_F(CollationTest, a_cursor_of_another_collation_is_refused) {
  save(people(Collation::kBinary));
  fill();
  const auto rows = snapshot()->query(sorted(2)).value();
  while (rows->next().value() != nullptr) continue;
  Query next = sorted(2);
  next.cursor = rows->next_cursor().value();
  ASSERT_TRUE(next.cursor.has_value());
  ASSERT_TRUE(snapshot()->query(next).has_value());
  save(people(Collation::kNocase));
  const auto refused = snapshot()->query(next);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().field(), "cursor");
}

}  // namespace
}  // namespace slate
