#include "api/api.h"

#include <utility>

#include "api/routes/routes.h"

namespace slate::api {

http::Router make_router(ApiContext& context) {
  Routes routes(context);
  add_health_routes(routes, context);
  add_list_routes(routes, context);
  add_list_data_routes(routes, context);
  add_load_routes(routes, context);
  add_datasource_routes(routes, context);
  add_record_routes(routes, context);
  add_query_routes(routes, context);
  add_document_route(routes, context);
  return std::move(routes).router();
}

}  // namespace slate::api
