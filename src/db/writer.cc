#include "db/writer.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

#include "base/check.h"
#include "base/try.h"
#include "db/statistics_builder.h"
#include "storage/cursor.h"

namespace slate {

Result<Writer> Writer::begin(Generation& generation, const Schema& schema, UnixMillis now) {
  SLATE_TRY(auto transaction, generation.environment().begin_write());
  SLATE_TRY(GenerationState state, generation.read_state(transaction));
  return Writer(generation, schema, now, std::move(transaction), std::move(state));
}

Result<void> Writer::commit() {
  ++state_.data_version;
  if (are_statistics_due(state_)) SLATE_TRY(take_statistics(generation_, transaction_, schema_, state_));
  SLATE_TRY(generation_.write_state(transaction_, state_));
  return transaction_.commit();
}

// A stored segment, verified unless this process has done so before.
Result<BlockView> Writer::checked_block(const storage::NumberEntry& entry,
                                        std::unique_ptr<std::uint64_t[]>& copy) const {
  const auto bytes = aligned_block(entry.value, copy);
  if (generation_.verified().contains(entry.key)) return BlockView::trusted(bytes.data());
  return BlockView::verify(bytes);
}

// The docid of a stored record.
Result<std::optional<DocId>> Writer::find_docid(std::string_view id) {
  const auto table = generation_.index_table(schema_.indexes.front().id);
  check(table.has_value(), "the index of record ids has no table");
  KeyBuilder key;
  key.add_text(id, Direction::kAscending);
  if (key.bytes().size() < kSettleKeyBytes) {
    SLATE_TRY(const auto posting, transaction_.get(*table, key.bytes()));
    if (!posting) return std::nullopt;
    DocId docid = 0;
    if (posting->size() != sizeof(docid)) return fail(Reason::kCorrupt, "index entry of a wrong size");
    std::memcpy(&docid, posting->data(), sizeof(docid));
    return docid;
  }
  // The key may have been cut: the records tell which of them it is.
  SLATE_TRY(auto cursor, storage::PostingCursor::open(transaction_, *table));
  SLATE_TRY(const auto at, cursor.seek(key.bytes()));
  if (!at || *at != key.bytes()) return std::nullopt;
  for (;;) {
    SLATE_TRY(const auto postings, cursor.next_postings());
    if (postings.empty()) return std::nullopt;
    // The key of a long id may have been cut: the id itself tells.
    SLATE_TRY(auto segments, storage::NumberCursor::open(transaction_, generation_.segments()));
    for (const DocId docid : postings) {
      SLATE_TRY(const auto entry, segments.seek(docid));
      if (!entry) return fail(Reason::kCorrupt, "an id points at a segment that is not there");
      std::unique_ptr<std::uint64_t[]> copy;
      SLATE_TRY(const BlockView block, checked_block(*entry, copy));
      if (docid < block.first_docid() || docid - block.first_docid() >= block.row_count())
        return fail(Reason::kCorrupt, fmt::format("an id points at docid {}, which has no row", docid));
      const ColumnView ids = block.column(kRecordIdField, Type::kString);
      if (ids.text(docid - block.first_docid()) == id) return docid;
    }
  }
}

// Follows each id through the batch and gives new records their docids.
Result<std::vector<Writer::Edit>> Writer::plan_edits(std::span<const PreparedWrite> writes,
                                                     WriteCounts& counts) {
  std::vector<Edit> edits;
  std::unordered_map<std::string_view, std::size_t>
      current;  // id -> the edit of the record that it names now
  for (const PreparedWrite& write : writes) {
    const auto known = current.find(write.id);
    std::optional<std::size_t> at;
    if (known != current.end()) {
      at = known->second;
    } else {
      SLATE_TRY(const auto docid, find_docid(write.id));
      if (docid) {
        at = edits.size();
        edits.push_back({.docid = *docid});
        current.emplace(write.id, *at);
      }
    }
    const bool exists = at && !edits[*at].removed;
    if (write.kind == WriteKind::kDelete) {
      if (!exists) continue;
      ++counts.deleted;
      edits[*at].removed = true;
      continue;
    }
    if (exists) {
      ++counts.updated;
      edits[*at].writes.push_back(&write);
      continue;
    }
    ++counts.inserted;
    current[write.id] = edits.size();
    edits.push_back({.docid = state_.next_docid++, .inserted = true, .writes = {&write}});
  }
  std::ranges::sort(edits, {}, &Edit::docid);
  return edits;
}

Result<WriteCounts> Writer::apply(std::span<const PreparedWrite> writes) {
  WriteCounts counts;
  SLATE_TRY(const std::vector<Edit> edits, plan_edits(writes, counts));
  std::span<const Edit> rest(edits);
  while (!rest.empty()) {
    const DocId docid = rest.front().docid;
    SLATE_TRY(auto cursor, storage::NumberCursor::open(transaction_, generation_.segments()));
    SLATE_TRY(const auto entry, cursor.seek(docid));
    std::unique_ptr<std::uint64_t[]> copy;
    std::optional<BlockView> base;
    std::uint64_t key = segment_key(docid, state_.segment_rows);
    if (entry && entry->key <= key) {
      SLATE_TRY(base, checked_block(*entry, copy));
      key = entry->key;
      if (base->first_docid() > docid)
        return fail(Reason::kCorrupt, fmt::format("docid {} lies in no segment", docid));
    }
    const auto end = std::ranges::find_if(rest, [&](const Edit& edit) { return edit.docid > key; });
    const auto mine = rest.first(static_cast<std::size_t>(end - rest.begin()));
    rest = rest.subspan(mine.size());
    SegmentEditor editor = base ? SegmentEditor(schema_, *base) : SegmentEditor(schema_, docid);
    SLATE_TRY(apply_to_segment(mine, key, editor));
  }
  state_.rows += counts.inserted;
  state_.rows -= counts.deleted;
  state_.changes += counts.inserted + counts.updated + counts.deleted;
  SLATE_TRY(apply_index_changes());
  return counts;
}

Result<void> Writer::apply_to_segment(std::span<const Edit> edits, std::uint64_t key, SegmentEditor& editor) {
  const std::uint32_t base_rows = editor.rows();
  for (const Edit& edit : edits) {
    if (edit.inserted && edit.removed) continue;
    std::uint32_t row = 0;
    if (edit.inserted) {
      row = editor.append(edit.docid, edit.writes.front()->id);
    } else {
      row = static_cast<std::uint32_t>(edit.docid - editor.first_docid());
      if (row >= base_rows || !editor.is_live(row))
        return fail(Reason::kCorrupt, fmt::format("an id points at docid {}, which has no row", edit.docid));
    }
    SLATE_TRY(apply_edit(edit, editor, row));
    collect_index_changes(edit, editor, row, base_rows);
  }
  return store(key, base_rows > 0, editor, key);
}

Result<void> Writer::apply_edit(const Edit& edit, SegmentEditor& editor, std::uint32_t row) {
  if (edit.removed) {
    editor.remove(row);
    return {};
  }
  for (const PreparedWrite* write : edit.writes) {
    const bool is_first_of_row = edit.inserted && write == edit.writes.front();
    if (write->kind == WriteKind::kReplace && !is_first_of_row) editor.set_all_null(row);
    for (const PreparedCell& cell : write->cells) {
      const auto ttl = schema_.columns[cell.column].ttl_seconds;
      editor.set(row, cell.column, cell.value, ttl ? std::optional(now_ + *ttl * 1000) : std::nullopt);
    }
    // A segment whose texts are not that large has no row that is.
    if (editor.text_bytes() > Limits::kRecordBytes && editor.row_bytes(row) > Limits::kRecordBytes)
      return fail(Error(Reason::kInvalidArgument,
                        fmt::format("record \"{}\": it would have {} bytes, at most {} are allowed",
                                    write->id.substr(0, 80), editor.row_bytes(row), Limits::kRecordBytes))
                      .with_field(std::string(kRecordIdPath)));
  }
  return {};
}

// Whether writes keep the index up for this record; below an unfinished build they do, beyond it the build
// will come.
bool Writer::is_maintained(const Index& index, DocId docid) const {
  const IndexProgress* progress = state_.find(index.id);
  return progress != nullptr && docid < progress->indexed_until;
}

void Writer::collect_index_changes(const Edit& edit, const SegmentEditor& editor, std::uint32_t row,
                                   std::uint32_t base_rows) {
  KeyBuilder before;
  KeyBuilder after;
  for (const Index& index : schema_.indexes) {
    if (!is_maintained(index, edit.docid)) continue;
    const bool was = row < base_rows && !edit.inserted;
    if (was && !edit.removed &&
        std::ranges::none_of(index.components, [&](const auto& each) { return editor.touched(each.column); }))
      continue;
    before.clear();
    after.clear();
    if (was) editor.add_base_key(index, row, before);
    if (!edit.removed) editor.add_key(index, row, after);
    if (was && !edit.removed && before.bytes() == after.bytes()) continue;
    auto& changes = index_changes_[index.id];
    if (was) changes.push_back({.key = std::string(before.bytes()), .docid = edit.docid});
    if (!edit.removed)
      changes.push_back({.key = std::string(after.bytes()), .docid = edit.docid, .add = true});
  }
}

Result<void> Writer::store(std::uint64_t old_key, bool existed, SegmentEditor& editor, std::uint64_t key) {
  const auto blocks = editor.encode(key);
  bool kept = false;
  for (const auto& [block_key, bytes] : blocks) {
    SLATE_TRY(transaction_.put(generation_.segments(), block_key, bytes));
    generation_.verified().insert(block_key);
    kept |= block_key == old_key;
  }
  if (existed && !kept) {
    SLATE_TRY(const bool removed, transaction_.remove(generation_.segments(), old_key));
    check(removed, "a segment that was edited is not there");
  }
  return {};
}

Result<void> Writer::apply_index_changes() {
  for (auto& [index_id, changes] : index_changes_) {
    const auto table = generation_.index_table(index_id);
    check(table.has_value(), "a maintained index has no table");
    // In key order the store's pages are visited once each.
    std::ranges::sort(changes, [](const IndexChange& a, const IndexChange& b) {
      return std::tie(a.key, a.docid) < std::tie(b.key, b.docid);
    });
    for (const IndexChange& change : changes) {
      if (change.add) {
        SLATE_TRY(transaction_.add_posting(*table, change.key, change.docid));
        continue;
      }
      SLATE_TRY(const bool removed, transaction_.remove_posting(*table, change.key, change.docid));
      if (!removed)
        return fail(Reason::kCorrupt,
                    fmt::format("index {} lacks the entry of docid {}", index_id, change.docid));
    }
    changes.clear();
  }
  return {};
}

Result<bool> Writer::build_indexes(std::size_t segments) {
  DocId from = kWhole;
  for (const IndexProgress& progress : state_.indexes) from = std::min(from, progress.indexed_until);
  if (from == kWhole) return false;
  const auto behind = [&](const IndexProgress& progress) { return progress.indexed_until == from; };

  DocId until = kWhole;
  {
    SLATE_TRY(auto cursor, storage::NumberCursor::open(transaction_, generation_.segments()));
    SLATE_TRY(auto entry, cursor.seek(from));
    KeyBuilder key;
    for (std::size_t i = 0; i < segments && entry; ++i) {
      std::unique_ptr<std::uint64_t[]> copy;
      SLATE_TRY(const BlockView block, BlockView::verify(aligned_block(entry->value, copy)));
      const SegmentEditor reader(schema_, block);
      for (const Index& index : schema_.indexes) {
        const IndexProgress* progress = state_.find(index.id);
        if (progress == nullptr || !behind(*progress)) continue;
        auto& changes = index_changes_[index.id];
        for (std::uint32_t row = 0; row < block.row_count(); ++row) {
          const DocId docid = block.first_docid() + row;
          if (docid < from || !block.is_live(row)) continue;
          key.clear();
          reader.add_base_key(index, row, key);
          changes.push_back({.key = std::string(key.bytes()), .docid = docid, .add = true});
        }
      }
      until = block.first_docid() + block.row_count();
      SLATE_TRY(entry, cursor.next());
    }
    if (!entry) until = kWhole;
  }
  SLATE_TRY(apply_index_changes());
  for (IndexProgress& progress : state_.indexes)
    if (behind(progress)) progress.indexed_until = until;
  return true;
}

Result<std::optional<std::uint64_t>> Writer::sweep(std::uint64_t after, std::size_t segments) {
  std::vector<std::uint64_t> keys;
  {
    SLATE_TRY(auto cursor, storage::NumberCursor::open(transaction_, generation_.segments()));
    SLATE_TRY(auto entry, cursor.seek(after));
    for (; entry && keys.size() < segments;) {
      keys.push_back(entry->key);
      SLATE_TRY(entry, cursor.next());
    }
  }
  for (const std::uint64_t key : keys) {
    SLATE_TRY(const auto stored, transaction_.get(generation_.segments(), key));
    std::unique_ptr<std::uint64_t[]> copy;
    SLATE_TRY(const BlockView block, BlockView::verify(aligned_block(*stored, copy)));
    const auto entries = block.entries();
    if (entries.empty() || (entries.back().field & kExpiryBit) == 0) continue;
    SegmentEditor editor(schema_, block);
    if (!editor.sweep(now_)) continue;
    swept_ = true;
    SLATE_TRY(store(key, true, editor, key));
  }
  if (keys.size() < segments) return std::nullopt;
  return keys.back() + 1;
}

}  // namespace slate
