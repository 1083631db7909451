#include "db/frequency_upkeep.h"

#include "base/try.h"

namespace slate {
namespace {

BlockView view_of(std::string_view block) {
  return BlockView::trusted(reinterpret_cast<const std::byte*>(block.data()));
}

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
                                  const BlockView& block) {
  SLATE_TRY(Frequencies * frequencies, find(transaction, column, block));
  if (frequencies == nullptr) return {};
  const Column& definition = schema_.columns[column];
  frequencies->add(block.column(definition.id, definition.type), block.row_count());
  return {};
}

Result<void> FrequencyUpkeep::subtract(const storage::Transaction& transaction, std::uint32_t column,
                                       const BlockView& block) {
  SLATE_TRY(Frequencies * frequencies, find(transaction, column, block));
  if (frequencies == nullptr) return {};
  const Column& definition = schema_.columns[column];
  return frequencies->subtract(block.column(definition.id, definition.type), block.row_count());
}

Result<void> FrequencyUpkeep::add(const storage::Transaction& transaction, std::string_view block) {
  for (std::uint32_t column = 0; column < columns_.size(); ++column)
    SLATE_TRY(add(transaction, column, view_of(block)));
  return {};
}

Result<void> FrequencyUpkeep::replace(const storage::Transaction& transaction, const SegmentEditor& editor,
                                      std::span<const std::pair<std::uint64_t, std::string>> blocks) {
  for (std::uint32_t column = 0; column < columns_.size(); ++column) {
    if (!editor.touched(column)) continue;
    if (editor.base()) SLATE_TRY(subtract(transaction, column, *editor.base()));
    for (const auto& [key, block] : blocks) SLATE_TRY(add(transaction, column, view_of(block)));
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
