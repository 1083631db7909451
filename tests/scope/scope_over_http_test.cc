// The same promise for what HTTP gives out: pages that are kept, entity tags, streams and problems, in front
// of the database in the process and of one over TCP. Callers on several threads ask for the same URLs and
// try each other's tags, while copies are evicted, refreshed, dropped, and fail to load.
//
//   SLATE_SCOPE_SEED=n     default 1
//   SLATE_SCOPE_ASKED=n    requests to each, default 1,000, and 200 with ThreadSanitizer
#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <iostream>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/log.h"
#include "http/client.h"
#include "loader/testing/scripted_loader.h"
#include "scope/counted_evictions.h"
#include "testing/served_api.h"
#include "testing/served_database.h"

namespace slate {
namespace {

using slate::testing::ServedApi;
using slate::testing::ServedDatabase;

#if defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kAsked = 200;
#else
constexpr std::uint64_t kAsked = 1'000;
#endif
constexpr std::size_t kUsers = 5;  // of whom three have a copy at a time
constexpr std::size_t kThreads = 4;
constexpr std::size_t kRows = 6;

std::uint64_t setting(const char* name, std::uint64_t standard) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : standard;
}

// What a user sends, and how what is the user's is marked: two words that have nothing in common.
std::string secret_of(std::size_t user) { return fmt::format("secret-{}", user); }
std::string mark_of(std::size_t user) { return fmt::format("mark {};", user); }

enum class Front : std::uint8_t { kEmbedded, kRemote };

class ScopedAnswers : public ::testing::TestWithParam<Front> {
 protected:
  void SetUp() override {
    log::configure(log::Level::kOff, log::Format::kText);
    std::filesystem::remove_all(folder_);
    failing_[0] = true;  // some loads fail, however few there are
    loader_.set_scripts([this](const testing::SeenCall& call) { return script(call.metadata.at("X-User")); });
    stored_ = Database::open({.path = folder_,
                              .clock = &clock_,
                              .generation_map_bytes = 64 << 20,
                              .catalog_map_bytes = 16 << 20,
                              .scan_helpers = 0})
                  .value();
    declare();
    // As many connections as `slate api` has: eight loads have one each.
    counted_ = std::make_unique<testing::CountedEvictions>(*stored_, evictions_);
    served_ = ServedDatabase::start(*counted_, {.clock = &clock_}, {.size = 16}).value();
    Database& database =
        GetParam() == Front::kEmbedded ? static_cast<Database&>(*counted_) : served_->remote();
    api_ = ServedApi::start(database, clock_).value();
  }
  void TearDown() override {
    api_.reset();
    served_.reset();
    counted_.reset();
    stored_.reset();
    std::filesystem::remove_all(folder_);
  }

  testing::Script script(const std::string& secret) {
    testing::Script script;
    for (std::size_t user = 0; user < kUsers; ++user) {
      if (secret != secret_of(user)) continue;
      for (std::size_t row = 0; row < kRows; ++row)
        script.rows.push_back({fmt::format("{}{}", mark_of(user), row), {{"owner", Value(mark_of(user))}}});
      if (!failing_[user]) continue;
      ++failed_loads_;
      script.status = Code::kUnavailable;
      script.message = "nothing for " + mark_of(user);
    }
    return script;
  }
  void declare() {
    Datasource rows{.id = "rows",
                    .fields = {{.name = "owner", .type = Type::kString, .indexed = true}},
                    .loader = LoaderConfig{.endpoint = loader_.endpoint()}};
    rows.loader->ttl = 20;
    rows.loader->stale_while_revalidate = 10;
    rows.loader->stale_if_error = 60;
    rows.loader->forward_headers = {"X-User"};
    rows.loader->scope_headers = {"X-User"};
    rows.loader->max_scopes = 3;
    ASSERT_TRUE(stored_->save_datasource(rows));
    ASSERT_TRUE(stored_->save_list(
        {.id = "all", .datasource = "rows", .columns = {{.field = "owner"}}, .page_size = 4}));
  }

  struct Tag {
    std::size_t user;
    std::string target;
    std::string text;
  };
  class Caller;

  const std::uint64_t seed_ = setting("SLATE_SCOPE_SEED", 1);
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("slate_scope_http_" + std::to_string(::getpid()));
  ManualClock clock_{1'700'000'000'000};
  std::array<std::atomic<bool>, kUsers> failing_{};
  testing::ScriptedLoader loader_{{}};
  std::unique_ptr<EmbeddedDatabase> stored_;
  std::unique_ptr<testing::CountedEvictions> counted_;
  std::unique_ptr<ServedDatabase> served_;
  std::unique_ptr<ServedApi> api_;
  std::mutex mutex_;
  std::vector<Tag> tags_;  // guarded by mutex_
  std::atomic<std::uint64_t> pages_ = 0, kept_ = 0, unchanged_ = 0, problems_ = 0, tried_ = 0;
  std::atomic<std::uint64_t> evictions_ = 0, failed_loads_ = 0;
};

// One thread's requests.
class ScopedAnswers::Caller {
 public:
  Caller(ScopedAnswers& test, std::uint64_t seed) : test_(test), random_(seed) {}

