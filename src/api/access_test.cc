#include "api/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace slate::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kReader = "reader-token-canary";
constexpr const char* kAdmin = "admin-token-canary";

AccessRules both() {
  return {.list_tokens = [](std::string_view token) { return token == kReader; },
          .admin_tokens = [](std::string_view token) { return token == kAdmin; }};
}
int status(const AccessRules& rules, Access access, http::Headers headers) {
  const auto refusal = check_access(rules, access, headers);
  return refusal ? refusal->status : 200;
}
http::Headers bearer(const std::string& token) { return {{"Authorization", "Bearer " + token}}; }

TEST(Access, without_tokens_everything_is_open) {
  for (const Access access : {Access::kOpen, Access::kLists, Access::kMetrics, Access::kAdministration}) {
    EXPECT_EQ(status({}, access, {}), 200);
    EXPECT_EQ(status({}, access, bearer("whatever")), 200);
  }
}

TEST(Access, tokens_open_what_they_are_for) {
  const AccessRules rules = both();
  struct Case {
    http::Headers headers;
    int lists, administration;
  };
  const std::vector<Case> cases{{{}, 401, 401},
                                {bearer("wrong"), 401, 401},
                                {bearer(""), 401, 401},
                                {{{"Authorization", std::string("Basic ") + kAdmin}}, 401, 401},
                                {{{"Authorization", kAdmin}}, 401, 401},
                                {bearer(kReader), 200, 403},
                                {bearer(kAdmin), 200, 200},
                                {{{"authorization", std::string("bearer ") + kAdmin}}, 200, 200},
                                {{{"Slate-Token", kReader}}, 200, 403},
                                {{{"Slate-Token", kAdmin}}, 200, 200},
                                {{{"Slate-Token", kReader}, {"Authorization", "Bearer upstream"}}, 200, 403},
                                {{{"Slate-Token", "wrong"}, {"Authorization", "Bearer upstream"}}, 401, 401}};
  for (const Case& each : cases) {
    const std::string shown = each.headers.empty() ? "" : each.headers.begin()->second;
    EXPECT_EQ(status(rules, Access::kOpen, each.headers), 200) << shown;
    EXPECT_EQ(status(rules, Access::kLists, each.headers), each.lists) << shown;
    EXPECT_EQ(status(rules, Access::kMetrics, each.headers), each.lists) << shown;
    EXPECT_EQ(status(rules, Access::kAdministration, each.headers), each.administration) << shown;
  }
}

TEST(Access, administration_may_be_guarded_while_lists_are_open) {
  AccessRules rules = both();
  rules.list_tokens = nullptr;
  EXPECT_EQ(status(rules, Access::kLists, {}), 200);
  EXPECT_EQ(status(rules, Access::kAdministration, {}), 401);
  EXPECT_EQ(status(rules, Access::kAdministration, bearer(kAdmin)), 200);
}

TEST(Access, what_a_port_does_not_serve_no_token_opens) {
  AccessRules rules = both();
  rules.administration = Served::kNo;
  rules.metrics = Served::kNo;
  EXPECT_EQ(status(rules, Access::kAdministration, bearer(kAdmin)), 403);
  EXPECT_EQ(status(rules, Access::kMetrics, bearer(kAdmin)), 403);
  EXPECT_EQ(status(rules, Access::kLists, bearer(kAdmin)), 200);
}

