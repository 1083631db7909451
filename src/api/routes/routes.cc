#include "api/routes/routes.h"

#include <openssl/crypto.h>
#include <string>
#include <string_view>
#include <utility>

#include "api/request.h"

namespace slate::api {
namespace {

// Takes as long for every text of one length.
bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool may_administer(const ApiContext& context, const http::Request& request) {
  if (!context.admin_token) return true;
  constexpr std::string_view kScheme = "Bearer ";
  const auto sent = request.headers.get("Authorization").value_or("");
  return http::equal_ignoring_case(sent.substr(0, kScheme.size()), kScheme) &&
         same_secret(sent.substr(kScheme.size()), *context.admin_token);
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

void Routes::add(Operation operation, http::Handler inner, http::Run run) {
  const auto declared = std::make_shared<const Operation>(operation);
  http::Handler handler = [declared, inner = std::move(inner)](http::Request request, http::Respond respond) {
    if (auto right = check_parameters(request, *declared); !right)
      return respond(http::Response::problem(std::move(right).error()));
    inner(std::move(request), std::move(respond));
  };
  if (operation.access == Access::kAdministration) handler = administration(context_, std::move(handler));
  router_.add(operation.method, std::string(operation.path), std::move(handler), run);
  operations_->push_back(std::move(operation));
}

http::Handler administration(ApiContext& context, http::Handler inner) {
  return [&context, inner = std::move(inner)](http::Request request, http::Respond respond) {
    if (may_administer(context, request)) return inner(std::move(request), std::move(respond));
    auto refusal =
        http::Response::problem(Error(Reason::kUnauthenticated, "administration needs its bearer token"));
    refusal.headers.set("WWW-Authenticate", "Bearer realm=\"slate administration\"");
    respond(std::move(refusal));
  };
}

}  // namespace slate::api
