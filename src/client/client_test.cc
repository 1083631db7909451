#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <future>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <slate/client.h>

#include "client/testing/patience.h"
#include "client/testing/rows.h"
#include "client/testing/scripted_server.h"
#include "client/testing/task.h"

namespace slate {
namespace {

using client::testing::block_of;
using client::testing::head;
using client::testing::patient;
using client::testing::Peer;
using client::testing::ScriptedServer;
using client::testing::Task;
using client::testing::wait_until;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::minutes kLong{10};

std::unique_ptr<Client> connect(const ScriptedServer& server, ClientOptions options = {}) {
  options.address = server.address();
  auto client = Client::connect(patient(options));
  EXPECT_TRUE(client) << client.error().to_string();
  return client ? *std::move(client) : nullptr;
}

// Answers get_list("x") with a list of that id, pings, and nothing else.
void answer_lists(const std::shared_ptr<Peer>& peer, wire::RequestId id, const wire::Request& request) {
  if (const auto* get = std::get_if<wire::GetList>(&request.body))
    peer->answer(id, ListView{.id = get->id, .datasource = "d"});
  else if (std::holds_alternative<wire::Ping>(request.body))
    peer->answer(id, wire::Pong{});
}

// ---- one connection, many calls

TEST(Client, knows_whom_it_is_connected_to) {
  const ScriptedServer server;
  const auto client = connect(server);
  EXPECT_EQ(client->server_version(), "scripted");
  EXPECT_EQ(client->instance(), "one");
  EXPECT_EQ(client->address(), server.address());
  EXPECT_TRUE(client->usable());
  EXPECT_TRUE(client->ping().get());
}

TEST(Client, answers_find_their_calls_whatever_their_order) {
  std::vector<std::pair<wire::RequestId, std::string>> asked;
  const ScriptedServer server([&](const auto& peer, auto id, const auto& request) {
    asked.emplace_back(id, std::get<wire::GetList>(request.body).id);
    if (asked.size() < 3) return;
    std::ranges::reverse(asked);
    for (const auto& [to, name] : asked) peer->answer(to, ListView{.id = name, .datasource = "d"});
  });
  const auto client = connect(server);
  auto a = client->get_list("a");
  auto b = client->get_list("b");
  auto c = client->get_list("c");
  EXPECT_EQ(b.get()->id, "b");
  EXPECT_EQ(a.get()->id, "a");
  EXPECT_EQ(c.get()->id, "c");
}

TEST(Client, threads_share_one_connection) {
  const ScriptedServer server(answer_lists);
  const auto client = connect(server);
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const std::string name = std::to_string(t) + "-" + std::to_string(i);
        const auto list = client->get_list(name).get();
        if (list && list->id == name) ++right;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 800);
  EXPECT_EQ(server.accepted(), 1);
}

// Each closure is there until its coroutine has ended, which its test waits for.
// NOLINTBEGIN(cppcoreguidelines-avoid-capturing-lambda-coroutines)

TEST(Client, a_coroutine_goes_on_with_the_answer) {
  const ScriptedServer server(answer_lists);
  const auto client = connect(server);
  std::vector<std::string> got;
  const auto ask = [&]() -> Task {
    for (const char* name : {"a", "b", "c"}) {
      const auto list = co_await client->get_list(name);
      got.push_back(list ? list->id : list.error().to_string());
    }
  };
  ask().done.wait();
  EXPECT_EQ(got, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(Client, coroutines_and_threads_wait_on_one_connection) {
  const ScriptedServer server(answer_lists);
  const auto client = connect(server);
  std::atomic<int> right = 0;
  const auto ask = [&](int who) -> Task {
    for (int i = 0; i < 100; ++i) {
      const std::string name = "c" + std::to_string(who) + "-" + std::to_string(i);
      const auto list = co_await client->get_list(name);
      if (list && list->id == name) ++right;
    }
  };
  std::vector<Task> tasks;
  for (int i = 0; i < 4; ++i) tasks.push_back(ask(i));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        const std::string name = "t" + std::to_string(t) + "-" + std::to_string(i);
        const auto list = client->get_list(name).get();
        if (list && list->id == name) ++right;
      }
    });
  for (auto& thread : threads) thread.join();
  for (auto& task : tasks) task.done.wait();
  EXPECT_EQ(right, 800);
}