TEST(Access, web_pages_do_not_get_at_administration_that_is_open_on_loopback) {
  const auto asks = [](http::Headers headers) {
    return status({}, Access::kAdministration, std::move(headers));
  };
  for (const char* host : {"127.0.0.1:8080", "localhost:8080", "LOCALHOST", "[::1]:8080", "10.1.2.3"})
    EXPECT_EQ(asks({{"Host", host}}), 200) << host;
  EXPECT_EQ(asks({{"Host", "127.0.0.1:8080"}, {"Origin", "http://127.0.0.1:8080"}}), 200);
  for (const char* origin :
       {"https://elsewhere.example", "null", "http://127.0.0.1:9090", "http://localhost:8080", ""})
    EXPECT_EQ(asks({{"Host", "127.0.0.1:8080"}, {"Origin", origin}}), 403) << origin;
  for (const char* host : {"rebound.example:8080", "localhost.elsewhere.example", ""})
    EXPECT_EQ(asks({{"Host", host}}), 403) << host;
  EXPECT_EQ(status({.open_to = OpenTo::kHoldersOfCertificates}, Access::kAdministration,
                   {{"Host", "slate.example"}}),
            200);
  EXPECT_EQ(status({}, Access::kLists, {{"Host", "slate.example"}, {"Origin", "https://grid.example"}}), 200);
}

TEST(Access, tokens_of_ours_go_no_further_and_those_of_others_do) {
  const AccessRules rules = both();
  for (const Access access : {Access::kOpen, Access::kLists, Access::kAdministration}) {
    for (const char* token : {kReader, kAdmin}) {
      http::Headers ours = bearer(token);
      ours.add("X-Other", "stays");
      check_access(rules, access, ours);
      EXPECT_FALSE(ours.has("Authorization"));
      EXPECT_TRUE(ours.has("X-Other"));
      http::Headers own{{"Slate-Token", token}, {"Authorization", "Bearer upstream"}};
      check_access(rules, access, own);
      EXPECT_FALSE(own.has("Slate-Token"));
      EXPECT_EQ(own.get("Authorization"), "Bearer upstream");
    }
  }
  http::Headers open = bearer(kAdmin);
  AccessRules lists_open = both();
  lists_open.list_tokens = nullptr;
  check_access(lists_open, Access::kLists, open);
  EXPECT_FALSE(open.has("Authorization")) << "where no token is needed, either";
}

TEST(Access, credentials_that_come_twice_are_refused_whosever_they_are) {
  const std::vector<http::Headers> repeated{
      {{"Authorization", std::string("Bearer ") + kReader}, {"authorization", "Bearer upstream-canary"}},
      {{"Authorization", "Bearer upstream-canary"}, {"Authorization", std::string("Bearer ") + kReader}},
      {{"Authorization", std::string("Bearer ") + kAdmin},
       {"Authorization", std::string("Bearer ") + kAdmin}},
      {{"Slate-Token", kReader}, {"Authorization", "Basic canary"}, {"Authorization", "Basic canary"}},
      {{"Slate-Token", kReader}, {"Slate-Token", kAdmin}}};
  for (const auto& headers : repeated)
    for (const AccessRules& rules : {both(), AccessRules()})
      for (const Access access : {Access::kOpen, Access::kLists, Access::kAdministration}) {
        http::Headers sent = headers;
        const auto refusal = check_access(rules, access, sent);
        ASSERT_TRUE(refusal);
        EXPECT_EQ(refusal->status, 400);
        EXPECT_EQ(refusal->error->field(),
                  (--headers.end())->first == "Slate-Token" ? "Slate-Token" : "Authorization");
        EXPECT_THAT(refusal->error->to_string(), Not(HasSubstr("canary")));
        EXPECT_FALSE(has_access(rules, access, headers)) << "nothing is answered at once";
      }
}

TEST(Access, refusals_say_what_is_needed_and_never_what_was_sent) {
  http::Headers none;
  const auto missing = check_access(both(), Access::kLists, none);
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->headers.get("WWW-Authenticate"), R"(Bearer realm="slate")");
  http::Headers wrong = bearer("some-wrong-canary");
  const auto refused = check_access(both(), Access::kLists, wrong);
  ASSERT_TRUE(refused);
  EXPECT_THAT(std::string(refused->headers.get("WWW-Authenticate").value_or("")), HasSubstr("invalid_token"));
  EXPECT_THAT(refused->error->to_string(), Not(HasSubstr("canary")));
}

}  // namespace
}  // namespace slate::api
