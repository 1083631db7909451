// Bulk loads: replacing and merging, in memory and spilled.
#include <gmock/gmock.h>
#include <random>

#include <slate/generation_builder.h>

#include "db/testing/database_fixture.h"
#include "exec/sorted_runs.h"

namespace slate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class GenerationBuilderTest : public DatabaseFixture {
 protected:
  GenerationBuilderTest() { save(prospects()); }

  std::unique_ptr<GenerationBuilder> begin(LoadMode mode = LoadMode::kReplace) {
    auto builder = database_->begin_generation("prospects", mode);
    EXPECT_TRUE(builder.has_value()) << builder.error().to_string();
    return *std::move(builder);
  }
  static void append(GenerationBuilder& builder, std::string_view id, std::string_view status,
                     std::int64_t contacts) {
    const CellRef cells[] = {{.field = 1, .value = status}, {.field = 2, .value = contacts}};
    const auto appended = builder.append(id, cells);
    ASSERT_TRUE(appended.has_value()) << appended.error().to_string();
  }
  BuildCounts publish(GenerationBuilder& builder) {
    const auto counts = builder.finish();
    EXPECT_TRUE(counts.has_value()) << counts.error().to_string();
    const auto number = builder.publish(clock_.now());
    EXPECT_TRUE(number.has_value()) << number.error().to_string();
    return counts.value_or(BuildCounts{});
  }
  // Everything that queries over each index answer.
  std::vector<Ids> answers() {
    std::vector<Ids> all = {ids({})};
    for (const char* index : {"_id", "status", "contacts"})
      all.push_back(ids({.sort = {{.field = index}}}, {.force_index = index}));
    for (const std::string& id : Ids{"r1", "r500", "r3999"})
      all.push_back({id, std::to_string(*cell(id, "contacts").get_if<std::int64_t>())});
    return all;
  }
  void load_random(unsigned seed) {
    std::mt19937 random(seed);
    auto builder = begin();
    for (int i = 0; i < 6000; ++i)
      append(*builder, "r" + std::to_string(random() % 4000), random() % 2 == 0 ? "active" : "rejected",
             static_cast<std::int64_t>(random() % 1000));
    for (int i = 0; i < 4000; ++i) append(*builder, "r" + std::to_string(i), "final", i % 77);
    publish(*builder);
  }
};

TEST_F(GenerationBuilderTest, a_load_that_spills_its_keys_gives_what_one_in_memory_gives) {
  load_random(7);
  const auto in_memory = answers();
  EXPECT_THAT(problems(), IsEmpty());
  close();
  options_.load_memory_bytes = 64 << 10;
  open();
  load_random(7);
  EXPECT_EQ(answers(), in_memory);
  EXPECT_THAT(problems(), IsEmpty());
  for (const auto& item : std::filesystem::directory_iterator(folder_ / "generations" / "prospects"))
    EXPECT_EQ(item.path().string().find(".run"), std::string::npos);
}

