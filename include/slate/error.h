// Errors are values. Every fallible call returns Result<T>; no exception leaves a room of Slate.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace slate {

// gRPC's canonical codes, with their numbers. What the caller should do:
//   kInvalidArgument, kNotFound, kAlreadyExists, kFailedPrecondition: fix the request or the state first.
//   kAborted: retry the whole transaction.  kUnavailable, kResourceExhausted: retry the call, later.
//   kDataLoss, kInternal: a fault of the store or of Slate; report it.
// Never renumber: the numbers are on the wire.
enum class Code : std::uint8_t {
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

// Why something failed. Each reason has one row in the table behind reason_info(): its stable name, its code,
// its HTTP status and its anchor in docs/errors.md.
enum class Reason : std::uint8_t {
  kInvalidArgument,       // a value, name or parameter is malformed, of the wrong type, or beyond a limit
  kNotFound,              // the datasource, list, record or path does not exist
  kAlreadyExists,         // created twice
  kConflict,              // another transaction changed the same record first
  kInUse,                 // lists still use the datasource
  kFailedPrecondition,    // the state does not allow it, e.g. a type change on data that nothing can reload
  kCursorExpired,         // the generation that a cursor was made for has gone
  kUnauthenticated,       // no credentials, or wrong ones
  kPermissionDenied,      // credentials that do not allow it
  kMethodNotAllowed,      // HTTP method
  kNotAcceptable,         // no representation that the client accepts
  kUnsupportedMediaType,  // request body of an unknown kind
  kPayloadTooLarge,       // body beyond the limit
  kHeaderTooLarge,        // header section beyond the limit
  kRequestTimeout,        // the client was too slow to send its request
  kOverloaded,            // the queue is full; retry after a moment
  kQuotaExceeded,         // a limit on rows, memory or disk was reached
  kCancelled,             // the caller went away or asked to stop
  kDeadlineExceeded,      // the request's own deadline passed
  kLoaderFailed,          // the loader answered with an error, a bad row, or too few rows
  kLoaderTimeout,         // the loader did not answer in time
  kLoaderUnavailable,     // the loader cannot be reached, or is backing off
  kUnavailable,           // shutting down, or not ready yet
  kCorrupt,               // stored bytes are damaged
  kUnsupportedFormat,     // a file written by another version of Slate
  kIo,                    // the operating system refused a read or write
  kUnimplemented,         // understood, but not offered
  kInternal,              // a defect in Slate
};
inline constexpr std::size_t kReasonCount = static_cast<std::size_t>(Reason::kInternal) + 1;

struct ReasonInfo {
  Reason reason;
  std::string_view name;  // stable, snake_case; the `code` member of problem+json
  Code code;
  int http_status;
  std::string_view title;  // one short sentence; the `title` member of problem+json
};
// O(1); total over the enum.
const ReasonInfo& reason_info(Reason reason);
// The canonical name of a code, e.g. "INVALID_ARGUMENT".
std::string_view code_name(Code code);

// What failed, where, and what was expected. `field` names the field or parameter at fault where there is
// one; `hint` says what would work. Immutable but for the builder calls; copyable; safe to read from any
// thread.
class [[nodiscard]] Error {
 public:
  Error(Reason reason, std::string message) : reason_(reason), message_(std::move(message)) {}

  Error with_field(std::string field) && {
    field_ = std::move(field);
    return std::move(*this);
  }
  Error with_hint(std::string hint) && {
    hint_ = std::move(hint);
    return std::move(*this);
  }
  // Seconds after which a retry makes sense (HTTP Retry-After).
  Error with_retry_after(int seconds) && {
    retry_after_seconds_ = seconds;
    return std::move(*this);
  }
  // The place, from 0, of what is at fault among several that were handed over together.
  Error with_position(std::uint64_t position) && {
    position_ = position;
    return std::move(*this);
  }
  // Prefixes what was being done: "while opening catalog: ...".
  Error during(std::string_view what) && {
    message_ = "while " + std::string(what) + ": " + message_;
    return std::move(*this);
  }

  Reason reason() const { return reason_; }
  Code code() const { return reason_info(reason_).code; }
  const std::string& message() const { return message_; }
  const std::optional<std::string>& field() const { return field_; }
  const std::optional<std::string>& hint() const { return hint_; }
  const std::optional<int>& retry_after_seconds() const { return retry_after_seconds_; }
  const std::optional<std::uint64_t>& position() const { return position_; }
  // "invalid_argument: status: expected a string, got a number (hint: ...)", for logs and terminals.
  std::string to_string() const;

 private:
  Reason reason_;
  std::string message_;
  std::optional<std::string> field_;
  std::optional<std::string> hint_;
  std::optional<int> retry_after_seconds_;
  std::optional<std::uint64_t> position_;
};

template <typename T>
using Result = std::expected<T, Error>;
using Failure = std::unexpected<Error>;

inline Failure fail(Reason reason, std::string message) { return Failure(Error(reason, std::move(message))); }
inline Failure fail(Error error) { return Failure(std::move(error)); }

}  // namespace slate
