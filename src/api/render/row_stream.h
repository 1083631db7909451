// All rows of a result, while they are read.
#pragma once

#include <memory>
#include <variant>

#include <slate/result_set.h>
#include <slate/snapshot.h>

#include "api/negotiate.h"
#include "api/render/csv_rows.h"
#include "api/render/json_rows.h"
#include "http/message.h"

namespace slate::api {

// NDJSON or CSV in chunks of about 64 KiB, more only by what one row adds. Keeps the snapshot until it is
// destroyed.
class RowStream final : public http::BodyStream {
 public:
  // REQUIRES: format is kNdjson or kCsv.
  RowStream(std::unique_ptr<Snapshot> snapshot, std::unique_ptr<ResultSet> rows, Format format,
            Int64Form form);

  Result<bool> next(std::string& chunk) override;

 private:
  void append_row(TextAppender& out);

  std::unique_ptr<Snapshot> snapshot_;
  std::unique_ptr<ResultSet> rows_;  // after the snapshot that it reads
  std::variant<JsonRows, CsvRows> writer_;
  const Batch* batch_ = nullptr;
  std::size_t position_ = 0;  // of the next row in the batch
  bool begun_ = false;
};

}  // namespace slate::api
