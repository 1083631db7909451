// The database behind a pool of connections, with the real server in this process.
#include <atomic>
#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "net/testing/patience.h"
#include "testing/served_database.h"

namespace slate {
namespace {

using slate::testing::ServedDatabase;
using std::chrono::milliseconds;

std::string text_of(const Error& error) {
  return error.to_string() + " at " + error.field().value_or("-") + ", hint " + error.hint().value_or("-") +
         ", position " + (error.position() ? std::to_string(*error.position()) : "-");
}

Datasource prospects() {
  return {.id = "prospects",
          .fields = {{.name = "name"},
                     {.name = "n", .type = Type::kInt, .indexed = true},
                     {.name = "tags", .type = Type::kList, .items = {{.type = Type::kString}}}}};
}

class Remote : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    stored_ = open("one");
    start();
  }
  void TearDown() override {
    served_.reset();
    stored_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::unique_ptr<EmbeddedDatabase> open(const std::string& name) {
    auto opened = Database::open({.path = folder_ / name});
    EXPECT_TRUE(opened) << opened.error().to_string();
    return *std::move(opened);
  }
  void start(server::ServerOptions server = {}, ClientPoolOptions pool = {}) {
    auto served = ServedDatabase::start(*stored_, std::move(server), std::move(pool));
    ASSERT_TRUE(served) << served.error().to_string();
    served_ = *std::move(served);
  }
  Database& remote() { return served_->remote(); }

  void save_and_fill(std::size_t records) {
    ASSERT_TRUE(remote().save_datasource(prospects()));
    std::vector<RecordWrite> writes;
    for (std::size_t i = 0; i < records; ++i)
      writes.push_back(
          {.id = std::to_string(i), .cells = {{"n", static_cast<std::int64_t>(i)}, {"name", "x"}}});
    const auto counts = remote().write_batch("prospects", writes);
    ASSERT_TRUE(counts) << counts.error().to_string();
    EXPECT_EQ(counts->inserted, records);
  }
  static std::size_t rows_of(ResultSet& result) {
    std::size_t rows = 0;
    for (;;) {
      const auto batch = result.next();
      EXPECT_TRUE(batch) << batch.error().to_string();
      if (!batch || *batch == nullptr) return rows;
      rows += (*batch)->size();
    }
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("slate_remote_" + std::to_string(::getpid()));
  std::unique_ptr<EmbeddedDatabase> stored_;
  std::unique_ptr<ServedDatabase> served_;
};

TEST_F(Remote, the_catalog_is_the_one_of_the_database) {
  EXPECT_EQ(*remote().save_datasource(prospects()), Saved::kCreated);
  EXPECT_EQ(*remote().save_datasource(prospects()), Saved::kUnchanged);
  const ListView list{
      .id = "all", .datasource = "prospects", .columns = {{.field = "name"}}, .sort = {{.field = "name"}}};
  const auto saved = remote().save_list(list);
  ASSERT_TRUE(saved) << saved.error().to_string();
  EXPECT_EQ(saved->warnings, stored_->save_list(list)->warnings);
  EXPECT_EQ(*remote().get_list("all"), list);
  EXPECT_EQ(remote().list_lists()->size(), 1U);
  EXPECT_EQ(remote().list_datasources()->front().datasource, prospects());
  EXPECT_EQ(remote().get_datasource("prospects")->indexes.size(),
            stored_->get_datasource("prospects")->indexes.size());
  EXPECT_EQ(remote().instance_id(), stored_->instance_id());
  EXPECT_EQ(remote().delete_datasource("prospects").error().reason(), Reason::kInUse);
  EXPECT_TRUE(remote().delete_datasource("prospects", Dependents::kCascade));
  EXPECT_TRUE(remote().list_lists()->empty());
}

TEST_F(Remote, errors_are_those_of_the_database) {
  save_and_fill(3);
  const auto same = [](const auto& a, const auto& b) {
    ASSERT_FALSE(a);
    ASSERT_FALSE(b);
    EXPECT_EQ(text_of(a.error()), text_of(b.error()));
  };
  Datasource bad = prospects();
  bad.fields[0].name = "9";
  same(stored_->save_datasource(bad), remote().save_datasource(bad));
  same(stored_->save_datasource(prospects(), Existing::kRefuse),
       remote().save_datasource(prospects(), Existing::kRefuse));
  same(stored_->snapshot("nothing"), remote().snapshot("nothing"));
  same(stored_->get_list("nothing"), remote().get_list("nothing"));
  same(stored_->delete_list("nothing"), remote().delete_list("nothing"));
  same(stored_->delete_all("nothing"), remote().delete_all("nothing"));
  same(stored_->begin_generation("nothing", LoadMode::kReplace),
       remote().begin_generation("nothing", LoadMode::kReplace));
  const std::vector<RecordWrite> writes{{.id = "a", .cells = {{"n", 1}}},
                                        {.id = "b", .cells = {{"n", "one"}}}};
  same(stored_->write_batch("prospects", writes), remote().write_batch("prospects", writes));
  const std::vector<RecordWrite> update{{.kind = WriteKind::kUpdate, .id = "gone", .cells = {{"n", 1}}}};
  same(stored_->write_batch("prospects", update), remote().write_batch("prospects", update));
}

TEST_F(Remote, a_snapshot_stays_as_it_is_and_its_rows_outlive_it) {
  save_and_fill(5000);
  auto before = *remote().snapshot("prospects");
  ASSERT_TRUE(remote().delete_all("prospects"));
  EXPECT_EQ(before->count({})->value, 5000U);
  auto rows = *before->query({});
  before.reset();
  EXPECT_EQ(rows_of(*rows), 5000U);
  EXPECT_FALSE(*rows->has_more());
  rows.reset();
  EXPECT_EQ((*remote().snapshot("prospects"))->info().rows, 0U);
  EXPECT_LE(served_->clients().stats().open, 2U) << "connections go back";
}

TEST_F(Remote, a_record_is_found_by_its_id) {
  save_and_fill(10);
  const std::vector<RecordWrite> more{{.id = "t", .cells = {{"tags", ListValue{"a", "b"}}}}};
  ASSERT_TRUE(remote().write_batch("prospects", more));
  const auto snapshot = *remote().snapshot("prospects");
  const auto batch = snapshot->find("7");
  ASSERT_TRUE(batch && *batch != nullptr);
  EXPECT_EQ((*batch)->id.text((*batch)->rows.front()), "7");
  EXPECT_EQ(*snapshot->find("nobody"), nullptr);
  const auto record = snapshot->get("t");
  ASSERT_TRUE(record && *record);
  EXPECT_EQ(*(*record)->find("tags"), Value(ListValue{"a", "b"}));
}

Result<void> append_rows(GenerationBuilder& builder, std::size_t rows) {
  const std::string text(100, 'x');
  for (std::size_t i = 0; i < rows; ++i) {
    const std::vector<CellRef> cells{{.field = 0, .value = std::string_view(text)},
                                     {.field = 1, .value = static_cast<std::int64_t>(i % 10)}};
    SLATE_TRY(builder.append(std::to_string(i), cells));
  }
  return {};
}

TEST_F(Remote, a_generation_goes_live_when_it_is_published) {
  save_and_fill(3);
  auto builder = remote().begin_generation("prospects", LoadMode::kReplace);
  ASSERT_TRUE(builder) << builder.error().to_string();
  const auto appended = append_rows(**builder, 20'000);
  ASSERT_TRUE(appended) << appended.error().to_string();
  const auto counts = (*builder)->finish();
  ASSERT_TRUE(counts) << counts.error().to_string();
  EXPECT_EQ(counts->received, 20'000U);
  EXPECT_EQ(counts->rows, 20'000U);
  EXPECT_EQ((*remote().snapshot("prospects"))->info().rows, 3U) << "not live yet";
  const auto generation = (*builder)->publish(1'700'000'000'000);
  ASSERT_TRUE(generation) << generation.error().to_string();
  const auto snapshot = *remote().snapshot("prospects");
  EXPECT_EQ(snapshot->info().generation, *generation);
  EXPECT_EQ(snapshot->info().loaded_at, 1'700'000'000'000);
  EXPECT_EQ(snapshot->count(Filter::condition("n", Op::kEq, 3))->value, 2'000U);
}

TEST_F(Remote, a_merge_keeps_what_the_load_does_not_name) {
  save_and_fill(3);
  auto builder = remote().begin_generation("prospects", LoadMode::kMerge);
  ASSERT_TRUE(builder) << builder.error().to_string();
  const std::vector<CellRef> cells{{.field = 1, .value = std::int64_t{9}}};
  ASSERT_TRUE((*builder)->append("new", cells));
  ASSERT_TRUE((*builder)->finish());
  ASSERT_TRUE((*builder)->publish(1));
  EXPECT_EQ((*remote().snapshot("prospects"))->info().rows, 4U);
}

TEST_F(Remote, a_generation_that_is_thrown_away_leaves_nothing) {
  save_and_fill(3);
  {
    auto builder = remote().begin_generation("prospects", LoadMode::kReplace);
    ASSERT_TRUE(builder);
    ASSERT_TRUE(append_rows(**builder, 5'000));
    const auto second = remote().begin_generation("prospects", LoadMode::kReplace);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().reason(), Reason::kFailedPrecondition);
  }
  EXPECT_EQ((*remote().snapshot("prospects"))->info().rows, 3U);
  const auto after = remote().begin_generation("prospects", LoadMode::kReplace);
  EXPECT_TRUE(after) << after.error().to_string();
}

TEST_F(Remote, a_bad_row_of_a_load_is_named) {
  save_and_fill(1);
  const std::vector<CellRef> bad{{.field = 1, .value = std::string_view("one")}};
  auto embedded = *stored_->begin_generation("prospects", LoadMode::kReplace);
  const auto expected = embedded->append("r2", bad);
  ASSERT_FALSE(expected);
  embedded.reset();
  auto builder = *remote().begin_generation("prospects", LoadMode::kReplace);
  ASSERT_TRUE(append_rows(*builder, 10));
  auto appended = builder->append("r2", bad);
  const auto finished = builder->finish();
  ASSERT_FALSE(finished) << "an error of a row comes with the frame of it, or at the end";
  EXPECT_EQ(finished.error().message(), expected.error().message());
  EXPECT_EQ(finished.error().field(), expected.error().field());
}

TEST_F(Remote, a_load_that_pauses_keeps_its_lease) {
  start({.lease = milliseconds(60)});
  save_and_fill(1);
  auto builder = *remote().begin_generation("prospects", LoadMode::kReplace);
  ASSERT_TRUE(append_rows(*builder, 10));
  // Several leases long.
  const auto until = std::chrono::steady_clock::now() + milliseconds(300);
  while (std::chrono::steady_clock::now() < until) (void)remote().get_datasource("prospects");
  ASSERT_TRUE(builder->finish());
  const auto published = builder->publish(1);
  EXPECT_TRUE(published) << published.error().to_string();
}

TEST_F(Remote, an_empty_database_is_noticed_and_filled_before_anybody_sees_it) {
  std::atomic<int> met = 0;
  ClientPoolOptions pool{.checkout_timeout = milliseconds(60'000), .first_back_off = milliseconds(1)};
  pool.on_new_instance = [&](Database& database, const std::string&) -> Result<void> {
    ++met;
    SLATE_TRY(database.save_datasource(prospects()));
    return {};
  };
  start({}, std::move(pool));
  EXPECT_TRUE(remote().snapshot("prospects"));
  EXPECT_EQ(met, 1);
  // The same port, another store.
  const std::uint16_t port = served_->server().port();
  served_->server().stop(milliseconds(0));
  const auto other = open("two");
  net::IoThreads io(1);
  net::BlockingPool workers(net::testing::patient_pool(2));
  const auto second = server::Server::start({.port = port}, *other, io, workers);
  ASSERT_TRUE(second) << second.error().to_string();
  std::vector<std::thread> threads;
  std::atomic<int> found = 0;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      const auto snapshot = remote().snapshot("prospects");
      if (snapshot) ++found;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(found, 4);
  EXPECT_EQ(met, 2);
  EXPECT_EQ(remote().instance_id(), other->instance_id());
  served_.reset();
}

TEST_F(Remote, reads_survive_restarts_of_the_server) {
  ClientPoolOptions pool{.size = 4,
                         .checkout_timeout = milliseconds(60'000),
                         .first_back_off = milliseconds(1),
                         .most_back_off = milliseconds(5)};
  start({}, std::move(pool));
  save_and_fill(100);
  const std::uint16_t port = served_->server().port();
  served_->server().stop(milliseconds(0));
  net::IoThreads io(1);
  net::BlockingPool workers(net::testing::patient_pool(2));
  std::atomic<int> good = 0;
  std::atomic<int> strange = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&](const std::stop_token& ends) {
      while (!ends.stop_requested()) {
        const auto snapshot = remote().snapshot("prospects");
        const auto count = snapshot ? (*snapshot)->count({}) : fail(snapshot.error());
        if (count && count->value == 100)
          ++good;
        else if (count || count.error().reason() != Reason::kUnavailable)
          ++strange;
      }
    });
  for (int i = 0; i < 3; ++i) {
    auto again = server::Server::start({.port = port}, *stored_, io, workers);
    ASSERT_TRUE(again) << again.error().to_string();
    const int before = good;
    while (good < before + 50) std::this_thread::yield();
    (*again)->stop(milliseconds(0));
  }
  auto last = server::Server::start({.port = port}, *stored_, io, workers);
  ASSERT_TRUE(last);
  threads.clear();
  EXPECT_EQ(strange, 0);
  served_.reset();
}

TEST_F(Remote, a_database_that_does_not_take_the_token_is_unavailable_to_whoever_asks_it) {
  served_.reset();
  ClientPoolOptions pool;
  pool.client.token = "not-the-token-0123456789";
  start({.accepts_token = [](std::string_view) { return false; }}, std::move(pool));
  const auto refused = remote().list_datasources();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason(), Reason::kUnavailable) << refused.error().to_string();
  EXPECT_EQ(refused.error().message().find("not-the-token"), std::string::npos);
  EXPECT_EQ(served_->clients().checkout().error().reason(), Reason::kUnauthenticated)
      << "the pool's owner is told";
}

}  // namespace
}  // namespace slate
