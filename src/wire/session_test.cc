#include "wire/session.h"

#include <gtest/gtest.h>

#include "base/testing/allocated_bytes.h"

namespace slate::wire {
namespace {

SessionOptions options() {
  SessionOptions all;
  all.welcome.server = "1.0";
  all.welcome.instance = "i";
  all.welcome.limits = {.frame_bytes = 1 << 16, .write_frame_bytes = 1 << 18, .requests = 2};
  return all;
}

std::string request(RequestId id, RequestBody body, std::string_view payload = {}) {
  FrameWriter frame(id, encode({.body = std::move(body)}).value());
  if (!payload.empty()) frame.payload().append(payload);
  return frame.finish();
}
std::string hello(std::string token = {}) {
  return request(1, Hello{.token = std::move(token), .client = "test"});
}

Answer answer_in(const std::string& bytes, RequestId id) {
  const auto header = read_frame_header(bytes, kAnswerFrameBytes).value().value();
  EXPECT_EQ(header.id, id);
  return decode_answer(split_frame(bytes, header).message).value();
}

template <typename T>
T step(Session& session) {
  auto next = session.next();
  EXPECT_TRUE(std::holds_alternative<T>(next)) << "step " << next.index();
  return std::holds_alternative<T>(next) ? std::get<T>(std::move(next)) : T{};
}
Session::Ended end_of(Session& session) {
  auto next = session.next();
  if (auto* ended = std::get_if<Session::Ended>(&next)) return std::move(*ended);
  ADD_FAILURE() << "step " << next.index();
  return {{}, Error(Reason::kInternal, "")};
}

SessionOptions with_large_frames() {
  SessionOptions all = options();
  all.welcome.limits.frame_bytes = 16 << 20;
  return all;
}

// A session whose peer has sent its preamble and `first`.
Session begun(std::string_view first, SessionOptions all = options()) {
  Session session(std::move(all));
  session.feed(kPreamble);
  session.feed(first);
  return session;
}
Session greeted(SessionOptions all = options()) {
  Session session = begun(hello(), std::move(all));
  (void)step<Session::Greeted>(session);
  return session;
}

TEST(Session, a_hello_is_answered_with_the_limits) {
  Session session = begun(hello());
  const auto greeting = step<Session::Greeted>(session);
  EXPECT_EQ(greeting.client, "test");
  const auto welcome = std::get<Welcome>(answer_in(greeting.frame, 1));
  EXPECT_EQ(welcome.instance, "i");
  EXPECT_EQ(welcome.limits.requests, 2u);
  (void)step<Session::NeedMore>(session);
}

TEST(Session, bytes_may_come_one_at_a_time) {
  Session session(options());
  const std::string bytes = std::string(kPreamble) + hello() + request(2, Ping{});
  std::size_t greetings = 0;
  std::size_t starts = 0;
  for (const char byte : bytes) {
    session.feed({&byte, 1});
    for (auto next = session.next(); !std::holds_alternative<Session::NeedMore>(next);
         next = session.next()) {
      greetings += std::holds_alternative<Session::Greeted>(next);
      starts += std::holds_alternative<Session::Started>(next);
    }
  }
  EXPECT_EQ(greetings, 1u);
  EXPECT_EQ(starts, 1u);
}

TEST(Session, another_protocol_is_told_so_by_its_first_bytes) {
  Session session(options());
  session.feed("GET / HTTP/1.1\r\n");
  const auto ended = end_of(session);
  EXPECT_EQ(std::get<Error>(answer_in(ended.frame, 0)).reason(), Reason::kInvalidArgument);
  session.feed("more");
  (void)step<Session::NeedMore>(session);
}

TEST(Session, nothing_is_answered_before_hello) {
  Session session = begun(request(9, Ping{}));
  EXPECT_EQ(std::get<Error>(answer_in(end_of(session).frame, 9)).reason(), Reason::kUnauthenticated);
}

TEST(Session, a_wrong_token_or_none_ends_it) {
  for (const char* wrong : {"", "secre", "secret!", "Secret"}) {
    auto all = options();
    all.accepts_token = [](std::string_view token) { return token == "secret"; };
    Session session = begun(hello(wrong), all);
    EXPECT_EQ(end_of(session).error.reason(), Reason::kUnauthenticated) << wrong;
  }
}

TEST(Session, the_right_token_opens_it) {
  auto all = options();
  all.accepts_token = [](std::string_view token) { return token == "secret"; };
  Session session = begun(hello("secret"), all);
  (void)step<Session::Greeted>(session);
}

TEST(Session, another_version_ends_it) {
  Session session = begun(request(1, Hello{.version = 2}));
  EXPECT_EQ(end_of(session).error.reason(), Reason::kUnimplemented);
}

TEST(Session, a_frame_before_hello_may_not_be_large) {
  Session session = begun(request(1, Hello{.token = std::string(kHelloFrameBytes, 'x')}));
  EXPECT_EQ(end_of(session).error.reason(), Reason::kPayloadTooLarge);
}

TEST(Session, requests_start_with_their_payload) {
  Session session = greeted();
  session.feed(request(2, WriteBatch{.datasource = "d", .count = 1}, "rows") +
               request(3, WriteBatch{.datasource = "e"}, "more"));
  const auto first = step<Session::Started>(session);
  EXPECT_EQ(first.id, 2u);
  EXPECT_EQ(first.payload(), "rows");
  EXPECT_EQ(std::get<WriteBatch>(first.request.body).datasource, "d");
  EXPECT_EQ(step<Session::Started>(session).payload(), "more");
  EXPECT_EQ(session.running(), 2u);
}

TEST(Session, an_id_may_come_again_once_it_is_finished) {
  Session session = greeted();
  session.feed(request(2, Ping{}));
  (void)step<Session::Started>(session);
  session.finished(2);
  session.feed(request(2, Ping{}));
  (void)step<Session::Started>(session);
  session.feed(request(2, Ping{}));
  EXPECT_EQ(end_of(session).error.reason(), Reason::kInvalidArgument);
}

TEST(Session, id_0_is_the_connections) {
  Session session = greeted();
  session.feed(request(0, Ping{}));
  EXPECT_EQ(end_of(session).error.reason(), Reason::kInvalidArgument);
}

TEST(Session, more_requests_than_allowed_are_refused_and_it_goes_on) {
  Session session = greeted();
  for (RequestId id = 2; id <= 4; ++id) session.feed(request(id, Ping{}));
  (void)step<Session::Started>(session);
  (void)step<Session::Started>(session);
  auto next = session.next();
  const auto& refused = std::get<Session::Refused>(next);
  EXPECT_EQ(refused.reason, Reason::kOverloaded);
  EXPECT_EQ(refused.request, "ping");
  EXPECT_EQ(std::get<Error>(answer_in(refused.frame, 4)).reason(), Reason::kOverloaded);
  session.finished(2);
  session.feed(request(5, Ping{}));
  (void)step<Session::Started>(session);
}

TEST(Session, a_request_that_it_does_not_know_is_refused_and_it_goes_on) {
  Session session = greeted();
  session.feed(make_frame(2, "\xf2\x07\x01x"));
  auto next = session.next();
  EXPECT_EQ(std::get<Session::Refused>(next).reason, Reason::kUnimplemented);
  session.feed(request(3, Ping{}));
  (void)step<Session::Started>(session);
}

TEST(Session, a_message_that_is_none_ends_it) {
  Session session = greeted();
  session.feed(make_frame(2, "\xff\xff\xff"));
  EXPECT_EQ(std::get<Error>(answer_in(end_of(session).frame, 2)).reason(), Reason::kInvalidArgument);
}

TEST(Session, cancel_and_grant_name_the_request_of_their_id) {
  Session session = greeted();
  session.feed(request(7, Cancel{}) + request(8, Grant{.bytes = 5}));
  EXPECT_EQ(step<Session::Cancelled>(session).id, 7u);
  const auto granted = step<Session::Granted>(session);
  EXPECT_EQ(granted.id, 8u);
  EXPECT_EQ(granted.bytes, 5u);
  EXPECT_EQ(session.running(), 0u);
}

TEST(Session, only_rows_may_use_the_larger_limit) {
  const std::string large(1 << 17, 'x');
  Session session = greeted();
  session.feed(request(2, WriteBatch{.datasource = "d"}, large));
  EXPECT_EQ(step<Session::Started>(session).payload().size(), large.size());
  session.feed(request(3, GetRecord{.target = {}, .id = large}));
  EXPECT_EQ(end_of(session).error.reason(), Reason::kPayloadTooLarge);
}

TEST(Session, a_message_may_not_be_as_large_as_rows) {
  Session session = greeted(with_large_frames());
  session.feed(request(2, GetList{.id = std::string(kRequestMessageBytes - 100, 'x')}));
  (void)step<Session::Started>(session);
  session.feed(request(3, WriteBatch{.datasource = "d"}, std::string(kRequestMessageBytes + 1, 'x')));
  (void)step<Session::Started>(session);
  session.feed(request(4, GetList{.id = std::string(kRequestMessageBytes, 'x')}));
  EXPECT_EQ(end_of(session).error.reason(), Reason::kPayloadTooLarge);
}

TEST(Session, what_a_large_frame_took_is_given_back) {
  Session session = greeted(with_large_frames());
  const std::size_t before = slate::testing::allocated_bytes();
  session.feed(request(2, GetList{.id = std::string(2 << 20, 'x')}));
  (void)step<Session::Started>(session);
  (void)step<Session::NeedMore>(session);
  EXPECT_LT(slate::testing::allocated_bytes(), before + (64 << 10));
}

TEST(Session, a_length_beyond_every_limit_is_refused_before_the_frame_comes) {
  Session session = greeted();
  session.feed("\xff\xff\xff\xff");
  EXPECT_EQ(end_of(session).error.reason(), Reason::kPayloadTooLarge);
}

TEST(Session, a_name_is_made_fit_for_a_log) {
  Session session = begun(request(1, Hello{.client = "a\nb" + std::string(200, 'x')}));
  const auto greeting = step<Session::Greeted>(session);
  EXPECT_EQ(greeting.client.size(), 128u);
  EXPECT_EQ(greeting.client.substr(0, 3), "a?b");
}

}  // namespace
}  // namespace slate::wire
