// A refresh by the calls of a client, with the real server and the real store: what somebody needs who writes
// a loader of his own.
#include <chrono>
#include <filesystem>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "client/testing/patience.h"
#include "client/testing/task.h"
#include "testing/served_database.h"

namespace slate {
namespace {

using client::testing::kPatience;
using client::testing::patient;
using client::testing::Task;
using slate::testing::ServedDatabase;
using std::chrono::milliseconds;

class ClientRefresh : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    stored_ = Database::open({.path = folder_}).value();
    ASSERT_TRUE(stored_->save_datasource(
        {.id = "leads",
         .fields = {{.name = "name"},
                    {.name = "n", .type = Type::kInt, .indexed = true},
                    {.name = "tags", .type = Type::kList, .items = {{.type = Type::kString}}},
                    {.name = "address", .type = Type::kMap, .fields = {{.name = "city"}}}},
         .loader = LoaderConfig{.endpoint = "grpc://127.0.0.1:1"}}));
    served_ = ServedDatabase::start(*stored_, {.lease = kPatience}).value();
  }
  void TearDown() override {
    served_.reset();
    stored_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::unique_ptr<Client> connect() {
    return Client::connect(patient({.address = served_->address()})).value();
  }
  // As a moment ago: what is live then.
  std::vector<std::string> live() {
    const auto snapshot = stored_->snapshot("leads").value();
    const auto rows = snapshot->query({}).value();
    std::vector<std::string> ids;
    while (const Batch* batch = rows->next().value())
      for (const auto row : batch->rows) ids.emplace_back(batch->id.text(row));
    return ids;
  }
  static std::vector<Record> records(const std::vector<std::string>& ids) {
    std::vector<Record> rows;
    for (const auto& id : ids) rows.push_back({.id = id, .cells = {{"name", id}, {"n", 1}}});
    return rows;
  }
  static RefreshGranted begin(Client& client, const RefreshOptions& options = {}) {
    return std::get<RefreshGranted>(client.begin_refresh("leads", options).get().value());
  }
  // A whole one, of these records.
  static void load(Client& client, const std::vector<std::string>& ids) {
    const auto refresh = begin(client);
    ASSERT_TRUE(client.load_rows(refresh, records(ids)).get());
    ASSERT_TRUE(client.finish_refresh(refresh).get());
    ASSERT_TRUE(client.commit_refresh(refresh, 1'000).get());
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("slate_client_refresh_" + std::to_string(::getpid()));
  std::unique_ptr<EmbeddedDatabase> stored_;
  std::unique_ptr<ServedDatabase> served_;
};

TEST_F(ClientRefresh, goes_live_as_a_whole_when_it_is_committed) {
  const auto client = connect();
  load(*client, {"old"});
  const auto refresh = begin(*client, {.load_id = "monday"});
  EXPECT_EQ(refresh.datasource.id, "leads");
  EXPECT_EQ(refresh.live.rows, 1U);
  EXPECT_EQ(refresh.lease, kPatience);
  const std::vector<Record> rows{
      {.id = "a",
       .cells = {{"n", 7}, {"tags", ListValue{"x", "y"}}, {"address", MapValue{{"city", "Bern"}}}}},
      {.id = "b", .cells = {{"name", Value()}}}};
  // Both under way at once.
  auto first = client->load_rows(refresh, rows);
  auto second = client->load_rows(refresh, records({"b"}));
  ASSERT_TRUE(first.get());
  ASSERT_TRUE(second.get());
  const auto running = client->get_load("monday").get();
  ASSERT_TRUE(running);
  EXPECT_EQ(running->state, LoadState::kRunning);
  EXPECT_EQ(running->counts.rows, 3U) << "counted by the server";
  const auto counts = client->finish_refresh(refresh).get();
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->rows, 2U);
  EXPECT_EQ(counts->duplicates, 1U);
  EXPECT_EQ(live(), std::vector<std::string>{"old"});
  const auto generation = client->commit_refresh(refresh, 1'234).get();
  ASSERT_TRUE(generation);
  EXPECT_EQ(live(), (std::vector<std::string>{"a", "b"}));
  const auto info = stored_->snapshot("leads").value()->info();
  EXPECT_EQ(info.generation, *generation);
  EXPECT_EQ(info.loaded_at, 1'234);
  const auto a = client->get("leads", "a").get().value().value();
  EXPECT_EQ(*a.find("n"), Value(7));
  EXPECT_EQ(*a.find("tags"), Value(ListValue{"x", "y"}));
  EXPECT_EQ(*a.find("address"), Value(MapValue{{"city", "Bern"}}));
  EXPECT_EQ(*client->get("leads", "b").get().value().value().find("name"), Value("b"));
  const auto ended = client->get_load("monday").get();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->state, LoadState::kSucceeded);
  EXPECT_EQ(ended->generation, *generation);
  EXPECT_EQ(client->renew_refresh(refresh).get().error().reason(), Reason::kFailedPrecondition)
      << "it is over";
}

// The closure is there until its coroutine has ended, which the test waits for.
// NOLINTBEGIN(cppcoreguidelines-avoid-capturing-lambda-coroutines)
TEST_F(ClientRefresh, can_be_awaited) {
  const auto client = connect();
  const auto rows = records({"a", "b", "c"});
  const std::vector<Record> unknown{{.id = "d", .cells = {{"colour", "red"}}}};
  Result<std::uint64_t> generation;
  const auto run = [&]() -> Task {
    const auto answer = co_await client->begin_refresh("leads");
    const auto& refresh = std::get<RefreshGranted>(answer.value());
    const auto loaded = co_await client->load_rows(refresh, rows);
    EXPECT_TRUE(loaded);
    // Refused before it is sent.
    const auto refused = co_await client->load_rows(refresh, unknown);
    EXPECT_FALSE(refused);
    const auto renewed = co_await client->renew_refresh(refresh);
    EXPECT_TRUE(renewed);
    const auto counts = co_await client->finish_refresh(refresh);
    EXPECT_EQ(counts.value().rows, 3U);
    generation = co_await client->commit_refresh(refresh, 1'000);
  };
  run().done.wait();
  ASSERT_TRUE(generation);
  EXPECT_EQ(live(), (std::vector<std::string>{"a", "b", "c"}));
}
// NOLINTEND(cppcoreguidelines-avoid-capturing-lambda-coroutines)

TEST_F(ClientRefresh, that_is_aborted_leaves_what_was_live) {
  const auto client = connect();
  load(*client, {"old"});
  const auto refresh = begin(*client);
  ASSERT_TRUE(client->load_rows(refresh, records({"new"})).get());
  ASSERT_TRUE(client->finish_refresh(refresh).get());
  ASSERT_TRUE(client->abort_refresh(refresh).get());
  EXPECT_EQ(live(), std::vector<std::string>{"old"});
  EXPECT_EQ(client->commit_refresh(refresh, 1'000).get().error().reason(), Reason::kFailedPrecondition);
  load(*client, {"newer"});
  EXPECT_EQ(live(), std::vector<std::string>{"newer"});
}

TEST_F(ClientRefresh, of_one_client_is_told_to_another_which_can_wait_for_its_end) {
  const auto holder = connect();
  const auto other = connect();
  const auto refresh = begin(*holder, {.load_id = "first"});
  const auto told = other->begin_refresh("leads").get();
  ASSERT_TRUE(told);
  EXPECT_EQ(std::get<RefreshBusy>(*told).load.load_id, "first");
  auto waiting = other->begin_refresh("leads", {.load_id = "second", .wait = kPatience});
  while (!other->get_load("second").get()) std::this_thread::yield();
  EXPECT_EQ(other->get_load("second").get()->load_id, "first") << "another name of the load that runs";
  EXPECT_EQ(other->renew_refresh(refresh).get().error().reason(), Reason::kFailedPrecondition)
      << "it is another client's";
  ASSERT_TRUE(holder->finish_refresh(refresh).get());
  const auto generation = holder->commit_refresh(refresh, 1'000).get();
  const auto ended = waiting.get();
  ASSERT_TRUE(generation && ended);
  EXPECT_EQ(std::get<RefreshEnded>(*ended).generation, *generation);
}

TEST_F(ClientRefresh, without_an_id_can_be_asked_for_by_those_who_are_told_that_it_runs) {
  const auto holder = connect();
  const auto other = connect();
  const auto refresh = begin(*holder);
  ASSERT_TRUE(holder->renew_refresh(refresh, LoadCounts{.rows = 5, .bytes = 50, .calls = 1}).get());
  const auto busy = std::get<RefreshBusy>(other->begin_refresh("leads").get().value());
  EXPECT_EQ(busy.load.load_id.size(), 32U);
  EXPECT_EQ(other->get_load(busy.load.load_id).get()->counts,
            (LoadCounts{.rows = 5, .bytes = 50, .calls = 1}));
  EXPECT_EQ(other->get_load("never").get().error().reason(), Reason::kNotFound);
}

TEST_F(ClientRefresh, whose_lease_is_not_renewed_is_lost_to_the_next) {
  const auto holder = connect();
  const auto other = connect();
  load(*holder, {"old"});
  auto began = holder->begin_refresh("leads", {.lease = milliseconds(20)}).get();
  // It may even end before the refresh has begun.
  while (!began && began.error().reason() == Reason::kOverloaded)
    began = holder->begin_refresh("leads", {.lease = milliseconds(20)}).get();
  const auto refresh = std::get<RefreshGranted>(began.value());
  const auto next = begin(*other, {.wait = kPatience});
  EXPECT_EQ(holder->load_rows(refresh, records({"late"})).get().error().reason(),
            Reason::kFailedPrecondition);
  ASSERT_TRUE(other->load_rows(next, records({"new"})).get());
  ASSERT_TRUE(other->finish_refresh(next).get());
  ASSERT_TRUE(other->commit_refresh(next, 1'000).get());
  EXPECT_EQ(live(), std::vector<std::string>{"new"});
}

TEST_F(ClientRefresh, whose_client_is_destroyed_is_lost_to_the_next) {
  auto holder = connect();
  const auto other = connect();
  const auto refresh = begin(*holder);
  ASSERT_TRUE(holder->load_rows(refresh, records({"gone"})).get());
  holder.reset();
  begin(*other, {.wait = kPatience});
  EXPECT_TRUE(live().empty());
}

TEST_F(ClientRefresh, that_failed_is_told_and_holds_back_those_on_demand) {
  const auto client = connect();
  const auto refresh = begin(*client);
  const LoadFailure failure{FailureKind::kUnavailable, Error(Reason::kLoaderUnavailable, "not today")};
  ASSERT_TRUE(client->abort_refresh(refresh, failure).get());
  const auto seen = stored_->snapshot("leads").value()->info().generation;
  const auto answer =
      client->begin_refresh("leads", {.trigger = Trigger::kOnDemand, .seen_generation = seen}).get();
  ASSERT_TRUE(answer);
  const auto& failed = std::get<RefreshFailed>(*answer);
  EXPECT_EQ(failed.failure.error.message(), "not today");
  EXPECT_EQ(failed.count, 1U);
  EXPECT_GT(failed.retry_at, failed.latest_at);
  begin(*client);
}

TEST_F(ClientRefresh, names_the_row_that_is_at_fault_and_goes_on) {
  const auto client = connect();
  const auto refresh = begin(*client);
  const std::vector<Record> wrong{{.id = "a"}, {.id = "b", .cells = {{"n", "many"}}}, {.id = "c"}};
  const auto refused = client->load_rows(refresh, wrong).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason(), Reason::kInvalidArgument);
  EXPECT_EQ(refused.error().position(), 1U);
  const std::vector<Record> unknown{{.id = "d"}, {.id = "e", .cells = {{"colour", "red"}}}};
  const auto no_field = client->load_rows(refresh, unknown).get();
  ASSERT_FALSE(no_field);
  EXPECT_EQ(no_field.error().reason(), Reason::kInvalidArgument);
  EXPECT_EQ(no_field.error().field(), "colour");
  EXPECT_EQ(no_field.error().position(), 1U);
  EXPECT_EQ(client->commit_refresh(refresh, 1'000).get().error().reason(), Reason::kFailedPrecondition)
      << "not finished";
  EXPECT_EQ(client->finish_refresh(refresh).get()->rows, 1U) << "the row before the bad one";
  ASSERT_TRUE(client->commit_refresh(refresh, 1'000).get());
  EXPECT_EQ(live(), std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace slate
