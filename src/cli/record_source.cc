#include "cli/record_source.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <utility>

#include "base/try.h"
#include "model/csv_record.h"

namespace slate::cli {
namespace {

class NdjsonSource final : public RecordSource {
 public:
  explicit NdjsonSource(std::istream& in) : in_(in) {}

  Result<std::optional<SourceRecord>> next() override {
    SourceRecord record;
    for (;;) {
      ++line_;
      record.line = line_;
      record.json.clear();
      SLATE_TRY(const bool is_there, read_line(record.json));
      if (!is_there) return std::nullopt;
      if (line_ == 1 && record.json.starts_with(kByteOrderMark)) record.json.erase(0, kByteOrderMark.size());
      if (record.json.find_first_not_of(" \t\r") != std::string::npos) return record;
    }
  }
  std::uint64_t bytes() const override { return bytes_; }

 private:
  static constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  // A record is at most 16 MiB; escapes make it longer, but not without end.
  static constexpr std::size_t kLongestLine = std::size_t{64} << 20;

  Result<bool> read_line(std::string& line) {
    auto* buffer = in_.rdbuf();
    int c = buffer->sbumpc();
    if (c == std::char_traits<char>::eof()) return false;
    for (; c != std::char_traits<char>::eof(); c = buffer->sbumpc()) {
      ++bytes_;
      if (c == '\n') return true;
      if (line.size() == kLongestLine)
        return fail(Reason::kInvalidArgument, fmt::format("line {}: more than 64 MiB", line_));
      line += static_cast<char>(c);
    }
    return true;
  }

  std::istream& in_;
  std::size_t line_ = 0;
  std::uint64_t bytes_ = 0;
};

class CsvSource final : public RecordSource {
 public:
  explicit CsvSource(std::istream& in) : reader_(in) {}

  Result<void> read_header(const Datasource& datasource) {
    SLATE_TRY(const auto header, reader_.next());
    if (!header) return fail(Reason::kInvalidArgument, "there is no header");
    SLATE_TRY(records_, CsvRecords::open(datasource, *header));
    return {};
  }
  Result<std::optional<SourceRecord>> next() override {
    SLATE_TRY(const auto row, reader_.next());
    if (!row) return std::nullopt;
    SLATE_TRY(const auto record, records_->record(*row));
    return SourceRecord{.json = boost::json::serialize(record), .line = row->line};
  }
  std::uint64_t bytes() const override { return reader_.bytes(); }

 private:
  CsvReader reader_;
  std::optional<CsvRecords> records_;
};

}  // namespace

std::unique_ptr<RecordSource> ndjson_source(std::istream& in) { return std::make_unique<NdjsonSource>(in); }

Result<std::unique_ptr<RecordSource>> csv_source(std::istream& in, const Datasource& datasource) {
  auto source = std::make_unique<CsvSource>(in);
  SLATE_TRY(source->read_header(datasource));
  return source;
}

}  // namespace slate::cli
