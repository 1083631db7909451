#include "db/bulk_builder.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <unordered_map>

#include "base/check.h"
#include "base/try.h"
#include "codec/key.h"
#include "codec/list_cell.h"
#include "db/prepared_write.h"
#include "db/segment_editor.h"
#include "db/statistics_builder.h"
#include "db/writer.h"
#include "exec/key_range.h"
#include "model/coerce.h"

namespace slate {
namespace {

// Closed segments are written together, and index entries committed, in steps of about this size.
constexpr std::size_t kWriteBytes = std::size_t{4} << 20;
constexpr std::size_t kPostingsAtOnce = 4096;

Failure wrong_type(const Field& field, std::string_view got) {
  return fail(Reason::kInvalidArgument,
              fmt::format("expected {} {}, got {} {}", field.type == Type::kInt ? "an" : "a",
                          type_name(field.type), got == "int" ? "an" : "a", got));
}

std::string_view kind_of(const ValueRef& value) {
  static constexpr std::string_view kKinds[] = {"null", "string", "int", "float", "bool", "date"};
  if (const auto* pointer = std::get_if<const Value*>(&value)) return (*pointer)->kind();
  return kKinds[value.index()];
}

}  // namespace

BulkBuilder::BulkBuilder(std::shared_ptr<Generation> generation, std::shared_ptr<const Schema> schema,
                         std::filesystem::path runs_prefix, std::size_t memory_bytes,
                         std::uint32_t segment_rows, UnixMillis now)
    : generation_(std::move(generation)),
      schema_(std::move(schema)),
      segment_rows_(segment_rows),
      now_(now),
      frequencies_(*generation_, *schema_) {
  first_column_.resize(schema_->datasource.fields.size());
  for (std::uint32_t i = static_cast<std::uint32_t>(schema_->columns.size()); i-- > 1;)
    first_column_[schema_->columns[i].field] = i;
  for (std::uint32_t i = 0; i < schema_->columns.size(); ++i) {
    columns_by_id_.push_back(i);
    values_.emplace_back(schema_->columns[i].type);
    expiries_.push_back(schema_->columns[i].ttl_seconds ? std::optional<ColumnBuffer>(Type::kInt)
                                                        : std::nullopt);
  }
  std::ranges::sort(columns_by_id_, {}, [&](std::uint32_t i) { return schema_->columns[i].id; });
  const std::size_t share = memory_bytes / std::max<std::size_t>(schema_->indexes.size(), 1);
  for (const Index& index : schema_->indexes)
    runs_.push_back(std::make_unique<SortedRuns>(SortRoom{
        .spill_prefix = fmt::format("{}.{}", runs_prefix.string(), index.id), .memory_bytes = share}));
  for (ColumnBuffer& column : values_) column.resize(segment_rows_);
  for (auto& column : expiries_)
    if (column) column->resize(segment_rows_);
}

Result<void> BulkBuilder::append(std::string_view id, std::span<const CellRef> cells) {
  if (auto valid = validate_record_id(id); !valid) return fail(std::move(valid).error());
  const std::size_t row = rows_;
  const std::size_t bytes_before = text_bytes_;
  if (auto set = set_row(row, id, cells); !set) {
    clear_row(row);
    text_bytes_ = bytes_before;
    return set;
  }

  KeyBuilder key;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    key.clear();
    for (const IndexComponent& component : schema_->indexes[i].components) {
      const ColumnBuffer& column = values_[component.column];
      if (column.is_null(row))
        key.add_null(component.direction);
      else if (column.type() == Type::kString)
        add_text(key, column.text(row), component);
      else if (column.type() == Type::kFloat)
        key.add_real(column.real(row), component.direction);
      else
        key.add_integer(column.integer(row), component.direction);
    }
    SLATE_TRY(runs_[i]->add(key.bytes(), next_docid_));
  }
  ++rows_;
  ++next_docid_;
  if (next_docid_ % segment_rows_ == 0 || text_bytes_ > kSegmentTextBytes)
    return close_segment(next_docid_ - 1);
  return {};
}

Result<void> BulkBuilder::set_row(std::size_t row, std::string_view id, std::span<const CellRef> cells) {
  values_[kRecordIdColumn].set_text(row, id);
  const std::size_t bytes_before = text_bytes_;
  text_bytes_ += id.size();
  for (const CellRef& cell : cells) {
    if (cell.field >= first_column_.size()) return fail(position_error(id, cell.field, first_column_.size()));
    if (auto set = set_cell(row, cell); !set)
      return fail(cell_error(id, schema_->datasource.fields[cell.field].name, set.error()));
  }
  if (text_bytes_ - bytes_before <= Limits::kRecordBytes) return {};
  return fail(Error(Reason::kInvalidArgument,
                    fmt::format("record \"{}\": {} bytes, at most {} are allowed", id.substr(0, 80),
                                text_bytes_ - bytes_before, Limits::kRecordBytes))
                  .with_field(std::string(kRecordIdPath)));
}