TEST(Client, a_coroutine_may_end_the_client_that_resumed_it) {
  const ScriptedServer server(answer_lists);
  auto client = connect(server);
  const auto ask = [&]() -> Task {
    co_await client->get_list("a");
    client.reset();
  };
  ask().done.wait();
  EXPECT_EQ(client, nullptr);
  wait_until([&] { return server.open() == 0; });
}

// ---- what ends a call

TEST(Client, a_broken_connection_fails_all_calls_with_the_reason) {
  const ScriptedServer server([](const auto& peer, auto, const auto& request) {
    if (std::holds_alternative<wire::Ping>(request.body))
      peer->answer(0, Error(Reason::kUnavailable, "going down for a while"));
  });
  const auto client = connect(server);
  auto waiting = client->get_list("a");
  Result<void> awaited;
  const auto ask = [&]() -> Task { awaited = co_await client->ping(); };
  const Task asking = ask();
  const auto list = waiting.get();
  asking.done.wait();
  ASSERT_FALSE(list);
  ASSERT_FALSE(awaited);
  EXPECT_EQ(list.error().reason(), Reason::kUnavailable);
  EXPECT_NE(list.error().message().find("going down"), std::string::npos);
  EXPECT_EQ(awaited.error().message(), list.error().message());
  EXPECT_EQ(client->usable().error().message(), list.error().message());
  EXPECT_EQ(client->get_list("b").get().error().message(), list.error().message());
}

TEST(Client, errors_come_with_all_their_parts) {
  const ScriptedServer server([](const auto& peer, auto id, const auto&) {
    peer->answer(id, Error(Reason::kInvalidArgument, "expected an int, got a string")
                         .with_field("n")
                         .with_hint("send a number")
                         .with_retry_after(3)
                         .with_position(41));
  });
  const auto client = connect(server);
  const std::vector<RecordWrite> writes{{.id = "a"}};
  const auto written = client->write_batch("d", writes).get();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().reason(), Reason::kInvalidArgument);
  EXPECT_EQ(written.error().message(), "expected an int, got a string");
  EXPECT_EQ(written.error().field(), "n");
  EXPECT_EQ(written.error().hint(), "send a number");
  EXPECT_EQ(written.error().retry_after_seconds(), 3);
  EXPECT_EQ(written.error().position(), 41U);
}

TEST(Client, a_deadline_ends_the_call_and_cancels_it_on_the_server) {
  std::atomic<bool> was_told = false;
  std::atomic<bool> was_cancelled = false;
  const ScriptedServer server(
      [&, asked = wire::RequestId{0}](const auto& peer, auto id, const auto& request) mutable {
        if (std::holds_alternative<wire::Cancel>(request.body) && id == asked) was_cancelled = true;
        if (std::holds_alternative<wire::GetList>(request.body)) {
          asked = id;
          was_told = request.deadline.has_value();
        }
        if (std::holds_alternative<wire::Ping>(request.body)) peer->answer(id, wire::Pong{});
      });
  const auto client = connect(server);
  // One that was too late to be sent is not cancelled: then once more, with more time.
  for (milliseconds time{20}; !was_cancelled; time *= 2) {
    const auto list = client->get_list("a", {.deadline = steady_clock::now() + time}).get();
    ASSERT_FALSE(list);
    EXPECT_EQ(list.error().reason(), Reason::kDeadlineExceeded);
    EXPECT_TRUE(client->ping().get()) << "others go on";
  }
  EXPECT_TRUE(was_told);
  EXPECT_TRUE(client->ping().get()) << "others go on";
}

