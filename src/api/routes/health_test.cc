#include <gmock/gmock.h>

#include "api/testing/api_test_base.h"

namespace slate::api {
namespace {

using ::testing::HasSubstr;

class HealthTest : public testing::ApiTest {};

TEST_F(HealthTest, alive_and_ready_are_200) {
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/readyz").status, 200);
}

TEST_F(HealthTest, what_is_not_ready_is_503_with_the_reason_and_still_alive) {
  not_ready_ = Error(Reason::kUnavailable, "manifests are being applied");
  const auto answer = get("/readyz");
  expect_problem(answer, 503, "unavailable");
  EXPECT_THAT(answer.at("/detail"), HasSubstr("manifests are being applied"));
  EXPECT_EQ(get("/healthz").status, 200);
}

TEST_F(HealthTest, what_is_not_ready_says_why_to_those_who_may_administer_only) {
  api_->context().access.admin_tokens = [](std::string_view token) { return token == "admins"; };
  not_ready_ = Error(Reason::kUnavailable, "nobody listens at 10.0.0.7:9600");
  EXPECT_EQ(get("/readyz").at("/detail"), R"("the server's log says why")");
  EXPECT_THAT(get("/readyz", {{"Slate-Token", "admins"}}).at("/detail"), HasSubstr("10.0.0.7"));
}

TEST_F(HealthTest, path_that_is_nothing_is_a_404_problem) {
  expect_problem(get("/v1/nothing"), 404, "not_found");
  expect_problem(get("/"), 404, "not_found");
}

TEST_F(HealthTest, metrics_count_requests_without_a_route_under_one_label) {
  get("/v1/nothing-1");
  get("/v1/nothing-2");
  EXPECT_THAT(get("/metrics").body,
              HasSubstr(R"(slate_http_requests_total{method="GET",route="none",status="404"} 2)"));
}

}  // namespace
}  // namespace slate::api
