// Any bytes as JSON, and that JSON as each thing that JSON can be: nothing crashes, and what is accepted
// survives being written and read.
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "model/coerce.h"
#include "model/json.h"
#include "model/schema.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slate;
  const auto json = parse_json({reinterpret_cast<const char*>(data), size});
  if (!json) return 0;
  const auto again = parse_json(boost::json::serialize(*json));
  check(again.has_value() && *again == *json, "written JSON is read back");

  if (const auto filter = filter_from_json(*json))
    check(filter_from_json(to_json(*filter)) == *filter, "a written filter is read back");
  if (const auto sort = sort_from_json(*json))
    check(sort_from_json(to_json(*sort)) == *sort, "a written sort is read back");
  if (const auto list = list_view_from_json(*json))
    check(list_view_from_json(to_json(*list)) == *list, "a written list is read back");
  if (const auto datasource = datasource_from_json(*json)) {
    check(datasource_from_json(to_json(*datasource)) == *datasource, "a written datasource is read back");
    if (validate(*datasource)) {
      const Schema schema = make_schema(*datasource, nullptr);
      check(make_schema(*datasource, &schema).columns == schema.columns, "columns keep their ids");
      const Value value = value_from_json(*json);
      for (const auto& field : datasource->fields) static_cast<void>(coerce(value, field));
    }
  }
  return 0;
}
