#include "db/segment_editor.h"

#include <algorithm>

#include "codec/list_cell.h"
#include "exec/key_range.h"

namespace slate {
namespace {

void add_buffered_cell(KeyBuilder& key, const ColumnBuffer& column, std::uint32_t row,
                       const IndexComponent& component) {
  if (column.is_null(row)) return key.add_null(component.direction);
  switch (column.type()) {
    case Type::kString: return add_text(key, column.text(row), component);
    case Type::kFloat: return key.add_real(column.real(row), component.direction);
    default: return key.add_integer(column.integer(row), component.direction);
  }
}

// Answers the bytes of text that the cell takes.
std::size_t set_cell(ColumnBuffer& column, std::uint32_t row, const ValueRef& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    column.set_text(row, *text);
    return text->size();
  }
  if (const auto* list = std::get_if<const Value*>(&value)) {
    std::string cell;
    encode_list(*(*list)->get_if<ListValue>(), cell);
    column.set_text(row, cell);
    return cell.size();
  }
  if (const auto* integer = std::get_if<std::int64_t>(&value))
    column.set_integer(row, *integer);
  else if (const auto* date = std::get_if<Date>(&value))
    column.set_integer(row, date->seconds);
  else if (const auto* real = std::get_if<double>(&value))
    column.set_real(row, *real);
  else if (const auto* truth = std::get_if<bool>(&value))
    column.set_integer(row, *truth ? 1 : 0);
  else
    column.set_null(row);
  return 0;
}

}  // namespace

SegmentEditor::SegmentEditor(const Schema& schema, BlockView base)
    : schema_(schema),
      base_(base),
      first_docid_(base.first_docid()),
      rows_(base.row_count()),
      most_text_bytes_(base.bytes().size()),
      live_(bitmap_words(base.row_count())),
      patched_(schema.columns.size(), false),
      values_(schema.columns.size()),
      expiries_(schema.columns.size()),
      expiries_known_(schema.columns.size(), false) {
  for (std::uint32_t row = 0; row < rows_; ++row)
    if (base.is_live(row)) live_[row >> 6] |= std::uint64_t{1} << (row & 63);
}

SegmentEditor::SegmentEditor(const Schema& schema, DocId first_docid)
    : schema_(schema),
      first_docid_(first_docid),
      patched_(schema.columns.size(), false),
      values_(schema.columns.size()),
      expiries_(schema.columns.size()),
      expiries_known_(schema.columns.size(), true) {}

ColumnBuffer& SegmentEditor::values(std::uint32_t column) {
  auto& buffer = values_[column];
  if (buffer == nullptr) {
    const Column& definition = schema_.columns[column];
    buffer = std::make_unique<ColumnBuffer>(definition.type);
    if (base_) {
      const ColumnEntry* entry = current().find(definition.id);
      if (entry != nullptr && entry->type == definition.type)
        buffer->load(current().column(*entry), base_->row_count());
    }
    buffer->resize(rows_);
  }
  return *buffer;
}

ColumnBuffer* SegmentEditor::expiries(std::uint32_t column) {
  if (!expiries_known_[column]) {
    expiries_known_[column] = true;
    const ColumnEntry* entry = base_->find(schema_.columns[column].id | kExpiryBit);
    if (entry != nullptr && entry->type == Type::kInt) {
      expiries_[column] = std::make_unique<ColumnBuffer>(Type::kInt);
      expiries_[column]->load(base_->column(*entry), base_->row_count());
      expiries_[column]->resize(rows_);
    }
  }
  return expiries_[column].get();
}

ColumnBuffer& SegmentEditor::make_expiries(std::uint32_t column) {
  if (ColumnBuffer* existing = expiries(column)) return *existing;
  expiries_[column] = std::make_unique<ColumnBuffer>(Type::kInt);
  expiries_[column]->resize(rows_);
  return *expiries_[column];
}

void SegmentEditor::grow(DocId last) {
  rows_ = static_cast<std::uint32_t>(last - first_docid_) + 1;
  live_.resize(bitmap_words(rows_), 0);
  // Every column grows with the rows, so every one is taken apart.
  for (std::uint32_t column = 0; column < values_.size(); ++column) {
    values(column).resize(rows_);
    if (ColumnBuffer* buffer = expiries(column)) buffer->resize(rows_);
  }
}