void BulkBuilder::clear_row(std::size_t row) {
  for (ColumnBuffer& column : values_) column.set_null(row);
  for (auto& column : expiries_)
    if (column) column->set_null(row);
}

void BulkBuilder::set_expiry(std::size_t row, std::uint32_t column) {
  if (expiries_[column])
    expiries_[column]->set_integer(row, now_ + *schema_->columns[column].ttl_seconds * 1000);
}

Result<void> BulkBuilder::set_cell(std::size_t row, const CellRef& cell) {
  const Field& field = schema_->datasource.fields[cell.field];
  if (field.type == Type::kMap || field.type == Type::kList) {
    if (std::holds_alternative<Null>(cell.value)) return {};
    const auto* pointer = std::get_if<const Value*>(&cell.value);
    if (pointer == nullptr) return wrong_type(field, kind_of(cell.value));
    if ((*pointer)->is_null()) return {};
    SLATE_TRY(const Value value, coerce(**pointer, field));
    return set_value(row, field.name, field, value);
  }
  return set_leaf(row, first_column_[cell.field], cell.value, field);
}

Result<void> BulkBuilder::set_leaf(std::size_t row, std::uint32_t column, const ValueRef& value,
                                   const Field& field) {
  ColumnBuffer& buffer = values_[column];
  if (std::holds_alternative<Null>(value)) {
    buffer.set_null(row);
    return {};
  }
  switch (field.type) {
    case Type::kString: {
      const auto* text = std::get_if<std::string_view>(&value);
      if (text == nullptr) return wrong_type(field, kind_of(value));
      if (text->size() > Limits::kStringBytes)
        return fail(Reason::kInvalidArgument, fmt::format("a string of {} bytes, at most {} are allowed",
                                                          text->size(), Limits::kStringBytes));
      if (!is_valid_utf8(*text)) return fail(Reason::kInvalidArgument, "expected UTF-8, got other bytes");
      buffer.set_text(row, *text);
      text_bytes_ += text->size();
      break;
    }
    case Type::kInt: {
      const auto* integer = std::get_if<std::int64_t>(&value);
      if (integer == nullptr) return wrong_type(field, kind_of(value));
      buffer.set_integer(row, *integer);
      break;
    }
    case Type::kFloat: {
      const auto* integer = std::get_if<std::int64_t>(&value);
      const auto* real = std::get_if<double>(&value);
      if (integer == nullptr && real == nullptr) return wrong_type(field, kind_of(value));
      const double number = real != nullptr ? *real : static_cast<double>(*integer);
      if (!std::isfinite(number)) return fail(Reason::kInvalidArgument, "expected a finite float");
      buffer.set_real(row, number == 0 ? 0.0 : number);
      break;
    }
    case Type::kBool: {
      const auto* truth = std::get_if<bool>(&value);
      if (truth == nullptr) return wrong_type(field, kind_of(value));
      buffer.set_integer(row, *truth ? 1 : 0);
      break;
    }
    case Type::kDate: {
      const auto* date = std::get_if<Date>(&value);
      if (date == nullptr) return wrong_type(field, kind_of(value));
      buffer.set_integer(row, date->seconds);
      break;
    }
    default: return wrong_type(field, kind_of(value));
  }
  set_expiry(row, column);
  return {};
}

// A validated list or map, spread over its leaves.
Result<void> BulkBuilder::set_value(std::size_t row, const std::string& path, const Field& field,
                                    const Value& value) {
  if (value.is_null()) return {};
  if (const auto* entries = value.get_if<MapValue>()) {
    for (const auto& [name, entry] : *entries) {
      const auto found = std::ranges::find(field.fields, name, &Field::name);
      check(found != field.fields.end(), "a validated map has an undeclared entry");
      SLATE_TRY(set_value(row, path + "." + name, *found, entry));
    }
    return {};
  }
  const auto column = schema_->find_column(path);
  check(column.has_value(), "a declared field has no column");
  if (const auto* list = value.get_if<ListValue>()) {
    scratch_.clear();
    encode_list(*list, scratch_);
    values_[*column].set_text(row, scratch_);
    text_bytes_ += scratch_.size();
    set_expiry(row, *column);
    return {};
  }
  const auto leaf = std::visit(
      [](const auto& held) -> ValueRef {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::string>)
          return std::string_view(held);
        else if constexpr (std::is_same_v<Held, ListValue> || std::is_same_v<Held, MapValue>)
          return Null{};
        else
          return held;
      },
      value.variant());
  return set_leaf(row, *column, leaf, field);
}

