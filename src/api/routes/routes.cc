#include "api/routes/routes.h"

#include <utility>

namespace slate::api {

http::Handler handler(ApiContext& context, Answer answer) {
  return [&context, answer = std::move(answer)](http::Request request, http::Respond respond) {
    auto response = answer(context, request);
    respond(response ? *std::move(response) : http::Response::problem(std::move(response).error()));
  };
}

http::Handler guarded(ApiContext& context, Access access, http::Handler inner) {
  return [&context, access, inner = std::move(inner)](http::Request request, http::Respond respond) {
    if (auto refusal = check_access(context.access, access, request.headers))
      return respond(*std::move(refusal));
    inner(std::move(request), std::move(respond));
  };
}

http::Handler guarded(ApiContext& context, Access access, Answer answer) {
  return guarded(context, access, handler(context, std::move(answer)));
}

http::Handler administration(ApiContext& context, http::Handler inner) {
  return guarded(context, Access::kAdministration, std::move(inner));
}

http::Handler administration(ApiContext& context, Answer answer) {
  return guarded(context, Access::kAdministration, std::move(answer));
}

}  // namespace slate::api
