#include "api/answers.h"

#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace slate::api {
namespace {

struct AnswersTest : ::testing::Test {
  AnswersTest() {
    Field name;
    name.name = "name";
    Field score;
    score.name = "score";
    score.type = Type::kFloat;
    score.ttl_seconds = 60;
    datasource.id = "people";
    datasource.fields = {name, score};
    list.id = "all";
    list.datasource = "people";
    list.columns = {{.field = "name"}};
  }

  std::optional<AnswerIdentity> identity() {
    return answers.identify(
        request,
        {.list = list, .datasource = datasource, .data = data, .freshness = freshness, .scope = scope});
  }

  Answers answers;
  std::string request = "/v1/lists/all/data";
  ListView list;
  Datasource datasource;
  SnapshotInfo data{.generation = 1, .data_version = 2, .loaded_at = 3};
  Freshness freshness{.state = FreshnessState::kFresh, .expires_at = 4};
  std::string scope;
};

TEST_F(AnswersTest, identity_is_the_same_as_long_as_everything_is) {
  const auto first = identity();
  ASSERT_TRUE(first);
  EXPECT_EQ(identity(), first);
  data.now = 99;
  data.rows = 99;  // told by generation and version
  EXPECT_EQ(identity(), first);
}

TEST_F(AnswersTest, whatever_an_answer_shows_changes_its_identity) {
  const std::vector<std::pair<const char*, std::function<void()>>> changes{
      {"request", [&] { request += "?take=1"; }},
      {"generation", [&] { ++data.generation; }},
      {"data version", [&] { ++data.data_version; }},
      {"load", [&] { data.loaded_at = 4; }},
      {"delete_all", [&] { data.loaded_at.reset(); }},
      {"scope", [&] { scope = "u1"; }},
      {"state", [&] { freshness.state = FreshnessState::kStale; }},
      {"expiry", [&] { freshness.expires_at = 5; }},
      {"error", [&] { freshness.error = Error(Reason::kLoaderFailed, "it failed"); }},
      {"message", [&] { freshness.error = Error(Reason::kLoaderFailed, "it failed again"); }},
      {"title", [&] { list.title = "All"; }},
      {"page size", [&] { list.page_size = 7; }},
      {"filter", [&] { list.filter = Filter::condition("name", Op::kEq, Value("a")); }},
      {"a field", [&] { datasource.fields[0].collation = Collation::kNocase; }},
      {"back again", [&] { datasource.fields[0].collation = Collation::kBinary; }}};
  std::vector<AnswerIdentity> seen{*identity()};
  for (const auto& [what, change] : changes) {
    change();
    const auto now = identity();
    ASSERT_TRUE(now) << what;
    EXPECT_NE(*now, seen.back()) << what;
    seen.push_back(*now);
  }
}

TEST_F(AnswersTest, same_declaration_in_another_object_or_process_has_the_same_identity) {
  Answers one({.instance = "a"});
  Answers other({.instance = "a"});
  Answers later({.instance = "b"});
  const AnswerBasis basis{.list = list, .datasource = datasource, .data = data, .freshness = freshness};
  EXPECT_EQ(one.identify(request, basis), other.identify(request, basis));
  EXPECT_NE(one.identify(request, basis), later.identify(request, basis));
}

TEST_F(AnswersTest, answers_with_a_field_that_expires_have_no_identity) {
  EXPECT_TRUE(identity()) << "the list has no part in the score";
  EXPECT_FALSE(answers.identify(request, datasource, data));
  list.columns.push_back({.field = "score", .hidden = true});
  EXPECT_FALSE(identity());
  list.columns.pop_back();
  list.sort = {{.field = "score"}};
  EXPECT_FALSE(identity());
  list.sort.clear();
  list.filter = Filter::negation(Filter::condition("score", Op::kIsnull, Value(true)));
  EXPECT_FALSE(identity());
  datasource.fields[1].ttl_seconds.reset();
  EXPECT_TRUE(identity());
  EXPECT_TRUE(answers.identify(request, datasource, data));
}

TEST(EntityTags, if_none_match_is_compared_weakly) {
  const std::string tag = etag_of({});
  EXPECT_EQ(tag, "W/\"00000000000000000000000000000000\"");
  EXPECT_EQ(match_of({}, tag), Match::kNone);
  EXPECT_EQ(match_of({{"If-None-Match", tag}}, tag), Match::kThis);
  EXPECT_EQ(match_of({{"If-None-Match", tag.substr(2)}}, tag), Match::kThis);
  EXPECT_EQ(match_of({{"If-None-Match", "\"a\" , W/\"b,c\",\t" + tag}}, tag), Match::kThis);
  EXPECT_EQ(match_of({{"If-None-Match", "\"a\""}, {"if-none-match", tag}}, tag), Match::kThis);
  EXPECT_EQ(match_of({{"If-None-Match", "*"}}, tag), Match::kAny);
  for (const char* other : {"", ",", "\"\"", "W/", "W/\"0\"", "00000000000000000000000000000000"})
    EXPECT_EQ(match_of({{"If-None-Match", other}}, tag), Match::kNone) << other;
}

}  // namespace
}  // namespace slate::api
