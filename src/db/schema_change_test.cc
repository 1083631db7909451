// What a changed datasource does to its data, and what a start makes of files that are damaged or of another
// version.
#include <cstring>
#include <fstream>
#include <gmock/gmock.h>
#include <sys/wait.h>

#include "db/catalog.h"
#include "db/testing/database_fixture.h"
#include "storage/cursor.h"
#include "storage/environment.h"
#include "storage/testing/postings.h"

namespace slate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SchemaChangeTest : public DatabaseFixture {
 protected:
  SchemaChangeTest() {
    save(prospects());
    write({{.id = "a", .cells = {{"name", "Acme"}, {"status", "active"}, {"contacts", 1}, {"score", 1.5}}},
           {.id = "b", .cells = {{"name", "Bolt"}, {"status", "rejected"}, {"contacts", 2}}}});
  }
};

TEST_F(SchemaChangeTest, a_new_field_reads_as_null_and_keeps_the_data) {
  Datasource wider = prospects();
  wider.fields.insert(wider.fields.begin(), {.name = "first", .type = Type::kInt, .indexed = true});
  EXPECT_EQ(save(wider), Saved::kChanged);
  EXPECT_EQ(cell("a", "name"), Value("Acme"));
  EXPECT_EQ(cell("a", "first"), Value());
  write({{.id = "b", .cells = {{"first", 7}}}});
  wait_for_indexes();
  EXPECT_THAT(ids({.sort = {{.field = "first"}}}, {.force_index = "first"}), ElementsAre("b", "a"));
  reopen();
  EXPECT_EQ(cell("b", "first"), Value(7));
  EXPECT_EQ(cell("b", "name"), Value("Bolt"));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(SchemaChangeTest, a_field_that_is_dropped_and_added_again_reads_as_null) {
  Datasource narrower = prospects();
  std::erase_if(narrower.fields,
                [](const Field& field) { return field.name == "name" || field.name == "contacts"; });
  save(narrower);
  EXPECT_EQ(refusal({{.id = "a", .cells = {{"name", "x"}}}}).field(), "name");
  EXPECT_EQ(get("a")->find("name"), nullptr);
  reopen();
  save(prospects());
  wait_for_indexes();
  EXPECT_EQ(cell("a", "name"), Value());
  EXPECT_EQ(cell("a", "contacts"), Value());
  EXPECT_EQ(cell("a", "status"), Value("active"));
  EXPECT_THAT(ids_where("contacts", Op::kIsnull, true, {.force_index = "contacts"}), ElementsAre("a", "b"));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(SchemaChangeTest, a_changed_type_is_refused_where_nothing_can_bring_the_records_back) {
  Datasource retyped = prospects();
  retyped.fields[2].type = Type::kString;
  const auto refused = [&] {
    const auto saved = database_->save_datasource(retyped);
    EXPECT_FALSE(saved.has_value());
    return saved.error();
  };
  EXPECT_EQ(refused().reason(), Reason::kFailedPrecondition);
  EXPECT_EQ(refused().field(), "fields.contacts");
  EXPECT_EQ(cell("a", "contacts"), Value(1));
  ASSERT_TRUE(database_->delete_all("prospects").has_value());
  EXPECT_EQ(save(retyped), Saved::kChanged);
  write({{.id = "a", .cells = {{"contacts", "many"}}}});
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(SchemaChangeTest, what_was_declared_before_there_was_a_rule_opens_and_may_be_put_right) {
  Datasource now = prospects();
  now.id = "forwarding";
  now.loader = some_loader();
  Datasource then = now;
  then.loader->forward_headers = {"Slate-Token"};
  save(now);
  ASSERT_TRUE(database_->save_list({.id = "all", .datasource = now.id, .columns = {{.field = "name"}}}));
  close();
  {
    const auto catalog = Catalog::open(folder_ / "catalog.mdb", options_.catalog_map_bytes).value();
    const auto entries = catalog->datasources().value();
    auto entry = *std::ranges::find(entries, now.id, [](const auto& of) { return of.schema->datasource.id; });
    entry.schema = std::make_shared<const Schema>(make_schema(then, entry.schema.get()));
    ASSERT_TRUE(catalog->put_datasource(entry));
  }
  open();
  EXPECT_EQ(database_->get_datasource(now.id)->datasource, then);
  EXPECT_TRUE(database_->snapshot(now.id));
  const auto refused = database_->save_datasource(then);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().field(), "loader.forwardHeaders[0]");
  EXPECT_EQ(save(now), Saved::kChanged);
}

TEST_F(SchemaChangeTest, a_scalar_that_becomes_a_map_and_a_list_of_other_elements_are_changed_types_too) {
  Datasource map = prospects();
  map.fields[0] = {.name = "name", .type = Type::kMap, .fields = {{.name = "first"}}};
  EXPECT_EQ(database_->save_datasource(map).error().reason(), Reason::kFailedPrecondition);
  Datasource list = prospects();
  list.fields[4].items = {{.type = Type::kInt}};
  EXPECT_EQ(database_->save_datasource(list).error().field(), "fields.tags");
  Datasource nested = prospects();
  nested.fields[5].fields[1].type = Type::kString;
  EXPECT_EQ(database_->save_datasource(nested).error().field(), "fields.address.zip");
}

TEST_F(SchemaChangeTest, a_changed_type_empties_a_datasource_that_has_a_loader) {
  Datasource loaded = prospects();
  loaded.loader = some_loader();
  save(loaded);
  EXPECT_EQ(ids({}).size(), 2u);
  const auto before = snapshot();
  loaded.fields[2].type = Type::kString;
  EXPECT_EQ(save(loaded), Saved::kChanged);
  EXPECT_THAT(ids({}), IsEmpty());
  EXPECT_EQ(snapshot()->info().loaded_at, std::nullopt);
  EXPECT_GT(snapshot()->info().generation, before->info().generation);
  EXPECT_EQ(before->info().rows, 2u);
  EXPECT_TRUE(before->get("a").value().has_value());
  reopen();
  EXPECT_THAT(ids({}), IsEmpty());
}

TEST_F(SchemaChangeTest, without_its_ttl_a_field_keeps_what_was_alive_for_good) {
  clock_.advance(std::chrono::seconds(30));
  write({{.id = "b", .cells = {{"score", 2.5}}}});
  clock_.advance(std::chrono::seconds(30));
  Datasource lasting = prospects();
  lasting.fields[3].ttl_seconds.reset();
  save(lasting);
  clock_.advance(std::chrono::hours(24));
  EXPECT_EQ(cell("a", "score"), Value());
  EXPECT_EQ(cell("b", "score"), Value(2.5));
  lasting.fields[3].indexed = true;
  save(lasting);
  wait_for_indexes();
  EXPECT_THAT(ids({.sort = {{.field = "score"}}}, {.force_index = "score"}), ElementsAre("b", "a"));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(SchemaChangeTest, a_load_for_other_fields_is_not_published) {
  for (const LoadMode mode : {LoadMode::kReplace, LoadMode::kMerge}) {
    auto builder = database_->begin_generation("prospects", mode).value();
    Datasource wider = prospects();
    wider.fields.insert(wider.fields.begin(),
                        {.name = mode == LoadMode::kMerge ? "one" : "two", .type = Type::kInt});
    save(wider);
    write({{.id = "c", .cells = {{wider.fields.front().name, 5}, {"tags", ListValue{Value("t")}}}}});
    ASSERT_TRUE(builder->append("x", {}).has_value());
    ASSERT_TRUE(builder->finish().has_value());
    EXPECT_EQ(builder->publish(clock_.now()).error().reason(), Reason::kFailedPrecondition);
    EXPECT_THAT(ids({}), ElementsAre("a", "b", "c"));
    save(prospects());
    write({deletion("c")});
  }
}

TEST_F(SchemaChangeTest, a_load_is_published_with_the_indexes_that_there_are_by_then) {
  auto builder = database_->begin_generation("prospects", LoadMode::kReplace).value();
  for (int i = 0; i < 700; ++i) {
    const CellRef cells[] = {{.field = 0, .value = std::string_view("n")},
                             {.field = 2, .value = std::int64_t{i}}};
    ASSERT_TRUE(builder->append("n" + std::to_string(i), cells).has_value());
  }
  ASSERT_TRUE(builder->finish().has_value());
  Datasource other = prospects();
  other.fields[0].indexed = true;
  other.fields[1].indexed = false;
  save(other);
  ASSERT_TRUE(builder->publish(clock_.now()).has_value());
  wait_for_indexes();
  EXPECT_EQ(ids_where("name", Op::kEq, "n", {.force_index = "name"}).size(), 700u);
  EXPECT_THAT(problems(), IsEmpty());
  reopen();
  EXPECT_THAT(problems(), IsEmpty());
}

// The files of a database that is closed.
class StartTest : public SchemaChangeTest {
 protected:
  void with_loader() {
    Datasource loaded = prospects();
    loaded.loader = some_loader();
    save(loaded);
  }
  void flip_byte_in_segment() {
    change_file([](storage::WriteTransaction& txn) {
      const auto segments = txn.find_table("segments", storage::TableKind::kNumbers).value().value();
      std::string block(txn.get(segments, std::uint64_t{255}).value().value());
      block[block.size() - 20] ^= 0x01;
      ASSERT_TRUE(txn.put(segments, std::uint64_t{255}, block).has_value());
    });
  }
  void overwrite(std::size_t bytes) {
    const auto path = generation_file();
    close();
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << std::string(bytes, 'x');
  }
};

TEST_F(StartTest, a_flipped_byte_in_a_segment_is_corrupt_on_every_read_and_write_of_it) {
  flip_byte_in_segment();
  open();
  const auto rows = snapshot()->query({});
  ASSERT_TRUE(rows.has_value());
  EXPECT_EQ((*rows)->next().error().reason(), Reason::kCorrupt);
  EXPECT_EQ(snapshot()->get("a").error().reason(), Reason::kCorrupt);
  EXPECT_EQ(snapshot()->count(Filter::condition("name", Op::kContains, "x")).error().reason(),
            Reason::kCorrupt);
  EXPECT_EQ(refusal({record("a", "open", 1)}).reason(), Reason::kCorrupt);
  EXPECT_EQ(refusal({record("new", "open", 1)}).reason(), Reason::kCorrupt);
  EXPECT_THAT(problems(), testing::Contains(HasSubstr("checksum")));
}

TEST_F(StartTest, a_flipped_byte_is_corrupt_for_a_write_that_settles_a_long_id) {
  const std::string first = std::string(600, 'i') + "1";
  write({record(first, "active", 1)});
  flip_byte_in_segment();
  open();
  EXPECT_EQ(refusal({record(std::string(600, 'i') + "2", "open", 1)}).reason(), Reason::kCorrupt);
}

TEST_F(StartTest, a_damaged_generation_that_a_loader_can_refill_is_discarded) {
  with_loader();
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{100}, std::size_t{20'000}}) {
    write({record("a", "active", 1)});
    const auto path = generation_file();
    overwrite(bytes);
    open();
    EXPECT_THAT(ids({}), IsEmpty());
    EXPECT_EQ(snapshot()->info().loaded_at, std::nullopt);
    EXPECT_FALSE(std::filesystem::exists(path));
  }
  write({record("a", "active", 1)});
  reopen();
  EXPECT_THAT(ids({}), ElementsAre("a"));
}

TEST_F(StartTest, a_generation_cut_short_is_damage_and_no_crash) {
  with_loader();
  std::vector<RecordWrite> writes;
  for (int i = 0; i < 3000; ++i) writes.push_back(record("r" + std::to_string(i), "active", i));
  for (const double share : {0.02, 0.3, 0.6, 0.9}) {
    write(writes);
    const auto path = generation_file();
    close();
    const auto size = std::filesystem::file_size(path);
    std::filesystem::resize_file(path, static_cast<std::uintmax_t>(static_cast<double>(size) * share));
    open();
    if (!std::filesystem::exists(path)) continue;  // seen at the start, and discarded
    EXPECT_THAT(problems(), testing::Not(IsEmpty()));
    ASSERT_TRUE(database_->delete_all("prospects").has_value());
  }
}

TEST_F(StartTest, a_missing_generation_is_discarded_with_a_loader) {
  with_loader();
  const auto path = generation_file();
  close();
  std::filesystem::remove(path);
  open();
  EXPECT_THAT(ids({}), IsEmpty());
}

TEST_F(StartTest, a_damaged_datasource_without_a_loader_is_shut_off_and_the_others_go_on) {
  Datasource other = prospects();
  other.id = "other";
  save(other);
  write({record("x", "active", 1)}, "other");
  overwrite(5000);
  for (int start = 0; start < 2; ++start) {
    reopen();
    const auto error = database_->snapshot("prospects").error();
    EXPECT_EQ(error.reason(), Reason::kCorrupt);
    EXPECT_TRUE(error.hint().has_value());
    EXPECT_EQ(refusal({record("a", "active", 1)}).reason(), Reason::kCorrupt);
    EXPECT_EQ(database_->begin().value()->get("prospects", "a").error().reason(), Reason::kCorrupt);
    EXPECT_EQ(database_->begin_generation("prospects", LoadMode::kMerge).error().reason(), Reason::kCorrupt);
    EXPECT_EQ(audit_datasource(*database_, "prospects").error().reason(), Reason::kCorrupt);
    EXPECT_TRUE(database_->list_datasources().has_value());
    EXPECT_THAT(ids({}, {}, "other"), ElementsAre("x"));
  }
  ASSERT_TRUE(database_->delete_all("prospects").has_value());
  write({record("a", "active", 1)});
  reopen();
  EXPECT_THAT(ids({}), ElementsAre("a"));
}

TEST_F(StartTest, a_generation_of_an_unknown_format_version_is_refused_with_a_hint) {
  with_loader();
  change_file([](storage::WriteTransaction& txn) {
    const auto meta = txn.find_table("meta", storage::TableKind::kBytes).value().value();
    std::string state(txn.get(meta, "state").value().value());
    state[0] = 9;
    ASSERT_TRUE(txn.put(meta, "state", state).has_value());
  });
  const auto opened = Database::open(options_);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().reason(), Reason::kUnsupportedFormat);
  EXPECT_THAT(opened.error().message(), HasSubstr("version 9"));
  EXPECT_TRUE(opened.error().hint().has_value());
}

TEST_F(StartTest, a_catalog_of_an_unknown_format_version_is_refused_with_a_hint) {
  close();
  {
    auto environment = storage::Environment::open(folder_ / "catalog.mdb", {}).value();
    auto txn = environment->begin_write().value();
    const auto meta = txn.find_table("meta", storage::TableKind::kBytes).value().value();
    ASSERT_TRUE(txn.put(meta, "format", "2").has_value());
    ASSERT_TRUE(txn.commit().has_value());
  }
  const auto opened = Database::open(options_);
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().reason(), Reason::kUnsupportedFormat);
  EXPECT_TRUE(opened.error().hint().has_value());
}

TEST_F(StartTest, a_folder_that_another_process_has_open_is_refused) {
  close();
  int ready[2];
  int done[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(done[1]);
    auto held = Database::open(options_);
    const char answer = held ? 'y' : 'n';
    if (::write(ready[1], &answer, 1) != 1) ::_exit(2);
    char wait = 0;
    if (::read(done[0], &wait, 1) != 0) ::_exit(3);
    ::_exit(0);
  }
  char answer = 'n';
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  const auto refused = Database::open(options_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().reason(), Reason::kFailedPrecondition);
  EXPECT_TRUE(refused.error().hint().has_value());
  ::close(done[1]);
  ::waitpid(child, nullptr, 0);
  for (const int end : {ready[0], ready[1], done[0]}) ::close(end);
  open();
  EXPECT_EQ(Database::open(options_).error().reason(), Reason::kFailedPrecondition);
  EXPECT_EQ(ids({}).size(), 2u);
}

TEST_F(StartTest, files_that_the_catalog_does_not_name_are_removed) {
  close();
  const auto folder = folder_ / "generations" / "prospects";
  for (const auto& litter : {folder / "77.mdb", folder / "77.mdb-lock", folder / "77.mdb.run.0.1",
                             folder_ / "generations" / "gone" / "1.mdb", folder_ / "generations" / "stray"}) {
    std::filesystem::create_directories(litter.parent_path());
    std::ofstream(litter) << "litter";
  }
  open();
  Ids left;
  for (const auto& item : std::filesystem::recursive_directory_iterator(folder_ / "generations"))
    if (item.is_regular_file()) left.push_back(item.path().extension());
  EXPECT_THAT(left, testing::UnorderedElementsAre(".mdb", ".mdb-lock"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "generations" / "gone"));
  EXPECT_EQ(ids({}).size(), 2u);
}

// A crash between the generation's commit of a changed index and the catalog's: the catalog decides.
TEST_F(StartTest, traces_of_an_index_that_never_came_to_be_do_not_pass_for_another_index) {
  change_file([](storage::WriteTransaction& txn) {
    const auto meta = txn.find_table("meta", storage::TableKind::kBytes).value().value();
    std::string state(txn.get(meta, "state").value().value());
    std::uint32_t count = 0;
    std::memcpy(&count, state.data() + 48, sizeof(count));
    const std::uint32_t next_id = count++;  // ids of this datasource are 0, 1, 2, ...
    std::memcpy(state.data() + 48, &count, sizeof(count));
    std::string entry(16, '\0');
    std::memcpy(entry.data(), &next_id, sizeof(next_id));
    std::memset(entry.data() + 8, 0xff, 8);  // whole
    ASSERT_TRUE(txn.put(meta, "state", state + entry).has_value());
    const auto table =
        txn.create_table(("index/" + std::to_string(next_id)).c_str(), storage::TableKind::kPostings).value();
    ASSERT_TRUE(storage::add_posting(txn, table, "of another field", 0).has_value());
  });
  open();
  EXPECT_THAT(problems(), IsEmpty());
  Datasource indexed = prospects();
  indexed.fields[0].indexed = true;
  save(indexed);
  wait_for_indexes();
  EXPECT_THAT(ids({.sort = {{.field = "name"}}}, {.force_index = "name"}), ElementsAre("a", "b"));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(StartTest, an_index_that_the_generation_lost_is_built_again) {
  change_file([](storage::WriteTransaction& txn) {
    const auto meta = txn.find_table("meta", storage::TableKind::kBytes).value().value();
    std::string state(txn.get(meta, "state").value().value());
    std::uint32_t count = 0;
    std::memcpy(&count, state.data() + 48, sizeof(count));
    --count;
    std::memcpy(state.data() + 48, &count, sizeof(count));
    state.resize(state.size() - 16);
    ASSERT_TRUE(txn.put(meta, "state", state).has_value());
  });
  open();
  wait_for_indexes();
  EXPECT_THAT(problems(), IsEmpty());
}

}  // namespace
}  // namespace slate
