#include <boost/json/serialize.hpp>

#include "api/render/status_json.h"
#include "api/request.h"
#include "api/routes/routes.h"
#include "base/try.h"
#include "model/name.h"

namespace slate::api {
namespace {

Result<http::Response> get_load(ApiContext& context, http::Request& request) {
  SLATE_TRY(check_parameters(request, {}));
  const std::string& id = request.param("id");
  const auto load = context.refresher.status(id);
  if (!load) return fail(Reason::kNotFound, "there is no load " + slate::quoted(id) + ", or it is long over");
  auto response = http::Response::json(200, boost::json::serialize(load_json(*load)));
  response.headers.set("Cache-Control", "no-store");
  if (load->state == LoadState::kRunning) response.headers.set("Retry-After", "1");
  return response;
}

}  // namespace

void add_load_routes(http::Router& router, ApiContext& context) {
  router.add(http::Method::kGet, "/v1/loads/{id}", guarded(context, Access::kLists, get_load));
}

}  // namespace slate::api
