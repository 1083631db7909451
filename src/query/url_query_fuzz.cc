// Parameters from a query string, without percent-decoding: whatever is read must bind.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "query/bound_query.h"
#include "query/list_query.h"
#include "query/testing/example_schema.h"
#include "query/url_query.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slate;
  static const Schema schema = example_schema();
  static const ListView list = [] {
    ListView made;
    made.id = "leads";
    made.datasource = "prospects";
    made.columns = {{.field = "name"}, {.field = "address"}, {.field = "status"}};
    made.filter = Filter::condition("revenue", Op::kGt, Value(0));
    return made;
  }();

  std::vector<std::pair<std::string, std::string>> parameters;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const auto parameter = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), parameter.size() + 1));
    const auto equals = parameter.find('=');
    const auto value = equals == std::string_view::npos ? std::string_view() : parameter.substr(equals + 1);
    parameters.emplace_back(parameter.substr(0, equals), value);
  }

  if (const auto query = query_from_url(parameters, {.schema = schema}))
    check(bind(query->query, schema).has_value(), "what a URL gives binds");
  if (const auto query = query_from_url(parameters, {.schema = schema, .list = &list})) {
    const auto narrowed = list_query(list, query->query, Paging::kAll);
    check(narrowed.has_value(), "what a URL may ask of a list, the list gives");
    check(bind(*narrowed, schema).has_value(), "a narrowed list binds");
  }
  return 0;
}
