#include "db/frequency_upkeep.h"

#include "base/try.h"

namespace slate {
namespace {

BlockView view_of(std::string_view block) {
  return BlockView::trusted(reinterpret_cast<const std::byte*>(block.data()));
}

RowRange all_rows(const BlockView& block) { return {0, block.row_count()}; }

}  // namespace

// Null for a column of which none are kept.
Result<Frequencies*> FrequencyUpkeep::find(const storage::Transaction& transaction, std::uint32_t column,
                                           const BlockView& block) {
  if (column == kRecordIdColumn) return nullptr;
  const Column& definition = schema_.columns[column];
  std::optional<Frequencies>& found = columns_[column];
  if (!found) {
    SLATE_TRY(found, generation_.read_frequencies(transaction, definition.id));
  }
  if (definition.ttl_seconds || block.find(definition.id | kExpiryBit) != nullptr) found->forget();
  return &*found;
}

Result<void> FrequencyUpkeep::add(const storage::Transaction& transaction, std::uint32_t column,
                                  const BlockView& block, RowRange rows) {
  SLATE_TRY(Frequencies * frequencies, find(transaction, column, block));
  if (frequencies == nullptr) return {};
  const Column& definition = schema_.columns[column];
  frequencies->add(block.column(definition.id, definition.type), rows);
  return {};
}

Result<void> FrequencyUpkeep::subtract(const storage::Transaction& transaction, std::uint32_t column,
                                       const BlockView& block, RowRange rows) {
  SLATE_TRY(Frequencies * frequencies, find(transaction, column, block));
  if (frequencies == nullptr) return {};
  const Column& definition = schema_.columns[column];
  return frequencies->subtract(block.column(definition.id, definition.type), rows);
}

Result<void> FrequencyUpkeep::add(const storage::Transaction& transaction, std::string_view block) {
  for (std::uint32_t column = 0; column < columns_.size(); ++column)
    SLATE_TRY(add(transaction, column, view_of(block), all_rows(view_of(block))));
  return {};
}

Result<void> FrequencyUpkeep::replace(const storage::Transaction& transaction, const SegmentEditor& editor,
                                      const EncodedSegment& segment) {
  for (std::uint32_t column = 0; column < columns_.size(); ++column) {
    if (!editor.touched(column)) continue;
    const auto rows_of = [&](const BlockView& block) {
      return segment.changed_rows ? *segment.changed_rows : all_rows(block);
    };
    if (const auto& base = editor.base()) SLATE_TRY(subtract(transaction, column, *base, rows_of(*base)));
    for (const auto& [key, bytes] : segment.blocks) {
      const BlockView block = view_of(bytes);
      SLATE_TRY(add(transaction, column, block, rows_of(block)));
    }
  }
  return {};
}

Result<void> FrequencyUpkeep::write(storage::WriteTransaction& transaction) const {
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (columns_[i])
      SLATE_TRY(generation_.write_frequencies(transaction, schema_.columns[i].id, *columns_[i]));
  return {};
}

}  // namespace slate
