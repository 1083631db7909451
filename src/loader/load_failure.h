// Why a load failed, and what that means for the next one.
#pragma once

#include <string_view>

#include <slate/error.h>
#include <slate/load.h>

namespace slate {

// "credentials", "unavailable", ...
std::string_view failure_kind_name(FailureKind kind);

// The one table of what a gRPC status of the loader means. `message` is the loader's own and becomes part of
// the error.
LoadFailure failure_of_status(Code code, std::string_view message);

// What an error of the store means; `invalid_argument` is a row that the store refused.
LoadFailure failure_of_store(Error error);

}  // namespace slate
