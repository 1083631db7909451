// The answer to a query, in whichever format was negotiated.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <slate/result_set.h>
#include <slate/snapshot.h>

#include "api/negotiate.h"
#include "api/render/cell_text.h"
#include "http/message.h"
#include "lists/list_service.h"

namespace slate::api {

struct RowsAnswer {
  std::string_view owner_kind;  // "list" or "datasource": the name of the first member
  std::string owner;
  Query query;
  CountMode count{};
  std::unique_ptr<Snapshot> snapshot;
  std::unique_ptr<ResultSet> rows;
  std::optional<Freshness> freshness{};
  std::chrono::nanoseconds plan_time{0};
  QueryOptions options{};  // for counting
};

// {"list":"leads","records":[...],"page":{...},"freshness":{...}}, or a stream of all rows. Server-Timing
// says where the time went. Errors: those of the result set; invalid_argument for a count in a stream.
Result<http::Response> render_rows(RowsAnswer answer, Format format, Int64Form form);

// {"rowData":[...],"rowCount":12,"freshness":{...}}: what ag-grid's getRows() takes. `rowCount` is null where
// the count, as far as it was asked for, does not tell it and rows remain.
Result<http::Response> render_grid(RowsAnswer answer, Int64Form form);

}  // namespace slate::api
