#include "csv.h"

#include <string_view>

namespace file_loader {
namespace {

constexpr int kEnd = std::char_traits<char>::eof();
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

CsvReader::CsvReader(std::istream& input) : buffer_(input.rdbuf()) {
  for (const char byte : kByteOrderMark) {
    if (peek() != static_cast<unsigned char>(byte)) break;
    buffer_->sbumpc();
  }
}

int CsvReader::next() {
  int byte = buffer_->sbumpc();
  if (byte == '\r' && peek() == '\n') byte = buffer_->sbumpc();
  if (byte == '\n') ++line_;
  return byte;
}

std::unexpected<std::string> CsvReader::error(const char* what) const {
  return std::unexpected("line " + std::to_string(record_line_) + ": " + what);
}

// After the opening quote, up to and with the closing one.
std::expected<void, std::string> CsvReader::read_quoted(std::string& cell) {
  for (;;) {
    int byte = buffer_->sbumpc();  // as it is: line ends within quotes are data
    if (byte == kEnd) return error("a quoted cell does not end");
    if (byte == '\n') ++line_;
    if (byte == '"') {
      if (peek() != '"') break;
      byte = buffer_->sbumpc();
    }
    cell += static_cast<char>(byte);
  }
  const int after = peek();
  if (after != ',' && after != '\r' && after != '\n' && after != kEnd)
    return error("expected a comma or the end of the line after a quoted cell");
  return {};
}

std::expected<bool, std::string> CsvReader::read(std::vector<std::string>& cells) {
  cells.clear();
  while (peek() == '\n' || peek() == '\r') next();
  record_line_ = line_;
  if (peek() == kEnd) return false;
  for (;;) {
    std::string& cell = cells.emplace_back();
    if (peek() == '"') {
      next();
      if (auto quoted = read_quoted(cell); !quoted) return std::unexpected(std::move(quoted).error());
    }
    int byte = next();
    for (; byte != ',' && byte != '\n' && byte != kEnd; byte = next()) {
      if (byte == '"') return error("a quote inside a cell that does not begin with one");
      cell += static_cast<char>(byte);
    }
    if (byte != ',') return true;
  }
}

}  // namespace file_loader
