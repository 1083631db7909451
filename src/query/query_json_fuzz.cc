// Queries from any JSON: what is read is bound or refused, and binds to the same again from its own JSON.
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "model/json.h"
#include "query/bound_query.h"
#include "query/query_json.h"
#include "query/testing/example_schema.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slate;
  static const Schema schema = example_schema();
  const auto json = parse_json({reinterpret_cast<const char*>(data), size});
  if (!json) return 0;
  const auto query = query_from_json(*json);
  if (!query) return 0;
  const auto bound = bind(*query, schema);
  if (!bound || !query->filter) return 0;
  const auto again = filter_from_json(to_json(*query->filter));
  check(again.has_value(), "a filter's own JSON is read again");
  const auto bound_again = bind_filter(*again, schema);
  check(bound_again && *bound_again == bound->filter, "and binds to the same");
  return 0;
}
