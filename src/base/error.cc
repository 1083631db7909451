#include <array>

#include <slate/error.h>

namespace slate {
namespace {

// The one table of reasons. docs/errors.md is checked against it.
constexpr std::array<ReasonInfo, kReasonCount> kReasons{{
    {Reason::kInvalidArgument, "invalid_argument", Code::kInvalidArgument, 400, "The request is not valid"},
    {Reason::kNotFound, "not_found", Code::kNotFound, 404, "There is no such thing"},
    {Reason::kAlreadyExists, "already_exists", Code::kAlreadyExists, 409, "It exists already"},
    {Reason::kConflict, "conflict", Code::kAborted, 409, "Another write came first"},
    {Reason::kInUse, "in_use", Code::kFailedPrecondition, 409, "It is still in use"},
    {Reason::kFailedPrecondition, "failed_precondition", Code::kFailedPrecondition, 409,
     "The state does not allow it"},
    {Reason::kCursorExpired, "cursor_expired", Code::kFailedPrecondition, 410, "The cursor's data has gone"},
    {Reason::kUnauthenticated, "unauthenticated", Code::kUnauthenticated, 401,
     "Valid credentials are needed"},
    {Reason::kPermissionDenied, "permission_denied", Code::kPermissionDenied, 403,
     "The credentials do not allow it"},
    {Reason::kMethodNotAllowed, "method_not_allowed", Code::kUnimplemented, 405,
     "The path does not take this method"},
    {Reason::kNotAcceptable, "not_acceptable", Code::kInvalidArgument, 406, "No acceptable representation"},
    {Reason::kUnsupportedMediaType, "unsupported_media_type", Code::kInvalidArgument, 415,
     "Unsupported media type"},
    {Reason::kPayloadTooLarge, "payload_too_large", Code::kInvalidArgument, 413, "The body is too large"},
    {Reason::kHeaderTooLarge, "header_too_large", Code::kInvalidArgument, 431, "The header is too large"},
    {Reason::kRequestTimeout, "request_timeout", Code::kDeadlineExceeded, 408, "The request came too slowly"},
    {Reason::kOverloaded, "overloaded", Code::kResourceExhausted, 503, "Too busy; try again shortly"},
    {Reason::kQuotaExceeded, "quota_exceeded", Code::kResourceExhausted, 429, "A limit was reached"},
    {Reason::kCancelled, "cancelled", Code::kCancelled, 499, "The request was cancelled"},
    {Reason::kDeadlineExceeded, "deadline_exceeded", Code::kDeadlineExceeded, 504, "The deadline passed"},
    {Reason::kLoaderFailed, "loader_failed", Code::kUnavailable, 502, "The loader failed"},
    {Reason::kLoaderTimeout, "loader_timeout", Code::kDeadlineExceeded, 504,
     "The loader did not answer in time"},
    {Reason::kLoaderUnavailable, "loader_unavailable", Code::kUnavailable, 502,
     "The loader cannot be reached"},
    {Reason::kUnavailable, "unavailable", Code::kUnavailable, 503, "Not available now"},
    {Reason::kCorrupt, "corrupt", Code::kDataLoss, 500, "Stored data is damaged"},
    {Reason::kUnsupportedFormat, "unsupported_format", Code::kFailedPrecondition, 500,
     "Unknown format version"},
    {Reason::kIo, "io", Code::kUnavailable, 500, "The storage failed"},
    {Reason::kUnimplemented, "unimplemented", Code::kUnimplemented, 501, "Not offered"},
    {Reason::kInternal, "internal", Code::kInternal, 500, "A defect in Slate"},
}};

consteval bool rows_follow_the_enum() {
  for (std::size_t i = 0; i < kReasons.size(); ++i)
    if (static_cast<std::size_t>(kReasons[i].reason) != i || kReasons[i].name.empty()) return false;
  return true;
}
static_assert(rows_follow_the_enum(), "each reason has its row, in order");

}  // namespace

const ReasonInfo& reason_info(Reason reason) { return kReasons[static_cast<std::size_t>(reason)]; }

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kCancelled: return "CANCELLED";
    case Code::kUnknown: return "UNKNOWN";
    case Code::kInvalidArgument: return "INVALID_ARGUMENT";
    case Code::kDeadlineExceeded: return "DEADLINE_EXCEEDED";
    case Code::kNotFound: return "NOT_FOUND";
    case Code::kAlreadyExists: return "ALREADY_EXISTS";
    case Code::kPermissionDenied: return "PERMISSION_DENIED";
    case Code::kResourceExhausted: return "RESOURCE_EXHAUSTED";
    case Code::kFailedPrecondition: return "FAILED_PRECONDITION";
    case Code::kAborted: return "ABORTED";
    case Code::kOutOfRange: return "OUT_OF_RANGE";
    case Code::kUnimplemented: return "UNIMPLEMENTED";
    case Code::kInternal: return "INTERNAL";
    case Code::kUnavailable: return "UNAVAILABLE";
    case Code::kDataLoss: return "DATA_LOSS";
    case Code::kUnauthenticated: return "UNAUTHENTICATED";
  }
  return "UNKNOWN";
}

std::string Error::to_string() const {
  std::string text(reason_info(reason_).name);
  text += ": ";
  if (field_) text += *field_ + ": ";
  text += message_;
  if (hint_) text += " (hint: " + *hint_ + ")";
  return text;
}

}  // namespace slate