Result<void> BulkBuilder::close_segment(std::uint64_t key) {
  BlockWriter writer(first_docid_, static_cast<std::uint32_t>(rows_), {}, values_.size() * 2, block_bytes_);
  for (const std::uint32_t i : columns_by_id_) writer.add(schema_->columns[i].id, values_[i], 0, rows_);
  for (const std::uint32_t i : columns_by_id_)
    if (expiries_[i]) writer.add(schema_->columns[i].id | kExpiryBit, *expiries_[i], 0, rows_);
  pending_.emplace_back(key, writer.finish());
  block_bytes_ = pending_.back().second.size();
  pending_bytes_ += block_bytes_;

  for (ColumnBuffer& column : values_) {
    column.clear();
    column.resize(segment_rows_);
  }
  for (auto& column : expiries_) {
    if (!column) continue;
    column->clear();
    column->resize(segment_rows_);
  }
  first_docid_ = next_docid_;
  rows_ = 0;
  text_bytes_ = 0;
  if (pending_bytes_ > kWriteBytes) return write_pending();
  return {};
}

Result<void> BulkBuilder::write_pending() {
  SLATE_TRY(auto txn, generation_->environment().begin_write());
  for (const auto& [key, block] : pending_) {
    SLATE_TRY(frequencies_.add(txn, block));
    SLATE_TRY(txn.append(generation_->segments(), key, block));
    generation_->verified().insert(key);
  }
  pending_.clear();
  pending_bytes_ = 0;
  SLATE_TRY(txn.commit());
  // The disk writes while records and index entries are being put in order.
  generation_->environment().start_writing_back();
  return {};
}

Result<BuildCounts> BulkBuilder::finish() {
  // The last segment goes on to be filled by later writes: its key is that of a whole segment.
  if (rows_ > 0) SLATE_TRY(close_segment(segment_key(next_docid_ - 1, segment_rows_)));
  SLATE_TRY(write_pending());
  SLATE_TRY(const std::vector<DocId> removed, build_ids());
  SLATE_TRY(remove_rows(removed));
  for (std::size_t i = 1; i < runs_.size(); ++i) SLATE_TRY(build_index(i, removed));

  SLATE_TRY(auto txn, generation_->environment().begin_write());
  SLATE_TRY(GenerationState state, generation_->read_state(txn));
  state.next_docid = next_docid_;
  state.rows = next_docid_ - removed.size();
  state.data_version = 1;
  state.changes = state.rows;
  SLATE_TRY(frequencies_.write(txn));
  SLATE_TRY(take_statistics(*generation_, txn, *schema_, state));
  SLATE_TRY(generation_->write_state(txn, state));
  generation_->forget_version();
  SLATE_TRY(txn.commit());
  generation_->set_version(state);
  SLATE_TRY(generation_->environment().sync());
  return BuildCounts{.received = next_docid_,
                     .duplicates = removed.size(),
                     .rows = state.rows,
                     .bytes = generation_->environment().used_bytes()};
}

namespace {

// Writes one index in key order, committing now and then so that memory stays small.
class IndexWriter {
 public:
  IndexWriter(storage::Environment& environment, storage::Table table)
      : environment_(environment), table_(table) {}

  Result<void> add(std::string_view key, DocId docid) {
    if (key != key_ || postings_.size() == kPostingsAtOnce) SLATE_TRY(flush());
    if (key != key_) key_.assign(key);
    postings_.push_back(docid);
    return {};
  }
  Result<void> finish() {
    SLATE_TRY(flush());
    return commit();
  }

 private:
  Result<void> flush() {
    if (postings_.empty()) return {};
    if (!txn_) {
      SLATE_TRY(auto txn, environment_.begin_write());
      txn_.emplace(std::move(txn));
      SLATE_TRY(auto editor, storage::PostingEditor::open(*txn_, table_));
      editor_.emplace(std::move(editor));
    }
    SLATE_TRY(editor_->add(key_, postings_));
    written_ += key_.size() + postings_.size() * sizeof(DocId);
    postings_.clear();
    if (written_ > kWriteBytes) return commit();
    return {};
  }
  Result<void> commit() {
    if (!txn_) return {};
    editor_.reset();
    written_ = 0;
    auto committed = txn_->commit();
    txn_.reset();
    environment_.start_writing_back();
    return committed;
  }

  storage::Environment& environment_;
  storage::Table table_;
  std::optional<storage::WriteTransaction> txn_;
  std::optional<storage::PostingEditor> editor_;
  std::string key_;
  std::vector<DocId> postings_;
  std::size_t written_ = 0;
};

}  // namespace

