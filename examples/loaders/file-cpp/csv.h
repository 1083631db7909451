// Comma-separated values as RFC 4180 describes them.
#pragma once

#include <cstddef>
#include <expected>
#include <istream>
#include <string>
#include <vector>

namespace file_loader {

// Reads records one after the other, with bounded memory. Lines end in CRLF or LF; a quoted cell may hold
// commas, line ends and doubled quotes; a byte order mark and empty lines are skipped. One thread at a time.
class CsvReader {
 public:
  // `input` must outlive the reader.
  explicit CsvReader(std::istream& input);

  // False at the end of the input. Errors: a sentence with the line.
  std::expected<bool, std::string> read(std::vector<std::string>& cells);
  // Where the last record began, from 1.
  std::size_t line() const { return record_line_; }

 private:
  std::expected<void, std::string> read_quoted(std::string& cell);
  std::unexpected<std::string> error(const char* what) const;
  // The next byte, with CRLF as one '\n'; EOF at the end.
  int next();
  int peek() { return buffer_->sgetc(); }

  std::streambuf* buffer_;
  std::size_t line_ = 1;
  std::size_t record_line_ = 1;
};

}  // namespace file_loader