void SegmentEditor::insert(std::uint32_t row, std::string_view id) {
  live_[row >> 6] |= std::uint64_t{1} << (row & 63);
  values_[kRecordIdColumn]->set_text(row, id);
  most_text_bytes_ += id.size();
}

void SegmentEditor::set_all_null(std::uint32_t row) {
  for (std::uint32_t column = kRecordIdColumn + 1; column < values_.size(); ++column) {
    // A column that is null here already need not be taken apart.
    if (values_[column] == nullptr &&
        current().column(schema_.columns[column].id, schema_.columns[column].type).is_null(row))
      continue;
    set(row, column, Null(), std::nullopt);
  }
}

void SegmentEditor::remove(std::uint32_t row) {
  set_all_null(row);
  values(kRecordIdColumn).set_null(row);
  live_[row >> 6] &= ~(std::uint64_t{1} << (row & 63));
}

// Cells that expire are left to the buffers.
bool SegmentEditor::patch(std::uint32_t row, std::uint32_t column, const ValueRef& value) {
  const Column& definition = schema_.columns[column];
  if (!base_ || row >= base_->row_count() || definition.ttl_seconds ||
      base_->find(definition.id | kExpiryBit) != nullptr)
    return false;
  if (!patch_) patch_.emplace(*base_);
  bool fits = false;
  if (const auto* text = std::get_if<std::string_view>(&value))
    fits = definition.type == Type::kString && patch_->set_text(definition.id, row, *text);
  else if (const auto* integer = std::get_if<std::int64_t>(&value))
    fits = patch_->set_integer(definition.id, definition.type, row, *integer);
  else if (const auto* date = std::get_if<Date>(&value))
    fits = patch_->set_integer(definition.id, definition.type, row, date->seconds);
  else if (const auto* truth = std::get_if<bool>(&value))
    fits = patch_->set_integer(definition.id, definition.type, row, *truth ? 1 : 0);
  if (fits) patched_[column] = true;
  return fits;
}

// Then the segment has the rows of its base, and needs no other block.
bool SegmentEditor::is_only_patched() const {
  const auto is_null = [](const auto& buffer) { return buffer == nullptr; };
  return patch_ && patch_->is_changed() && std::ranges::all_of(values_, is_null) &&
         std::ranges::all_of(expiries_, is_null);
}

void SegmentEditor::set(std::uint32_t row, std::uint32_t column, const ValueRef& value,
                        std::optional<UnixMillis> expires_at) {
  ColumnBuffer* const taken_apart = values_[column].get();
  if (taken_apart == nullptr && !expires_at && patch(row, column, value)) return;
  most_text_bytes_ += set_cell(taken_apart != nullptr ? *taken_apart : values(column), row, value);
  if (expires_at && !std::holds_alternative<Null>(value)) {
    make_expiries(column).set_integer(row, *expires_at);
  } else if (!expiries_known_[column] || expiries_[column] != nullptr) {
    if (ColumnBuffer* buffer = expiries(column)) buffer->set_null(row);
  }
}

bool SegmentEditor::sweep(UnixMillis now) {
  bool any = false;
  for (std::uint32_t column = kRecordIdColumn + 1; column < values_.size(); ++column) {
    ColumnBuffer* times = expiries(column);
    if (times == nullptr) continue;
    const bool has_ttl = schema_.columns[column].ttl_seconds.has_value();
    for (std::uint32_t row = 0; row < rows_; ++row) {
      if (times->is_null(row)) continue;
      if (times->integer(row) <= now) {
        values(column).set_null(row);
        times->set_null(row);
        any = true;
      } else if (!has_ttl) {
        values(column);
        times->set_null(row);
        any = true;
      }
    }
  }
  return any;
}

std::size_t SegmentEditor::text_bytes() const {
  std::size_t bytes = base_ ? base_->bytes().size() : 0;
  for (const auto& buffer : values_)
    if (buffer != nullptr) bytes += buffer->text_bytes();
  return bytes;
}

