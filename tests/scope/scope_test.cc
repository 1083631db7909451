// The promise of scopes: whatever happens beside them, and in whatever order, nobody reads a row, a cursor's
// page or an error that is another caller's. Callers on several threads ask, page, refresh, fail, and drop,
// while more of them come than copies are kept, the rule of scopes changes and the process starts again.
//
//   SLATE_SCOPE_SEED=n     default 1
//   SLATE_SCOPE_STEPS=n    default 10,000, and 2,000 with ThreadSanitizer
#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <future>
#include <gtest/gtest.h>
#include <iostream>
#include <mutex>
#include <random>
#include <thread>
#include <unistd.h>
#include <vector>

#include <slate/database.h>

#include "base/log.h"
#include "lists/caller_copy.h"
#include "lists/forwarded_headers.h"
#include "lists/list_service.h"
#include "lists/refresh_target.h"
#include "loader/testing/scripted_loader.h"
#include "net/blocking_pool.h"
#include "net/testing/patience.h"
#include "scope/counted_evictions.h"

namespace slate {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSteps = 2'000;
#else
constexpr std::uint64_t kSteps = 10'000;
#endif
constexpr std::size_t kUsers = 7;
constexpr std::size_t kThreads = 4;
constexpr std::uint64_t kStepsBetweenStarts = 40;  // of one thread
constexpr std::size_t kRows = 6;                   // that the loader has for each user

std::uint64_t setting(const char* name, std::uint64_t standard) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : standard;
}

// What a user sends, and how what is the user's is marked: two words that have nothing in common.
std::string secret_of(std::size_t user) { return fmt::format("secret-{}", user); }
std::string mark_of(std::size_t user) { return fmt::format("<mark {}>", user); }

Datasource rows_of(const std::string& endpoint, bool with_team) {
  Datasource datasource{.id = "rows",
                        .fields = {{.name = "owner", .type = Type::kString, .indexed = true},
                                   {.name = "number", .type = Type::kInt}},
                        .loader = LoaderConfig{.endpoint = endpoint}};
  LoaderConfig& loader = *datasource.loader;
  loader.ttl = 20;
  loader.stale_while_revalidate = 10;
  loader.stale_if_error = 60;
  loader.forward_headers = {"X-User"};
  loader.scope_headers = {"X-User"};
  if (with_team) loader.scope_headers.emplace_back("X-Team");
  loader.max_scopes = 3;
  return datasource;
}

// What has to have happened for the promise to be tried.
struct Happened {
  std::atomic<std::uint64_t> evictions = 0;
  std::atomic<std::uint64_t> failed_loads = 0;
};

// Everything between two starts of the process.
struct Process {
  Process(const std::filesystem::path& folder, const ManualClock& clock,
          const std::array<std::atomic<bool>, kUsers>& failing, Happened& happened)
      : stored(Database::open({.path = folder,
                               .clock = &clock,
                               .generation_map_bytes = 64 << 20,
                               .catalog_map_bytes = 16 << 20,
                               .scan_helpers = 0})
                   .value()),
        counted(*stored, happened.evictions),
        target(database),
        refresher(target, {.clock = &clock,
                           .observer =
                               [&happened](const LoadStatus& load) {
                                 if (load.failure == FailureKind::kUnavailable) ++happened.failed_loads;
                               }}),
        pool(std::make_unique<net::BlockingPool>(net::testing::patient_pool(2))),
        lists(database, refresher, [this](ListService::Task task) {
          return pool->submit(std::move(task), net::Admission::kAlways);
        }) {
    loader.set_scripts([&failing](const testing::SeenCall& call) {
      testing::Script script;
      for (std::size_t user = 0; user < kUsers; ++user) {
        if (call.metadata.at("X-User") != secret_of(user)) continue;
        for (std::size_t row = 0; row < kRows; ++row)
          script.rows.push_back({fmt::format("{} {}", mark_of(user), row),
                                 {{"owner", Value(mark_of(user))}, {"number", Value(std::int64_t(row))}}});
        if (failing[user]) {
          script.status = Code::kUnavailable;
          script.message = "nothing for " + mark_of(user);
        }
      }
      return script;
    });
  }
  ~Process() {
    refresher.shutdown();
    pool.reset();
  }

  testing::ScriptedLoader loader{{}};
  std::unique_ptr<Database> stored;
  testing::CountedEvictions counted;
  Database& database = counted;
  DatabaseTarget target;
  Refresher refresher;
  std::unique_ptr<net::BlockingPool> pool;
  ListService lists;
};

