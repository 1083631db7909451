#include "wire/block_appender.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "wire/block_payload.h"

namespace slate::wire {
namespace {

// Batches of fewer rows are put together.
constexpr std::size_t kFewRows = 32;

}  // namespace

void BlockAppender::add(const Batch& batch, std::string& out) {
  const std::size_t count = batch.rows.size();
  if (count >= kFewRows) {
    flush(out);
    return append_blocks(batch, out);
  }
  if (rows_ + count > kMostRows) flush(out);
  if (columns_.empty()) columns_.resize(batch.columns.size() + 1);
  columns_.front().add(batch.id, batch.rows, rows_);
  std::size_t texts = columns_.front().texts.size();
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    columns_[i + 1].add(batch.columns[i], batch.rows, rows_);
    texts += columns_[i + 1].texts.size();
  }
  rows_ += count;
  bytes_ = texts + rows_ * columns_.size() * 8;
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
    column.validity.fill(0);
    column.texts.clear();
  }
}

void BlockAppender::Column::add(const ColumnView& cells, std::span<const std::uint16_t> rows,
                                std::size_t before) {
  type = cells.type;
  if (cells.encoding == Encoding::kNull) return add_nulls(rows.size(), before);
  const bool is_number = cells.encoding == Encoding::kInteger || cells.encoding == Encoding::kFloat;
  if (encoding == Encoding::kNull) begin(is_number ? cells.encoding : Encoding::kPlain, before);
  if (cells.encoding == Encoding::kInteger) {
    add_each(cells, rows, before, [&](std::size_t row, std::size_t to) {
      words[to] = static_cast<std::uint64_t>(cells.integer(row));
    });
  } else if (cells.encoding == Encoding::kFloat) {
    add_each(cells, rows, before, [&](std::size_t row, std::size_t to) {
      words[to] = std::bit_cast<std::uint64_t>(cells.real(row));
    });
  } else {
    add_each(cells, rows, before, [&](std::size_t row, std::size_t to) {
      texts += cells.text(row);
      offsets[to + 1] = static_cast<std::uint32_t>(texts.size());
    });
  }
}

// The first value: the rows before have none.
void BlockAppender::Column::begin(Encoding with, std::size_t before) {
  encoding = with;
  if (with == Encoding::kPlain) {
    if (offsets == nullptr) offsets = std::make_unique_for_overwrite<std::uint32_t[]>(kMostRows + 1);
    std::fill_n(offsets.get(), before + 1, 0);
  } else {
    if (words == nullptr) words = std::make_unique_for_overwrite<std::uint64_t[]>(kMostRows);
    std::fill_n(words.get(), before, 0);
  }
}

void BlockAppender::Column::add_nulls(std::size_t count, std::size_t before) {
  if (encoding == Encoding::kPlain)
    std::fill_n(offsets.get() + before + 1, count, static_cast<std::uint32_t>(texts.size()));
  else if (encoding != Encoding::kNull)
    std::fill_n(words.get() + before, count, 0);
}

template <typename Append>
void BlockAppender::Column::add_each(const ColumnView& cells, std::span<const std::uint16_t> rows,
                                     std::size_t before, Append append) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t to = before + i;
    if (cells.is_null(rows[i])) {
      add_nulls(1, to);
    } else {
      append(rows[i], to);
      validity[to / 64] |= std::uint64_t{1} << (to % 64);
    }
  }
}

ColumnView BlockAppender::Column::view() const {
  if (encoding == Encoding::kNull) return {.type = type};
  const bool is_text = encoding == Encoding::kPlain;
  const void* data = is_text ? static_cast<const void*>(offsets.get()) : words.get();
  return {.type = type,
          .encoding = encoding,
          .width = static_cast<std::uint8_t>(is_text ? 4 : 8),
          .data = static_cast<const std::byte*>(data),
          .bytes = texts.data(),
          .validity = validity.data()};
}

}  // namespace slate::wire
