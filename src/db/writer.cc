#include "db/writer.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <unordered_map>

#include "base/check.h"
#include "base/try.h"
#include "db/statistics_builder.h"
#include "model/name.h"
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
  SLATE_TRY(frequencies_.write(transaction_));
  SLATE_TRY(generation_.write_state(transaction_, state_));
  generation_.forget_version();
  SLATE_TRY(transaction_.commit());
  generation_.set_version(state_);
  return {};
}

// A stored segment, verified unless this process has done so before.
Result<BlockView> Writer::checked_block(const storage::NumberEntry& entry,
                                        std::unique_ptr<std::uint64_t[]>& copy) const {
  const auto bytes = aligned_block(entry.value, copy);
  if (generation_.verified().contains(entry.key)) return BlockView::trusted(bytes.data());
  return BlockView::verify(bytes);
}

storage::Table Writer::id_table() const {
  const auto table = generation_.index_table(schema_.indexes.front().id);
  check(table.has_value(), "the index of record ids has no table");
  return *table;
}

// The docid of a stored record.
Result<std::optional<DocId>> Writer::find_docid(std::string_view id) {
  const storage::Table table = id_table();
  KeyBuilder key;
  key.add_text(id, Direction::kAscending);
  if (key.bytes().size() < kSettleKeyBytes) {
    SLATE_TRY(const auto posting, transaction_.get(table, key.bytes()));
    if (!posting) return std::nullopt;
    DocId docid = 0;
    if (posting->size() != sizeof(docid)) return fail(Reason::kCorrupt, "index entry of a wrong size");
    std::memcpy(&docid, posting->data(), sizeof(docid));
    return docid;
  }
  // The key may have been cut: the records tell which of them it is.
  SLATE_TRY(auto cursor, storage::PostingCursor::open(transaction_, table));
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

// In the order of their keys the ids are found one near the other.
Result<Writer::NamedRecords> Writer::look_up(std::span<const PreparedWrite> writes) {
  NamedRecords records{.of_write = std::vector<std::uint32_t>(writes.size(), 0), .stored = {}};
  if (writes.size() == 1) {
    SLATE_TRY(records.stored.emplace_back(), find_docid(writes.front().id));
    return records;
  }
  SortBuffer keys;
  keys.reserve_rows(writes.size());
  KeyBuilder key;
  std::unordered_map<std::string_view, std::uint32_t> long_ids;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    key.clear();
    key.add_text(writes[i].id, Direction::kAscending);
    if (key.bytes().size() < kSettleKeyBytes) {
      keys.add(key.bytes(), i);
      continue;
    }
    // Keys of long ids may have been cut: the same key need not be the same id.
    const auto [found, is_new] =
        long_ids.try_emplace(writes[i].id, static_cast<std::uint32_t>(records.stored.size()));
    if (is_new) {
      SLATE_TRY(records.stored.emplace_back(), find_docid(writes[i].id));
    }
    records.of_write[i] = found->second;
  }
  keys.sort();
  SLATE_TRY(auto cursor, storage::PostingCursor::open(transaction_, id_table()));
  std::string bytes;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i == 0 || !keys.same_key(i - 1, i)) {
      keys.key(i, bytes);
      SLATE_TRY(records.stored.emplace_back(), cursor.find(bytes));
    }
    records.of_write[keys.docid(i)] = static_cast<std::uint32_t>(records.stored.size() - 1);
  }
  return records;
}

// Follows each record through the batch and gives new ones their docids.
Result<Writer::Plan> Writer::plan(std::span<const PreparedWrite> writes, WriteCounts& counts) {
  SLATE_TRY(const NamedRecords records, look_up(writes));
  Plan plan{.writes = writes, .next = std::vector<std::uint32_t>(writes.size(), kNone), .edits = {}};
  std::vector<Edit>& edits = plan.edits;
  edits.reserve(records.stored.size());
  const auto new_edit = [&](Edit edit) {
    edits.push_back(edit);
    return static_cast<std::uint32_t>(edits.size() - 1);
  };
  std::vector<std::uint32_t> current(records.stored.size(), kNone);  // the edit of the record as it is now
  for (std::uint32_t i = 0; i < writes.size(); ++i) {
    std::uint32_t& at = current[records.of_write[i]];
    const auto& stored = records.stored[records.of_write[i]];
    if (at == kNone && stored) at = new_edit({.docid = *stored});
    const bool exists = at != kNone && !edits[at].removed;
    if (writes[i].kind == WriteKind::kDelete) {
      if (!exists) continue;
      ++counts.deleted;
      edits[at].removed = true;
      continue;
    }
    if (writes[i].kind == WriteKind::kUpdate && !exists)
      return fail(Error(Reason::kNotFound, "there is no record " + quoted(writes[i].id)).with_position(i));
    ++(exists ? counts.updated : counts.inserted);
    if (!exists) at = new_edit({.docid = state_.next_docid++, .inserted = true});
    Edit& edit = edits[at];
    (edit.first_write == kNone ? edit.first_write : plan.next[edit.last_write]) = i;
    edit.last_write = i;
  }
  // Inserts alone come in order.
  if (!std::ranges::is_sorted(edits, {}, &Edit::docid)) std::ranges::sort(edits, {}, &Edit::docid);
  return plan;
}