std::size_t SegmentEditor::row_bytes(std::uint32_t row) {
  std::size_t bytes = 0;
  for (std::uint32_t column = 0; column < values_.size(); ++column) {
    const Type type = schema_.columns[column].type;
    if (type != Type::kString && type != Type::kList) continue;
    const ColumnBuffer& buffer = values(column);
    if (!buffer.is_null(row)) bytes += buffer.text(row).size();
  }
  return bytes;
}

void SegmentEditor::add_base_key(const Index& index, std::uint32_t row, KeyBuilder& key) const {
  for (const IndexComponent& component : index.components) {
    const Column& column = schema_.columns[component.column];
    add_cell(key, base_->column(column.id, column.type), row, component);
  }
}

void SegmentEditor::add_key(const Index& index, std::uint32_t row, KeyBuilder& key) const {
  for (const IndexComponent& component : index.components) {
    const Column& column = schema_.columns[component.column];
    if (const ColumnBuffer* buffer = values_[component.column].get())
      add_buffered_cell(key, *buffer, row, component);
    else
      add_cell(key, current().column(column.id, column.type), row, component);
  }
}

bool SegmentEditor::has_live_rows(std::uint32_t begin, std::uint32_t end) const {
  for (std::uint32_t row = begin; row < end; ++row)
    if (is_live(row)) return true;
  return false;
}

std::string SegmentEditor::encode_rows(std::uint32_t begin, std::uint32_t end) {
  std::vector<std::uint64_t> live(bitmap_words(end - begin), 0);
  std::uint32_t live_count = 0;
  for (std::uint32_t row = begin; row < end; ++row) {
    if (!is_live(row)) continue;
    live[(row - begin) >> 6] |= std::uint64_t{1} << ((row - begin) & 63);
    ++live_count;
  }
  if (live_count == end - begin) live.clear();

  // Columns in the order of their ids; expiry columns, whose ids have the high bit, come behind.
  std::vector<std::uint32_t> order(values_.size());
  for (std::uint32_t column = 0; column < order.size(); ++column) order[column] = column;
  std::ranges::sort(order, {}, [&](std::uint32_t column) { return schema_.columns[column].id; });

  const bool whole = base_ && begin == 0 && end == rows_ && rows_ == base_->row_count();
  BlockWriter writer(first_docid_ + begin, end - begin, live, order.size() * 2,
                     base_ ? base_->bytes().size() + 64 : 0);
  const auto add = [&](FieldId field, Type type, const std::unique_ptr<ColumnBuffer>& buffer) {
    if (buffer != nullptr) return writer.add(field, *buffer, begin, end);
    const ColumnEntry* entry = base_ ? current().find(field) : nullptr;
    if (entry == nullptr || entry->type != type) return;
    if (whole) return writer.copy(current(), *entry);
    ColumnBuffer unpacked(type);
    unpacked.load(current().column(*entry), base_->row_count());
    unpacked.resize(rows_);
    writer.add(field, unpacked, begin, end);
  };
  for (const std::uint32_t column : order)
    add(schema_.columns[column].id, schema_.columns[column].type, values_[column]);
  for (const std::uint32_t column : order)
    add(schema_.columns[column].id | kExpiryBit, Type::kInt, expiries_[column]);
  return writer.finish();
}

EncodedSegment SegmentEditor::encode(std::uint64_t key) {
  EncodedSegment encoded;
  auto& blocks = encoded.blocks;
  std::uint32_t begin = 0;
  const bool is_large = text_bytes() > kSegmentTextBytes && rows_ > 1;
  if (!is_large && is_only_patched()) {
    blocks.emplace_back(key, patch_->finish());
    encoded.changed_rows = patch_->changed_rows();
    return encoded;
  }
  if (is_large) {
    std::size_t bytes = 0;
    for (std::uint32_t row = 0; row < rows_; ++row) {
      const std::size_t more = row_bytes(row);
      if (row > begin && bytes + more > kSegmentTextBytes) {
        if (has_live_rows(begin, row)) blocks.emplace_back(first_docid_ + row - 1, encode_rows(begin, row));
        begin = row;
        bytes = 0;
      }
      bytes += more;
    }
  }
  if (has_live_rows(begin, rows_)) blocks.emplace_back(key, encode_rows(begin, rows_));
  return encoded;
}

}  // namespace slate
