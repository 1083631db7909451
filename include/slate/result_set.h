// The rows of an answer, batch by batch.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <slate/batch.h>
#include <slate/datasource.h>
#include <slate/error.h>
#include <slate/explain.h>
#include <slate/record.h>

namespace slate {

struct ResultColumn {
  std::string field;  // dotted path of a leaf
  Type type;
  std::vector<Field> items;  // type list: the element
};

// A running query. It reads one snapshot and keeps that snapshot alive; memory does not grow with the number
// of rows unless the query must sort them. One thread at a time. Destroying it ends the query.
class ResultSet {
 public:
  virtual ~ResultSet() = default;

  // The columns of every batch, leaves of maps spread out, in the order asked for.
  virtual const std::vector<ResultColumn>& columns() const = 0;
  // The next rows, or null at the end. The batch is valid until the next call.
  // Errors: cancelled, deadline_exceeded, corrupt.
  virtual Result<const Batch*> next() = 0;
  // Whether rows remain beyond skip + take. Call after the end: it looks for one more row.
  virtual Result<bool> has_more() = 0;
  // For Query::cursor: the page behind the last row returned, or before the first one; nothing when there are
  // no such rows, or none was returned. Call after the end.
  virtual Result<std::optional<std::string>> next_cursor() = 0;
  virtual Result<std::optional<std::string>> previous_cursor() = 0;
  // What has been touched so far.
  virtual const QueryCounters& counters() const = 0;
};

// A copy of one row, maps put together again, null cells left out. O(columns).
Record to_record(const std::vector<ResultColumn>& columns, const Batch& batch, std::size_t position);

}  // namespace slate