TEST(Client, the_deadline_of_an_awaited_call_ends_it) {
  const ScriptedServer server([](const auto&, auto, const auto&) {});
  const auto client = connect(server);
  Result<ListView> list;
  const auto ask = [&]() -> Task {
    list = co_await client->get_list("a", {.deadline = steady_clock::now() + milliseconds(20)});
  };
  ask().done.wait();
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().reason(), Reason::kDeadlineExceeded);
}

TEST(Client, a_stop_request_cancels_the_call) {
  std::atomic<wire::RequestId> asked = 0;
  const ScriptedServer server([&](const auto& peer, auto id, const auto& request) {
    if (std::holds_alternative<wire::GetList>(request.body)) asked = id;
    if (std::holds_alternative<wire::Cancel>(request.body) && id == asked)
      peer->answer(id, Error(Reason::kCancelled, "the client asked to stop"));
  });
  const auto client = connect(server);
  std::stop_source stop;
  auto call = client->get_list("a", {.stop = stop.get_token()});
  std::thread stopper([&] {
    wait_until([&] { return asked != 0; });
    stop.request_stop();
  });
  const auto list = call.get();
  stopper.join();
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().reason(), Reason::kCancelled);
}

TEST(Client, a_server_that_stops_answering_is_asked_for_a_sign_of_life_and_given_up) {
  std::atomic<int> pings = 0;
  const ScriptedServer server([&](const auto&, auto, const auto& request) {
    if (std::holds_alternative<wire::Ping>(request.body)) ++pings;
  });
  const auto client = connect(server, {.silence_timeout = milliseconds(20)});
  const auto list = client->get_list("a").get();
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().reason(), Reason::kUnavailable);
  wait_until([&] { return pings > 0; });
  EXPECT_EQ(pings, 1);
}

TEST(Client, a_slow_answer_of_a_server_that_gives_signs_of_life_is_waited_for) {
  // On a busy machine a sign of life may be too late: then once more, with more time.
  for (milliseconds silence{20};; silence *= 2) {
    int pings = 0;
    wire::RequestId asked = 0;
    const ScriptedServer server([&](const auto& peer, auto id, const auto& request) {
      if (std::holds_alternative<wire::GetList>(request.body)) asked = id;
      if (!std::holds_alternative<wire::Ping>(request.body)) return;
      peer->answer(id, wire::Pong{});
      if (++pings == 3) peer->answer(asked, ListView{.id = "slow", .datasource = "d"});
    });
    const auto client = connect(server, {.silence_timeout = silence});
    const auto list = client->get_list("slow").get();
    if (!list && silence < std::chrono::seconds(10)) continue;
    ASSERT_TRUE(list) << list.error().to_string();
    EXPECT_EQ(list->id, "slow");
    return;
  }
}

TEST(Client, a_request_that_the_server_would_not_take_is_refused_here) {
  const ScriptedServer server(answer_lists);
  const auto client = connect(server);
  const std::vector<RecordWrite> writes{{.id = "a", .cells = {{"t", std::string(2u << 20, 'x')}}}};
  const auto written = client->write_batch("d", writes).get();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().reason(), Reason::kPayloadTooLarge);
  EXPECT_TRUE(client->ping().get());
}

TEST(Client, a_call_that_is_thrown_away_is_cancelled) {
  std::promise<void> cancelled;
  const ScriptedServer server([&](const auto&, auto, const auto& request) {
    if (std::holds_alternative<wire::Cancel>(request.body)) cancelled.set_value();
  });
  const auto client = connect(server);
  { const auto thrown_away = client->get_list("a"); }
  cancelled.get_future().wait();
}

// ---- connecting

TEST(Client, a_server_that_is_not_there_is_unavailable) {
  std::string address;
  {
    const ScriptedServer gone;
    address = gone.address();
  }
  const auto client = Client::connect({.address = address});
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().reason(), Reason::kUnavailable);
  EXPECT_NE(client.error().message().find(address), std::string::npos);
}

