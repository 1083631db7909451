// Records as rows of CSV, by the types of their datasource.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <slate/datasource.h>
#include <slate/error.h>

#include "model/csv_reader.h"
#include "model/schema.h"

namespace slate {

// The header names `_id` and, in any order, paths of fields: those inside maps with dots, as exports have
// them.
class CsvRecords {
 public:
  // Errors: invalid_argument for a header without `_id`, with a name that the datasource does not have or
  // with one twice.
  static Result<CsvRecords> open(const Datasource& datasource, const CsvRow& header);

  // {"_id":...,"name":...,"address":{"city":...}}. An empty cell without quotes is null. int and float:
  // digits. bool: true, false. date: RFC 3339, or seconds. list: JSON. Errors: invalid_argument naming line
  // and field.
  Result<boost::json::object> record(const CsvRow& row) const;

 private:
  CsvRecords() = default;

  std::vector<Column> columns_;  // in the order of the header
};

}  // namespace slate
