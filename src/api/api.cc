#include "api/api.h"

#include "api/routes/routes.h"

namespace slate::api {

http::Router make_router(ApiContext& context) {
  http::Router router;
  add_health_routes(router, context);
  add_list_routes(router, context);
  add_load_routes(router, context);
  add_datasource_routes(router, context);
  add_record_routes(router, context);
  add_query_routes(router, context);
  return router;
}

}  // namespace slate::api