  void step() {
    const std::size_t user = below(kUsers);
    switch (below(24)) {
      case 0: test_.failing_[below(kUsers)] = below(4) == 0; return;
      case 1: return test_.clock_.advance(std::chrono::seconds(below(8)));
      case 2: return other(http::Method::kPost, "/v1/datasources/rows/refresh", user);
      case 3:
        return below(8) == 0 ? other(http::Method::kDelete, "/v1/datasources/rows/records", user) : void();
      case 4: return nameless();
      default: return read(user);
    }
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }

  http::ClientResponse ask(http::Method method, const std::string& target, http::Headers headers) {
    auto answer =
        client_.request({.method = method, .url = test_.api_->url() + target, .headers = std::move(headers)});
    EXPECT_TRUE(answer) << answer.error().to_string();
    return answer ? *std::move(answer) : http::ClientResponse{};
  }

  static void expect_no_other(std::size_t user, const http::ClientResponse& answer) {
    std::string text = answer.body;
    for (const auto& [name, value] : answer.headers) text += name + ": " + value + '\n';
    EXPECT_EQ(text.find("secret"), std::string::npos) << text;
    for (std::size_t of = 0; of < kUsers; ++of)
      EXPECT_TRUE(of == user || text.find(mark_of(of)) == std::string::npos)
          << "user " << user << " reads of user " << of << ": " << text;
  }

  void read(std::size_t user) {
    static constexpr std::array<const char*, 4> kTargets{"/v1/lists/all/data", "/v1/lists/all/data?take=2",
                                                         "/v1/lists/all/values/owner",
                                                         "/v1/datasources/rows/records"};
    const std::string target = kTargets[below(kTargets.size())];
    http::Headers headers{{"X-User", secret_of(user)}};
    if (below(4) == 0) headers.set("Accept", "text/csv");
    if (below(4) == 0) headers.set("Accept-Encoding", "gzip");
    if (below(8) == 0) headers.set("Prefer", "wait=0");
    const auto tag = below(2) == 0 ? some_tag(target) : std::nullopt;
    if (tag) headers.set("If-None-Match", tag->text);
    if (tag && tag->user != user) ++test_.tried_;
    const auto answer = ask(http::Method::kGet, target, std::move(headers));
    expect_no_other(user, answer);
    if (answer.status == 304) {
      ++test_.unchanged_;
      EXPECT_TRUE(tag && tag->user == user)
          << "user " << user << " was told that an answer of another is right: " << target;
    } else if (answer.status == 200) {
      ++test_.pages_;
      if (answer.headers.get("Server-Timing") == "cache;desc=hit") ++test_.kept_;
      // An answer without rows is that of everybody who has no copy.
      if (answer.body.find(mark_of(user)) != std::string::npos)
        keep({user, target, std::string(answer.headers.get("ETag").value_or(""))});
    } else {
      EXPECT_NE(answer.status, 500) << answer.body;
      ++test_.problems_;
    }
  }
  // Mostly of the same question.
  std::optional<Tag> some_tag(const std::string& target) {
    const std::lock_guard lock(test_.mutex_);
    for (int tries = 0; tries < 4 && !test_.tags_.empty(); ++tries) {
      const Tag& tag = test_.tags_[below(test_.tags_.size())];
      if (tag.target == target || tries == 3) return tag;
    }
    return std::nullopt;
  }
  void keep(Tag tag) {
    if (tag.text.empty()) return;
    const std::lock_guard lock(test_.mutex_);
    if (test_.tags_.size() < 32) return test_.tags_.push_back(std::move(tag));
    test_.tags_[below(32)] = std::move(tag);
  }

  void other(http::Method method, const std::string& target, std::size_t user) {
    expect_no_other(user, ask(method, target, {{"X-User", secret_of(user)}}));
  }
  void nameless() {
    const auto answer = ask(http::Method::kGet, "/v1/lists/all/data", {{"X-Users", secret_of(0)}});
    EXPECT_EQ(answer.status, 400) << answer.body;
    expect_no_other(kUsers, answer);
  }

  ScopedAnswers& test_;
  std::mt19937_64 random_;
  http::Client client_;
};

TEST_P(ScopedAnswers, nobody_is_given_what_is_another_callers) {
  const std::uint64_t asked = setting("SLATE_SCOPE_ASKED", kAsked);
  std::cout << "seed " << seed_ << ", " << asked << " requests" << std::endl;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t)
    threads.emplace_back([this, asked, seed = seed_ * 1'000'003 + t] {
      Caller caller(*this, seed);
      for (std::uint64_t i = 0; i < asked / kThreads; ++i) caller.step();
    });
  for (std::thread& thread : threads) thread.join();
  std::cout << pages_ << " answers, of which " << kept_ << " were kept, " << unchanged_ << " unchanged, "
            << problems_ << " others, " << tried_ << " tags of others tried, " << evictions_ << " evictions, "
            << failed_loads_ << " failed loads" << std::endl;
  EXPECT_LE(stored_->get_datasource("rows").value().scopes, 3u);
  EXPECT_GT(pages_, asked / 4);
  EXPECT_GT(kept_, 0u);
  EXPECT_GT(tried_, 0u);
  EXPECT_GT(evictions_, asked / 100);
  EXPECT_GT(failed_loads_, 0u);
}

INSTANTIATE_TEST_SUITE_P(Fronts, ScopedAnswers, ::testing::Values(Front::kEmbedded, Front::kRemote),
                         [](const auto& front) {
                           return front.param == Front::kEmbedded ? "embedded" : "remote";
                         });

}  // namespace
}  // namespace slate
