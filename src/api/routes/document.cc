#include "api/openapi/document.h"

#include <boost/json/serialize.hpp>
#include <map>
#include <string>
#include <utility>

#include "api/routes/routes.h"
#include "base/try.h"

namespace slate::api {
namespace {

Result<std::vector<ListWithDatasource>> declared_lists(Database& database) {
  SLATE_TRY(auto lists, database.list_lists());
  SLATE_TRY(const auto datasources, database.list_datasources());
  std::map<std::string_view, const Datasource*> by_id;
  for (const auto& status : datasources) by_id.emplace(status.datasource.id, &status.datasource);
  std::vector<ListWithDatasource> declared;
  for (ListView& list : lists)
    if (const auto found = by_id.find(list.datasource); found != by_id.end())
      declared.push_back({.list = std::move(list), .datasource = *found->second});
  return declared;
}

}  // namespace

void add_document_route(Routes& routes, ApiContext&) {
  routes.add(
      {.path = "/openapi.json",
       .id = "getDocument",
       .group = "health",
       .summary = "This document.",
       .replies = {{.doc = "The document.", .content = {{"application/json", "OpenApi"}}}}},
      [operations = routes.operations()](ApiContext& context, http::Request&) -> Result<http::Response> {
        SLATE_TRY(const auto lists, declared_lists(context.database));
        return http::Response::json(200, boost::json::serialize(openapi_document(*operations, lists)));
      });
}

}  // namespace slate::api