class ScopePromise : public ::testing::Test {
 protected:
  ScopePromise() {
    log::configure(log::Level::kOff, log::Format::kText);
    std::filesystem::remove_all(folder_);
    start();
    EXPECT_TRUE(process_->database.save_list({.id = "all",
                                              .datasource = "rows",
                                              .columns = {{.field = "owner"}, {.field = "number"}},
                                              .page_size = 4}));
  }
  ~ScopePromise() override {
    process_.reset();
    std::filesystem::remove_all(folder_);
  }

  void start() {
    process_.reset();
    process_ = std::make_unique<Process>(folder_, clock_, failing_, happened_);
    save();
  }
  void save() {
    const auto saved = process_->database.save_datasource(rows_of(process_->loader.endpoint(), with_team_));
    EXPECT_TRUE(saved) << saved.error().to_string();
  }

  struct Cursor {
    std::size_t user;
    std::string token;
  };
  class Caller;

  const std::uint64_t seed_ = setting("SLATE_SCOPE_SEED", 1);
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("slate_scope_promise_" + std::to_string(::getpid()));
  ManualClock clock_{1'700'000'000'000};
  std::array<std::atomic<bool>, kUsers> failing_{};
  std::atomic<bool> with_team_ = false;
  Happened happened_;
  std::unique_ptr<Process> process_;
  std::mutex mutex_;
  std::vector<Cursor> cursors_;  // guarded by mutex_
  std::atomic<std::uint64_t> answers_ = 0;
  std::atomic<std::uint64_t> errors_ = 0;
  std::atomic<std::uint64_t> stolen_ = 0;  // cursors that others tried
};

// One thread's steps.
class ScopePromise::Caller {
 public:
  Caller(ScopePromise& test, std::uint64_t seed) : test_(test), process_(*test.process_), random_(seed) {}

  void step() {
    const std::size_t user = below(kUsers);
    switch (below(20)) {
      case 0: test_.failing_[below(kUsers)] = below(4) == 0; return;
      case 1: return test_.clock_.advance(std::chrono::seconds(below(8)));
      case 2: return refresh(user);
      case 3: return nameless();
      case 4: return look(user);
      case 5:
        if (below(8) == 0) drop();
        return;
      case 6:
        if (below(12) != 0) return;
        test_.with_team_ = !test_.with_team_;
        return test_.save();
      case 7:
      case 8:
      case 9: return page(user, cursor());
      default: return page(user, std::nullopt);
    }
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  static NamedTexts headers(std::size_t user) {
    return {{"x-team", "all of them"}, {"X-User", secret_of(user)}, {"Cookie", "none"}};
  }

  static void expect_own(std::size_t user, std::string_view text) {
    EXPECT_NE(text.find(mark_of(user)), std::string_view::npos) << text;
    expect_no_other(user, text);
  }
  static void expect_no_other(std::size_t user, std::string_view text) {
    EXPECT_EQ(text.find("secret"), std::string_view::npos) << text;
    for (std::size_t other = 0; other < kUsers; ++other)
      EXPECT_TRUE(other == user || text.find(mark_of(other)) == std::string_view::npos)
          << "user " << user << " reads of user " << other << ": " << text;
  }

  std::optional<Cursor> cursor() {
    const std::lock_guard lock(test_.mutex_);
    if (test_.cursors_.empty()) return std::nullopt;
    return test_.cursors_[below(test_.cursors_.size())];
  }
  void keep(std::size_t user, const std::optional<std::string>& token) {
    if (!token) return;
    const std::lock_guard lock(test_.mutex_);
    if (test_.cursors_.size() < 64) return test_.cursors_.push_back({user, *token});
    test_.cursors_[below(64)] = {user, *token};
  }

  // A page, an export, or the page of a cursor, which may be another caller's.
  void page(std::size_t user, std::optional<Cursor> cursor) {
    ListRequest request{.list = "all", .headers = headers(user), .wait = std::chrono::seconds(30)};
    if (below(6) == 0) request.wait = std::chrono::milliseconds(0);
    const bool all = !cursor && below(2) == 0;
    if (all) request.paging = Paging::kAll;
    if (cursor) request.parameters.emplace_back("cursor", cursor->token);
    const bool stolen = cursor && cursor->user != user;
    if (stolen) ++test_.stolen_;

    std::promise<Result<ListAnswer>> done;
    process_.lists.open(std::move(request),
                        [&](Result<ListAnswer> answer) { done.set_value(std::move(answer)); });
    const auto answer = done.get_future().get();
    if (!answer) return expect_error(user, answer.error());
    if (const auto* load = std::get_if<LoadStatus>(&*answer)) {
      if (load->error) expect_error(user, *load->error);
      return;
    }
    ++test_.answers_;
    const auto& rows = std::get<ListRows>(*answer);
    EXPECT_FALSE(stolen) << "a cursor of user " << cursor->user << " gave user " << user << " a page";
    if (rows.freshness.error) expect_error(user, *rows.freshness.error);
    const std::size_t count = read(user, *rows.rows);
    EXPECT_TRUE(!all || count == kRows) << "a copy is whole";
    EXPECT_EQ(rows.snapshot->count({}).value().value, kRows);
    keep(user, rows.rows->next_cursor().value());
    keep(user, rows.rows->previous_cursor().value());
  }
  static std::size_t read(std::size_t user, ResultSet& rows) {
    std::size_t count = 0;
    while (const Batch* batch = rows.next().value())
      for (std::size_t i = 0; i < batch->size(); ++i, ++count) {
        const Record record = to_record(rows.columns(), *batch, i);
        expect_own(user, record.id);
        expect_own(user, *record.find("owner")->get_if<std::string>());
      }
    return count;
  }
  void expect_error(std::size_t user, const Error& error) {
    ++test_.errors_;
    expect_no_other(user, error.to_string());
    if (error.reason() == Reason::kLoaderUnavailable) return expect_own(user, error.message());
    EXPECT_TRUE(error.reason() == Reason::kCursorExpired || error.reason() == Reason::kUnavailable ||
                error.reason() == Reason::kFailedPrecondition)
        << error.to_string();
  }

  void nameless() {
    std::promise<Result<ListAnswer>> done;
    process_.lists.open({.list = "all", .headers = {{"X-Team", "all of them"}}},
                        [&](Result<ListAnswer> answer) { done.set_value(std::move(answer)); });
    const auto answer = done.get_future().get();
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().field(), "X-User");
  }

