// Pages by cursor while records are written, after a refresh, and at rows whose values are too long for one.
#include <gmock/gmock.h>
#include <set>

#include "codec/cursor_token.h"
#include "db/testing/database_fixture.h"

namespace slate {
namespace {

using testing::ElementsAre;

class CursorTest : public DatabaseFixture {
 protected:
  static std::string id_of(int i) { return "r" + std::to_string(1000 + i); }
  void fill(int count) {
    save(prospects());
    std::vector<RecordWrite> writes;
    for (int i = 0; i < count; ++i) writes.push_back(record(id_of(i), i % 2 == 0 ? "even" : "odd", i / 3));
    write(writes);
  }
  struct Page {
    Ids ids;
    std::optional<std::string> next;
    std::optional<std::string> previous;
  };
  Result<Page> page(Query query, std::optional<std::string> cursor = {}) {
    query.cursor = std::move(cursor);
    const auto from = snapshot();
    auto rows = from->query(query);
    if (!rows) return fail(rows.error());
    Page page;
    while (const Batch* batch = (*rows)->next().value())
      for (const std::uint16_t row : batch->rows) page.ids.emplace_back(batch->id.text(row));
    page.next = (*rows)->next_cursor().value();
    page.previous = (*rows)->previous_cursor().value();
    for (const auto& token : {page.next, page.previous})
      EXPECT_LE(token.value_or("").size(), kMostCursorBytes);
    return page;
  }
  // All rows from a cursor on.
  Ids rest(const Query& query, std::optional<std::string> cursor) {
    Ids all;
    while (cursor) {
      const auto got = page(query, cursor);
      EXPECT_TRUE(got.has_value()) << got.error().to_string();
      if (!got) break;
      all.insert(all.end(), got->ids.begin(), got->ids.end());
      cursor = got->next;
    }
    return all;
  }
};

TEST_F(CursorTest, rows_that_are_not_written_come_on_exactly_one_page_while_others_come_go_and_move) {
  fill(300);
  for (const char* field : {"contacts", "status", "name"}) {  // by an index, of few values, by a heap
    const Query query{.sort = {{.field = field, .direction = Direction::kDescending}}, .take = 7};
    std::set<std::string> written;
    Ids seen;
    std::optional<std::string> cursor;
    int round = 0;
    do {
      const Page got = page(query, cursor).value();
      seen.insert(seen.end(), got.ids.begin(), got.ids.end());
      cursor = got.next;
      // One goes, the last one of the page among them at times; one moves to the front or the end; one comes.
      const std::string& gone = round % 3 == 0 && !got.ids.empty() ? got.ids.back() : id_of(round * 13 % 300);
      const std::string moved = id_of(round * 29 % 300);
      const std::string come = "new " + std::to_string(round) + field;
      write({deletion(gone), record(moved, round % 2 == 0 ? "a" : "z", round % 2 == 0 ? -5 : 500),
             record(come, "odd", round)});
      written.insert({gone, moved, come});
      ++round;
    } while (cursor && round < 200);
    std::map<std::string, int> times;
    for (const std::string& id : seen) ++times[id];
    for (const std::string& id : ids({})) {
      if (written.contains(id)) continue;
      EXPECT_EQ(times[id], 1) << id << " by " << field;
    }
    EXPECT_GT(times.size(), 50u);
  }
}

TEST_F(CursorTest, a_cursor_goes_on_behind_a_row_that_has_been_deleted) {
  fill(20);
  const Query query{.sort = {{.field = "_id"}}, .take = 5};
  const Page first = page(query).value();
  const Page second = page(query, first.next).value();
  write({deletion(id_of(4)), deletion(id_of(5)), deletion(id_of(9))});
  EXPECT_THAT(page(query, first.next)->ids, ElementsAre(id_of(6), id_of(7), id_of(8), id_of(10), id_of(11)));
  EXPECT_EQ(page(query, second.next)->ids.front(), id_of(10));
  EXPECT_THAT(page(query, second.previous)->ids, ElementsAre(id_of(0), id_of(1), id_of(2), id_of(3)));
}

TEST_F(CursorTest, a_cursor_of_a_generation_that_is_gone_is_refused_and_gives_no_rows) {
  fill(20);
  const Query query{.sort = {{.field = "contacts"}}, .take = 5};
  const Page first = page(query).value();
  auto builder = database_->begin_generation("prospects", LoadMode::kMerge).value();
  ASSERT_TRUE(builder->finish().has_value());
  EXPECT_TRUE(page(query, first.next).has_value());  // until it is published
  ASSERT_TRUE(builder->publish(clock_.now()).has_value());
  const auto refused = page(query, first.next);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().reason(), Reason::kCursorExpired);
  EXPECT_EQ(refused.error().code(), Code::kFailedPrecondition);
  EXPECT_EQ(refused.error().field(), "cursor");
  EXPECT_EQ(rest(query, page(query)->next).size(), 15u);
}

TEST_F(CursorTest, a_cursor_outlives_the_database_being_closed) {
  fill(20);
  const Query query{.sort = {{.field = "contacts"}}, .take = 5};
  const Page first = page(query).value();
  const Ids before = rest(query, first.next);
  reopen();
  EXPECT_EQ(rest(query, first.next), before);
  EXPECT_EQ(before.size(), 15u);
}

TEST_F(CursorTest, a_cursor_belongs_to_one_filter_and_one_sort_but_to_any_page_size_and_columns) {
  fill(20);
  const Query query{
      .filter = Filter::condition("status", Op::kEq, "odd"), .sort = {{.field = "contacts"}}, .take = 3};
  const Page first = page(query).value();
  Query larger = query;
  larger.take = 4;
  larger.columns = std::vector<std::string>{"name"};
  EXPECT_EQ(page(larger, first.next)->ids.size(), 4u);
  Query other_filter = query;
  other_filter.filter = Filter::condition("status", Op::kEq, "even");
  Query other_sort = query;
  other_sort.sort[0].direction = Direction::kDescending;
  Query other_nulls = query;
  other_nulls.sort[0].nulls = Nulls::kFirst;
  for (const Query& other : {other_filter, other_sort, other_nulls}) {
    const auto refused = page(other, first.next);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().reason(), Reason::kInvalidArgument);
    EXPECT_EQ(refused.error().field(), "cursor");
  }
}

