#include "db/merge_builder.h"

#include "base/check.h"
#include "base/try.h"
#include "db/writer.h"

namespace slate {
namespace {

constexpr std::size_t kBatchRecords = 8192;
constexpr std::size_t kBatchBytes = std::size_t{8} << 20;

}  // namespace

Result<void> MergeBuilder::append(std::string_view id, std::span<const CellRef> cells) {
  RecordWrite write{.kind = WriteKind::kReplace, .id = std::string(id)};
  for (const CellRef& cell : cells) {
    const auto& fields = schema_->datasource.fields;
    if (cell.field >= fields.size()) return fail(position_error(id, cell.field, fields.size()));
    write.cells.emplace_back(fields[cell.field].name, to_value(cell.value));
  }
  SLATE_TRY(batch_.add(write, *schema_));
  batch_bytes_ += batch_.writes().back().bytes;
  ++received_;
  if (batch_.writes().size() < kBatchRecords && batch_bytes_ < kBatchBytes) return {};
  SLATE_TRY(apply(batch_.writes()));
  batch_.clear();
  batch_bytes_ = 0;
  return {};
}

Result<void> MergeBuilder::apply(std::span<const PreparedWrite> writes) {
  if (writes.empty()) return {};
  SLATE_TRY(auto writer, Writer::begin(*generation_, *schema_, now_));
  SLATE_TRY(writer.apply(writes));
  return writer.commit();
}

Result<BuildCounts> MergeBuilder::finish() {
  SLATE_TRY(apply(batch_.writes()));
  batch_.clear();
  SLATE_TRY(generation_->environment().sync());
  SLATE_TRY(auto txn, generation_->environment().begin_read());
  SLATE_TRY(const GenerationState state, generation_->read_state(txn));
  return BuildCounts{
      .received = received_, .rows = state.rows, .bytes = generation_->environment().used_bytes()};
}

Result<void> MergeBuilder::catch_up(std::span<const PreparedWrite> writes) {
  if (writes.empty()) return {};
  SLATE_TRY(apply(writes));
  return generation_->environment().sync();
}

}  // namespace slate
