#include "lists/list_service.h"

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <future>
#include <gtest/gtest.h>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <unistd.h>

#include "base/log.h"
#include "lists/refresh_target.h"
#include "loader/testing/scripted_loader.h"

namespace slate {
namespace {

using testing::numbered_datasource;
using testing::numbered_rows;
using testing::ScriptedLoader;

// A thread for tasks that can be told to refuse them.
class TaskThread {
 public:
  TaskThread() : thread_([this] { work(); }) {}
  ~TaskThread() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  TaskThread(const TaskThread&) = delete;
  TaskThread& operator=(const TaskThread&) = delete;

  Result<void> run(ListService::Task task) {
    const std::lock_guard lock(mutex_);
    if (refusing_) return fail(Error(Reason::kOverloaded, "too busy").with_retry_after(1));
    tasks_.push_back(std::move(task));
    changed_.notify_all();
    return {};
  }
  void refuse() {
    const std::lock_guard lock(mutex_);
    refusing_ = true;
  }
  std::thread::id id() const { return thread_.get_id(); }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return ending_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<ListService::Task> tasks_;
  bool refusing_ = false;
  bool ending_ = false;
  std::thread thread_;
};

struct Outcome {
  Result<ListAnswer> answer;
  std::thread::id thread;

  const ListRows& rows() const { return std::get<ListRows>(answer.value()); }
};

class ListServiceTest : public ::testing::Test {
 protected:
  ListServiceTest() {
    log::configure(log::Level::kOff, log::Format::kText);
    datasource_.loader->ttl = 60;
    save(datasource_);
    save_list({.id = "all", .datasource = "rows", .columns = {{.field = "number"}}, .page_size = 4});
  }
  ~ListServiceTest() override {
    refresher_.shutdown();
    tasks_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::unique_ptr<Database> open_database() {
    folder_ = std::filesystem::temp_directory_path() /
              ("slate_lists_" + std::to_string(::getpid()) + "_" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    auto opened = Database::open({.path = folder_, .clock = &clock_});
    if (!opened) throw std::runtime_error(opened.error().to_string());
    return *std::move(opened);
  }
  void save(const Datasource& datasource) { EXPECT_TRUE(database_->save_datasource(datasource)); }
  void save_list(const ListView& list) { EXPECT_TRUE(database_->save_list(list)); }

  std::future<Outcome> start(ListRequest request) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    auto future = promise->get_future();
    service_.open(std::move(request), [promise](Result<ListAnswer> answer) {
      promise->set_value({std::move(answer), std::this_thread::get_id()});
    });
    return future;
  }
  Outcome open(ListRequest request) { return start(std::move(request)).get(); }
  static std::size_t count_rows(const ListRows& rows) {
    std::size_t count = 0;
    for (;;) {
      const auto batch = rows.rows->next();
      EXPECT_TRUE(batch);
      if (!batch || *batch == nullptr) return count;
      count += (*batch)->size();
    }
  }

  std::filesystem::path folder_;
  ManualClock clock_{1'700'000'000'000};
  ScriptedLoader loader_{{.rows = numbered_rows(10)}};
  Datasource datasource_ = numbered_datasource("rows", loader_.endpoint());
  std::unique_ptr<Database> database_ = open_database();
  DatabaseTarget target_{*database_};
  Refresher refresher_{target_, {.clock = &clock_, .random = [] { return 0.0; }}};
  std::unique_ptr<TaskThread> tasks_ = std::make_unique<TaskThread>();
  ListService service_{*database_, refresher_,
                       [this](ListService::Task task) { return tasks_->run(std::move(task)); }};
};

TEST_F(ListServiceTest, cold_rows_are_read_in_the_executor_and_never_on_the_refreshers_thread) {
  const auto outcome = open({.list = "all"});
  EXPECT_EQ(outcome.rows().freshness.state, FreshnessState::kFresh);
  EXPECT_EQ(outcome.rows().freshness.loaded_at, clock_.now());
  EXPECT_EQ(outcome.rows().freshness.expires_at, clock_.now() + 60'000);
  EXPECT_EQ(count_rows(outcome.rows()), 4u);
  EXPECT_EQ(outcome.thread, tasks_->id());
}

TEST_F(ListServiceTest, fresh_rows_come_within_the_call) {
  open({.list = "all"});
  const auto outcome = open({.list = "all"});
  EXPECT_EQ(outcome.thread, std::this_thread::get_id());
  EXPECT_EQ(loader_.calls(), 1u);
}

TEST_F(ListServiceTest, peek_knows_fresh_data_only_and_loads_nothing) {
  const auto peek = [&](bool has_answer) {
    return service_.peek("all", {}, [has_answer](const AnswerBasis& basis) {
      EXPECT_EQ(basis.list.id, "all");
      EXPECT_EQ(basis.datasource.id, "rows");
      EXPECT_EQ(basis.freshness.state, FreshnessState::kFresh);
      return has_answer;
    });
  };
  EXPECT_FALSE(peek(true)) << "nothing has been loaded";
  const auto outcome = open({.list = "all"});
  const auto known = peek(true);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->data.generation, outcome.rows().snapshot->info().generation);
  EXPECT_EQ(known->freshness.expires_at, outcome.rows().freshness.expires_at);
  EXPECT_FALSE(peek(false));
  EXPECT_FALSE(service_.peek("none", {}, [](const AnswerBasis&) { return true; }));
  clock_.advance(std::chrono::seconds(61));
  EXPECT_FALSE(peek(true)) << "it has expired";
  EXPECT_EQ(loader_.calls(), 1u);
}

TEST_F(ListServiceTest, rows_without_a_loader_are_static_and_load_nothing) {
  datasource_.loader.reset();
  datasource_.id = "plain";
  save(datasource_);
  save_list({.id = "plain", .datasource = "plain", .columns = {{.field = "name"}}});
  const auto outcome = open({.list = "plain"});
  EXPECT_EQ(outcome.rows().freshness.state, FreshnessState::kStatic);
  EXPECT_EQ(outcome.rows().freshness.expires_at, std::nullopt);
  EXPECT_EQ(loader_.calls(), 0u);
}

TEST_F(ListServiceTest, freshness_is_that_of_the_snapshot_which_is_read) {
  open({.list = "all"});
  clock_.advance(std::chrono::seconds(30));
  const auto outcome = open({.list = "all"});
  EXPECT_EQ(outcome.rows().freshness.generation, outcome.rows().snapshot->info().generation);
  EXPECT_EQ(outcome.rows().freshness.loaded_at, clock_.now() - 30'000);
  // A later refresh changes neither the rows nor what is said of them.
  clock_.advance(std::chrono::seconds(31));
  loader_.set_script({.rows = numbered_rows(1)});
  EXPECT_EQ(count_rows(open({.list = "all"}).rows()), 1u);
  EXPECT_EQ(count_rows(outcome.rows()), 4u);
  EXPECT_EQ(outcome.rows().freshness.loaded_at, clock_.now() - 61'000);
}

TEST_F(ListServiceTest, rows_that_expired_while_they_were_loaded_are_given_once_and_called_stale) {
  datasource_.loader->ttl = 1;
  save(datasource_);
  loader_.hold();
  auto waiting = start({.list = "all", .wait = std::chrono::seconds(60)});
  ASSERT_TRUE(loader_.wait_for_calls(1));
  clock_.advance(std::chrono::seconds(5));
  loader_.release();
  const auto outcome = waiting.get();
  ASSERT_TRUE(outcome.answer) << outcome.answer.error().to_string();
  EXPECT_EQ(outcome.rows().freshness.state, FreshnessState::kStale);
  EXPECT_EQ(outcome.rows().freshness.error, std::nullopt);
  EXPECT_EQ(loader_.calls(), 1u);
}

TEST_F(ListServiceTest, wait_that_is_over_gives_the_running_load) {
  loader_.hold();
  const auto outcome = open({.list = "all", .wait = std::chrono::milliseconds(0)});
  ASSERT_TRUE(outcome.answer);
  EXPECT_EQ(std::get<LoadStatus>(*outcome.answer).state, LoadState::kRunning);
  loader_.release();
}

TEST_F(ListServiceTest, full_executor_is_answered_as_overloaded) {
  tasks_->refuse();
  const auto outcome = open({.list = "all"});
  ASSERT_FALSE(outcome.answer);
  EXPECT_EQ(outcome.answer.error().reason(), Reason::kOverloaded);
}

TEST_F(ListServiceTest, caller_that_left_while_waiting_costs_no_query) {
  loader_.hold();
  std::stop_source stop;
  auto waiting = start({.list = "all", .wait = std::chrono::seconds(60), .stop = stop.get_token()});
  ASSERT_TRUE(loader_.wait_for_calls(1));
  stop.request_stop();
  loader_.release();
  const auto outcome = waiting.get();
  ASSERT_FALSE(outcome.answer);
  EXPECT_EQ(outcome.answer.error().reason(), Reason::kCancelled);
}

TEST_F(ListServiceTest, list_deleted_while_a_caller_waits_is_not_found) {
  loader_.hold();
  auto waiting = start({.list = "all", .wait = std::chrono::seconds(60)});
  ASSERT_TRUE(loader_.wait_for_calls(1));
  ASSERT_TRUE(database_->delete_list("all"));
  loader_.release();
  const auto outcome = waiting.get();
  ASSERT_FALSE(outcome.answer);
  EXPECT_EQ(outcome.answer.error().reason(), Reason::kNotFound);
}

TEST_F(ListServiceTest, shutdown_answers_who_waits) {
  loader_.hold();
  auto waiting = start({.list = "all", .wait = std::chrono::seconds(60)});
  ASSERT_TRUE(loader_.wait_for_calls(1));
  refresher_.shutdown();
  const auto outcome = waiting.get();
  ASSERT_FALSE(outcome.answer);
  EXPECT_EQ(outcome.answer.error().reason(), Reason::kUnavailable);
}

TEST_F(ListServiceTest, wrong_request_is_refused_before_anything_is_loaded) {
  for (const auto& [name, value] : NamedTexts{
           {"number", "many"}, {"nothing", "1"}, {"count", "all"}, {"take", "1001"}, {"cursor", "x"}}) {
    const auto outcome = open({.list = "all", .parameters = {{name, value}}});
    ASSERT_FALSE(outcome.answer) << name;
    EXPECT_EQ(outcome.answer.error().field(), name);
  }
  EXPECT_EQ(open({.list = "none"}).answer.error().reason(), Reason::kNotFound);
  EXPECT_EQ(loader_.calls(), 0u);
}

TEST_F(ListServiceTest, export_gives_all_rows_and_a_page_those_of_its_size) {
  EXPECT_EQ(count_rows(open({.list = "all", .paging = Paging::kAll}).rows()), 10u);
  EXPECT_EQ(count_rows(open({.list = "all", .paging = Paging::kPage}).rows()), 4u);
}

// Rows are the caller's own: the loader answers by X-User. It has none for mallory.
class ScopedListTest : public ListServiceTest {
 protected:
  ScopedListTest() {
    datasource_.loader->scope_headers = {"X-User"};
    datasource_.loader->forward_headers = {"X-User"};
    save(datasource_);
    loader_.set_scripts([](const testing::SeenCall& call) {
      const std::string user = call.metadata.at("X-User");
      testing::Script script{
          .rows = {{user + "-1", {{"number", Value(1)}}}, {user + "-2", {{"number", Value(2)}}}}};
      if (user == "mallory") script.status = Code::kUnavailable;
      return script;
    });
  }
  ~ScopedListTest() override { refresher_.shutdown(); }

  ListRequest by(const std::string& user, NamedTexts parameters = {}) {
    return {.list = "all", .parameters = std::move(parameters), .headers = {{"x-user", user}}};
  }
  static std::vector<std::string> ids(const Outcome& outcome) {
    std::vector<std::string> ids;
    if (!outcome.answer) return {outcome.answer.error().to_string()};
    while (const Batch* batch = outcome.rows().rows->next().value())
      for (const std::uint16_t row : batch->rows) ids.emplace_back(batch->id.text(row));
    return ids;
  }
};

TEST_F(ScopedListTest, each_caller_reads_what_was_loaded_for_it) {
  EXPECT_EQ(ids(open(by("alice"))), (std::vector<std::string>{"alice-1", "alice-2"}));
  EXPECT_EQ(ids(open(by("bob"))), (std::vector<std::string>{"bob-1", "bob-2"}));
  EXPECT_EQ(ids(open(by("alice"))), (std::vector<std::string>{"alice-1", "alice-2"}));
  EXPECT_EQ(loader_.calls(), 2u);
}

TEST_F(ScopedListTest, request_without_the_header_is_refused_and_loads_nothing) {
  for (const ListRequest& request : {ListRequest{.list = "all"}, by("")}) {
    const auto outcome = open(request);
    ASSERT_FALSE(outcome.answer);
    EXPECT_EQ(outcome.answer.error().reason(), Reason::kInvalidArgument);
    EXPECT_EQ(outcome.answer.error().field(), "X-User");
  }
  EXPECT_EQ(loader_.calls(), 0u);
}

TEST_F(ScopedListTest, peek_is_of_the_callers_own_copy) {
  const auto peek = [&](const NamedTexts& headers) {
    std::string scope;
    const auto known = service_.peek("all", headers, [&](const AnswerBasis& basis) {
      scope = basis.scope;
      return true;
    });
    EXPECT_NE(known.has_value(), scope.empty());
    return std::pair(known ? known->data.generation : 0, scope);
  };
  const auto alice = open(by("alice"));
  const auto [generation, scope] = peek({{"X-USER", "alice"}});
  EXPECT_EQ(generation, alice.rows().snapshot->info().generation);
  EXPECT_EQ(peek({{"x-user", "bob"}}).first, 0U) << "nothing has been loaded for him";
  EXPECT_EQ(peek({}).first, 0U);
  EXPECT_EQ(peek({{"X-User", ""}}).first, 0U);
  const auto bob = open(by("bob"));
  const auto [his_generation, his_scope] = peek({{"x-user", "bob"}});
  EXPECT_EQ(his_generation, bob.rows().snapshot->info().generation);
  EXPECT_NE(his_scope, scope);
  clock_.advance(std::chrono::seconds(61));
  EXPECT_EQ(peek({{"X-User", "alice"}}).first, 0U) << "it has expired";
  EXPECT_EQ(loader_.calls(), 2u);
}

TEST_F(ScopedListTest, freshness_is_that_of_the_callers_copy) {
  open(by("alice"));
  clock_.advance(std::chrono::seconds(40));
  open(by("bob"));
  clock_.advance(std::chrono::seconds(30));
  EXPECT_EQ(open(by("bob")).rows().freshness.loaded_at, clock_.now() - 30'000);
  EXPECT_EQ(loader_.calls(), 2u);
  EXPECT_EQ(open(by("alice")).rows().freshness.loaded_at, clock_.now()) << "hers had expired";
  EXPECT_EQ(loader_.calls(), 3u);
}

TEST_F(ScopedListTest, failing_load_of_one_caller_is_no_failure_of_another) {
  EXPECT_EQ(open(by("mallory")).answer.error().reason(), Reason::kLoaderUnavailable);
  EXPECT_EQ(open(by("mallory")).answer.error().reason(), Reason::kLoaderUnavailable);
  EXPECT_EQ(loader_.calls(), 1u) << "it is backing off";
  EXPECT_EQ(open(by("alice")).rows().freshness.error, std::nullopt);
}

TEST_F(ScopedListTest, cursor_of_another_caller_gives_no_rows) {
  const NamedTexts page{{"take", "1"}};
  const auto first = open(by("alice", page));
  ids(first);
  const std::string cursor = first.rows().rows->next_cursor().value().value();
  open(by("bob"));
  EXPECT_EQ(ids(open(by("alice", {{"cursor", cursor}}))), std::vector<std::string>{"alice-2"});
  EXPECT_EQ(open(by("bob", {{"cursor", cursor}})).answer.error().reason(), Reason::kCursorExpired);
}

TEST_F(ScopedListTest, copies_of_one_rule_are_not_read_under_another) {
  open(by("alice"));
  datasource_.loader->scope_headers = {"X-Org"};
  save(datasource_);
  EXPECT_EQ(open(by("alice")).answer.error().field(), "X-Org");
  ListRequest request = by("alice");
  request.headers.emplace_back("X-Org", "alice");
  open(std::move(request));
  EXPECT_EQ(loader_.calls(), 2u);
}

TEST(DatabaseTargetTest, refuses_what_is_missing_or_declared_otherwise) {
  const auto folder = std::filesystem::temp_directory_path() / ("slate_target_" + std::to_string(::getpid()));
  {
    auto database = Database::open({.path = folder});
    ASSERT_TRUE(database) << database.error().to_string();
    DatabaseTarget target(**database);
    EXPECT_EQ(target.live("nowhere").error().reason(), Reason::kNotFound);
    const Datasource nowhere{.id = "nowhere", .loader = LoaderConfig{}};
    const LoadProgress progress;
    EXPECT_EQ(target.claim({.load = "l", .datasource = nowhere, .progress = progress}).error().reason(),
              Reason::kNotFound);
    Datasource rows{
        .id = "rows", .fields = {{.name = "n"}}, .loader = LoaderConfig{.endpoint = "grpc://a:1"}};
    ASSERT_TRUE((*database)->save_datasource(rows));
    EXPECT_TRUE(target.claim({.load = "l", .datasource = rows, .progress = progress}));
    rows.fields.push_back({.name = "older"});
    EXPECT_EQ(target.claim({.load = "l", .datasource = rows, .progress = progress}).error().reason(),
              Reason::kFailedPrecondition);
  }
  std::filesystem::remove_all(folder);
}

TEST_F(ListServiceTest, caller_that_has_the_answer_gets_no_rows_and_stale_data_is_refreshed_all_the_same) {
  datasource_.loader->stale_while_revalidate = 600;
  save(datasource_);
  ASSERT_TRUE(open({.list = "all"}).answer);
  std::vector<std::uint64_t> generations;
  const ListRequest request{.list = "all", .has_answer = [&](const AnswerBasis& basis) {
                              generations.push_back(basis.data.generation);
                              return basis.freshness.state == FreshnessState::kStale;
                            }};
  EXPECT_TRUE(std::holds_alternative<ListRows>(*open(request).answer));
  clock_.advance(std::chrono::seconds(61));
  const auto stale = open(request);
  ASSERT_TRUE(stale.answer);
  EXPECT_EQ(std::get<ListUnchanged>(*stale.answer).freshness.state, FreshnessState::kStale);
  EXPECT_TRUE(loader_.wait_for_calls(2));
  ASSERT_EQ(generations.size(), 2u);
  EXPECT_EQ(generations[0], generations[1]);
}

TEST_F(ListServiceTest, body_narrows_with_the_parameters_and_has_rows_and_sort_to_itself) {
  const Query body{.filter = Filter::condition("number", Op::kGte, Value(3)),
                   .sort = {{.field = "number", .direction = Direction::kDescending}},
                   .skip = 1,
                   .take = 2};
  const auto rows = open({.list = "all", .parameters = {{"number__lt", "8"}}, .body = body});
  ASSERT_TRUE(rows.answer) << rows.answer.error().to_string();
  EXPECT_EQ(count_rows(rows.rows()), 2u);
  EXPECT_EQ(rows.rows().snapshot->count(rows.rows().query.filter)->value, 5u);
  for (const auto& parameter :
       NamedTexts{{"skip", "1"}, {"take", "1"}, {"sort", "number"}, {"cursor", "x"}}) {
    const auto refused = open({.list = "all", .parameters = {parameter}, .body = body});
    ASSERT_FALSE(refused.answer);
    EXPECT_EQ(refused.answer.error().field(), parameter.first);
  }
}

TEST_F(ListServiceTest, values_are_those_of_the_lists_rows_and_page_counts_are_bounded) {
  const auto values = open({.list = "all",
                            .parameters = {{"number__lt", "2"}},
                            .values = ValuesAsked{.field = "number", .take = 10}});
  ASSERT_TRUE(values.answer) << values.answer.error().to_string();
  EXPECT_EQ(std::get<ListValues>(*values.answer).values.values.size(), 2u);
  const auto hidden = open({.list = "all", .values = ValuesAsked{.field = "name", .take = 10}});
  ASSERT_FALSE(hidden.answer) << "not a column of the list";
  EXPECT_EQ(hidden.answer.error().field(), "name");
  EXPECT_EQ(open({.list = "all"}).rows().count.limit(), 10'000u);
  EXPECT_EQ(open({.list = "all", .paging = Paging::kAll}).rows().count.kind, CountMode::Kind::kNone);
}

}  // namespace
}  // namespace slate