Result<std::string> BulkBuilder::stored_id(storage::NumberCursor& segments, DocId docid) const {
  SLATE_TRY(const auto entry, segments.seek(docid));
  if (!entry) return fail(Reason::kCorrupt, "a record that was just written is not there");
  std::unique_ptr<std::uint64_t[]> copy;
  const BlockView block = BlockView::trusted(aligned_block(entry->value, copy).data());
  return std::string(block.column(kRecordIdField, Type::kString).text(docid - block.first_docid()));
}

// Writes the index of record ids; answers the docids of records that a later one of the same id replaced,
// ascending.
Result<std::vector<DocId>> BulkBuilder::build_ids() {
  SortedRuns& runs = *runs_.front();
  SLATE_TRY(runs.start_reading());
  IndexWriter writer(generation_->environment(), *generation_->index_table(schema_->indexes.front().id));
  std::vector<DocId> removed;
  std::string key;
  std::vector<DocId> group;  // docids under `key`, ascending
  const auto close_group = [&]() -> Result<void> {
    if (group.empty()) return {};
    if (key.size() < kSettleKeyBytes) {
      removed.insert(removed.end(), group.begin(), group.end() - 1);
      group.erase(group.begin(), group.end() - 1);
    } else {
      // Keys of long ids may have been cut: the ids themselves tell.
      SLATE_TRY(auto txn, generation_->environment().begin_read());
      SLATE_TRY(auto segments, storage::NumberCursor::open(txn, generation_->segments()));
      std::unordered_map<std::string, DocId> last;
      for (const DocId docid : group) {
        SLATE_TRY(std::string id, stored_id(segments, docid));
        const auto [found, inserted] = last.try_emplace(std::move(id), docid);
        if (!inserted) removed.push_back(std::exchange(found->second, docid));
      }
      group.clear();
      for (const auto& [id, docid] : last) group.push_back(docid);
      std::ranges::sort(group);
    }
    for (const DocId docid : group) SLATE_TRY(writer.add(key, docid));
    group.clear();
    return {};
  };
  for (;;) {
    SLATE_TRY(const auto entry, runs.next());
    if (!entry) break;
    if (entry->key != key) {
      SLATE_TRY(close_group());
      key.assign(entry->key);
    }
    group.push_back(entry->docid);
  }
  SLATE_TRY(close_group());
  SLATE_TRY(writer.finish());
  runs_.front().reset();
  std::ranges::sort(removed);
  return removed;
}

Result<void> BulkBuilder::remove_rows(std::span<const DocId> docids) {
  while (!docids.empty()) {
    SLATE_TRY(auto txn, generation_->environment().begin_write());
    std::size_t written = 0;
    while (!docids.empty() && written < kWriteBytes) {
      std::uint64_t key = 0;
      EncodedSegment segment;
      {
        SLATE_TRY(auto cursor, storage::NumberCursor::open(txn, generation_->segments()));
        SLATE_TRY(const auto entry, cursor.seek(docids.front()));
        if (!entry) return fail(Reason::kCorrupt, "a record that was just written is not there");
        key = entry->key;
        std::unique_ptr<std::uint64_t[]> copy;
        SegmentEditor editor(*schema_, BlockView::trusted(aligned_block(entry->value, copy).data()));
        for (; !docids.empty() && docids.front() <= key; docids = docids.subspan(1))
          editor.remove(static_cast<std::uint32_t>(docids.front() - editor.first_docid()));
        segment = editor.encode(key);
        SLATE_TRY(frequencies_.replace(txn, editor, segment));
      }
      SLATE_TRY(txn.remove(generation_->segments(), key));
      for (const auto& [block_key, block] : segment.blocks) {
        SLATE_TRY(txn.put(generation_->segments(), block_key, block));
        generation_->verified().insert(block_key);
        written += block.size();
      }
    }
    SLATE_TRY(txn.commit());
  }
  return {};
}

Result<void> BulkBuilder::build_index(std::size_t position, std::span<const DocId> removed) {
  SortedRuns& runs = *runs_[position];
  SLATE_TRY(runs.start_reading());
  IndexWriter writer(generation_->environment(), *generation_->index_table(schema_->indexes[position].id));
  for (;;) {
    SLATE_TRY(const auto entry, runs.next());
    if (!entry) break;
    if (!removed.empty() && std::ranges::binary_search(removed, entry->docid)) continue;
    SLATE_TRY(writer.add(entry->key, entry->docid));
  }
  SLATE_TRY(writer.finish());
  runs_[position].reset();
  return {};
}

}  // namespace slate
