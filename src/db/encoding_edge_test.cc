// Values and ids at the edges of what may be stored.
#include <cmath>
#include <gmock/gmock.h>
#include <limits>

#include "db/testing/database_fixture.h"

namespace slate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kMiB = std::size_t{1} << 20;

class EncodingEdgeTest : public DatabaseFixture {
 protected:
  EncodingEdgeTest() { save(prospects()); }

  void load(const std::vector<RecordWrite>& records) {
    auto builder = database_->begin_generation("prospects", LoadMode::kReplace).value();
    for (const RecordWrite& each : records) {
      std::vector<CellRef> cells;
      for (const auto& [name, value] : each.cells) {
        const std::uint32_t field = name == "name" ? 0 : name == "status" ? 1 : 2;
        if (const auto* text = value.get_if<std::string>())
          cells.push_back({.field = field, .value = std::string_view(*text)});
        else
          cells.push_back({.field = field, .value = *value.get_if<std::int64_t>()});
      }
      ASSERT_TRUE(builder->append(each.id, cells).has_value());
    }
    counts_ = builder->finish().value();
    ASSERT_TRUE(builder->publish(clock_.now()).has_value());
  }
  // A long id: all share the first 600 bytes.
  static std::string long_id(int i) {
    std::string id = std::string(600, 'p') + std::to_string(i);
    id.resize(Limits::kRecordIdBytes, 'z');
    return id;
  }

  BuildCounts counts_;
};