  // Below the lists: by the index, distinct values.
  void look(std::size_t user) {
    const auto copy = open_copy(process_.database, "rows", headers(user));
    if (!copy) return expect_error(user, copy.error());
    EXPECT_EQ(copy->snapshot->info().loaded_at ? kRows : 0, copy->snapshot->info().rows);
    read(user, **copy->snapshot->query({.sort = {{.field = "owner"}}}, {.force_index = "owner"}));
    const auto owners = copy->snapshot->distinct({.field = "owner"});
    for (const auto& owner : owners.value().values) expect_own(user, *owner.value.get_if<std::string>());
  }

  // Not waited for.
  void refresh(std::size_t user) {
    auto copy = open_copy(process_.database, "rows", headers(user));
    if (!copy) return expect_error(user, copy.error());
    const Datasource& datasource = copy->snapshot->datasource();
    RefreshRequest request{.scope = copy->scope,
                           .metadata = forwarded_headers(*datasource.loader, headers(user)),
                           .trigger = Trigger::kForced};
    process_.refresher.refresh(datasource, std::move(request), {});
  }

  void drop() {
    EXPECT_TRUE(process_.database.delete_all("rows"));
    process_.refresher.forget("rows");
  }

  ScopePromise& test_;
  Process& process_;
  std::mt19937_64 random_;
};

TEST_F(ScopePromise, nobody_reads_what_is_another_callers) {
  const std::uint64_t steps = setting("SLATE_SCOPE_STEPS", kSteps);
  std::cout << "seed " << seed_ << ", " << steps << " steps" << std::endl;
  std::uint64_t starts = 0;
  for (std::uint64_t done = 0; done < steps; done += kThreads * kStepsBetweenStarts) {
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t)
      threads.emplace_back([this, seed = seed_ * 1'000'003 + done + t] {
        Caller caller(*this, seed);
        for (std::uint64_t i = 0; i < kStepsBetweenStarts; ++i) caller.step();
      });
    for (std::thread& thread : threads) thread.join();
    EXPECT_LE(process_->database.get_datasource("rows").value().scopes, 3u);
    ASSERT_FALSE(HasFailure()) << "seed " << seed_ << ", before step "
                               << done + kThreads * kStepsBetweenStarts;
    start();
    ++starts;
  }
  std::cout << answers_ << " answers, " << errors_ << " errors, " << stolen_ << " cursors of others tried, "
            << happened_.evictions << " evictions, " << happened_.failed_loads << " failed loads, " << starts
            << " starts" << std::endl;
  EXPECT_GT(answers_, steps / 5);
  EXPECT_GT(stolen_, steps / 50);
  EXPECT_GT(happened_.evictions, steps / 50);
  EXPECT_GT(happened_.failed_loads, steps / 200);
}

}  // namespace
}  // namespace slate
