#include "server/server.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <gtest/gtest.h>
#include <optional>
#include <thread>
#include <vector>

#include "net/testing/held_pool.h"
#include "server/testing/server_fixture.h"

namespace slate::server {
namespace {

using testing::RawClient;

class ServerTest : public testing::ServerFixture {};

TEST_F(ServerTest, hello_is_answered_with_the_store_and_the_limits) {
  start();
  RawClient client(server_->port());
  const auto welcome = client.greet().as<wire::Welcome>();
  EXPECT_EQ(welcome.server, "1.2.3");
  EXPECT_EQ(welcome.instance, database_->instance_id());
  EXPECT_EQ(welcome.limits.requests, options_.requests);
  EXPECT_EQ(welcome.scope_key, database_->scope_key().value());
  (void)client.ask(wire::Ping{}).as<wire::Pong>();
}

TEST_F(ServerTest, a_page_is_one_frame_with_its_cursors) {
  fill(1000);
  start();
  RawClient client = connect();
  wire::RunQuery request{.target = {.datasource = "prospects"},
                         .query = {.filter = Filter::condition("status", Op::kEq, "active"),
                                   .sort = {{.field = "contacts"}},
                                   .take = 200}};
  const auto page = client.query(request);
  ASSERT_FALSE(page.error);
  EXPECT_EQ(page.frames, 1u);
  EXPECT_EQ(page.records.size(), 200u);
  EXPECT_EQ(page.end.has_more, true);
  EXPECT_EQ(page.head.info.rows, 1000u);
  EXPECT_EQ(page.end.counters.rows_returned, 200u);
  ASSERT_TRUE(page.end.next_cursor);
  request.query.cursor = page.end.next_cursor;
  const auto next = client.query(request);
  EXPECT_NE(next.records.at(0).id, page.records.at(0).id);
  EXPECT_TRUE(next.end.previous_cursor);
}

TEST_F(ServerTest, rows_are_those_of_the_embedded_database) {
  fill(5000);
  start();
  RawClient client = connect();
  const std::vector<Query> queries{
      {},
      {.filter = Filter::condition("contacts", Op::kLt, 7)},
      {.sort = {{.field = "contacts", .direction = Direction::kDescending}, {.field = "name"}}},
      {.filter = Filter::condition("name", Op::kIcontains, "99"),
       .columns = std::vector<std::string>{"name"}},
      {.sort = {{.field = "name"}}, .skip = 10, .take = 15},
      {.take = 0}};
  for (const Query& query : queries) {
    const auto snapshot = database_->snapshot("prospects").value();
    const auto rows = snapshot->query(query).value();
    std::vector<Record> expected;
    for (;;) {
      const Batch* batch = rows->next().value();
      if (batch == nullptr) break;
      for (std::size_t i = 0; i < batch->size(); ++i)
        expected.push_back(to_record(rows->columns(), *batch, i));
    }
    wire::RunQuery request = all_of();
    request.query = query;
    const auto got = client.query(request);
    ASSERT_FALSE(got.error) << got.error->to_string();
    ASSERT_EQ(got.records.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(got.records[i].id, expected[i].id);
      ASSERT_EQ(got.records[i].cells, expected[i].cells);
    }
  }
}

TEST_F(ServerTest, a_query_too_long_for_the_thread_of_the_socket_is_answered_by_the_pool) {
  fill(5000);
  options_.inline_rows = 10;
  start();
  RawClient client = connect();
  wire::RunQuery request = all_of();
  request.query = {.filter = Filter::condition("name", Op::kEndswith, "4999"), .take = 3};
  const auto got = client.query(request);
  ASSERT_FALSE(got.error) << got.error->to_string();
  EXPECT_EQ(got.records.size(), 1u);
  // A limit of the client's own is its error.
  request.options.max_rows_examined = 5;
  EXPECT_EQ(client.query(request).error->reason(), Reason::kQuotaExceeded);
}

TEST_F(ServerTest, an_open_snapshot_does_not_see_later_writes) {
  fill(10);
  start();
  RawClient client = connect();
  const auto opened = client.ask(wire::OpenSnapshot{.datasource = "prospects"}).as<wire::SnapshotOpened>();
  EXPECT_EQ(opened.info.rows, 10u);
  EXPECT_EQ(opened.datasource, prospects());
  ASSERT_TRUE(
      database_->write_batch("prospects", std::vector{RecordWrite{.kind = WriteKind::kDelete, .id = "r3"}}));
  const wire::Target old{.snapshot = opened.snapshot};
  EXPECT_EQ(client.ask(wire::GetRecord{.target = old, .id = "r3"}).payload_bytes > 0, true);
  EXPECT_EQ(client.query({.target = old, .query = {}}).records.size(), 10u);
  EXPECT_EQ(client.ask(wire::CountRows{.target = old}).as<wire::CountAnswer>().count.value, 10u);
  EXPECT_EQ(client.ask(wire::GetRecord{.target = {.datasource = "prospects"}, .id = "r3"}).payload_bytes, 0u);
  (void)client.ask(wire::CloseSnapshot{.snapshot = opened.snapshot}).as<wire::Done>();
  EXPECT_EQ(client.ask(wire::CountRows{.target = old}).error().reason(), Reason::kNotFound);
}

TEST_F(ServerTest, several_questions_at_once_to_one_snapshot_are_all_answered) {
  fill(20'000);
  start();
  RawClient client = connect();
  const auto opened = client.ask(wire::OpenSnapshot{.datasource = "prospects"}).as<wire::SnapshotOpened>();
  const wire::Target target{.snapshot = opened.snapshot};
  std::vector<wire::RequestId> queries;
  std::vector<wire::RequestId> gets;
  for (int i = 0; i < 5; ++i) {
    queries.push_back(
        client.send(wire::RunQuery{.target = target, .query = {}, .paging = wire::Paging::kNone}));
    gets.push_back(client.send(wire::GetRecord{.target = target, .id = "r7"}));
  }
  for (const auto id : gets) EXPECT_GT(client.receive(id).payload_bytes, 0u);
  for (const auto id : queries) EXPECT_EQ(client.collect(id).records.size(), 20'000u);
}

TEST_F(ServerTest, a_list_and_its_snapshot_come_together) {
  fill(10);
  ASSERT_TRUE(database_->save_list({.id = "all", .datasource = "prospects", .columns = {{.field = "name"}}}));
  start();
  RawClient client = connect();
  const auto opened = client.ask(wire::OpenList{.list = "all"}).as<wire::ListOpened>();
  EXPECT_EQ(opened.list.datasource, "prospects");
  ASSERT_TRUE(opened.snapshot);
  EXPECT_EQ(client.query({.target = {.snapshot = opened.snapshot->snapshot}, .query = {}}).records.size(),
            10u);
  EXPECT_EQ(client.ask(wire::OpenList{.list = "none"}).error().reason(), Reason::kNotFound);
}

TEST_F(ServerTest, writes_happen_and_their_errors_name_the_write) {
  fill(1);
  start();
  RawClient client = connect();
  const auto write = [&](std::vector<RecordWrite> writes) {
    return client.ask(
        wire::WriteBatch{.datasource = "prospects", .count = static_cast<std::uint32_t>(writes.size())},
        payload_of(writes));
  };
  EXPECT_EQ(write({{.id = "a", .cells = {{"contacts", 1}}}, {.kind = WriteKind::kDelete, .id = "r0"}})
                .as<WriteCounts>(),
            (WriteCounts{.inserted = 1, .updated = 0, .deleted = 1}));
  const Error error = write({{.id = "b"}, {.id = "c", .cells = {{"contacts", "many"}}}}).error();
  EXPECT_EQ(error.reason(), Reason::kInvalidArgument);
  EXPECT_EQ(error.position(), 1u);
  EXPECT_EQ(write({{.kind = WriteKind::kUpdate, .id = "nobody"}}).error().reason(), Reason::kNotFound);
  EXPECT_EQ(client.ask(wire::WriteBatch{.datasource = "prospects", .count = 2}, "junk").error().reason(),
            Reason::kInvalidArgument);
  (void)client.ask(wire::DeleteAll{.datasource = "prospects"}).as<wire::Done>();
  EXPECT_EQ(client.query(all_of()).records.size(), 0u);
}

TEST_F(ServerTest, declarations_are_saved_read_and_removed) {
  start();
  RawClient client = connect();
  const wire::SaveDatasource save{.datasource = prospects(), .existing = Existing::kRefuse};
  EXPECT_EQ(client.ask(save).as<wire::DatasourceSaved>().saved, Saved::kCreated);
  EXPECT_EQ(client.ask(save).error().reason(), Reason::kAlreadyExists);
  EXPECT_EQ(client.ask(wire::GetDatasource{.id = "prospects"}).as<DatasourceStatus>().datasource,
            prospects());
  const ListView list{
      .id = "all", .datasource = "prospects", .columns = {{.field = "name"}}, .sort = {{.field = "name"}}};
  EXPECT_EQ(client.ask(wire::SaveList{.list = list}).as<SavedList>().warnings.size(), 1u);
  EXPECT_EQ(client.ask(wire::GetList{.id = "all"}).as<ListView>(), list);
  EXPECT_EQ(client.ask(wire::ListLists{}).as<wire::Lists>().lists.size(), 1u);
  EXPECT_EQ(client.ask(wire::ListDatasources{}).as<wire::DatasourceStatuses>().datasources.size(), 1u);
  const auto status = client.ask(wire::GetStatus{}).as<wire::ServerStatus>();
  EXPECT_EQ(status.lists, 1u);
  EXPECT_EQ(status.connections, 1u);
  EXPECT_EQ(client.ask(wire::DeleteDatasource{.id = "prospects"}).error().reason(), Reason::kInUse);
  (void)client.ask(wire::DeleteList{.id = "all"}).as<wire::Done>();
  (void)client.ask(wire::DeleteDatasource{.id = "prospects"}).as<wire::Done>();
}

TEST_F(ServerTest, reconciling_leaves_what_was_asked_for_and_says_what_it_did) {
  start();
  RawClient client = connect();
  Datasource other{
      .id = "other", .fields = {{.name = "a", .type = Type::kInt}}, .durability = Durability::kOs};
  const ListView list{.id = "all", .datasource = "prospects", .columns = {{.field = "name"}}};
  ListView broken = list;
  broken.id = "broken";
  broken.columns = {{.field = "nothing"}};
  const auto outcomes = [&](wire::Reconcile wanted) {
    std::map<std::string, Reconciliation> all;
    const auto report = client.ask(std::move(wanted)).as<wire::Reconciled>();
    for (const auto& each : report.resources) all[each.id] = each.outcome;
    return all;
  };
  EXPECT_EQ(outcomes({.datasources = {prospects(), other}, .lists = {list, broken}}),
            (std::map<std::string, Reconciliation>{{"prospects", Reconciliation::kCreated},
                                                   {"other", Reconciliation::kCreated},
                                                   {"all", Reconciliation::kCreated},
                                                   {"broken", Reconciliation::kFailed}}));
  EXPECT_EQ(outcomes({.datasources = {other}, .lists = {}}),
            (std::map<std::string, Reconciliation>{{"prospects", Reconciliation::kRemoved},
                                                   {"other", Reconciliation::kUnchanged},
                                                   {"all", Reconciliation::kRemoved}}));
}

TEST_F(ServerTest, questions_beside_queries_are_answered) {
  fill(1000);
  start();
  RawClient client = connect();
  const wire::Target target{.datasource = "prospects"};
  const auto distinct = client.ask(wire::GetDistinct{.target = target, .query = {.field = "status"}})
                            .as<wire::DistinctAnswer>();
  ASSERT_EQ(distinct.values.values.size(), 2u);
  EXPECT_EQ(distinct.values.values[0].count, 500u);
  const auto explained = client
                             .ask(wire::ExplainQuery{.target = target,
                                                     .query = {.sort = {{.field = "contacts"}}, .take = 3},
                                                     .mode = ExplainMode::kAnalyze})
                             .as<Explanation>();
  EXPECT_EQ(explained.actual->rows_returned, 3u);
  EXPECT_EQ(
      client.ask(wire::CountRows{.target = target, .filter = Filter::condition("status", Op::kEq, "active")})
          .as<wire::CountAnswer>()
          .count.value,
      500u);
  const auto found = client.ask(wire::GetRecord{.target = target, .id = "r12"});
  const auto columns = found.as<wire::RecordFound>().columns.list();
  wire::BlockReader blocks(found.payload(), columns);
  EXPECT_EQ(to_record(columns, *blocks.next().value(), 0).find("name")->get_if<std::string>()->c_str(),
            std::string("name 12"));
}

TEST_F(ServerTest, an_answer_that_no_frame_holds_is_refused_and_the_connection_goes_on) {
  fill(2'000, 18'000);
  start();
  RawClient client = connect();
  wire::GetDistinct notes{.target = {.datasource = "prospects"}, .query = {.field = "notes"}};
  notes.query.take = 100'000;
  notes.options.memory_bytes = std::uint64_t{1} << 30;
  const Error error = client.ask(notes).error();
  EXPECT_EQ(error.reason(), Reason::kQuotaExceeded);
  EXPECT_NE(error.message().find("frame"), std::string::npos) << error.to_string();
  wait_for("get_distinct quota_exceeded");
  notes.query.take = 100;
  EXPECT_EQ(client.ask(notes).as<wire::DistinctAnswer>().values.values.size(), 100u);
}

TEST_F(ServerTest, what_waits_for_a_snapshot_can_be_cancelled) {
  fill(1);
  net::BlockingPool pool(testing::patient_pool(1));
  auto started = Server::start(options_, *database_, io_, pool);
  ASSERT_TRUE(started);
  server_ = *std::move(started);
  RawClient client = connect();
  const auto snapshot =
      client.ask(wire::OpenSnapshot{.datasource = "prospects"}).as<wire::SnapshotOpened>().snapshot;
  std::promise<void> over;
  ASSERT_TRUE(pool.submit([&] { over.get_future().wait(); }));
  // The query has the snapshot, and waits for the pool's only thread.
  wire::RunQuery query = all_of();
  query.target = {.snapshot = snapshot};
  const auto before = client.send(query);
  const auto record = client.send(wire::GetRecord{.target = {.snapshot = snapshot}, .id = "r0"});
  client.send_as(record, wire::Cancel{});
  (void)client.ask(wire::Ping{}).as<wire::Pong>();
  over.set_value();
  EXPECT_EQ(client.receive(record).error().reason(), Reason::kCancelled);
  EXPECT_EQ(client.collect(before).records.size(), 1u);
  server_.reset();
}

TEST_F(ServerTest, what_is_wrong_with_a_question_is_said_and_the_connection_goes_on) {
  fill(1);
  start();
  RawClient client = connect();
  const Error unknown = client.ask(wire::CountRows{.target = {.datasource = "none"}}).error();
  EXPECT_EQ(unknown.reason(), Reason::kNotFound);
  wire::RunQuery request = all_of();
  request.query.filter = Filter::condition("nothing", Op::kEq, 1);
  EXPECT_EQ(client.query(request).error->reason(), Reason::kInvalidArgument);
  (void)client.ask(wire::Ping{}).as<wire::Pong>();
}

TEST_F(ServerTest, a_query_waits_for_credit_and_nothing_else_does) {
  fill(20'000, 100);
  start();
  RawClient client = connect();
  const auto slow = client.send(all_of(1));
  const auto first = client.receive(slow);
  EXPECT_TRUE(first.as<wire::Rows>().head);
  EXPECT_FALSE(first.as<wire::Rows>().end);
  // It has used its credit; others are answered meanwhile, and it goes on when it is granted more.
  EXPECT_EQ(client.query(all_of(std::uint64_t{1} << 30)).records.size(), 20'000u);
  client.send_as(slow, wire::Grant{.bytes = std::uint64_t{1} << 30});
  std::size_t parts = 0;
  while (!client.receive(slow).as<wire::Rows>().end) ++parts;
  EXPECT_GT(parts, 5u);
}

TEST_F(ServerTest, a_client_that_reads_nothing_holds_back_no_other) {
  fill(20'000, 300);
  options_.backlog_bytes = 1 << 18;
  start();
  RawClient slow(server_->port(), 4096);
  (void)slow.greet();
  const auto id = slow.send(all_of(std::uint64_t{1} << 40));
  wait_until([&] { return server_->stats().queued_bytes >= options_.backlog_bytes; });
  RawClient quick = connect();
  EXPECT_EQ(quick.query(all_of()).records.size(), 20'000u);
  EXPECT_LT(server_->stats().queued_bytes, std::uint64_t{4} << 20);
  EXPECT_EQ(slow.collect(id).records.size(), 20'000u);
}

TEST_F(ServerTest, requests_that_come_together_wait_until_their_answers_are_taken) {
  constexpr std::size_t kRecordBytes = std::size_t{256} << 10;
  constexpr wire::RequestId kRequests = 500;
  fill(1, kRecordBytes);
  options_.backlog_bytes = 1 << 18;
  std::atomic<std::uint64_t> most = 0;
  std::atomic<const Server*> served = nullptr;
  options_.observer = [&](const Answered&) {
    if (const Server* server = served) most = std::max(most.load(), server->stats().queued_bytes);
  };
  start();
  served = server_.get();
  RawClient client(server_->port(), 4096);
  (void)client.greet();
  std::string together;
  for (wire::RequestId id = 2; id < 2 + kRequests; ++id)
    together += wire::make_frame(
        id,
        wire::encode({.body = wire::GetRecord{.target = {.datasource = "prospects"}, .id = "r0"}}).value());
  client.send_bytes(together);
  for (wire::RequestId id = 2; id < 2 + kRequests; ++id)
    EXPECT_GT(client.receive(id).payload_bytes, kRecordBytes);
  EXPECT_LT(most, options_.backlog_bytes + 2 * kRecordBytes);
}

TEST_F(ServerTest, requests_that_come_together_are_answered_in_turns) {
  fill(10);
  options_.inline_time = std::chrono::microseconds(0);  // each is a turn
  start();
  RawClient client = connect();
  std::string together;
  for (wire::RequestId id = 100; id < 300; ++id)
    together += wire::make_frame(id, wire::encode({.body = wire::Ping{}}).value());
  client.send_bytes(together);
  for (wire::RequestId id = 100; id < 300; ++id) (void)client.receive(id).as<wire::Pong>();
}

TEST_F(ServerTest, cancel_ends_a_query_that_waits_for_credit) {
  fill(20'000, 100);
  start();
  RawClient client = connect();
  const auto id = client.send(all_of(1));
  (void)client.receive(id);
  client.send_as(id, wire::Cancel{});
  EXPECT_EQ(client.collect(id, 0).error->reason(), Reason::kCancelled);
  wait_until([&] { return server_->stats().requests == 0; });
  // Cancelling what is over, or never was, is nothing.
  client.send_as(id, wire::Cancel{});
  client.send_as(999, wire::Cancel{});
  (void)client.ask(wire::Ping{}).as<wire::Pong>();
}

TEST_F(ServerTest, a_client_that_leaves_ends_its_queries_and_snapshots) {
  fill(20'000, 100);
  start();
  {
    RawClient client = connect();
    (void)client.ask(wire::OpenSnapshot{.datasource = "prospects"});
    (void)client.receive(client.send(all_of(1)));
    EXPECT_EQ(server_->stats().snapshots, 1u);
  }
  wait_until([&] {
    const auto stats = server_->stats();
    return stats.connections == 0 && stats.requests == 0 && stats.snapshots == 0;
  });
}

TEST_F(ServerTest, a_deadline_ends_a_query_even_while_it_waits_for_credit) {
  fill(20'000, 100);
  options_.stall_timeout = std::chrono::milliseconds(40);
  start();
  RawClient client = connect();
  const auto id = client.send(all_of(1), {}, std::chrono::milliseconds(1));
  const auto reason = client.collect(id, 0).error->reason();
  EXPECT_TRUE(reason == Reason::kDeadlineExceeded || reason == Reason::kCancelled);
}

// No thread is free before the end.
class BusyServerTest : public ServerTest {
 protected:
  void SetUp() override {
    fill(10);
    options_.requests = 4;
    start();
    held_.emplace(pool_, 3);
  }
  std::optional<net::testing::HeldPool> held_;
};

TEST_F(BusyServerTest, what_waits_for_a_thread_is_told_in_time_that_its_deadline_has_passed) {
  RawClient client = connect();
  const auto snapshot =
      client.ask(wire::OpenSnapshot{.datasource = "prospects"}).as<wire::SnapshotOpened>().snapshot;
  const std::vector<RecordWrite> writes{{.id = "late", .cells = {{"name", "too late"}}}};
  const std::chrono::milliseconds soon(1);
  const std::vector<wire::RequestId> waiting{
      client.send(wire::ListLists{}, {}, soon), client.send(all_of(), {}, soon),
      client.send(wire::ExplainQuery{.target = {.snapshot = snapshot}}, {}, soon),
      client.send(wire::WriteBatch{.datasource = "prospects", .count = 1}, payload_of(writes), soon)};
  for (const auto id : waiting) EXPECT_EQ(client.receive(id).error().reason(), Reason::kDeadlineExceeded);
  EXPECT_EQ(server_->stats().requests, 4u) << "they are in the queue until their turn comes";
  held_.reset();
  wait_until([&] { return server_->stats().requests == 0; });
  EXPECT_EQ(client.query(all_of()).records.size(), 10u) << "and then nothing is done for them";
}

TEST_F(BusyServerTest, what_waits_for_a_thread_is_cancelled_at_once) {
  RawClient client = connect();
  for (const auto id : {client.send(wire::ListLists{}), client.send(all_of())}) {
    client.send_as(id, wire::Cancel{});
    EXPECT_EQ(client.receive(id).error().reason(), Reason::kCancelled);
  }
}

TEST_F(BusyServerTest, what_was_given_up_takes_no_more_of_the_queue_than_requests_may) {
  RawClient client = connect();
  for (std::uint32_t i = 0; i < options_.requests; ++i) {
    const auto id = client.send(wire::ListLists{});
    client.send_as(id, wire::Cancel{});
    EXPECT_EQ(client.receive(id).error().reason(), Reason::kCancelled);
  }
  std::vector<wire::RequestId> more;
  for (std::uint32_t i = 0; i < options_.requests; ++i) {
    more.push_back(client.send(wire::ListLists{}));
    client.send_as(more.back(), wire::Cancel{});
  }
  EXPECT_EQ(client.ask(wire::ListLists{}).error().reason(), Reason::kOverloaded);
  held_.reset();
  for (const auto id : more) EXPECT_EQ(client.receive(id).error().reason(), Reason::kCancelled);
}

TEST_F(ServerTest, a_query_that_is_never_granted_anything_is_cancelled) {
  fill(20'000, 100);
  options_.stall_timeout = std::chrono::milliseconds(20);
  start();
  RawClient client = connect();
  EXPECT_EQ(client.collect(client.send(all_of(1)), 0).error->reason(), Reason::kCancelled);
}

TEST_F(ServerTest, many_clients_at_once_get_their_own_answers) {
  fill(3000);
  start();
  std::vector<std::future<void>> clients;  // what one throws fails the test
  for (int t = 0; t < 8; ++t) {
    clients.push_back(std::async(std::launch::async, [this, t] {
      RawClient client = connect();
      for (int i = 0; i < 30; ++i) {
        const auto id = fmt::format("r{}", (t * 311 + i * 17) % 3000);
        const auto found = client.ask(wire::GetRecord{.target = {.datasource = "prospects"}, .id = id});
        const auto columns = found.as<wire::RecordFound>().columns.list();
        wire::BlockReader blocks(found.payload(), columns);
        EXPECT_EQ(to_record(columns, *blocks.next().value(), 0).id, id);
        if (i % 10 == t) {
          EXPECT_EQ(client.query(all_of()).records.size(), 3000u);
        }
        if (i % 10 == 9) {
          const std::vector<RecordWrite> writes{{.id = id, .cells = {{"contacts", i}}}};
          EXPECT_EQ(client.ask(wire::WriteBatch{.datasource = "prospects", .count = 1}, payload_of(writes))
                        .as<WriteCounts>()
                        .updated,
                    1u);
        }
      }
    }));
  }
  for (auto& client : clients) client.get();
}

TEST_F(ServerTest, stopping_lets_requests_finish_and_closes_idle_connections) {
  fill(20'000, 100);
  start();
  RawClient idle = connect();
  RawClient busy = connect();
  const auto id = busy.send(all_of(1));
  (void)busy.receive(id);
  std::jthread stopping([this] { server_->stop(testing::kPatience); });
  EXPECT_TRUE(idle.is_ended());
  busy.send_as(id, wire::Grant{.bytes = std::uint64_t{1} << 40});
  while (!busy.receive(id).as<wire::Rows>().end) {
  }
  EXPECT_TRUE(busy.is_ended());
}

TEST_F(ServerTest, stopping_without_grace_cuts_what_runs) {
  fill(20'000, 100);
  start();
  RawClient client = connect();
  const auto id = client.send(all_of(1));
  (void)client.receive(id);
  server_->stop(std::chrono::milliseconds(0));
  EXPECT_TRUE(client.is_ended());
  EXPECT_EQ(server_->stats().requests, 0u);
}

}  // namespace
}  // namespace slate::server
