// What a database in the process answers, as values and as the bodies that HTTP makes of them.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <slate/snapshot.h>

#include "api/render/cell_text.h"
#include "lists/count_mode.h"

namespace slate::parity {

struct EmbeddedAnswer {
  std::vector<std::string> columns;
  std::vector<std::vector<Value>> rows;  // `_id`, then a cell for each column
  bool has_more = false;
  std::optional<std::string> next_cursor;
  std::optional<std::string> previous_cursor;
  QueryCounters counters;
  std::vector<std::string> records;  // rows as JSON
};
Result<EmbeddedAnswer> ask(Snapshot& snapshot, const Query& query, const QueryOptions& options = {},
                           api::Int64Form form = api::Int64Form::kNumber);
// All but the JSON, which is made of the rest.
bool same(const EmbeddedAnswer& a, const EmbeddedAnswer& b);

// {"records":[...],"page":{...}} without its braces, as docs/http-api.md says.
Result<std::string> page_members(Snapshot& snapshot, const Query& query, const EmbeddedAnswer& answer,
                                 CountMode count);
// A record a line.
std::string lines(const EmbeddedAnswer& answer);

// The body of POST /v1/datasources/{id}/query.
std::string query_body(const Query& query);
// The same query as parameters of a URL.
std::string query_parameters(const Query& query);

}  // namespace slate::parity
