// Requests of a grid from any JSON: what is read binds or is refused, never by the depth that it got here.
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "model/json.h"
#include "query/bound_query.h"
#include "query/filter_fields.h"
#include "query/grid_request.h"
#include "query/testing/example_schema.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slate;
  static const Schema schema = example_schema();
  const auto json = parse_json({reinterpret_cast<const char*>(data), size});
  if (!json) return 0;
  const auto query = query_from_grid_request(*json);
  if (!query) return 0;
  if (query->filter) check(check_limits(*query->filter).has_value(), "the filter is within the limits");
  const auto bound = bind(*query, schema);
  check(bound || bound.error().reason() == Reason::kInvalidArgument, "what does not bind is the caller's");
  return 0;
}