Result<WriteCounts> Writer::apply(std::span<const PreparedWrite> writes) {
  WriteCounts counts;
  SLATE_TRY(const Plan plan, this->plan(writes, counts));
  if (counts.inserted > 1)
    for (IndexChanges& changes : index_changes_) changes.added.reserve_rows(counts.inserted);
  std::span<const Edit> rest(plan.edits);
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
    SLATE_TRY(apply_to_segment(plan, mine, key, editor));
  }
  state_.rows += counts.inserted;
  state_.rows -= counts.deleted;
  state_.changes += counts.inserted + counts.updated + counts.deleted;
  SLATE_TRY(apply_index_changes());
  return counts;
}

Result<void> Writer::apply_to_segment(const Plan& plan, std::span<const Edit> edits, std::uint64_t key,
                                      SegmentEditor& editor) {
  const std::uint32_t base_rows = editor.rows();
  const auto last = std::ranges::find_if(edits.rbegin(), edits.rend(),
                                         [](const Edit& edit) { return edit.inserted && !edit.removed; });
  if (last != edits.rend()) editor.grow(last->docid);
  for (const Edit& edit : edits) {
    if (edit.inserted && edit.removed) continue;
    const auto row = static_cast<std::uint32_t>(edit.docid - editor.first_docid());
    if (edit.inserted)
      editor.insert(row, plan.writes[edit.first_write].id);
    else if (row >= base_rows || !editor.is_live(row))
      return fail(Reason::kCorrupt, fmt::format("an id points at docid {}, which has no row", edit.docid));
    SLATE_TRY(apply_edit(plan, edit, editor, row));
    collect_index_changes(edit, editor, row, base_rows);
  }
  return store(key, base_rows > 0, editor, key);
}

Result<void> Writer::apply_edit(const Plan& plan, const Edit& edit, SegmentEditor& editor,
                                std::uint32_t row) {
  if (edit.removed) {
    editor.remove(row);
    return {};
  }
  for (std::uint32_t at = edit.first_write; at != kNone; at = plan.next[at]) {
    const PreparedWrite* write = &plan.writes[at];
    const bool is_first_of_row = edit.inserted && at == edit.first_write;
    if (write->kind == WriteKind::kReplace && !is_first_of_row) editor.set_all_null(row);
    for (const PreparedCell& cell : write->cells) {
      const auto ttl = schema_.columns[cell.column].ttl_seconds;
      editor.set(row, cell.column, cell.value, ttl ? std::optional(now_ + *ttl * 1000) : std::nullopt);
    }
    // A segment whose texts are not that large has no row that is.
    if (editor.most_text_bytes() > Limits::kRecordBytes && editor.row_bytes(row) > Limits::kRecordBytes)
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
  for (std::size_t i = 0; i < schema_.indexes.size(); ++i) {
    const Index& index = schema_.indexes[i];
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
    if (was) index_changes_[i].removed.add(before.bytes(), edit.docid);
    if (!edit.removed) index_changes_[i].added.add(after.bytes(), edit.docid);
  }
}

Result<void> Writer::store(std::uint64_t old_key, bool existed, SegmentEditor& editor, std::uint64_t key) {
  const EncodedSegment segment = editor.encode(key);
  SLATE_TRY(frequencies_.replace(transaction_, editor, segment));
  bool kept = false;
  for (const auto& [block_key, bytes] : segment.blocks) {
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
  for (std::size_t i = 0; i < schema_.indexes.size(); ++i) {
    IndexChanges& changes = index_changes_[i];
    if (changes.removed.size() + changes.added.size() > 0)
      SLATE_TRY(apply_changes_of(schema_.indexes[i], changes));
  }
  return {};
}

// In key order the store's pages are visited once each. What is removed and what is added have nothing in
// common.
Result<void> Writer::apply_changes_of(const Index& index, IndexChanges& changes) {
  const auto table = generation_.index_table(index.id);
  check(table.has_value(), "a maintained index has no table");
  SLATE_TRY(auto editor, storage::PostingEditor::open(transaction_, *table));
  std::string key;
  changes.removed.sort();
  for (std::size_t i = 0; i < changes.removed.size(); ++i) {
    const DocId docid = changes.removed.docid(i);
    changes.removed.key(i, key);
    SLATE_TRY(const bool removed, editor.remove(key, docid));
    if (!removed)
      return fail(Reason::kCorrupt, fmt::format("index {} lacks the entry of docid {}", index.id, docid));
  }
  changes.added.sort();
  std::vector<DocId> docids;  // to be added under one key
  for (std::size_t i = 0; i < changes.added.size(); ++i) {
    docids.push_back(changes.added.docid(i));
    if (i + 1 < changes.added.size() && changes.added.same_key(i, i + 1)) continue;
    changes.added.key(i, key);
    SLATE_TRY(editor.add(key, docids));
    docids.clear();
  }
  changes.removed.clear();
  changes.added.clear();
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
      for (std::size_t at = 0; at < schema_.indexes.size(); ++at) {
        const Index& index = schema_.indexes[at];
        const IndexProgress* progress = state_.find(index.id);
        if (progress == nullptr || !behind(*progress)) continue;
        for (std::uint32_t row = 0; row < block.row_count(); ++row) {
          const DocId docid = block.first_docid() + row;
          if (docid < from || !block.is_live(row)) continue;
          key.clear();
          reader.add_base_key(index, row, key);
          index_changes_[at].added.add(key.bytes(), docid);
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