TEST_F(EncodingEdgeTest, ints_sort_and_compare_from_the_least_to_the_greatest) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  const std::vector<std::pair<std::string, std::int64_t>> numbers = {
      {"most", kMost}, {"-1", -1},          {"0", 0}, {"least", kLeast}, {"1", 1},
      {"-256", -256},  {"next", kLeast + 1}};
  for (const auto& [id, number] : numbers) write({{.id = id, .cells = {{"contacts", Value(number)}}}});
  const Query sorted{.sort = {{.field = "contacts"}}};
  const Ids order = {"least", "next", "-256", "-1", "0", "1", "most"};
  EXPECT_EQ(ids(sorted, {.force_index = "contacts"}), order);
  EXPECT_EQ(ids(sorted, {.disabled_rules = {"index_sort"}}), order);
  for (const char* index : {"contacts", "_id"}) {
    EXPECT_THAT(ids_where("contacts", Op::kLt, -1, {.force_index = index}),
                testing::UnorderedElementsAre("least", "next", "-256"));
    EXPECT_THAT(ids_where("contacts", Op::kEq, Value(kLeast), {.force_index = index}), ElementsAre("least"));
    EXPECT_THAT(ids_where("contacts", Op::kGt, Value(kMost), {.force_index = index}), IsEmpty());
  }
  EXPECT_EQ(cell("least", "contacts"), Value(kLeast));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(EncodingEdgeTest, an_empty_string_is_no_null_and_sorts_before_every_other) {
  write({{.id = "null"},
         record("empty", "", 1),
         record("space", " ", 2),
         {.id = "nul", .cells = {{"status", std::string("\0", 1)}}}});
  EXPECT_THAT(ids({.sort = {{.field = "status"}}}, {.force_index = "status"}),
              ElementsAre("empty", "nul", "space", "null"));
  EXPECT_THAT(ids_where("status", Op::kEq, "", {.force_index = "status"}), ElementsAre("empty"));
  EXPECT_THAT(ids_where("status", Op::kEmpty, true), ElementsAre("null", "empty"));
  EXPECT_THAT(ids_where("status", Op::kIsnull, true), ElementsAre("null"));
  EXPECT_EQ(cell("empty", "status"), Value(""));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(EncodingEdgeTest, ids_take_nul_and_every_special_character) {
  const Ids odd = {std::string("\0", 1),
                   std::string("a\0", 2),
                   std::string("a\0b", 3),
                   "a",
                   "a/b\\c?d#e%20",
                   "\"quoted\" 'id'",
                   "\n\r\t\x01\x7f",
                   "_id",
                   " ",
                   "\xc3\xa9t\xc3\xa9",
                   "\xf0\x9f\x98\x80",
                   "\xf4\x8f\xbf\xbf"};
  for (std::size_t i = 0; i < odd.size(); ++i) write({record(odd[i], "active", static_cast<int>(i))});
  reopen();
  EXPECT_EQ(ids({}), odd);
  for (std::size_t i = 0; i < odd.size(); ++i) {
    EXPECT_EQ(cell(odd[i], "contacts"), Value(static_cast<int>(i)));
    EXPECT_THAT(ids_where("_id", Op::kEq, Value(odd[i]), {.force_index = "_id"}), ElementsAre(odd[i]));
  }
  Ids sorted = odd;
  std::ranges::sort(sorted);
  EXPECT_EQ(ids({.sort = {{.field = "_id"}}}, {.force_index = "_id"}), sorted);
  for (std::size_t i = 0; i < odd.size(); i += 2) write({deletion(odd[i])});
  EXPECT_EQ(ids({}).size(), odd.size() / 2);
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(EncodingEdgeTest, ids_of_1024_bytes_that_share_600_are_told_apart) {
  std::vector<RecordWrite> writes;
  for (int i = 0; i < 400; ++i) writes.push_back(record(long_id(i), "active", i));
  write(writes);
  EXPECT_EQ(write({record(long_id(7), "rejected", 700)}), (WriteCounts{.updated = 1}));
  EXPECT_EQ(write({deletion(long_id(8)), deletion(long_id(400))}), (WriteCounts{.deleted = 1}));
  EXPECT_EQ(write({record(std::string(600, 'p'), "prefix", 1)}), (WriteCounts{.inserted = 1}));
  reopen();
  EXPECT_EQ(cell(long_id(7), "contacts"), Value(700));
  EXPECT_EQ(cell(long_id(9), "contacts"), Value(9));
  EXPECT_FALSE(get(long_id(8)).has_value());
  EXPECT_FALSE(get(long_id(400)).has_value());
  EXPECT_FALSE(get(std::string(599, 'p')).has_value());
  EXPECT_THAT(ids_where("_id", Op::kEq, Value(long_id(33)), {.force_index = "_id"}),
              ElementsAre(long_id(33)));
  EXPECT_EQ(write({record(long_id(8), "again", 8)}), (WriteCounts{.inserted = 1}));

  Ids sorted = ids({});
  EXPECT_EQ(sorted.size(), 401u);
  std::ranges::sort(sorted);
  EXPECT_EQ(ids({.sort = {{.field = "_id"}}}, {.force_index = "_id"}), sorted);
  std::ranges::reverse(sorted);
  EXPECT_EQ(ids({.sort = {{.field = "_id", .direction = Direction::kDescending}}}, {.force_index = "_id"}),
            sorted);
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(EncodingEdgeTest, a_bulk_load_keeps_the_last_of_each_long_id) {
  std::vector<RecordWrite> records;
  for (int i = 0; i < 900; ++i) records.push_back(record(long_id(i % 300), "active", i));
  records.push_back(record("short", "active", 1));
  records.push_back(record("short", "active", 2));
  load(records);
  EXPECT_EQ(counts_.received, 902u);
  EXPECT_EQ(counts_.duplicates, 601u);
  EXPECT_EQ(counts_.rows, 301u);
  for (int i = 0; i < 300; i += 13) EXPECT_EQ(cell(long_id(i), "contacts"), Value(600 + i));
  EXPECT_EQ(cell("short", "contacts"), Value(2));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(EncodingEdgeTest, an_id_of_0_or_1025_bytes_or_of_bad_utf8_is_refused) {
  for (const std::string& id :
       {std::string(), std::string(1025, 'x'), std::string("\xff"), std::string("a\xc0\x80")}) {
    const Error error = refusal({record("fine", "active", 1), record(id, "active", 1)});
    EXPECT_EQ(error.reason(), Reason::kInvalidArgument);
    EXPECT_EQ(error.field(), "_id");
  }
  EXPECT_THAT(ids({}), IsEmpty());
}

TEST_F(EncodingEdgeTest, a_string_of_16_mib_is_refused_only_for_what_the_record_adds) {
  const std::string largest(16 * kMiB - 16, 'v');
  write({{.id = "big", .cells = {{"name", largest}}}, record("small", "active", 1)});
  reopen();
  EXPECT_EQ(cell("big", "name"), Value(largest));
  write({record("small", "rejected", 2)});
  EXPECT_EQ(refusal({{.id = "big", .cells = {{"status", std::string(100, 's')}}}}).reason(),
            Reason::kInvalidArgument);
  EXPECT_EQ(refusal({{.id = "more", .cells = {{"name", std::string(16 * kMiB + 1, 'v')}}}}).field(), "name");
  EXPECT_EQ(ids_where("name", Op::kEq, Value(largest)), Ids{"big"});
  write({deletion("big")});
  EXPECT_EQ(ids({}), Ids{"small"});
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(EncodingEdgeTest, a_record_that_grows_too_large_by_small_steps_is_refused) {
  Datasource wide{.id = "wide", .durability = Durability::kOs};
  for (int i = 0; i < 40; ++i) wide.fields.push_back({.name = "f" + std::to_string(i)});
  save(wide);
  const std::string half(kMiB / 2, 'h');
  int stored = 0;
  for (int i = 0; i < 40; ++i) {
    const std::vector<RecordWrite> one = {{.id = "r", .cells = {{"f" + std::to_string(i), half}}}};
    const auto written = database_->write_batch("wide", one);
    if (written) {
      ++stored;
      continue;
    }
    EXPECT_EQ(written.error().reason(), Reason::kInvalidArgument);
    break;
  }
  EXPECT_EQ(stored, 31);
  EXPECT_EQ(get("r", "wide")->cells.size(), 31u);
}

TEST_F(EncodingEdgeTest, a_long_value_that_is_indexed_is_found_sorted_and_moved) {
  const std::string base(2 * kMiB, 'x');
  write({record("b", (base + "b").c_str(), 1), record("a", (base + "a").c_str(), 2),
         record("x", base.c_str(), 3), record("y", "y", 4)});
  EXPECT_THAT(ids_where("status", Op::kEq, Value(base + "a"), {.force_index = "status"}), ElementsAre("a"));
  EXPECT_THAT(ids_where("status", Op::kGt, Value(base), {.force_index = "status"}),
              ElementsAre("b", "a", "y"));
  EXPECT_THAT(ids({.sort = {{.field = "status"}}}, {.force_index = "status"}),
              ElementsAre("x", "a", "b", "y"));
  write({record("a", (base + "c").c_str(), 2)});
  EXPECT_THAT(
      ids({.sort = {{.field = "status", .direction = Direction::kDescending}}}, {.force_index = "status"}),
      ElementsAre("y", "a", "b", "x"));
  EXPECT_THAT(problems(), IsEmpty());
}

// Around the length at which a text leaves no room in its key for what follows.
TEST_F(EncodingEdgeTest, nulls_behind_a_text_of_any_length_come_where_they_are_asked_for) {
  Datasource datasource = prospects();
  for (const Direction direction : {Direction::kAscending, Direction::kDescending})
    datasource.indexes.push_back(
        {.fields = {{.field = "status", .direction = direction}, {.field = "contacts"}}});
  save(datasource);
  for (std::size_t length = 495; length <= 515; ++length) {
    const std::string text(length, 'p');
    write({{.id = "null", .cells = {{"status", text}}},
           record("2", text.c_str(), 2),
           record("1", text.c_str(), 1)});
    for (const char* index : {"status,contacts", "-status,contacts"}) {
      const auto sorted = [&](Direction direction, Nulls nulls) {
        return ids({.filter = Filter::condition("status", Op::kEq, Value(text)),
                    .sort = {{.field = "contacts", .direction = direction, .nulls = nulls}}},
                   {.force_index = index, .force_rule = "index_sort"});
      };
      EXPECT_THAT(sorted(Direction::kAscending, Nulls::kLast), ElementsAre("1", "2", "null")) << length;
      EXPECT_THAT(sorted(Direction::kAscending, Nulls::kFirst), ElementsAre("null", "1", "2")) << length;
      EXPECT_THAT(sorted(Direction::kDescending, Nulls::kLast), ElementsAre("2", "1", "null")) << length;
      EXPECT_THAT(sorted(Direction::kDescending, Nulls::kFirst), ElementsAre("null", "2", "1")) << length;
    }
  }
  EXPECT_THAT(problems(), IsEmpty());
}

// In order of arrival, which the docids under one key are in, however long the key.
TEST_F(EncodingEdgeTest, pages_of_rows_that_share_a_text_of_any_length_go_on_where_they_ended) {
  for (const std::size_t length : {10, 495, 498, 500, 502, 505, 511, 512, 600}) {
    const std::string text(length, 'q');
    ASSERT_TRUE(database_->delete_all("prospects").has_value());
    write({record("a", text.c_str(), 1), record("b", "other", 2), record("c", text.c_str(), 3),
           record("d", text.c_str(), 4), record("e", (text + "r").c_str(), 5), record("f", text.c_str(), 6),
           record("g", text.c_str(), 7)});
    Ids forwards;
    std::optional<std::string> cursor;
    std::optional<std::string> last_previous;
    for (int pages = 0; pages < 3; ++pages) {
      const auto rows = snapshot()->query(
          {.filter = Filter::condition("status", Op::kEq, Value(text)), .take = 2, .cursor = cursor},
          {.force_index = "status"});
      while (const Batch* batch = (*rows)->next().value())
        for (const std::uint16_t row : batch->rows) forwards.emplace_back(batch->id.text(row));
      cursor = (*rows)->next_cursor().value();
      last_previous = (*rows)->previous_cursor().value();
    }
    EXPECT_THAT(forwards, ElementsAre("a", "c", "d", "f", "g")) << length;
    EXPECT_FALSE(cursor.has_value()) << length;
    EXPECT_THAT(
        ids({.filter = Filter::condition("status", Op::kEq, Value(text)), .take = 2, .cursor = last_previous},
            {.force_index = "status"}),
        ElementsAre("d", "f"))
        << length;
  }
}

TEST_F(EncodingEdgeTest, segments_that_split_by_size_take_updates_and_deletes) {
  std::vector<RecordWrite> writes;
  for (int i = 0; i < 300; ++i) {
    RecordWrite each = record("r" + std::to_string(i), "active", i);
    each.cells.emplace_back("name", std::string(10'000, static_cast<char>('a' + i % 26)));
    writes.push_back(std::move(each));
  }
  write(writes);
  ASSERT_GT(audit_datasource(*database_, "prospects")->segments, 10u);
  for (int i = 0; i < 300; i += 3) {
    RecordWrite each = record("r" + std::to_string(i), "rejected", -i);
    each.cells.emplace_back("name", i % 2 == 0 ? std::string(30'000, 'L') : std::string("s"));
    write({each});
  }
  std::vector<RecordWrite> deletions;
  for (int i = 100; i < 200; ++i) deletions.push_back(deletion("r" + std::to_string(i)));
  write(deletions);
  for (int i = 0; i < 40; ++i) write({record("n" + std::to_string(i), "new", i)});
  EXPECT_THAT(problems(), IsEmpty());
  reopen();
  EXPECT_THAT(problems(), IsEmpty());
  EXPECT_EQ(ids({}).size(), 240u);
  EXPECT_EQ(cell("r0", "name"), Value(std::string(30'000, 'L')));
  EXPECT_EQ(cell("r99", "name"), Value("s"));
  EXPECT_EQ(ids_where("status", Op::kEq, "new", {.force_index = "status"}).size(), 40u);
  Ids order;
  for (int i = 0; i < 300; ++i)
    if (i < 100 || i >= 200) order.push_back("r" + std::to_string(i));
  for (int i = 0; i < 40; ++i) order.push_back("n" + std::to_string(i));
  EXPECT_EQ(ids({}), order);
}

TEST_F(EncodingEdgeTest, a_load_of_large_records_is_followed_by_writes_into_its_last_segment) {
  std::vector<RecordWrite> records;
  for (int i = 0; i < 12; ++i)
    records.push_back({.id = "r" + std::to_string(i), .cells = {{"name", std::string(kMiB / 2, 'n')}}});
  load(records);  // the last segment is what fills a step of writing
  records.resize(2);
  load(records);
  write({record("r1", "active", 1), record("next", "active", 2)});
  load({{.id = "huge", .cells = {{"name", std::string(5 * kMiB, 'h')}}}});
  write({record("next", "active", 2), record("huge", "active", 1)});
  EXPECT_THAT(ids({}), ElementsAre("huge", "next"));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(EncodingEdgeTest, floats_of_both_signs_sort_and_minus_zero_is_zero) {
  Datasource datasource{.id = "floats",
                        .fields = {{.name = "f", .type = Type::kFloat, .indexed = true}},
                        .durability = Durability::kOs};
  save(datasource);
  const std::vector<std::pair<std::string, double>> numbers = {
      {"max", std::numeric_limits<double>::max()},
      {"-0", -0.0},
      {"1", 1.0},
      {"-1", -1.0},
      {"tiny", std::numeric_limits<double>::denorm_min()},
      {"0", 0.0},
      {"-tiny", -4.9e-324},
      {"low", std::numeric_limits<double>::lowest()}};
  for (const auto& [id, number] : numbers) write({{.id = id, .cells = {{"f", number}}}}, "floats");
  for (const char* rule : {"top_k", "index_sort"})
    EXPECT_THAT(ids({.sort = {{.field = "f"}}}, {.disabled_rules = {rule}}, "floats"),
                ElementsAre("low", "-1", "-tiny", "-0", "0", "tiny", "1", "max"));
  EXPECT_FALSE(std::signbit(*cell("-0", "f", "floats").get_if<double>()));
  EXPECT_EQ(
      refusal({{.id = "nan", .cells = {{"f", std::numeric_limits<double>::quiet_NaN()}}}}, "floats").field(),
      "f");
  EXPECT_EQ(
      refusal({{.id = "inf", .cells = {{"f", std::numeric_limits<double>::infinity()}}}}, "floats").field(),
      "f");
  EXPECT_THAT(problems("floats"), IsEmpty());
}

TEST_F(EncodingEdgeTest, a_datasource_of_1024_fields_takes_writes_loads_and_queries) {
  Datasource wide{.id = "wide", .durability = Durability::kOs};
  for (int i = 0; i < 1024; ++i)
    wide.fields.push_back({.name = "f" + std::to_string(i),
                           .type = i % 2 == 0 ? Type::kInt : Type::kString,
                           .indexed = i % 100 == 0});
  save(wide);
  std::vector<RecordWrite> writes;
  for (int i = 0; i < 70; ++i) {
    RecordWrite each{.id = "r" + std::to_string(i)};
    for (int field = i % 3; field < 1024; field += 3)
      each.cells.emplace_back("f" + std::to_string(field), field % 2 == 0 ? Value(i) : Value("v"));
    writes.push_back(std::move(each));
  }
  write(writes, "wide");
  write({{.id = "r5", .cells = {{"f1022", 77}, {"f1023", "last"}}}}, "wide");
  reopen();
  EXPECT_EQ(cell("r5", "f1022", "wide"), Value(77));
  EXPECT_EQ(cell("r5", "f1023", "wide"), Value("last"));
  EXPECT_EQ(ids({.filter = Filter::condition("f300", Op::kEq, 60)}, {.force_index = "f300"}, "wide"),
            Ids{"r60"});
  EXPECT_THAT(problems("wide"), IsEmpty());
  wide.fields.push_back({.name = "one_too_many"});
  EXPECT_EQ(database_->save_datasource(wide).error().reason(), Reason::kInvalidArgument);
}

}  // namespace
}  // namespace slate
