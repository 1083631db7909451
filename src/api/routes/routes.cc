#include "api/routes/routes.h"

#include <utility>

#include "api/audience.h"
#include "api/request.h"

namespace slate::api {
namespace {

// For callers who may: see api/access.h. Others get its refusal. Who may not administer is told less of
// errors: see api/audience.h.
http::Handler guarded(ApiContext& context, Access access, http::Handler inner) {
  return [&context, access, inner = std::move(inner)](http::Request request, http::Respond respond) {
    if (!has_access(context.access, Access::kAdministration, request.headers))
      respond = answering_readers(std::move(respond), request.request_id);
    if (auto refusal = check_access(context.access, access, request.headers))
      return respond(*std::move(refusal));
    inner(std::move(request), std::move(respond));
  };
}

// Of requests that the handler would refuse nothing is known.
http::AtOnce guarded(ApiContext& context, std::shared_ptr<const Operation> declared, http::AtOnce inner) {
  if (!inner) return {};
  return [&context, declared = std::move(declared),
          inner = std::move(inner)](const http::Request& request) -> std::optional<http::Response> {
    if (!has_access(context.access, declared->access, request.headers) ||
        !check_parameters(request, *declared))
      return std::nullopt;
    return inner(request);
  };
}

}  // namespace

void Routes::add(Operation operation, Answer answer, http::Run run) {
  const http::Handler handler = [&context = context_, answer = std::move(answer)](http::Request request,
                                                                                  http::Respond respond) {
    auto response = answer(context, request);
    respond(response ? *std::move(response) : http::Response::problem(std::move(response).error()));
  };
  add(std::move(operation), handler, run);
}

void Routes::add(Operation operation, http::Handler inner, http::Run run, http::AtOnce at_once) {
  const auto declared = std::make_shared<const Operation>(operation);
  http::Handler handler = [declared, inner = std::move(inner)](http::Request request, http::Respond respond) {
    if (auto right = check_parameters(request, *declared); !right)
      return respond(http::Response::problem(std::move(right).error()));
    inner(std::move(request), std::move(respond));
  };
  handler = guarded(context_, operation.access, std::move(handler));
  router_.add(operation.method, std::string(operation.path), std::move(handler), run,
              guarded(context_, declared, std::move(at_once)));
  operations_->push_back(std::move(operation));
}

}  // namespace slate::api
