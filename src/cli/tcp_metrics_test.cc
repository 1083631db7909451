#include "cli/tcp_metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <string>

#include "api/testing/metrics_page.h"

namespace slate::cli {
namespace {

using ::testing::HasSubstr;

std::string text_of(const TcpMetrics& metrics, const server::ServerStats& now) {
  api::MetricFamilies families;
  metrics.add(families, now);
  return prometheus::TextSerializer().Serialize(families);
}

TEST(TcpMetrics, the_page_and_the_server_tell_of_the_same_metrics) {
  TcpMetrics metrics;
  metrics.observer()({.request = "run_query", .outcome = "ok", .seconds = 0.001});
  EXPECT_EQ(
      api::testing::told_metrics(text_of(metrics, {})),
      api::testing::documented_metrics(SLATE_SOURCE_DIR "/docs/metrics.md", api::testing::Those::kOfTcp));
}

TEST(TcpMetrics, requests_are_counted_by_what_was_asked_and_what_came_of_it) {
  TcpMetrics metrics;
  const auto observe = metrics.observer();
  observe({.request = "run_query", .outcome = "ok", .seconds = 0.3});
  observe({.request = "run_query", .outcome = "not_found", .seconds = 0.3});
  const std::string text = text_of(metrics, {.connections = 3, .refused = 4, .held_bytes = 5});
  EXPECT_THAT(text, HasSubstr(R"(slate_tcp_requests_total{outcome="not_found",request="run_query"} 1)"));
  EXPECT_THAT(text,
              HasSubstr(R"(slate_tcp_request_duration_seconds_bucket{request="run_query",le="0.25"} 0)"));
  EXPECT_THAT(text,
              HasSubstr(R"(slate_tcp_request_duration_seconds_bucket{request="run_query",le="0.5"} 2)"));
  EXPECT_THAT(text, HasSubstr("slate_tcp_connections 3\n"));
  EXPECT_THAT(text, HasSubstr("slate_tcp_connections_refused_total 4\n"));
  EXPECT_THAT(text, HasSubstr("slate_tcp_held_bytes 5\n"));
}

}  // namespace
}  // namespace slate::cli
