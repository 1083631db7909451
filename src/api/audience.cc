#include "api/audience.h"

#include <functional>
#include <memory>
#include <utility>

#include "base/log.h"

namespace slate::api {
namespace {

// Without field and hint.
Error bare(const Error& error, std::string message) {
  Error left(error.reason(), std::move(message));
  const auto& seconds = error.retry_after_seconds();
  return seconds ? std::move(left).with_retry_after(*seconds) : left;
}

Error told(const Error& error, const std::string& request_id) {
  Error left = for_readers(error);
  if (left.message() == error.message()) return left;
  // What is not available was warned of where that was noticed, once for many requests.
  const auto write = error.reason() == Reason::kUnavailable ? log::info : log::warning;
  write("a request failed", {{"request_id", request_id}, {"error", error.to_string()}});
  return left;
}

class ReadersStream final : public http::BodyStream {
 public:
  ReadersStream(std::unique_ptr<http::BodyStream> stream, std::string request_id)
      : stream_(std::move(stream)), request_id_(std::move(request_id)) {}

  Result<bool> next(std::string& chunk) override {
    auto more = stream_->next(chunk);
    if (!more) return fail(told(more.error(), request_id_));
    return more;
  }
  void when_ready(std::move_only_function<void()> resume) override { stream_->when_ready(std::move(resume)); }

 private:
  const std::unique_ptr<http::BodyStream> stream_;
  const std::string request_id_;
};

}  // namespace

Error for_readers(const Error& error) {
  switch (error.reason()) {
    case Reason::kUnavailable:
    case Reason::kCorrupt:
    case Reason::kUnsupportedFormat:
    case Reason::kIo:
    case Reason::kInternal: return bare(error, "the server's log says why");
    case Reason::kLoaderFailed:
    case Reason::kLoaderTimeout:
    case Reason::kLoaderUnavailable: return bare(error, error.message());
    default: return error;
  }
}

http::Respond answering_readers(http::Respond respond, std::string request_id) {
  return [respond = std::move(respond), request_id = std::move(request_id)](http::Response response) mutable {
    if (response.error) response.error = told(*response.error, request_id);
    if (response.stream)
      response.stream = std::make_unique<ReadersStream>(std::move(response.stream), request_id);
    respond(std::move(response));
  };
}

}  // namespace slate::api
