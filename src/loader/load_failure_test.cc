#include "loader/load_failure.h"

#include <gtest/gtest.h>

#include "loader/endpoint.h"
#include "loader/refresh_policy.h"

namespace slate {
namespace {

struct StatusCase {
  Code code;
  FailureKind kind;
  Reason reason;
};

TEST(LoadFailure, every_status_has_a_meaning) {
  const StatusCase cases[] = {
      {Code::kCancelled, FailureKind::kData, Reason::kLoaderFailed},
      {Code::kUnknown, FailureKind::kData, Reason::kLoaderFailed},
      {Code::kInvalidArgument, FailureKind::kConfiguration, Reason::kLoaderFailed},
      {Code::kDeadlineExceeded, FailureKind::kUnavailable, Reason::kLoaderTimeout},
      {Code::kNotFound, FailureKind::kConfiguration, Reason::kLoaderFailed},
      {Code::kAlreadyExists, FailureKind::kData, Reason::kLoaderFailed},
      {Code::kPermissionDenied, FailureKind::kCredentials, Reason::kPermissionDenied},
      {Code::kResourceExhausted, FailureKind::kUnavailable, Reason::kLoaderUnavailable},
      {Code::kFailedPrecondition, FailureKind::kData, Reason::kLoaderFailed},
      {Code::kAborted, FailureKind::kData, Reason::kLoaderFailed},
      {Code::kOutOfRange, FailureKind::kData, Reason::kLoaderFailed},
      {Code::kUnimplemented, FailureKind::kConfiguration, Reason::kLoaderFailed},
      {Code::kInternal, FailureKind::kData, Reason::kLoaderFailed},
      {Code::kUnavailable, FailureKind::kUnavailable, Reason::kLoaderUnavailable},
      {Code::kDataLoss, FailureKind::kData, Reason::kLoaderFailed},
      {Code::kUnauthenticated, FailureKind::kCredentials, Reason::kUnauthenticated},
  };
  for (const auto& [code, kind, reason] : cases) {
    const auto failure = failure_of_status(code, "the words of the loader");
    EXPECT_EQ(failure.kind, kind) << code_name(code);
    EXPECT_EQ(failure.error.reason(), reason) << code_name(code);
    EXPECT_NE(failure.error.message().find(code_name(code)), std::string::npos) << failure.error.message();
    EXPECT_NE(failure.error.message().find("the words of the loader"), std::string::npos);
  }
}

TEST(LoadFailure, a_status_without_words_still_reads_well) {
  EXPECT_EQ(failure_of_status(Code::kUnavailable, "").error.message(),
            "the loader is not available (UNAVAILABLE)");
}

TEST(LoadFailure, a_row_that_the_store_refuses_is_the_loaders_fault) {
  const auto failure = failure_of_store(Error(Reason::kInvalidArgument, "record r1: too long"));
  EXPECT_EQ(failure.kind, FailureKind::kData);
  EXPECT_EQ(failure.error.reason(), Reason::kLoaderFailed);
  EXPECT_EQ(failure.error.message(), "record r1: too long");
}

TEST(LoadFailure, a_datasource_that_changed_asks_to_try_again) {
  const auto failure = failure_of_store(Error(Reason::kFailedPrecondition, "changed"));
  EXPECT_EQ(failure.kind, FailureKind::kChanged);
  EXPECT_EQ(failure.error.reason(), Reason::kUnavailable);
  EXPECT_EQ(failure.error.retry_after_seconds(), 1);
}

TEST(LoadFailure, only_what_the_loader_or_the_store_did_delays_the_next_load) {
  EXPECT_TRUE(delays_next_load(FailureKind::kUnavailable));
  EXPECT_TRUE(delays_next_load(FailureKind::kConfiguration));
  EXPECT_TRUE(delays_next_load(FailureKind::kData));
  EXPECT_TRUE(delays_next_load(FailureKind::kStore));
  EXPECT_FALSE(delays_next_load(FailureKind::kCredentials));
  EXPECT_FALSE(delays_next_load(FailureKind::kChanged));
  EXPECT_FALSE(delays_next_load(FailureKind::kCancelled));
}

TEST(Endpoint, the_scheme_decides_about_tls) {
  EXPECT_EQ(parse_endpoint("grpc://host:50051")->transport, Transport::kPlain);
  EXPECT_EQ(parse_endpoint("grpcs://host:50051")->transport, Transport::kTls);
  EXPECT_EQ(parse_endpoint("grpcs://[::1]:50051")->address, "[::1]:50051");
}

TEST(Endpoint, anything_else_is_refused) {
  for (const char* text : {"", "grpc://", "host:50051", "http://host:50051", "grpc://host", "grpc://:50051",
                           "grpc://host:", "grpc://host:1/path", "unix:///tmp/socket:1"})
    EXPECT_FALSE(parse_endpoint(text)) << text;
}

}  // namespace
}  // namespace slate
