// Every index entry changes with its record.
#include <atomic>
#include <gmock/gmock.h>
#include <map>
#include <random>
#include <thread>

#include "db/testing/database_fixture.h"

namespace slate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class IndexUpkeepTest : public DatabaseFixture {
 protected:
  Ids by_status(const char* status) {
    return ids({.filter = Filter::condition("status", Op::kEq, status)}, {.force_index = "status"});
  }
  Ids by_contacts() { return ids({.sort = {{.field = "contacts"}}}, {.force_index = "contacts"}); }
  std::vector<RecordWrite> many(int count, const char* status = "active") {
    std::vector<RecordWrite> writes;
    for (int i = 0; i < count; ++i) writes.push_back(record("r" + std::to_string(i), status, i));
    return writes;
  }
  static Datasource without_index(std::size_t field) {
    Datasource datasource = prospects();
    datasource.fields[field].indexed = false;
    return datasource;
  }
};

TEST_F(IndexUpkeepTest, active_to_rejected_drops_the_old_entry_and_adds_the_new_one) {
  save(prospects());
  write({record("a", "active", 1), record("b", "active", 2), record("c", "rejected", 3)});
  EXPECT_EQ(write({record("a", "rejected", 1)}), (WriteCounts{.updated = 1}));
  EXPECT_THAT(by_status("active"), ElementsAre("b"));
  EXPECT_THAT(by_status("rejected"), ElementsAre("a", "c"));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(IndexUpkeepTest, a_delete_takes_the_entries_out_of_every_index) {
  save(prospects());
  write(many(300));
  EXPECT_EQ(write({deletion("r0"), deletion("r299"), deletion("r17"), deletion("nobody")}),
            (WriteCounts{.deleted = 3}));
  EXPECT_EQ(by_status("active").size(), 297u);
  EXPECT_EQ(by_contacts().size(), 297u);
  EXPECT_EQ(snapshot()->info().rows, 297u);
  EXPECT_FALSE(get("r17").has_value());
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(IndexUpkeepTest, a_record_that_comes_back_after_its_delete_comes_last) {
  save(prospects());
  write({record("a", "active", 1), record("b", "active", 2)});
  EXPECT_EQ(write({deletion("a"), record("a", "rejected", 3)}), (WriteCounts{.inserted = 1, .deleted = 1}));
  EXPECT_THAT(ids({}), ElementsAre("b", "a"));
  EXPECT_THAT(by_status("active"), ElementsAre("b"));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(IndexUpkeepTest, all_writes_to_one_record_in_one_batch_count_in_their_order) {
  save(prospects());
  const RecordWrite replaced{.kind = WriteKind::kReplace, .id = "a", .cells = {{"contacts", 2}}};
  write({record("a", "active", 1), replaced});
  EXPECT_EQ(cell("a", "status"), Value());
  EXPECT_EQ(cell("a", "contacts"), Value(2));
  write({record("b", "active", 5), deletion("b"), deletion("b"), record("b", "rejected", 6),
         record("b", "open", 7)});
  EXPECT_EQ(cell("b", "status"), Value("open"));
  write({record("c", "active", 8), deletion("c")});
  EXPECT_FALSE(get("c").has_value());
  write({record("a", "active", 1), replaced, {.id = "a", .cells = {{"name", "n"}}}});
  EXPECT_EQ(cell("a", "status"), Value());
  EXPECT_EQ(cell("a", "name"), Value("n"));
  EXPECT_THAT(by_contacts(), ElementsAre("a", "b"));
  EXPECT_THAT(problems(), IsEmpty());
}

// Ids whose keys are cut to the same bytes among short ones, in no order, several times in one batch.
TEST_F(IndexUpkeepTest, a_shuffled_batch_finds_the_ids_that_are_there_and_adds_the_others) {
  save(prospects());
  const auto id = [](std::size_t i) {
    return (i % 3 == 0 ? std::string(600, 'x') : std::string("r")) + std::to_string(i);
  };
  std::mt19937_64 random(5);
  std::map<std::string, std::int64_t> model;
  for (std::int64_t round = 0; round < 20; ++round) {
    std::vector<RecordWrite> writes;
    WriteCounts counts;
    for (std::int64_t i = 0; i < 200; ++i) {
      const std::string name = id(random() % 400);
      const bool known = model.contains(name);
      if (random() % 5 == 0) {
        writes.push_back(deletion(name));
        counts.deleted += model.erase(name);
        continue;
      }
      writes.push_back(record(name, i % 2 == 0 ? "active" : "rejected", static_cast<int>(round * 200 + i)));
      model[name] = round * 200 + i;
      ++(known ? counts.updated : counts.inserted);
    }
    EXPECT_EQ(write(writes), counts);
  }
  EXPECT_THAT(problems(), IsEmpty());
  EXPECT_EQ(snapshot()->info().rows, model.size());
  for (const auto& [name, contacts] : model) EXPECT_EQ(cell(name, "contacts"), Value(contacts));
}

TEST_F(IndexUpkeepTest, a_null_moves_the_entry_to_the_nulls) {
  save(prospects());
  write({record("a", "active", 1), record("b", "active", 2)});
  write({{.id = "a", .cells = {{"status", Value()}}}});
  EXPECT_THAT(by_status("active"), ElementsAre("b"));
  EXPECT_THAT(ids_where("status", Op::kIsnull, true, {.force_index = "status"}), ElementsAre("a"));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(IndexUpkeepTest, a_map_moves_the_entries_of_its_leaves) {
  save(prospects());
  const auto in_city = [&](const char* city) {
    return ids_where("address.city", Op::kEq, city, {.force_index = "address.city"});
  };
  write({{.id = "a", .cells = {{"address", MapValue{{"city", "Paris"}, {"zip", 75001}}}}}});
  EXPECT_THAT(in_city("Paris"), ElementsAre("a"));
  write({{.id = "a", .cells = {{"address.city", "Lyon"}}}});
  EXPECT_THAT(in_city("Paris"), IsEmpty());
  EXPECT_THAT(in_city("Lyon"), ElementsAre("a"));
  EXPECT_EQ(cell("a", "address"), Value(MapValue{{"city", "Lyon"}, {"zip", 75001}}));
  write({{.id = "a", .cells = {{"address", MapValue{{"zip", 1}}}}}});
  EXPECT_THAT(in_city("Lyon"), IsEmpty());
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(IndexUpkeepTest, a_path_may_name_a_map_inside_a_map) {
  Datasource datasource = prospects();
  datasource.fields.push_back({.name = "site",
                               .type = Type::kMap,
                               .fields = {{.name = "name", .type = Type::kString},
                                          {.name = "geo",
                                           .type = Type::kMap,
                                           .fields = {{.name = "lat", .type = Type::kInt, .indexed = true},
                                                      {.name = "lon", .type = Type::kInt}}}}});
  save(datasource);
  const auto at_latitude = [&](std::int64_t lat) {
    return ids_where("site.geo.lat", Op::kEq, lat, {.force_index = "site.geo.lat"});
  };
  const auto site = [](MapValue geo) {
    return Value(geo.empty() ? MapValue{{"name", "x"}}
                             : MapValue{{"name", "x"}, {"geo", Value(std::move(geo))}});
  };
  write({{.id = "a", .cells = {{"site", site({{"lat", 1}, {"lon", 2}})}}}});
  write({{.id = "a", .cells = {{"site.geo", MapValue{{"lat", 3}}}}}});
  EXPECT_THAT(at_latitude(1), IsEmpty());
  EXPECT_THAT(at_latitude(3), ElementsAre("a"));
  EXPECT_EQ(cell("a", "site"), site({{"lat", 3}}));
  write({{.id = "a", .cells = {{"site.geo", Value()}}}});
  EXPECT_THAT(at_latitude(3), IsEmpty());
  EXPECT_EQ(cell("a", "site"), site({}));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(IndexUpkeepTest, a_compound_index_follows_each_of_its_fields) {
  Datasource datasource = prospects();
  datasource.indexes = {
      {.fields = {{.field = "status"}, {.field = "contacts", .direction = Direction::kDescending}}}};
  save(datasource);
  write(many(50));
  write({record("r3", "rejected", 3), record("r4", "active", 400), deletion("r5")});
  write({{.kind = WriteKind::kReplace, .id = "r6"}});
  EXPECT_EQ(
      ids({.filter = Filter::condition("status", Op::kEq, "active")}, {.force_index = "status,-contacts"})
          .size(),
      47u);
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(IndexUpkeepTest, delete_all_leaves_nothing_in_any_index) {
  save(prospects());
  write(many(300));
  ASSERT_TRUE(database_->delete_all("prospects").has_value());
  EXPECT_THAT(ids({}), IsEmpty());
  EXPECT_THAT(by_status("active"), IsEmpty());
  const auto report = audit_datasource(*database_, "prospects");
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->index_entries, 0u);
  write({record("a", "active", 1)});
  EXPECT_THAT(by_contacts(), ElementsAre("a"));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(IndexUpkeepTest, an_index_added_while_writers_run_becomes_whole_and_right) {
  save(without_index(2));
  write(many(5000));
  std::atomic<bool> stop = false;
  std::atomic<int> batches = 0;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 2; ++writer) {
    writers.emplace_back([&, writer] {
      for (int round = 0; !stop || round < 5; ++round) {
        std::vector<RecordWrite> writes;
        for (int i = 0; i < 20; ++i) {
          const int at = (round * 211 + i * 97 + writer) % 6000;  // some of them new
          if (i % 7 == 0)
            writes.push_back(deletion("r" + std::to_string(at)));
          else
            writes.push_back(record("r" + std::to_string(at), "rejected", round * 100 + i));
        }
        EXPECT_TRUE(database_->write_batch("prospects", writes).has_value());
        ++batches;
      }
    });
  }
  save(prospects());
  wait_for_indexes();
  stop = true;
  for (auto& writer : writers) writer.join();
  EXPECT_GE(batches, 10);
  EXPECT_THAT(problems(), IsEmpty());
  EXPECT_EQ(by_contacts().size(), snapshot()->info().rows);
}

TEST_F(IndexUpkeepTest, a_half_built_index_is_right_as_far_as_it_has_come_and_is_finished_after_reopening) {
  save(without_index(2));
  write(many(20'000));
  save(prospects());
  write({record("r1", "active", -1), deletion("r2"), record("new", "active", 3)});
  EXPECT_THAT(problems(), IsEmpty());
  reopen();
  EXPECT_THAT(problems(), IsEmpty());
  wait_for_indexes();
  EXPECT_THAT(problems(), IsEmpty());
  EXPECT_EQ(by_contacts().front(), "r1");
  EXPECT_EQ(by_contacts().size(), 20'000u);
}

TEST_F(IndexUpkeepTest, a_dropped_index_is_not_kept_up_and_starts_anew_when_it_comes_back) {
  save(prospects());
  write(many(500));
  save(without_index(2));
  EXPECT_EQ(snapshot()->query({}, {.force_index = "contacts"}).error().reason(), Reason::kInvalidArgument);
  write({record("r0", "active", 9999), deletion("r1")});
  EXPECT_THAT(problems(), IsEmpty());
  save(prospects());
  wait_for_indexes();
  EXPECT_EQ(by_contacts().back(), "r0");
  EXPECT_EQ(by_contacts().size(), 499u);
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(IndexUpkeepTest, a_reader_of_before_goes_on_seeing_the_index_that_was_dropped) {
  save(prospects());
  write(many(500));
  const auto before = snapshot();
  save(without_index(2));
  auto rows = before->query({.sort = {{.field = "contacts", .direction = Direction::kDescending}}, .take = 1})
                  .value();
  const Batch* batch = rows->next().value();
  ASSERT_NE(batch, nullptr);
  EXPECT_EQ(batch->id.text(batch->rows[0]), "r499");
}

// Their segments are not taken apart: bounds, indexes, frequencies and what expires must follow all the same.
TEST_F(IndexUpkeepTest, cells_that_are_replaced_where_they_stand_are_found_by_every_way) {
  save(prospects());
  std::vector<RecordWrite> writes;
  for (int i = 0; i < 600; ++i)
    writes.push_back(record("r" + std::to_string(1000 + i), i % 2 == 0 ? "even" : "odd", i % 100));
  write(writes);
  // One in a segment, several in a segment, one twice in a commit; a number beyond the segment's greatest.
  write({record("r1007", "even", 7)});
  write({record("r1300", "odd", 0), record("r1302", "odd", 200), record("r1300", "odd", 201)});
  // Beside a cell that does not fit, of the same row and of another.
  write({{.id = "r1010", .cells = {{"status", "odd"}, {"name", "a name"}}}, record("r1012", "odd", 12)});
  const auto ids_by = [&](Op op, Value value, const char* field, const char* rule) {
    return ids({.filter = Filter::condition(field, op, std::move(value))}, {.force_rule = rule});
  };
  for (const char* rule : {"scan", "index_filter"}) {
    EXPECT_THAT(ids_by(Op::kGte, 200, "contacts", rule), testing::UnorderedElementsAre("r1300", "r1302"))
        << rule;
    EXPECT_EQ(ids_by(Op::kEq, "even", "status", rule).size(), 297u) << rule;
    EXPECT_EQ(ids_by(Op::kEq, "odd", "status", rule).size(), 303u) << rule;
    EXPECT_EQ(ids_by(Op::kEq, 0, "contacts", rule).size(), 5u) << rule;
  }
  EXPECT_EQ(cell("r1007", "status"), Value("even"));
  EXPECT_EQ(cell("r1010", "name"), Value("a name"));
  EXPECT_EQ(snapshot()->count(Filter::condition("status", Op::kEq, "odd"), {}, {})->value, 303u);
  EXPECT_THAT(problems(), testing::IsEmpty());
  reopen();
  EXPECT_THAT(problems(), testing::IsEmpty());
}

}  // namespace
}  // namespace slate
