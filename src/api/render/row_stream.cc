#include "api/render/row_stream.h"

#include <utility>

#include "base/try.h"

namespace slate::api {
namespace {

constexpr std::size_t kChunkBytes = 64 * 1024;

std::variant<JsonRows, CsvRows> make_writer(const ResultSet& rows, Format format, Int64Form form) {
  if (format == Format::kCsv) return CsvRows(rows.columns(), form);
  return JsonRows(rows.columns(), form);
}

}  // namespace

RowStream::RowStream(std::unique_ptr<Snapshot> snapshot, std::unique_ptr<ResultSet> rows, Format format,
                     Int64Form form)
    : snapshot_(std::move(snapshot)), rows_(std::move(rows)), writer_(make_writer(*rows_, format, form)) {}

Result<bool> RowStream::next(std::string& chunk) {
  chunk.reserve(kChunkBytes + kChunkBytes / 4);
  if (!begun_)
    if (const auto* csv = std::get_if<CsvRows>(&writer_)) csv->append_header(chunk);
  begun_ = true;
  while (chunk.size() < kChunkBytes) {
    if (batch_ == nullptr || position_ == batch_->size()) {
      SLATE_TRY(batch_, rows_->next());
      position_ = 0;
      if (batch_ == nullptr) return false;
    }
    TextAppender text(chunk);
    while (position_ < batch_->size() && text.size() < kChunkBytes) append_row(text);
  }
  return true;
}

void RowStream::append_row(TextAppender& out) {
  const std::size_t position = position_++;
  if (auto* csv = std::get_if<CsvRows>(&writer_)) return csv->append(out, *batch_, position);
  std::get<JsonRows>(writer_).append(out, *batch_, position);
  out.append('\n');
}

}  // namespace slate::api
