// One file a resource; each declares its operations and adds their routes.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <slate/error.h>

#include "api/api.h"
#include "api/operation.h"
#include "http/router.h"

namespace slate::api {

// A handler that answers before it returns; an error becomes a problem.
using Answer = std::function<Result<http::Response>(ApiContext&, http::Request&)>;

// Every route has its operation: what is not declared does not exist.
class Routes {
 public:
  // `context` must outlive the router.
  explicit Routes(ApiContext& context) : context_(context) {}

  // The handler sees requests whose parameters are those that the operation declares.
  void add(Operation operation, Answer answer, http::Run run = http::Run::kPool);
  // The same of `at_once`, which is asked before `handler` where it is given.
  void add(Operation operation, http::Handler handler, http::Run run = http::Run::kPool,
           http::AtOnce at_once = {});

  // Grows until the last route is added.
  std::shared_ptr<const std::vector<Operation>> operations() const { return operations_; }
  http::Router router() && { return std::move(router_); }

 private:
  ApiContext& context_;
  http::Router router_;
  std::shared_ptr<std::vector<Operation>> operations_ = std::make_shared<std::vector<Operation>>();
};

void add_health_routes(Routes& routes, ApiContext& context);
void add_list_routes(Routes& routes, ApiContext& context);
void add_list_data_routes(Routes& routes, ApiContext& context);
void add_load_routes(Routes& routes, ApiContext& context);
void add_datasource_routes(Routes& routes, ApiContext& context);
void add_record_routes(Routes& routes, ApiContext& context);
void add_query_routes(Routes& routes, ApiContext& context);
void add_document_route(Routes& routes, ApiContext& context);

}  // namespace slate::api
