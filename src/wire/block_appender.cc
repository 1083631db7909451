#include "wire/block_appender.h"

#include <bit>
#include <numeric>
#include <span>

#include "codec/block.h"
#include "wire/block_payload.h"

namespace slate::wire {
namespace {

// Batches of fewer rows are put together.
constexpr std::size_t kFewRows = 32;
// Until there are so many rows or bytes.
constexpr std::size_t kMostRows = 1'024;
constexpr std::size_t kMostBytes = std::size_t{64} << 10;

}  // namespace

void BlockAppender::add(const Batch& batch, std::string& out) {
  if (batch.rows.size() >= kFewRows) {
    flush(out);
    return append_blocks(batch, out);
  }
  if (rows_ + batch.rows.size() > kMostRows) flush(out);
  columns_.resize(batch.columns.size() + 1);
  columns_.front().add(batch.id, batch.rows, rows_);
  for (std::size_t i = 0; i < batch.columns.size(); ++i)
    columns_[i + 1].add(batch.columns[i], batch.rows, rows_);
  rows_ += batch.rows.size();
  bytes_ = 0;
  for (const Column& column : columns_) bytes_ += column.texts.size() + 8 * column.words.size();
  if (bytes_ >= kMostBytes) flush(out);
}

void BlockAppender::flush(std::string& out) {
  if (rows_ == 0) return;
  std::vector<ColumnView> views;
  for (std::size_t i = 1; i < columns_.size(); ++i) views.push_back(columns_[i].view());
  std::vector<std::uint16_t> rows(rows_);
  std::iota(rows.begin(), rows.end(), std::uint16_t{0});
  append_blocks({.id = columns_.front().view(), .columns = views, .rows = rows}, out);
  clear();
}

void BlockAppender::clear() {
  rows_ = 0;
  bytes_ = 0;
  for (Column& column : columns_) {
    column.encoding = Encoding::kNull;
    column.validity.clear();
    column.words.clear();
    column.offsets.clear();
    column.texts.clear();
  }
}

void BlockAppender::Column::add(const ColumnView& cells, std::span<const std::uint16_t> rows,
                                std::size_t before) {
  const std::size_t after = before + rows.size();
  type = cells.type;
  const bool is_number = cells.encoding == Encoding::kInteger || cells.encoding == Encoding::kFloat;
  if (cells.encoding != Encoding::kNull) encoding = is_number ? cells.encoding : Encoding::kPlain;
  validity.resize(bitmap_words(after));
  if (encoding == Encoding::kNull) return;
  if (encoding == Encoding::kPlain)
    offsets.resize(after + 1, static_cast<std::uint32_t>(texts.size()));
  else
    words.resize(after);
  if (cells.encoding == Encoding::kNull) return;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t row = rows[i], to = before + i;
    if (!cells.is_null(row)) {
      validity[to >> 6] |= std::uint64_t{1} << (to & 63);
      if (cells.encoding == Encoding::kInteger)
        words[to] = static_cast<std::uint64_t>(cells.integer(row));
      else if (cells.encoding == Encoding::kFloat)
        words[to] = std::bit_cast<std::uint64_t>(cells.real(row));
      else
        texts += cells.text(row);
    }
    if (encoding == Encoding::kPlain) offsets[to + 1] = static_cast<std::uint32_t>(texts.size());
  }
}

ColumnView BlockAppender::Column::view() const {
  if (encoding == Encoding::kNull) return {.type = type};
  const bool is_text = encoding == Encoding::kPlain;
  const void* data = is_text ? static_cast<const void*>(offsets.data()) : words.data();
  return {.type = type,
          .encoding = encoding,
          .width = static_cast<std::uint8_t>(is_text ? 4 : 8),
          .data = static_cast<const std::byte*>(data),
          .bytes = texts.data(),
          .validity = validity.data()};
}

}  // namespace slate::wire
