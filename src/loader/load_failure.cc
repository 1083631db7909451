#include "loader/load_failure.h"

#include <array>
#include <fmt/format.h>
#include <utility>

namespace slate {
namespace {

std::string described(std::string_view what, Code code, std::string_view message) {
  return message.empty() ? fmt::format("{} ({})", what, code_name(code))
                         : fmt::format("{} ({}): {}", what, code_name(code), message);
}

LoadFailure configuration_failure(Code code, std::string_view message) {
  return {FailureKind::kConfiguration,
          Error(Reason::kLoaderFailed, described("the loader does not serve this datasource", code, message))
              .with_hint("check the datasource's loader.endpoint and what the loader offers")};
}

}  // namespace

std::string_view failure_kind_name(FailureKind kind) {
  static constexpr std::array<std::string_view, 7> kNames{
      "credentials", "unavailable", "configuration", "data", "store", "changed", "cancelled"};
  return kNames[static_cast<std::size_t>(kind)];
}

LoadFailure failure_of_status(Code code, std::string_view message) {
  switch (code) {
    case Code::kUnauthenticated:
      return {FailureKind::kCredentials,
              Error(Reason::kUnauthenticated,
                    described("the loader did not accept the credentials", code, message))};
    case Code::kPermissionDenied:
      return {FailureKind::kCredentials,
              Error(Reason::kPermissionDenied,
                    described("the loader does not allow it with these credentials", code, message))};
    case Code::kUnavailable:
      return {FailureKind::kUnavailable,
              Error(Reason::kLoaderUnavailable, described("the loader is not available", code, message))};
    case Code::kResourceExhausted:
      return {FailureKind::kUnavailable,
              Error(Reason::kLoaderUnavailable, described("the loader is too busy", code, message))};
    case Code::kDeadlineExceeded:
      return {FailureKind::kUnavailable,
              Error(Reason::kLoaderTimeout, described("the loader did not finish in time", code, message))};
    case Code::kInvalidArgument:
    case Code::kNotFound:
    case Code::kUnimplemented: return configuration_failure(code, message);
    default:
      return {FailureKind::kData,
              Error(Reason::kLoaderFailed, described("the loader failed", code, message))};
  }
}

LoadFailure failure_of_store(Error error) {
  switch (error.reason()) {
    case Reason::kInvalidArgument: return {FailureKind::kData, Error(Reason::kLoaderFailed, error.message())};
    case Reason::kNotFound: return {FailureKind::kChanged, std::move(error)};
    case Reason::kFailedPrecondition:
      return {FailureKind::kChanged, Error(Reason::kUnavailable,
                                           "what was loaded came too late: the datasource was changed, or "
                                           "another load took its place; try "
                                           "again")
                                         .with_retry_after(1)};
    case Reason::kCancelled: return {FailureKind::kCancelled, std::move(error)};
    default: return {FailureKind::kStore, std::move(error)};
  }
}

}  // namespace slate
