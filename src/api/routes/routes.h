// One file a resource; each adds its routes.
#pragma once

#include <functional>

#include <slate/error.h>

#include "api/api.h"
#include "http/router.h"

namespace slate::api {

void add_health_routes(http::Router& router, ApiContext& context);
void add_list_routes(http::Router& router, ApiContext& context);
void add_load_routes(http::Router& router, ApiContext& context);
void add_datasource_routes(http::Router& router, ApiContext& context);
void add_record_routes(http::Router& router, ApiContext& context);
void add_query_routes(http::Router& router, ApiContext& context);

// A handler that answers before it returns; an error becomes a problem.
using Answer = std::function<Result<http::Response>(ApiContext&, http::Request&)>;
http::Handler handler(ApiContext& context, Answer answer);

// For callers who may: see api/access.h. Others get its refusal.
http::Handler guarded(ApiContext& context, Access access, http::Handler handler);
http::Handler guarded(ApiContext& context, Access access, Answer answer);
http::Handler administration(ApiContext& context, http::Handler handler);
http::Handler administration(ApiContext& context, Answer answer);

}  // namespace slate::api