// The values of such rows stand in the cursor as a digest.
TEST_F(CursorTest, rows_with_values_too_long_for_a_cursor_are_paged_by_until_they_change) {
  save(prospects());
  const auto long_name = [](int i) { return std::string(2000, 'n') + std::to_string(100 + i); };
  std::vector<RecordWrite> writes;
  for (int i = 0; i < 30; ++i)
    writes.push_back({.id = std::string(600, 'i') + id_of(i),
                      .cells = {{"name", long_name(29 - i)}, {"status", std::string(400, 's')}}});
  write(writes);
  for (const std::vector<SortKey>& sort :
       std::vector<std::vector<SortKey>>{{{.field = "name"}},
                                         {{.field = "status"}, {.field = "name"}},
                                         {{.field = "_id", .direction = Direction::kDescending}}}) {
    const Query query{.sort = sort, .take = 4};
    const Page first = page(query).value();
    Ids all = first.ids;
    const Ids more = rest(query, first.next);
    all.insert(all.end(), more.begin(), more.end());
    Query whole = query;
    whole.take.reset();
    EXPECT_EQ(all, ids(whole));
    EXPECT_EQ(all.size(), 30u);
  }
  const Query query{.sort = {{.field = "name"}}, .take = 4};
  const Page first = page(query).value();
  // Another cell of the row may change: its place is still known. Its name may not.
  write({{.id = first.ids.back(), .cells = {{"contacts", 7}}}});
  EXPECT_TRUE(page(query, first.next).has_value());
  write({{.id = first.ids.back(), .cells = {{"name", long_name(77)}}}});
  const auto changed = page(query, first.next);
  ASSERT_FALSE(changed.has_value());
  EXPECT_EQ(changed.error().reason(), Reason::kCursorExpired);
  write({deletion(first.ids.back())});
  EXPECT_EQ(page(query, first.next).error().reason(), Reason::kCursorExpired);
}

}  // namespace
}  // namespace slate
