// Counting rows in text that comes in pieces.
#pragma once

#include <cstdint>
#include <string_view>

namespace slate::cli {

enum class RowFormat : std::uint8_t { kNdjson, kCsv };

// Of NDJSON every line, of CSV every line that ends outside quotes, but for the header.
class RowCount {
 public:
  explicit RowCount(RowFormat format) : format_(format) {}

  void add(std::string_view piece) {
    for (const char c : piece) {
      if (c == '"') is_quoted_ = !is_quoted_;
      if (c == '\n' && (format_ == RowFormat::kNdjson || !is_quoted_)) ++lines_;
    }
  }
  std::uint64_t rows() const { return format_ == RowFormat::kCsv && lines_ > 0 ? lines_ - 1 : lines_; }

 private:
  RowFormat format_;
  bool is_quoted_ = false;
  std::uint64_t lines_ = 0;
};

}  // namespace slate::cli