TEST_F(GenerationBuilderTest, spilled_runs_are_as_large_as_the_memory_allows) {
  SortedRuns runs({.spill_prefix = folder_ / "keys", .memory_bytes = 64 << 10});
  for (DocId docid = 0; docid < 20'000; ++docid)
    ASSERT_TRUE(runs.add(std::to_string(docid * 7919 % 20'000), docid).has_value());
  EXPECT_GT(runs.runs(), 5u);
  EXPECT_LT(runs.runs(), 40u);
  ASSERT_TRUE(runs.start_reading().has_value());
  std::string previous;
  std::size_t count = 0;
  for (auto entry = runs.next(); entry.has_value() && *entry; entry = runs.next(), ++count) {
    ASSERT_LT(previous, (*entry)->key);
    previous = (*entry)->key;
  }
  EXPECT_EQ(count, 20'000u);
}

TEST_F(GenerationBuilderTest, a_load_takes_lists_maps_dates_and_every_scalar) {
  Datasource all{.id = "all",
                 .fields = {{.name = "s"},
                            {.name = "i", .type = Type::kInt},
                            {.name = "f", .type = Type::kFloat},
                            {.name = "b", .type = Type::kBool},
                            {.name = "d", .type = Type::kDate},
                            {.name = "l", .type = Type::kList, .items = {{.type = Type::kFloat}}},
                            {.name = "m", .type = Type::kMap, .fields = {{.name = "x", .type = Type::kInt}}}},
                 .durability = Durability::kOs};
  save(all);
  const Value list(ListValue{Value(1), Value(2.5)});
  const Value map(MapValue{{"x", Value(5)}});
  auto builder = database_->begin_generation("all", LoadMode::kReplace).value();
  const CellRef cells[] = {{.field = 6, .value = &map},
                           {.field = 0, .value = std::string_view("text")},
                           {.field = 1, .value = std::int64_t{-3}},
                           {.field = 2, .value = std::int64_t{4}},
                           {.field = 3, .value = true},
                           {.field = 4, .value = Date{86400}},
                           {.field = 5, .value = &list}};
  ASSERT_TRUE(builder->append("a", cells).has_value());
  ASSERT_TRUE(builder->append("empty", {}).has_value());
  ASSERT_TRUE(builder->finish().has_value());
  ASSERT_TRUE(builder->publish(clock_.now()).has_value());
  EXPECT_EQ(cell("a", "s", "all"), Value("text"));
  EXPECT_EQ(cell("a", "i", "all"), Value(-3));
  EXPECT_EQ(cell("a", "f", "all"), Value(4.0));
  EXPECT_EQ(cell("a", "b", "all"), Value(true));
  EXPECT_EQ(cell("a", "d", "all"), Value(Date{86400}));
  EXPECT_EQ(cell("a", "l", "all"), Value(ListValue{Value(1.0), Value(2.5)}));
  EXPECT_EQ(cell("a", "m", "all"), map);
  EXPECT_THAT(get("empty", "all")->cells, IsEmpty());
}

TEST_F(GenerationBuilderTest, a_load_of_nothing_empties_the_datasource) {
  write({record("a", "active", 1)});
  auto builder = begin();
  EXPECT_EQ(publish(*builder).rows, 0u);
  EXPECT_THAT(ids({}), IsEmpty());
  EXPECT_EQ(snapshot()->info().loaded_at, clock_.now());
  write({record("a", "active", 1)});
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(GenerationBuilderTest, writes_go_on_where_a_load_ended) {
  auto builder = begin();
  for (int i = 0; i < 300; ++i) append(*builder, "r" + std::to_string(i), "active", i);
  append(*builder, "r299", "again", 299);
  publish(*builder);
  write({record("r0", "rejected", 0), record("next", "active", 300), deletion("r10")});
  EXPECT_EQ(ids({}).back(), "next");
  EXPECT_EQ(ids({}).size(), 300u);
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(GenerationBuilderTest, the_old_generation_goes_when_its_last_reader_has_left) {
  write({record("old", "active", 1)});
  auto before = snapshot();
  const auto path = generation_file();
  auto builder = begin();
  append(*builder, "new", "active", 2);
  publish(*builder);
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_TRUE(before->get("old").value().has_value());
  before.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_THAT(ids({}), ElementsAre("new"));
}

TEST_F(GenerationBuilderTest, out_of_order_calls_are_refused) {
  auto builder = begin();
  EXPECT_EQ(builder->publish(0).error().reason(), Reason::kFailedPrecondition);
  ASSERT_TRUE(builder->finish().has_value());
  EXPECT_EQ(builder->finish().error().reason(), Reason::kFailedPrecondition);
  EXPECT_EQ(builder->append("a", {}).error().reason(), Reason::kFailedPrecondition);
  ASSERT_TRUE(builder->publish(0).has_value());
  EXPECT_EQ(builder->publish(0).error().reason(), Reason::kFailedPrecondition);
}

TEST_F(GenerationBuilderTest, nothing_of_a_refused_record_is_taken_and_the_load_goes_on) {
  for (const LoadMode mode : {LoadMode::kReplace, LoadMode::kMerge}) {
    auto builder = begin(mode);
    const CellRef wrong_type[] = {{.field = 1, .value = std::string_view("active")},
                                  {.field = 2, .value = std::string_view("many")}};
    const auto refused = builder->append("a", wrong_type);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().field(), "contacts");
    const CellRef no_field[] = {{.field = 2, .value = std::int64_t{7}}, {.field = 99, .value = Null()}};
    EXPECT_EQ(builder->append("a", no_field).error().reason(), Reason::kInvalidArgument);
    ASSERT_TRUE(builder->append("b", {}).has_value());
    EXPECT_EQ(publish(*builder).received, 1u);
    EXPECT_THAT(ids({}), ElementsAre("b"));
    EXPECT_EQ(cell("b", "status"), Value());
    EXPECT_EQ(cell("b", "contacts"), Value());
    EXPECT_THAT(problems(), IsEmpty());
    builder.reset();
    ASSERT_TRUE(database_->delete_all("prospects").has_value());
  }
}

TEST_F(GenerationBuilderTest, a_merge_keeps_what_it_does_not_name_and_what_is_written_meanwhile) {
  write({record("kept", "active", 1), record("loaded", "active", 2), record("gone", "active", 3)});
  auto builder = begin(LoadMode::kMerge);
  append(*builder, "loaded", "rejected", 20);
  append(*builder, "new", "active", 21);
  write({record("written", "active", 4), deletion("gone"), {.id = "loaded", .cells = {{"name", "n"}}}});
  const auto counts = builder->finish().value();
  EXPECT_EQ(counts.received, 2u);
  write({record("late", "active", 5)});
  ASSERT_TRUE(builder->publish(clock_.now()).has_value());
  EXPECT_THAT(ids({.sort = {{.field = "_id"}}}), ElementsAre("kept", "late", "loaded", "new", "written"));
  EXPECT_EQ(cell("loaded", "status"), Value("rejected"));
  EXPECT_EQ(cell("loaded", "name"), Value("n"));
  EXPECT_THAT(problems(), IsEmpty());
  builder.reset();
  reopen();
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(GenerationBuilderTest, only_one_merge_at_a_time) {
  auto first = begin(LoadMode::kMerge);
  EXPECT_EQ(database_->begin_generation("prospects", LoadMode::kMerge).error().reason(),
            Reason::kFailedPrecondition);
  first.reset();
  EXPECT_TRUE(database_->begin_generation("prospects", LoadMode::kMerge).has_value());
}

TEST_F(GenerationBuilderTest, a_merge_does_not_bring_back_what_was_dropped_meanwhile) {
  write({record("a", "active", 1)});
  auto builder = begin(LoadMode::kMerge);
  append(*builder, "b", "active", 2);
  ASSERT_TRUE(builder->finish().has_value());
  ASSERT_TRUE(database_->delete_all("prospects").has_value());
  EXPECT_EQ(builder->publish(clock_.now()).error().reason(), Reason::kFailedPrecondition);
  EXPECT_THAT(ids({}), IsEmpty());
}

}  // namespace
}  // namespace slate
