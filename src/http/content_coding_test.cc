#include "http/content_coding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "http/gzip.h"

namespace slate::http {
namespace {

Coding accepted(const std::string& value) { return accepted_coding(Headers{{"Accept-Encoding", value}}); }

TEST(AcceptEncoding, gzip_is_given_when_it_is_wanted) {
  for (const char* value :
       {"gzip", "GZip", "x-gzip", "deflate, gzip, br", "gzip;q=0.5", "gzip ; q=0.001", "gzip; q=0.5", "*",
        "*;q=0.1", "identity;q=0.5, gzip", "br;q=1.0, *;q=0.8", "identity;q=0, gzip;q=0.2"})
    EXPECT_EQ(accepted(value), Coding::kGzip) << value;
  EXPECT_EQ(accepted_coding(Headers{{"Accept-Encoding", "br"}, {"accept-encoding", "gzip"}}), Coding::kGzip);
}

TEST(AcceptEncoding, identity_is_given_when_gzip_is_not_wanted_or_liked_less) {
  EXPECT_EQ(accepted_coding(Headers{}), Coding::kIdentity);
  for (const char* value :
       {"", "br", "identity", "gzip;q=0", "gzip;q=0.000", "gzip;q=0, *", "*;q=0", "identity, gzip;q=0.5",
        "gzipped", "gzip;q=2", "gzip;q=0.1234", "gzip;q=", "gzip;x=1", "gzip;q=-1", ",,;", ";q=1"})
    EXPECT_EQ(accepted(value), Coding::kIdentity) << value;
}

TEST(BodyCoding, gzip_and_identity_are_known_and_others_are_named) {
  EXPECT_EQ(body_coding(Headers{}), Coding::kIdentity);
  EXPECT_EQ(body_coding(Headers{{"Content-Encoding", "identity"}}), Coding::kIdentity);
  EXPECT_EQ(body_coding(Headers{{"Content-Encoding", "GZIP"}}), Coding::kGzip);
  EXPECT_EQ(body_coding(Headers{{"Content-Encoding", "x-gzip"}}), Coding::kGzip);
  for (const char* value : {"br", "deflate", "gzip, gzip", "zstd"})
    EXPECT_EQ(body_coding(Headers{{"Content-Encoding", value}}).error().reason(),
              Reason::kUnsupportedMediaType);
  EXPECT_FALSE(body_coding(Headers{{"Content-Encoding", "gzip"}, {"Content-Encoding", "gzip"}}));
}

TEST(Compressible, texts_are_and_events_and_pictures_are_not) {
  for (const char* type : {"application/json", "application/problem+json", "APPLICATION/X-NDJSON",
                           "text/csv; charset=utf-8; header=present", "text/html", "image/svg+xml"})
    EXPECT_TRUE(is_compressible(type)) << type;
  for (const char* type :
       {"", "image/png", "application/octet-stream", "text/event-stream", "application/gzip"})
    EXPECT_FALSE(is_compressible(type)) << type;
}

Response json_of(std::size_t size) { return Response::json(200, std::string(size, 'x')); }

TEST(Encode, body_of_some_size_is_compressed_and_a_tiny_one_is_not) {
  Response large = json_of(1024);
  encode(large, Coding::kGzip);
  EXPECT_EQ(large.headers.get("Content-Encoding"), "gzip");
  EXPECT_EQ(large.headers.get("Vary"), "Accept-Encoding");
  EXPECT_LT(large.body.size(), 100u);
  Response tiny = json_of(1023);
  encode(tiny, Coding::kGzip);
  EXPECT_FALSE(tiny.headers.has("Content-Encoding"));
  EXPECT_EQ(tiny.body.size(), 1023u);
}

TEST(Encode, caches_learn_that_there_are_two_forms_whichever_is_given) {
  Response plain = json_of(5000);
  plain.headers.set("Vary", "Accept");
  encode(plain, Coding::kIdentity);
  EXPECT_EQ(plain.headers.get("Vary"), "Accept, Accept-Encoding");
  encode(plain, Coding::kIdentity);
  EXPECT_EQ(plain.headers.get("Vary"), "Accept, Accept-Encoding");
  Response all = json_of(5000);
  all.headers.set("Vary", "*");
  encode(all, Coding::kGzip);
  EXPECT_EQ(all.headers.get("Vary"), "*");
}

TEST(Encode, etag_of_two_forms_is_weak_in_both_and_in_304) {
  for (const Coding coding : {Coding::kIdentity, Coding::kGzip}) {
    Response response = json_of(5000);
    response.headers.set("ETag", "\"abc\"");
    encode(response, coding);
    EXPECT_EQ(response.headers.get("ETag"), "W/\"abc\"");
    encode(response, coding);
    EXPECT_EQ(response.headers.get("ETag"), "W/\"abc\"");
    Response unchanged = Response::empty(304);
    unchanged.headers.set("ETag", "\"abc\"");
    encode(unchanged, coding);
    EXPECT_EQ(unchanged.headers.get("ETag"), "W/\"abc\"");
    EXPECT_EQ(unchanged.headers.get("Vary"), "Accept-Encoding");
  }
}

TEST(Encode, what_has_one_form_only_stays_as_it_is) {
  Response picture{.headers = {{"Content-Type", "image/png"}, {"ETag", "\"abc\""}},
                   .body = std::string(5000, 'x')};
  encode(picture, Coding::kGzip);
  EXPECT_EQ(picture.headers.get("ETag"), "\"abc\"");
  EXPECT_FALSE(picture.headers.has("Vary"));
  Response done = json_of(5000);
  done.headers.set("Content-Encoding", "br");
  encode(done, Coding::kGzip);
  EXPECT_EQ(done.body.size(), 5000u);
  Response error = Response::problem(Error(Reason::kNotFound, "nothing"));
  encode(error, Coding::kGzip);
  EXPECT_TRUE(error.error);
  EXPECT_TRUE(error.headers.empty());
}

}  // namespace
}  // namespace slate::http
