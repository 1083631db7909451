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
  kept_.reset();
  // In another store a generation of that number may hold other rows.
  identity_ = database_.instance_id() == instance_ ? identity : std::nullopt;
  if (!identity_) return false;
  if (match_of(validators_, etag_of(*identity_)) == Match::kThis) return true;
  if (keep_ == Keep::kYes) kept_ = answers_.pages().find(*identity_);
  return kept_ != nullptr;
}

http::Response Conditional::answer() const {
  if (!kept_) {
    auto response = http::Response::empty(304);
    response.headers.set("ETag", etag_of(*identity_));
    response.headers.set("Cache-Control", std::string(kRevalidate));
    return response;
  }
  auto response = http::Response::json(200, *kept_);
  response.headers.set("Server-Timing", "cache;desc=hit");
  return finish(std::move(response));
}

http::Response Conditional::finish(http::Response made) const {
  if (made.status != 200 || made.error) return made;
  if (!identity_) {
    made.headers.set("Cache-Control", "no-store");
    return made;
  }
  std::string etag = etag_of(*identity_);
  if (keep_ == Keep::kYes && !kept_ && !made.stream) answers_.pages().put(*identity_, made.body);
  made.headers.set("Cache-Control", std::string(kRevalidate));
  if (match_of(validators_, etag) == Match::kAny) {
    made.status = 304;
    made.body.clear();
    made.stream.reset();
    made.headers.remove("Content-Type");
  }
  made.headers.set("ETag", std::move(etag));
  return made;
}

}  // namespace slate::api
