#include "api/conditional.h"

#include <utility>

namespace slate::api {
namespace {

// Its ETag says when it is still right; whoever may see it is for the server to say each time.
constexpr std::string_view kRevalidate = "private, no-cache";

}  // namespace

Conditional::Conditional(Answers& answers, const Database& database, const http::Request& request,
                         std::string_view form, Keep keep)
    : answers_(answers),
      database_(database),
      instance_(database.instance_id()),
      words_(request.target),
      accepted_(http::accepted_coding(request.headers)),
      keep_(keep) {
  words_ += '\0';
  words_ += instance_;
  words_ += '\0';
  words_ += form;
  for (const std::string_view value : request.headers.all("If-None-Match"))
    validators_.add("If-None-Match", std::string(value));
}

bool Conditional::has_answer(const AnswerBasis& basis) {
  return has_answer(answers_.identify(words_, basis));
}

bool Conditional::has_answer(const Datasource& datasource, const SnapshotInfo& data) {
  return has_answer(answers_.identify(words_, datasource, data));
}

bool Conditional::has_answer(std::optional<AnswerIdentity> identity) {
  kept_ = {};
  // In another store a generation of that number may hold other rows.
  identity_ = database_.instance_id() == instance_ ? identity : std::nullopt;
  if (!identity_) return false;
  if (match_of(validators_, etag_of(*identity_)) == Match::kThis) return true;
  if (keep_ == Keep::kYes) kept_ = answers_.pages().find(*identity_, accepted_);
  return kept_.body != nullptr;
}

http::Response Conditional::answer() const {
  auto response = http::Response::empty(304);
  if (kept_.body) {
    response = http::Response::json(200, {});
    response.shared_body = kept_.body;
    if (kept_.coding == http::Coding::kGzip) response.headers.set("Content-Encoding", "gzip");
    response.headers.set("Server-Timing", "cache;desc=hit");
  }
  validate(response);
  return response;
}

http::Response Conditional::finish(http::Response made) const {
  if (made.status != 200 || made.error || !identity_) return made;
  if (keep_ == Keep::kYes && !made.stream) {
    http::encode(made, accepted_);
    // A little more than its size is cheaper to keep than to copy.
    if (made.body.capacity() - made.body.size() > made.body.size() / 2) made.body.shrink_to_fit();
    made.shared_body = std::make_shared<const std::string>(std::exchange(made.body, {}));
    const bool is_encoded = made.headers.has("Content-Encoding");
    answers_.pages().put(
        *identity_, accepted_,
        {.body = made.shared_body, .coding = is_encoded ? http::Coding::kGzip : http::Coding::kIdentity});
  }
  validate(made);
  return made;
}

void Conditional::validate(http::Response& response) const {
  std::string etag = etag_of(*identity_);
  response.headers.set("Cache-Control", std::string(kRevalidate));
  if (response.status == 200 && match_of(validators_, etag) == Match::kAny) {
    response.status = 304;
    response.clear_content();
    response.stream.reset();
    response.headers.remove("Content-Encoding");
    response.headers.remove("Content-Type");
  }
  response.headers.set("ETag", std::move(etag));
}

}  // namespace slate::api
