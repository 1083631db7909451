// Records of a file that is imported, as lines of NDJSON.
#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string>

#include <slate/datasource.h>
#include <slate/error.h>

namespace slate::cli {

struct SourceRecord {
  std::string json;      // one line, without its end
  std::size_t line = 0;  // of its beginning in the source, from 1
};

class RecordSource {
 public:
  virtual ~RecordSource() = default;
  // Nothing at the end. Errors: invalid_argument naming the line of what cannot be read; io.
  virtual Result<std::optional<SourceRecord>> next() = 0;
  // Read of the source so far.
  virtual std::uint64_t bytes() const = 0;
};

// A record a line; blank lines are passed over. The server reads them. `in` must outlive it.
std::unique_ptr<RecordSource> ndjson_source(std::istream& in);
// Cells become what the fields of `datasource` hold. Reads the header. Errors: those of CsvRecords::open().
Result<std::unique_ptr<RecordSource>> csv_source(std::istream& in, const Datasource& datasource);

}  // namespace slate::cli