TEST(Client, a_server_that_accepts_and_never_answers_is_unavailable) {
  const ScriptedServer server({}, "");
  const auto client = Client::connect({.address = server.address(), .connect_timeout = milliseconds(50)});
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().reason(), Reason::kUnavailable);
}

TEST(Client, a_token_that_the_server_does_not_take_is_unauthenticated) {
  std::string shown;
  const ScriptedServer server(
      [&](const auto& peer, auto id, const auto& request) {
        shown = std::get<wire::Hello>(request.body).token;
        peer->answer(id, Error(Reason::kUnauthenticated, "the token is not valid"));
      },
      "one", 0, ScriptedServer::Hello::kHandler);
  const auto client = Client::connect(patient({.address = server.address(), .token = "secret-word"}));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().reason(), Reason::kUnauthenticated);
  EXPECT_EQ(client.error().to_string().find("secret-word"), std::string::npos);
  EXPECT_EQ(shown, "secret-word");
}

TEST(Client, a_server_of_another_version_is_refused) {
  const ScriptedServer server(
      [](const auto& peer, auto id, const auto&) { peer->answer(id, wire::Welcome{.version = 99}); }, "one",
      0, ScriptedServer::Hello::kHandler);
  const auto client = Client::connect(patient({.address = server.address()}));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().reason(), Reason::kFailedPrecondition);
}

// ---- rows

std::size_t read_all(ResultSet& rows) {
  std::size_t count = 0;
  for (;;) {
    const auto batch = rows.next();
    EXPECT_TRUE(batch) << batch.error().to_string();
    if (!batch || *batch == nullptr) return count;
    for (const auto row : (*batch)->rows) {
      EXPECT_EQ((*batch)->id.text(row), std::to_string(count));
      ++count;
    }
  }
}

TEST(Client, a_page_comes_in_one_frame) {
  const ScriptedServer server([](const auto& peer, auto id, const auto& request) {
    if (!std::holds_alternative<wire::RunQuery>(request.body)) return;
    wire::RowsEnd end{.has_more = true, .next_cursor = "next", .counters = {.rows_returned = 3}};
    peer->answer(id, wire::Rows{.head = head(), .end = end}, block_of(0, 3, 5));
  });
  const auto client = connect(server);
  const auto rows = client->query("d", {}).get();
  ASSERT_TRUE(rows) << rows.error().to_string();
  EXPECT_EQ((*rows)->info().generation, 7U);
  EXPECT_EQ((*rows)->columns().front().field, "t");
  EXPECT_EQ(read_all(**rows), 3U);
  EXPECT_TRUE(*(*rows)->has_more());
  EXPECT_EQ(**(*rows)->next_cursor(), "next");
  EXPECT_FALSE(*(*rows)->previous_cursor());
  EXPECT_EQ((*rows)->counters().rows_returned, 3U);
}

// Sends `blocks` blocks of 64 KiB, as far as it is granted, and counts what it has sent.
class StreamingServer {
 public:
  explicit StreamingServer(std::size_t blocks)
      : blocks_(blocks), server_([this](const auto& peer, auto id, const auto& request) {
          if (const auto* query = std::get_if<wire::RunQuery>(&request.body)) {
            query_ = id;
            credit_ += static_cast<std::int64_t>(query->credit);
          } else if (const auto* grant = std::get_if<wire::Grant>(&request.body)) {
            credit_ += static_cast<std::int64_t>(grant->bytes);
          } else if (std::holds_alternative<wire::Cancel>(request.body)) {
            cancelled = true;
          } else {
            return answer_lists(peer, id, request);
          }
          for (; sent < blocks_ && credit_ > 0; ++sent) {
            const std::string block = block_of(sent * 64, 64, 1000);
            credit_ -= static_cast<std::int64_t>(block.size());
            wire::Rows rows;
            if (sent == 0) rows.head = head();
            if (sent + 1 == blocks_) rows.end = wire::RowsEnd{};
            peer->answer(query_, rows, block);
          }
        }) {}

