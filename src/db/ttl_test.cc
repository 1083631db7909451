// A cell with a TTL is null everywhere from the instant of its expiry; a sweeper removes it later.
#include <gmock/gmock.h>

#include "db/testing/database_fixture.h"

namespace slate {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

class TtlTest : public DatabaseFixture {
 protected:
  TtlTest() { save(prospects()); }  // score: 60 seconds

  static RecordWrite scored(std::string id, double score) {
    return {.id = std::move(id), .cells = {{"score", score}}};
  }
};

TEST_F(TtlTest, an_expired_cell_is_null_in_filter_sort_count_and_projection) {
  write({scored("a", 3), scored("b", 2)});
  clock_.advance(milliseconds(59'999));
  write({scored("c", 1)});
  const Query sorted{.sort = {{.field = "score"}}};
  const auto has_score = Filter::condition("score", Op::kIsnull, false);
  EXPECT_THAT(ids(sorted), ElementsAre("c", "b", "a"));
  EXPECT_EQ(snapshot()->count(has_score)->value, 3u);
  EXPECT_EQ(cell("a", "score"), Value(3.0));

  const auto before = snapshot();
  clock_.advance(milliseconds(1));
  EXPECT_THAT(ids({.filter = has_score}), ElementsAre("c"));
  EXPECT_THAT(ids(sorted), ElementsAre("c", "a", "b"));
  EXPECT_THAT(ids({.sort = {{.field = "score", .direction = Direction::kDescending, .nulls = Nulls::kFirst}},
                   .take = 2}),
              ElementsAre("a", "b"));
  EXPECT_THAT(ids_where("score", Op::kGte, 2), IsEmpty());
  EXPECT_THAT(ids_where("score", Op::kNe, 2), ElementsAre("a", "b", "c"));
  EXPECT_EQ(snapshot()->count(has_score)->value, 1u);
  EXPECT_EQ(cell("a", "score"), Value());
  // A snapshot stays at its instant.
  EXPECT_EQ(before->count(has_score)->value, 3u);
}

TEST_F(TtlTest, writing_the_cell_again_starts_its_time_again_and_other_cells_do_not) {
  write({scored("a", 1), scored("b", 1)});
  clock_.advance(milliseconds(40'000));
  write({scored("a", 2), record("b", "active", 1)});
  clock_.advance(milliseconds(40'000));
  EXPECT_EQ(cell("a", "score"), Value(2.0));
  EXPECT_EQ(cell("b", "score"), Value());
  EXPECT_EQ(cell("b", "status"), Value("active"));
}

TEST_F(TtlTest, a_removed_or_replaced_cell_takes_its_expiry_along) {
  write({scored("a", 1), scored("b", 1)});
  write({{.id = "a", .cells = {{"score", Value()}}}, {.kind = WriteKind::kReplace, .id = "b"}});
  clock_.advance(milliseconds(30'000));
  write({scored("a", 5), scored("b", 6)});
  clock_.advance(milliseconds(59'999));
  EXPECT_EQ(cell("a", "score"), Value(5.0));
  EXPECT_EQ(cell("b", "score"), Value(6.0));
}

TEST_F(TtlTest, cells_of_a_bulk_load_expire_from_the_beginning_of_the_load) {
  auto builder = database_->begin_generation("prospects", LoadMode::kReplace).value();
  clock_.advance(milliseconds(10'000));
  const CellRef cells[] = {{.field = 3, .value = 4.5}};
  ASSERT_TRUE(builder->append("a", cells).has_value());
  ASSERT_TRUE(builder->finish().has_value());
  ASSERT_TRUE(builder->publish(clock_.now()).has_value());
  clock_.advance(milliseconds(49'999));
  EXPECT_EQ(cell("a", "score"), Value(4.5));
  clock_.advance(milliseconds(1));
  EXPECT_EQ(cell("a", "score"), Value());
}

TEST_F(TtlTest, a_map_with_a_ttl_expires_as_a_whole) {
  Datasource datasource{
      .id = "maps",
      .fields =
          {{.name = "m",
            .type = Type::kMap,
            .ttl_seconds = 10,
            .fields = {{.name = "x", .type = Type::kInt}, {.name = "y", .type = Type::kString}}},
           {.name = "tags", .type = Type::kList, .ttl_seconds = 20, .items = {{.type = Type::kString}}}},
      .durability = Durability::kOs};
  save(datasource);
  write({{.id = "a", .cells = {{"m", MapValue{{"x", 1}, {"y", "z"}}}, {"tags", ListValue{Value("t")}}}}},
        "maps");
  clock_.advance(milliseconds(10'000));
  EXPECT_EQ(get("a", "maps")->cells.size(), 1u);
  EXPECT_THAT(ids({.filter = Filter::condition("tags", Op::kEq, "t")}, {}, "maps"), ElementsAre("a"));
  clock_.advance(milliseconds(10'000));
  EXPECT_THAT(get("a", "maps")->cells, IsEmpty());
  EXPECT_THAT(ids({.filter = Filter::condition("tags", Op::kEmpty, true)}, {}, "maps"), ElementsAre("a"));
}

TEST_F(TtlTest, the_sweeper_removes_what_has_expired_and_nothing_else) {
  std::vector<RecordWrite> writes;
  for (int i = 0; i < 5000; ++i) writes.push_back(scored("r" + std::to_string(i), i));
  write(writes);
  clock_.advance(milliseconds(30'000));
  write({scored("r0", -1), scored("r4999", -2)});
  clock_.advance(milliseconds(30'000));
  const auto before = snapshot()->info();

  close();
  options_.sweep_interval = milliseconds(1);
  open();
  // 20 segments: two steps of the sweeper have something to do.
  while (snapshot()->info().data_version < before.data_version + 2) std::this_thread::yield();
  close();
  options_.sweep_interval = milliseconds(0);
  open();
  EXPECT_THAT(problems(), IsEmpty());
  // With the clock set back the swept cells do not come to life again, and the others are alive.
  clock_.set(1'700'000'000'000);
  EXPECT_THAT(ids_where("score", Op::kIsnull, false), ElementsAre("r0", "r4999"));
  EXPECT_EQ(snapshot()->info().rows, 5000u);
}

}  // namespace
}  // namespace slate
