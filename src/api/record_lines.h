// The body of a batch of records: a JSON array, or a record a line.
#pragma once

#include <boost/json/array.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>
#include <slate/record.h>

namespace slate::api {

// Writes and where each of them stands, for errors.
struct RecordLines {
  std::vector<RecordWrite> writes;
  std::vector<std::size_t> numbers;  // of the line, from 1; of the element, from 0
  enum class Unit : std::uint8_t { kLine, kElement } unit = Unit::kLine;

  // "line 17" or "record [16]".
  std::string place(std::size_t index) const;
};

// The error with its place in front of the message.
Error at_place(std::string_view place, const Error& error);

// Each record is an object of cells with its `_id`, a string. Blank lines are passed over. The body must
// outlive the reader.
class RecordReader {
 public:
  // Errors: unsupported_media_type unless it is JSON or NDJSON; invalid_argument for an array that is none.
  static Result<RecordReader> open(std::string_view content_type, std::string_view body, WriteKind kind);

  bool is_lines() const { return !elements_; }
  // The next `most` records, or all that are left; none at the end. invalid_argument naming the place of the
  // first record that is wrong.
  Result<RecordLines> next(std::optional<std::uint64_t> most);

 private:
  RecordReader(std::string_view body, WriteKind kind) : rest_(body), kind_(kind) {}

  Result<void> read(const boost::json::value& record, std::size_t number, RecordLines& lines) const;

  std::string_view rest_;
  std::size_t line_ = 0;
  std::optional<boost::json::array> elements_;
  WriteKind kind_;
};

}  // namespace slate::api
