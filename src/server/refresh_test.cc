#include <future>
#include <gtest/gtest.h>

#include "server/testing/server_fixture.h"

namespace slate::server {
namespace {

using std::chrono::milliseconds;
using testing::RawClient;
using testing::Received;

class RefreshTest : public testing::ServerFixture {
 protected:
  RefreshTest() {
    Datasource datasource = prospects();
    datasource.loader = LoaderConfig{.endpoint = "grpc://127.0.0.1:1"};
    EXPECT_TRUE(database_->save_datasource(datasource).has_value());
  }
  std::uint64_t generation() { return database_->snapshot("prospects").value()->info().generation; }
  wire::BeginRefresh request(std::string load, milliseconds wait = milliseconds(0)) {
    return {.datasource = "prospects",
            .load_id = std::move(load),
            .trigger = Trigger::kOnDemand,
            .seen_generation = seen_,
            .wait = wait};
  }
  wire::Handle begin(RawClient& client, std::string load) {
    return client.ask(request(std::move(load))).as<RefreshGranted>().handle;
  }
  static Received load(RawClient& client, wire::Handle refresh, const std::vector<std::string>& ids) {
    std::string payload;
    for (const std::string& id : ids) {
      const std::vector<CellRef> cells{{.field = 0, .value = std::string_view("loaded")},
                                       {.field = 2, .value = std::int64_t{5}}};
      wire::append_row(id, cells, payload);
    }
    return client.ask(
        wire::LoadRows{.refresh = refresh,
                       .count = static_cast<std::uint32_t>(ids.size()),
                       .progress = LoadCounts{.rows = ids.size(), .bytes = payload.size(), .calls = 1}},
        payload);
  }
  // Until the server has taken note of that load.
  void wait_for_load(RawClient& client, const std::string& id) {
    wait_until(
        [&] { return std::holds_alternative<LoadReport>(client.ask(wire::GetLoad{.load_id = id}).answer); });
  }
  static void commit(RawClient& client, wire::Handle refresh) {
    (void)client.ask(wire::FinishRefresh{.refresh = refresh}).as<BuildCounts>();
    (void)client.ask(wire::CommitRefresh{.refresh = refresh, .loaded_at = 1000}).as<wire::RefreshPublished>();
  }

