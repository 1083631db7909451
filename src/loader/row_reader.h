// From the loader's messages to the store's cells.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <slate/datasource.h>
#include <slate/error.h>
#include <slate/record.h>

namespace slate::loader {
class LoadResponse;
class FieldValue;
}  // namespace slate::loader

namespace slate {

// Views into the message that was read, and into the reader for lists and maps.
struct Row {
  std::string_view id;
  std::span<const CellRef> cells;
};

// Matches fields by name and kinds by the declared type. Scalars cost no allocation; lists and maps become
// Values. One thread at a time.
class RowReader {
 public:
  // `datasource` must outlive the reader.
  explicit RowReader(const Datasource& datasource);

  // The row is valid until the next read() or until the message changes. A FieldValue with nothing set is
  // null; an int is taken where a float is declared. O(fields of the message). Errors: loader_failed naming
  // record, field ("address.city"), expected and got.
  Result<Row> read(const loader::LoadResponse& message);

 private:
  UnknownFields unknown_fields_;
  std::unordered_map<std::string_view, std::uint32_t> positions_;
  std::span<const Field> fields_;
  std::vector<CellRef> cells_;
  std::vector<Value> values_;  // what cells of lists and maps point at; never reallocates
};

}  // namespace slate
