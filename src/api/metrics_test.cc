#include "api/metrics.h"

#include <gmock/gmock.h>
#include <thread>

#include "api/testing/api_test_base.h"
#include "api/testing/metrics_page.h"
#include "base/testing/test_authority.h"
#include "db/forwarding_database.h"
#include "loader/testing/scripted_loader.h"
#include "net/testing/temporary_folder.h"

namespace slate::api {
namespace {

using slate::testing::numbered_rows;
using slate::testing::ScriptedLoader;
using testing::documented_metrics;
using ::testing::HasSubstr;
using testing::MetricTable;
using testing::Those;
using testing::told_metrics;

class MetricsTest : public testing::ApiTest {
 protected:
  void declare() {
    ASSERT_EQ(
        put("/v1/datasources/rows", R"({"fields":[{"name":"number","type":"int"}],"loader":{"endpoint":")" +
                                        loader_.endpoint() + R"(","ttl":60}})")
            .status,
        201);
    ASSERT_EQ(put("/v1/lists/rows", R"({"datasource":"rows","columns":["number"]})").status, 201);
  }
  std::string metrics() { return get("/metrics").body; }
  // What a request was counted as comes after its answer.
  std::string metrics_with(const std::string& part) {
    for (;;) {
      std::string text = metrics();
      if (text.find(part) != std::string::npos) return text;
      std::this_thread::yield();
    }
  }

  ScriptedLoader loader_{{.rows = numbered_rows(10)}};
};

TEST_F(MetricsTest, the_page_and_the_server_tell_of_the_same_metrics) {
  declare();
  ASSERT_EQ(
      put("/v1/datasources/scoped", R"({"fields":[{"name":"number","type":"int"}],"loader":{"endpoint":")" +
                                        loader_.endpoint() + R"(","scopeHeaders":["X-User"]}})")
          .status,
      201);
  ASSERT_EQ(get("/v1/lists/rows/data").status, 200);
  loader_.set_script({.status = Code::kUnavailable, .message = "down"});
  post("/v1/datasources/rows/refresh?wait=30", "");
  MetricTable told = told_metrics(metrics_with("slate_refresh_failures_total{"));
  // What a port under TLS tells on top of it, and `slate api` of its connections.
  const net::testing::TemporaryFolder folder;
  slate::testing::TestAuthority authority;
  const auto issued = authority.issue();
  const auto tls = net::TlsContext::server(
      {.certificate = folder.write("cert", issued.certificate), .key = folder.write("key", issued.key)},
      net::Reload::kNever);
  ASSERT_TRUE(tls);
  told.merge(told_metrics(api_->metrics()
                              .render({.database = database_.get(),
                                       .clients = [] { return ClientPoolStats{}; },
                                       .certificate = tls->get()})
                              .value()));
  EXPECT_EQ(told, documented_metrics(SLATE_SOURCE_DIR "/docs/metrics.md", Those::kOthers));
}

TEST_F(MetricsTest, a_database_that_is_away_takes_only_its_own_numbers_with_it) {
  class Away final : public ForwardingDatabase {
   public:
    using ForwardingDatabase::ForwardingDatabase;
    Result<std::vector<DatasourceStatus>> list_datasources() override {
      return fail(Reason::kUnavailable, "away");
    }
  };
  declare();
  Away away(*database_);
  const auto text =
      api_->metrics().render({.database = &away, .clients = [] {
                                return ClientPoolStats{.open = 5, .idle = 2, .connect_failures = 7};
                              }});
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("slate_db_connections_in_use 3\n"));
  EXPECT_THAT(*text, HasSubstr("slate_db_connect_failures_total 7\n"));
  EXPECT_THAT(*text, ::testing::Not(HasSubstr("slate_datasource_rows")));
}

TEST_F(MetricsTest, a_database_that_is_known_to_be_away_is_not_asked) {
  declare();
  EXPECT_THAT(metrics(), HasSubstr("slate_datasource_rows"));
  not_ready_ = Error(Reason::kUnavailable, "the database cannot be reached");
  const auto answer = get("/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("slate_http_connections 1\n"));
  EXPECT_THAT(answer.body, ::testing::Not(HasSubstr("slate_datasource_rows")));
}

TEST_F(MetricsTest, loads_are_counted_by_how_they_ended) {
  declare();
  ASSERT_EQ(get("/v1/lists/rows/data").status, 200);
  EXPECT_THAT(metrics(),
              HasSubstr(R"(slate_refresh_duration_seconds_count{datasource="rows",result="succeeded"} 1)"));
  loader_.set_script({.status = Code::kUnavailable, .message = "down"});
  post("/v1/datasources/rows/refresh?wait=30", "");
  const std::string text = metrics();
  EXPECT_THAT(text, HasSubstr(R"(slate_refresh_failures_total{datasource="rows",kind="unavailable"} 1)"));
  EXPECT_THAT(text,
              HasSubstr(R"(slate_refresh_duration_seconds_count{datasource="rows",result="failed"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(slate_datasource_rows{datasource="rows"} 10)"));
  EXPECT_THAT(text, HasSubstr(R"(slate_datasource_loaded_timestamp_seconds{datasource="rows"} 1700000000)"));
  EXPECT_THAT(text, HasSubstr("slate_http_connections 1\n"));
}

TEST_F(MetricsTest, a_load_that_runs_is_seen_running) {
  declare();
  loader_.hold();
  ASSERT_EQ(get("/v1/lists/rows/data", {{"Prefer", "wait=0"}}).status, 202);
  ASSERT_TRUE(loader_.wait_for_calls(1));
  const std::string text = metrics();
  EXPECT_THAT(text, HasSubstr("slate_refreshes_running 1\n"));
  EXPECT_THAT(text, HasSubstr("slate_refreshes_queued 0\n"));
  loader_.release();
  metrics_with("slate_refreshes_running 0\n");
}

TEST_F(MetricsTest, a_call_on_the_pool_is_the_one_that_asks) {
  const std::string text = metrics();
  EXPECT_THAT(text, HasSubstr("slate_pool_calls_running 1\n"));
  EXPECT_THAT(text, HasSubstr("slate_pool_calls_queued 0\n"));
  EXPECT_THAT(text, HasSubstr("slate_pool_calls_refused_total 0\n"));
}

TEST(Metrics, build_is_in_the_labels_of_one_metric) {
  const Metrics metrics({.version = "1.2.3", .build_type = "Release", .compiler = "g++ 12"});
  const auto folder =
      std::filesystem::temp_directory_path() / ("slate_metrics_" + std::to_string(::getpid()));
  {
    const auto database = Database::open({.path = folder}).value();
    const auto text = metrics.render({.database = database.get()}).value();
    EXPECT_THAT(text, HasSubstr(R"(version="1.2.3"} 1)"));
    EXPECT_THAT(text, HasSubstr(R"(compiler="g++ 12")"));
    EXPECT_THAT(text, ::testing::Not(HasSubstr("slate_pool")));
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace slate::api