  std::uint64_t seen_ = 1'000'000;
};

TEST_F(RefreshTest, rows_go_live_when_they_are_committed) {
  start();
  RawClient client = connect();
  const auto granted = client.ask(request("l")).as<RefreshGranted>();
  EXPECT_EQ(granted.datasource.id, "prospects");
  EXPECT_EQ(granted.live.rows, 0u);
  EXPECT_EQ(granted.lease, options_.lease);
  (void)load(client, granted.handle, {"a", "b", "a"}).as<wire::Done>();
  EXPECT_EQ(client.ask(wire::GetLoad{.load_id = "l"}).as<LoadReport>().counts.rows, 3u);
  EXPECT_EQ(client.query(all_of()).records.size(), 0u);
  const auto counts = client.ask(wire::FinishRefresh{.refresh = granted.handle}).as<BuildCounts>();
  EXPECT_EQ(counts.rows, 2u);
  EXPECT_EQ(counts.duplicates, 1u);
  const auto published = client.ask(wire::CommitRefresh{.refresh = granted.handle, .loaded_at = 1234})
                             .as<wire::RefreshPublished>();
  const auto rows = client.query(all_of());
  EXPECT_EQ(rows.records.size(), 2u);
  EXPECT_EQ(rows.head.info.generation, published.generation);
  EXPECT_EQ(rows.head.info.loaded_at, 1234);
  const auto report = client.ask(wire::GetLoad{.load_id = "l"}).as<LoadReport>();
  EXPECT_EQ(report.state, LoadState::kSucceeded);
  EXPECT_EQ(report.duplicates, 1u);
  EXPECT_EQ(client.ask(wire::RenewRefresh{.refresh = granted.handle}).error().reason(),
            Reason::kFailedPrecondition);
}

TEST_F(RefreshTest, one_connection_at_a_time_refreshes_and_who_waits_gets_its_result) {
  start();
  RawClient holder = connect();
  RawClient waiter = connect();
  const auto refresh = begin(holder, "a");
  EXPECT_EQ(waiter.ask(request("b")).as<RefreshBusy>().load.load_id, "a");
  const auto waiting = waiter.send(request("c", testing::kPatience));
  wait_for_load(waiter, "c");
  (void)load(holder, refresh, {"x"});
  commit(holder, refresh);
  EXPECT_EQ(waiter.receive(waiting).as<RefreshEnded>().generation, generation());
  EXPECT_EQ(waiter.ask(wire::GetLoad{.load_id = "c"}).as<LoadReport>().load_id, "a");
  seen_ = 0;
  EXPECT_EQ(waiter.ask(request("d")).as<RefreshEnded>().generation, generation());
}

TEST_F(RefreshTest, a_holder_that_leaves_makes_way_and_leaves_nothing_behind) {
  start();
  RawClient waiter = connect();
  std::optional<RawClient> holder(connect());
  const auto refresh = begin(*holder, "a");
  (void)load(*holder, refresh, {"x"}).as<wire::Done>();
  const auto waiting = waiter.send(request("b", testing::kPatience));
  wait_for_load(waiter, "b");
  holder.reset();
  const auto granted = waiter.receive(waiting).as<RefreshGranted>();
  (void)load(waiter, granted.handle, {"y"}).as<wire::Done>();
  commit(waiter, granted.handle);
  EXPECT_EQ(waiter.query(all_of()).records.at(0).id, "y");
  EXPECT_EQ(waiter.ask(wire::GetLoad{.load_id = "a"}).as<LoadReport>().state, LoadState::kFailed);
}

TEST_F(RefreshTest, a_lease_that_is_not_renewed_is_lost) {
  start();
  RawClient holder = connect();
  auto brief = request("a");
  brief.lease = milliseconds(20);
  Received began = holder.ask(brief);
  // It may even end before the refresh has begun.
  while (std::holds_alternative<Error>(began.answer)) {
    ASSERT_EQ(began.error().reason(), Reason::kOverloaded);
    began = holder.ask(brief);
  }
  const auto refresh = began.as<RefreshGranted>().handle;
  RawClient waiter = connect();
  const auto granted = waiter.ask(request("b", testing::kPatience)).as<RefreshGranted>();
  EXPECT_NE(granted.handle, refresh);
  EXPECT_EQ(load(holder, refresh, {"x"}).error().reason(), Reason::kFailedPrecondition);
}

TEST_F(RefreshTest, a_failure_is_told_to_who_waits_and_holds_back_the_next) {
  start();
  RawClient holder = connect();
  RawClient waiter = connect();
  const auto refresh = begin(holder, "a");
  const auto waiting = waiter.send(request("b", testing::kPatience));
  wait_for_load(waiter, "b");
  (void)holder
      .ask(wire::AbortRefresh{
          .refresh = refresh,
          .failure = LoadFailure{FailureKind::kUnavailable, Error(Reason::kLoaderUnavailable, "not there")}})
      .as<wire::Done>();
  const auto failed = waiter.receive(waiting).as<RefreshFailed>();
  EXPECT_EQ(failed.count, 1u);
  EXPECT_EQ(failed.failure.error.message(), "not there");
  EXPECT_GT(failed.retry_at, failed.latest_at);
  (void)waiter.ask(request("c")).as<RefreshFailed>();
  auto forced = request("d");
  forced.trigger = Trigger::kForced;
  (void)waiter.ask(forced).as<RefreshGranted>();
}

TEST_F(RefreshTest, a_bad_row_is_refused_with_its_position_and_an_abort_leaves_what_was_live) {
  start();
  RawClient client = connect();
  const auto first = begin(client, "a");
  (void)load(client, first, {"x"});
  commit(client, first);
  auto again = request("b");
  again.seen_generation = generation();
  const auto second = client.ask(again).as<RefreshGranted>();
  EXPECT_EQ(second.live.rows, 1u);
  std::string payload;
  wire::append_row("y", {}, payload);
  const std::vector<CellRef> bad{{.field = 2, .value = std::string_view("many")}};
  wire::append_row("z", bad, payload);
  const Error error = client.ask(wire::LoadRows{.refresh = second.handle, .count = 2}, payload).error();
  EXPECT_EQ(error.reason(), Reason::kInvalidArgument);
  EXPECT_EQ(error.position(), 1u);
  (void)client.ask(wire::AbortRefresh{.refresh = second.handle}).as<wire::Done>();
  EXPECT_EQ(client.query(all_of()).records.at(0).id, "x");
  // Without a fault nothing is remembered.
  (void)client.ask(again).as<RefreshGranted>();
}

TEST_F(RefreshTest, rows_on_their_way_at_once_are_taken_in_order) {
  start();
  RawClient client = connect();
  const auto refresh = begin(client, "a");
  std::vector<wire::RequestId> sent;
  for (int i = 0; i < 100; ++i) {
    std::string payload;
    const std::vector<CellRef> cells{{.field = 2, .value = std::int64_t{i}}};
    wire::append_row("same", cells, payload);
    wire::append_row(fmt::format("r{:03}", i), cells, payload);
    sent.push_back(client.send(wire::LoadRows{.refresh = refresh, .count = 2}, payload));
  }
  for (const auto id : sent) (void)client.receive(id).as<wire::Done>();
  commit(client, refresh);
  wire::RunQuery query = all_of();
  query.query.filter = Filter::condition("_id", Op::kEq, "same");
  const auto rows = client.query(query);
  EXPECT_EQ(*rows.records.at(0).find("contacts"), Value(99));
}

TEST_F(RefreshTest, rows_whose_loader_tells_no_progress_are_counted) {
  start();
  RawClient client = connect();
  const auto refresh = begin(client, "a");
  std::string payload;
  wire::append_row("x", {}, payload);
  wire::append_row("y", {}, payload);
  for (int i = 0; i < 2; ++i)
    (void)client.ask(wire::LoadRows{.refresh = refresh, .count = 2}, payload).as<wire::Done>();
  const auto counts = client.ask(wire::GetLoad{.load_id = "a"}).as<LoadReport>().counts;
  EXPECT_EQ(counts, (LoadCounts{.rows = 4, .bytes = 2 * payload.size(), .calls = 0}));
}

TEST_F(RefreshTest, another_connections_refresh_cannot_be_used) {
  start();
  RawClient holder = connect();
  RawClient other = connect();
  const auto refresh = begin(holder, "a");
  EXPECT_EQ(other.ask(wire::CommitRefresh{.refresh = refresh}).error().reason(), Reason::kFailedPrecondition);
  EXPECT_EQ(other.ask(wire::AbortRefresh{.refresh = 99}).error().reason(), Reason::kFailedPrecondition);
  EXPECT_EQ(other.ask(wire::GetLoad{.load_id = "never"}).error().reason(), Reason::kNotFound);
}

TEST_F(RefreshTest, one_that_waits_may_cancel) {
  start();
  RawClient holder = connect();
  RawClient waiter = connect();
  begin(holder, "a");
  const auto waiting = waiter.send(request("b", testing::kPatience));
  waiter.send_as(waiting, wire::Cancel{});
  EXPECT_EQ(waiter.receive(waiting).error().reason(), Reason::kCancelled);
}

TEST_F(RefreshTest, a_refresh_goes_on_however_busy_the_server_is) {
  net::BlockingPool pool(testing::patient_pool(1, 1));
  auto started = Server::start(options_, *database_, io_, pool);
  ASSERT_TRUE(started);
  server_ = *std::move(started);
  RawClient client = connect();
  const auto refresh = begin(client, "a");
  std::promise<void> busy, over;
  ASSERT_TRUE(pool.submit([&] {
    busy.set_value();
    over.get_future().wait();
  }));
  busy.get_future().wait();
  ASSERT_TRUE(pool.submit([] {})) << "and one that waits: others are turned away";
  std::string payload;
  wire::append_row("x", {}, payload);
  const auto rows = client.send(wire::LoadRows{.refresh = refresh, .count = 1}, payload);
  const auto renewal = client.send(wire::RenewRefresh{.refresh = refresh});
  EXPECT_EQ(client.ask(wire::ListLists{}).error().reason(), Reason::kOverloaded);
  over.set_value();
  (void)client.receive(rows).as<wire::Done>();
  (void)client.receive(renewal).as<wire::Done>();
  commit(client, refresh);
  server_.reset();
}

TEST_F(RefreshTest, a_client_that_leaves_before_it_is_granted_holds_nothing) {
  net::BlockingPool pool(testing::patient_pool(1));
  auto started = Server::start(options_, *database_, io_, pool);
  ASSERT_TRUE(started);
  server_ = *std::move(started);
  std::promise<void> over;
  ASSERT_TRUE(pool.submit([&] { over.get_future().wait(); }));
  RawClient leaving = connect();
  leaving.send(request("a"));
  (void)leaving.ask(wire::Ping{}).as<wire::Pong>();
  RawClient cancelling = connect();
  const auto cancelled = cancelling.send(request("b"));
  cancelling.send_as(cancelled, wire::Cancel{});
  (void)cancelling.ask(wire::Ping{}).as<wire::Pong>();
  leaving.close();
  wait_until([&] { return server_->stats().connections == 1; });
  over.set_value();
  EXPECT_EQ(cancelling.receive(cancelled).error().reason(), Reason::kCancelled);
  (void)connect().ask(request("c")).as<RefreshGranted>();
  server_.reset();
}

TEST_F(RefreshTest, stopping_answers_who_waits) {
  start();
  RawClient holder = connect();
  RawClient waiter = connect();
  begin(holder, "a");
  const auto waiting = waiter.send(request("b", testing::kPatience));
  wait_for_load(waiter, "b");
  std::jthread stopping([this] { server_->stop(testing::kPatience); });
  EXPECT_EQ(waiter.receive(waiting).error().reason(), Reason::kUnavailable);
}

TEST_F(RefreshTest, an_id_of_a_load_that_is_too_long_to_remember_is_refused) {
  start();
  RawClient client = connect();
  const Error error = client.ask(request(std::string(wire::kLoadIdBytes + 1, 'x'))).error();
  EXPECT_EQ(error.reason(), Reason::kInvalidArgument);
  EXPECT_EQ(error.field(), "load_id");
  (void)client.ask(request(std::string(wire::kLoadIdBytes, 'x'))).as<RefreshGranted>();
}

TEST_F(RefreshTest, one_connection_holds_so_many_refreshes_and_no_more) {
  start();
  RawClient client = connect();
  const auto begin_of = [&](int number) {
    Datasource datasource = prospects();
    datasource.id = fmt::format("d{}", number);
    EXPECT_TRUE(database_->save_datasource(datasource));
    auto other = request(fmt::format("load{}", number));
    other.datasource = datasource.id;
    return client.ask(other);
  };
  const auto first = begin_of(0).as<RefreshGranted>().handle;
  for (int i = 1; i < 16; ++i) (void)begin_of(i).as<RefreshGranted>();
  EXPECT_EQ(begin_of(16).error().reason(), Reason::kQuotaExceeded);
  (void)client.ask(wire::AbortRefresh{.refresh = first}).as<wire::Done>();
  (void)begin_of(16).as<RefreshGranted>();
}

TEST_F(RefreshTest, of_a_datasource_that_is_not_there_there_is_none) {
  start();
  RawClient client = connect();
  auto unknown = request("a");
  unknown.datasource = "none";
  EXPECT_EQ(client.ask(unknown).error().reason(), Reason::kNotFound);
}

}  // namespace
}  // namespace slate::server
