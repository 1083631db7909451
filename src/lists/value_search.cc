#include "lists/value_search.h"

#include <utility>

#include "base/try.h"
#include "query/names.h"

namespace slate {

Result<Filter> value_search(const Schema& schema, std::string_view field, std::string text) {
  SLATE_TRY(const auto column, resolve_column(schema, field));
  if (const Type type = schema.columns[column].type; type != Type::kString)
    return fail(Error(Reason::kInvalidArgument,
                      "only texts can be searched, this field is of type " + std::string(type_name(type)))
                    .with_field("search"));
  return Filter::condition(std::string(field), Op::kIcontains, Value(std::move(text)));
}

}  // namespace slate