  const ScriptedServer& server() const { return server_; }

  std::atomic<std::size_t> sent = 0;
  std::atomic<bool> cancelled = false;

 private:
  const std::size_t blocks_;
  wire::RequestId query_ = 0;
  std::int64_t credit_ = 0;
  ScriptedServer server_;
};

TEST(Client, a_slow_reader_holds_back_its_own_query_and_no_other) {
  StreamingServer streaming(100);
  const auto client = connect(streaming.server(), {.query_window_bytes = 256u << 10});
  auto rows = client->query("d", {}).get();
  ASSERT_TRUE(rows) << rows.error().to_string();
  EXPECT_EQ(client->get_list("other").get()->id, "other");
  EXPECT_LE(streaming.sent, 6U) << "no more than the window and a block";
  EXPECT_EQ(read_all(**rows), 6400U);
}

TEST(Client, rows_can_be_awaited) {
  StreamingServer streaming(50);
  const auto client = connect(streaming.server(), {.query_window_bytes = 128u << 10});
  std::size_t count = 0;
  const auto ask = [&]() -> Task {
    const auto rows = co_await client->query("d", {});
    for (;;) {
      const auto batch = co_await (*rows)->next_batch();
      if (!batch || *batch == nullptr) break;
      count += (*batch)->size();
    }
  };
  ask().done.wait();
  EXPECT_EQ(count, 3200U);
}

TEST(Client, rows_that_are_not_read_to_the_end_stop_the_query) {
  StreamingServer streaming(100);
  const auto client = connect(streaming.server(), {.query_window_bytes = 64u << 10});
  {
    auto rows = client->query("d", {}).get();
    ASSERT_TRUE(rows);
    ASSERT_TRUE((*rows)->next());
    EXPECT_FALSE((*rows)->has_more()) << "not known before the end";
  }
  wait_until([&] { return streaming.cancelled.load(); });
  EXPECT_TRUE(client->ping().get());
}

TEST(Client, an_error_in_mid_stream_ends_the_rows) {
  const ScriptedServer server([](const auto& peer, auto id, const auto& request) {
    if (!std::holds_alternative<wire::RunQuery>(request.body)) return;
    peer->answer(id, wire::Rows{.head = head(), .end = {}}, block_of(0, 3, 5));
    peer->answer(id, Error(Reason::kCorrupt, "a segment is damaged"));
  });
  const auto client = connect(server);
  auto rows = client->query("d", {}).get();
  ASSERT_TRUE(rows);
  ASSERT_TRUE((*rows)->next());
  const auto batch = (*rows)->next();
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().reason(), Reason::kCorrupt);
  EXPECT_EQ((*rows)->next().error().reason(), Reason::kCorrupt);
}

TEST(Client, a_record_is_found_or_not) {
  const ScriptedServer server([](const auto& peer, auto id, const auto& request) {
    const auto& get = std::get<wire::GetRecord>(request.body);
    peer->answer(id, wire::RecordFound{.columns = head().columns}, get.id == "0" ? block_of(0, 1, 2) : "");
  });
  const auto client = connect(server);
  const auto found = client->get("d", "0").get();
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->id, "0");
  EXPECT_EQ(*(*found)->find("t"), Value("tt"));
  EXPECT_FALSE(**std::make_unique<Result<std::optional<Record>>>(client->get("d", "1").get()));
}

// ---- hostile servers

using Hostile = std::function<void(Peer& peer, wire::RequestId id)>;

