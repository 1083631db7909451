#include "http/problem.h"

#include <gtest/gtest.h>

namespace slate::http {
namespace {

TEST(Problem, has_every_member_of_its_error) {
  const auto error =
      Error(Reason::kInvalidArgument, "expected \"an int\"").with_field("age").with_hint("send 42");
  EXPECT_EQ(problem_json(error, "r1"),
            R"({"type":"https://slate.io/docs/errors#invalid_argument","title":"The request is not valid",)"
            R"("status":400,"code":"invalid_argument","detail":"expected \"an int\"","field":"age",)"
            R"("hint":"send 42","request_id":"r1"})");
}

TEST(Problem, absent_members_are_left_out) {
  EXPECT_EQ(
      problem_json(Error(Reason::kNotFound, "no"), "r"),
      R"({"type":"https://slate.io/docs/errors#not_found","title":"There is no such thing","status":404,)"
      R"("code":"not_found","detail":"no","request_id":"r"})");
}

TEST(Problem, bytes_that_are_not_utf8_are_replaced) {
  const auto json = problem_json(Error(Reason::kInvalidArgument,
                                       "a\xff"
                                       "b\xC3"),
                                 "r");
  EXPECT_NE(json.find("a\xef\xbf\xbd"
                      "b\xef\xbf\xbd"),
            std::string::npos)
      << json;
}

TEST(Problem, response_takes_status_and_retry_time_from_the_error) {
  auto response =
      with_problem_body(Response::problem(Error(Reason::kOverloaded, "busy").with_retry_after(7)), "r");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.get("Retry-After"), "7");
  EXPECT_EQ(response.headers.get("Content-Type"), "application/problem+json");
  EXPECT_FALSE(response.error);
}

TEST(Problem, what_is_unavailable_may_be_asked_again_in_a_second_unless_it_says_otherwise) {
  const auto wait = [](Error error) {
    const auto answer = with_problem_body(Response::problem(std::move(error)), "r");
    return std::string(answer.headers.get("Retry-After").value_or("never"));
  };
  EXPECT_EQ(wait(Error(Reason::kUnavailable, "away")), "1");
  EXPECT_EQ(wait(Error(Reason::kUnavailable, "away").with_retry_after(9)), "9");
  EXPECT_EQ(wait(Error(Reason::kInternal, "broken")), "never");
}

TEST(Problem, headers_set_beside_the_error_stay) {
  auto answer = Response::problem(Error(Reason::kUnauthenticated, "who?"));
  answer.headers.set("WWW-Authenticate", "Bearer");
  EXPECT_EQ(with_problem_body(std::move(answer), "r").headers.get("WWW-Authenticate"), "Bearer");
}

TEST(Problem, success_passes_unchanged) {
  const auto response = with_problem_body(Response::json(200, "{}"), "r");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "{}");
}

TEST(Problem, error_status_without_an_error_is_answered_as_a_defect) {
  for (const int status : {404, 500, 0, 100, 600}) {
    const auto response = with_problem_body(Response::text(status, "oops"), "r");
    EXPECT_EQ(response.status, 500) << status;
    EXPECT_NE(response.body.find(R"("code":"internal")"), std::string::npos);
  }
}

}  // namespace
}  // namespace slate::http
