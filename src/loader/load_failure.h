// Why a load failed, and what that means for the next one.
#pragma once

#include <cstdint>
#include <string_view>

#include <slate/error.h>

namespace slate {

enum class FailureKind : std::uint8_t {
  kCredentials,    // what this caller sent was refused; says nothing about other callers
  kUnavailable,    // not reachable, too slow or too busy: may pass by itself
  kConfiguration,  // endpoint, datasource or loader must be changed by a person
  kData,           // a bad row, a broken stream, or a guard that did not hold
  kStore,          // our own side could not store the rows
  kChanged,        // the datasource was changed or dropped while it was being loaded
  kCancelled,      // Slate is shutting down
};
// "credentials", "unavailable", ...
std::string_view failure_kind_name(FailureKind kind);

struct LoadFailure {
  FailureKind kind;
  Error error;
};

// The one table of what a gRPC status of the loader means. `message` is the loader's own and becomes part of
// the error.
LoadFailure failure_of_status(Code code, std::string_view message);

// What an error of the store means; `invalid_argument` is a row that the store refused.
LoadFailure failure_of_store(Error error);

}  // namespace slate