// What a query says when the server does this to it.
Result<std::size_t> rows_of(const Hostile& hostile) {
  const ScriptedServer server([&](const auto& peer, auto id, const auto& request) {
    if (std::holds_alternative<wire::RunQuery>(request.body)) hostile(*peer, id);
  });
  const auto client = connect(server, {.query_window_bytes = 64u << 10});
  auto rows = client->query("d", {}, {.deadline = steady_clock::now() + kLong}).get();
  if (!rows) return fail(rows.error());
  std::size_t count = 0;
  for (;;) {
    auto batch = (*rows)->next();
    if (!batch) return fail(batch.error());
    if (*batch == nullptr) return count;
    count += (*batch)->size();
  }
}

TEST(Client, survives_servers_that_do_not_keep_to_the_protocol) {
  const std::string block = block_of(0, 64, 1000);
  std::string damaged = block;
  damaged.replace(0, 24, 24, '\x7f');
  const wire::Rows first{.head = head(), .end = {}};
  const wire::Rows more{};
  const std::map<std::string, std::pair<Reason, Hostile>> cases = {
      {"bytes that are no frame",
       {Reason::kUnavailable, [](Peer& p, auto) { p.send(std::string(64, '\xff')); }}},
      {"a frame of 4 GiB",
       {Reason::kUnavailable,
        [](Peer& p, auto) { p.send(std::string_view("\xff\xff\xff\xff\1\0\0\0\0\0\0\0", 12)); }}},
      {"an answer to what was never asked",
       {Reason::kUnavailable, [](Peer& p, auto id) { p.answer(id + 7, wire::Pong{}); }}},
      {"a message that is none",
       {Reason::kInternal, [](Peer& p, auto id) { p.send(wire::make_frame(id, "\xff\xff\xff")); }}},
      {"an answer to something else",
       {Reason::kInternal, [](Peer& p, auto id) { p.answer(id, wire::Pong{}); }}},
      {"rows without a head", {Reason::kInternal, [&](Peer& p, auto id) { p.answer(id, more, block); }}},
      {"a second head",
       {Reason::kInternal,
        [&](Peer& p, auto id) {
          p.answer(id, first, block_of(0, 1, 1));
          p.answer(id, first, block_of(0, 1, 1));
        }}},
      {"a damaged block", {Reason::kInternal, [&](Peer& p, auto id) { p.answer(id, first, damaged); }}},
      {"half a block",
       {Reason::kInternal,
        [&](Peer& p, auto id) { p.answer(id, first, std::string_view(block).substr(0, 400)); }}},
      {"frames without end",
       {Reason::kUnavailable,
        [&](Peer& p, auto id) {
          p.answer(id, first);
          for (int i = 0; i < 10'000; ++i) p.answer(id, more);
          p.cut();
        }}},
      {"the end of the connection", {Reason::kUnavailable, [](Peer& p, auto) { p.cut(); }}},
  };
  for (const auto& [name, expected] : cases) {
    const auto rows = rows_of(expected.second);
    ASSERT_FALSE(rows) << name;
    EXPECT_EQ(rows.error().reason(), expected.first) << name << ": " << rows.error().to_string();
  }
}

TEST(Client, more_rows_than_were_asked_for_break_the_connection) {
  const ScriptedServer server([](const auto& peer, auto id, const auto& request) {
    if (!std::holds_alternative<wire::RunQuery>(request.body)) return;
    const std::string block = block_of(0, 64, 1000);
    for (int i = 0; i < 100; ++i)
      peer->answer(id, wire::Rows{.head = i == 0 ? std::optional(head()) : std::nullopt, .end = {}}, block);
  });
  const auto client = connect(server, {.query_window_bytes = 64u << 10});
  const auto rows = client->query("d", {}).get();
  ASSERT_TRUE(rows);
  const auto pong = client->ping().get();
  ASSERT_FALSE(pong);
  EXPECT_NE(pong.error().message().find("more rows"), std::string::npos);
}

// NOLINTEND(cppcoreguidelines-avoid-capturing-lambda-coroutines)

}  // namespace
}  // namespace slate
