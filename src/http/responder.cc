#include "http/responder.h"

#include <exception>
#include <utility>

#include "base/log.h"

namespace slate::http {
namespace {

class Responder {
 public:
  Responder(std::weak_ptr<Connection> connection, std::uint64_t request, Coding accepted)
      : connection_(std::move(connection)), request_(request), accepted_(accepted) {}
  Responder(Responder&& other) noexcept
      : connection_(std::move(other.connection_)),
        request_(std::exchange(other.request_, 0)),
        accepted_(other.accepted_) {}
  Responder& operator=(Responder&&) = delete;
  ~Responder() {
    if (request_ == 0 || connection_.expired()) return;
    log::error("a handler gave no answer");
    (*this)(Response::problem(Error(Reason::kInternal, "the request was given up without an answer")));
  }

  void operator()(Response response) {
    const auto request = std::exchange(request_, 0);
    if (request == 0) return;
    if (connection_.expired()) return;
    encode(response, accepted_);
    if (const auto connection = connection_.lock()) connection->respond(request, std::move(response));
  }

 private:
  std::weak_ptr<Connection> connection_;
  std::uint64_t request_;  // 0: answered, or moved from
  Coding accepted_;
};

}  // namespace

Respond make_respond(std::weak_ptr<Connection> connection, std::uint64_t request, Coding accepted) {
  return Responder(std::move(connection), request, accepted);
}

void call_handler(const Handler& handler, Request request, Respond respond) {
  try {
    handler(std::move(request), std::move(respond));
  } catch (const std::exception& error) {
    log::error("a handler threw", {{"what", error.what()}});
  } catch (...) {
    log::error("a handler threw");
  }
}

}  // namespace slate::http
