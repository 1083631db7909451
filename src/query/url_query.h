// Queries from the parameters of a URL, in Django's manner: `status=active&revenue__gt=50000&sort=-revenue`.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>

#include <slate/error.h>
#include <slate/list_view.h>
#include <slate/query.h>

#include "model/schema.h"

namespace slate {

// Names and values, percent-decoded, in the order they came.
using UrlParameters = std::span<const std::pair<std::string, std::string>>;

// What parameters may name. With a list: its columns, what is inside them, and `_id`, in conditions,
// `filter`, `sort` and `columns` alike.
struct UrlNames {
  const Schema& schema;
  const ListView* list = nullptr;
};

struct UrlQuery {
  Query query;
  // As they came: whoever makes pages reads them.
  std::optional<std::string> cursor;
  std::optional<std::string> count;
};

// Reserved names, each at most once but for filter: skip, take, cursor, sort, columns, count, filter. Every
// other parameter is a condition, and all of them, with every `filter`, are an `and`. A parameter whose whole
// name is a field compares by `eq`; otherwise the name is split at its last `__` into field and operator. So
// a field that has a reserved name is reached by its operator (`count__eq=5`) or by `filter=` JSON. What else
// an endpoint takes from the URL, its handler takes out first.
//
//   status=active                eq; the field's type decides how the text is read
//   country__in=FR,DE            in, nin, between: commas separate; a comma in a value is `\,`, a backslash
//   `\\`;
//                                no text is no value: `country__in=` holds for no row
//   closed_at__isnull=true
//   filter={"or":[...]}          as in the JSON form
//   sort=-score:nulls_first,name
//   columns=name,address.city    skip=400    take=200
//
// Conditions are checked against the schema, so that every error is invalid_argument naming the parameter as
// it was typed: unknown fields and operators with the nearest right one as the hint, values of another type,
// the limits of FilterLimits, names beyond 1 KiB and values beyond 64 KiB.
Result<UrlQuery> query_from_url(UrlParameters parameters, const UrlNames& names);

}  // namespace slate
