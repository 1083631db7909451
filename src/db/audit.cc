#include "db/audit.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/try.h"
#include "codec/list_cell.h"
#include "codec/statistics.h"
#include "db/database_impl.h"
#include "exec/key_range.h"
#include "model/coerce.h"
#include "storage/cursor.h"

namespace slate {
namespace {

constexpr std::size_t kMostProblems = 100;
constexpr std::uint64_t kProgressStep = 256;
constexpr std::uint64_t kIdsAtOnce = std::uint64_t{1} << 20;  // compared by their hashes, 16 bytes each

class Audit {
 public:
  Audit(const Generation& generation, const storage::Transaction& transaction, const Schema& schema,
        GenerationState state, const AuditProgress& progress)
      : generation_(generation),
        transaction_(transaction),
        schema_(schema),
        state_(std::move(state)),
        progress_(progress),
        counted_(schema_.columns.size()) {}

  AuditReport run() {
    // What cannot be read to its end is a problem, and the rest is read all the same.
    const auto part = [this](std::string_view what, const Result<void>& read) {
      if (!read) problem(fmt::format("{}: {}", what, read.error().to_string()));
    };
    open_indexes();
    part("the tables", count_work());
    part("the segments", walk_segments());
    part("the frequencies", check_frequencies());
    part("the statistics", check_statistics());
    if (report_.rows != state_.rows)
      problem(fmt::format("the generation says it has {} rows, {} are there", state_.rows, report_.rows));
    for (const OpenIndex& index : indexes_) part("index " + index.index->name, walk_index(index));
    return std::move(report_);
  }

 private:
  struct OpenIndex {
    const Index* index;
    storage::Table table;
    DocId until;  // records below are in it
  };
  struct Segment {
    std::uint64_t key = 0;
    BlockView block = BlockView::trusted(nullptr);
    std::unique_ptr<std::uint64_t[]> copy;
  };

  void problem(std::string line) {
    if (++report_.problem_count <= kMostProblems) report_.problems.push_back(std::move(line));
  }

  void open_indexes() {
    for (const Index& index : schema_.indexes) {
      const IndexProgress* progress = state_.find(index.id);
      const auto table = generation_.index_table(index.id);
      if (progress == nullptr || !table) {
        problem(fmt::format("index {} is not in the generation", index.name));
        continue;
      }
      indexes_.push_back({.index = &index, .table = *table, .until = progress->indexed_until});
    }
    if (!indexes_.empty() && indexes_.front().index->id == 0 && indexes_.front().until != kWhole)
      problem("the index of record ids is not whole");
  }

  Result<void> count_work() {
    SLATE_TRY(all_, transaction_.count(generation_.segments()));
    for (const OpenIndex& index : indexes_) {
      SLATE_TRY(const auto entries, transaction_.count(index.table));
      all_ += entries;
    }
    return {};
  }
  void advance() {
    if (progress_ && done_++ % kProgressStep == 0) progress_(done_, all_);
  }

  Result<void> walk_segments() {
    std::vector<storage::PostingCursor> cursors;
    for (const OpenIndex& index : indexes_) {
      SLATE_TRY(auto cursor, storage::PostingCursor::open(transaction_, index.table));
      cursors.push_back(std::move(cursor));
    }
    SLATE_TRY(auto segments, storage::NumberCursor::open(transaction_, generation_.segments()));
    SLATE_TRY(auto entry, segments.seek(0));
    std::optional<std::uint64_t> previous;
    for (; entry; previous = entry->key, entry = next_) {
      // Damage in the tree can lead back to where the walk has been.
      if (previous && entry->key <= *previous) {
        problem(fmt::format("segment {}: comes out of order, behind {}", entry->key, *previous));
        break;
      }
      ++report_.segments;
      advance();
      Segment segment{.key = entry->key};
      const auto block = BlockView::verify(aligned_block(entry->value, segment.copy));
      if (block) {
        segment.block = *block;
        check_place(segment, previous);
        for (std::uint32_t i = kRecordIdColumn + 1; i < schema_.columns.size(); ++i)
          counted_[i].add(block->column(schema_.columns[i].id, schema_.columns[i].type),
                          {0, block->row_count()});
        SLATE_TRY(check_rows(segment, cursors));
        verified_until_ = entry->key;
      } else {
        damaged_.insert(entry->key);
        problem(fmt::format("segment {}: {}", entry->key, block.error().message()));
      }
      SLATE_TRY(next_, segments.next());
    }
    return {};
  }

  // What is kept of each column must be what its cells come to.
  Result<void> check_frequencies() {
    if (!damaged_.empty()) return {};  // their cells were not counted
    for (std::uint32_t i = kRecordIdColumn + 1; i < schema_.columns.size(); ++i) {
      const Column& column = schema_.columns[i];
      const auto kept = generation_.read_frequencies(transaction_, column.id);
      if (!kept)
        problem(fmt::format("{} of {}", kept.error().message(), column.path));
      else if (kept->detail() != FrequencyDetail::kNothing && kept->present() != counted_[i].present())
        problem(fmt::format("frequencies: {} values of {} are kept, {} are there", kept->present(),
                            column.path, counted_[i].present()));
      else if (kept->detail() == FrequencyDetail::kValues &&
               !std::ranges::equal(kept->values(), counted_[i].values()))
        problem(fmt::format("frequencies: those of {} are not those of its cells", column.path));
    }
    return {};
  }

  // They are only for the planner, but damage all the same.
  Result<void> check_statistics() {
    SLATE_TRY(const auto stored, generation_.statistics_bytes(transaction_));
    if (!stored) return {};
    std::unique_ptr<std::uint64_t[]> copy;
    if (const auto read = StatisticsView::verify(aligned_block(*stored, copy)); !read)
      problem(read.error().message());
    return {};
  }

  void check_place(const Segment& segment, const std::optional<std::uint64_t>& previous) {
    const BlockView& block = segment.block;
    const DocId last = block.first_docid() + block.row_count() - 1;
    if (previous && block.first_docid() <= *previous)
      problem(fmt::format("segment {}: begins at docid {}, within the segment before it", segment.key,
                          block.first_docid()));
    if (last > segment.key || last >= state_.next_docid)
      problem(fmt::format("segment {}: ends at docid {}, beyond what it may hold", segment.key, last));
    for (const Column& column : schema_.columns) {
      const ColumnEntry* entry = block.find(column.id);
      if (entry != nullptr && entry->type != column.type)
        problem(fmt::format("segment {}: column {} is a {}, declared as {}", segment.key, column.path,
                            type_name(entry->type), type_name(column.type)));
      const ColumnEntry* expiry = block.find(column.id | kExpiryBit);
      if (expiry != nullptr && expiry->type != Type::kInt)
        problem(fmt::format("segment {}: expiry of {} is no int", segment.key, column.path));
    }
  }

  Result<void> check_rows(const Segment& segment, std::vector<storage::PostingCursor>& cursors) {
    const BlockView& block = segment.block;
    const ColumnView ids = block.column(kRecordIdField, Type::kString);
    std::uint32_t live = 0;
    for (std::uint32_t row = 0; row < block.row_count(); ++row) {
      if (!block.is_live(row)) continue;
      ++live;
      const DocId docid = block.first_docid() + row;
      if (ids.is_null(row) || !validate_record_id(ids.text(row))) {
        problem(fmt::format("docid {}: has no valid id", docid));
        continue;
      }
      check_cells(block, row);
      for (std::size_t i = 0; i < indexes_.size(); ++i) {
        if (docid >= indexes_[i].until) continue;
        SLATE_TRY(cursors[i].seek_posting(key_of(*indexes_[i].index, block, row), docid));
        SLATE_TRY(const auto found, cursors[i].next_postings());
        if (found.empty() || found.front() != docid)
          problem(fmt::format("index {}: lacks the entry of record \"{}\" (docid {})",
                              indexes_[i].index->name, ids.text(row).substr(0, 80), docid));
      }
    }
    if (live != block.live_count())
      problem(
          fmt::format("segment {}: says it has {} live rows, has {}", segment.key, block.live_count(), live));
    report_.rows += live;
    return {};
  }

  void check_cells(const BlockView& block, std::uint32_t row) {
    for (const Column& column : schema_.columns) {
      const ColumnEntry* entry = block.find(column.id);
      if (entry == nullptr || entry->type != column.type) continue;
      const ColumnView cells = block.column(*entry);
      if (cells.is_null(row)) continue;
      if (!lies_within(*entry, cells, row))
        problem(fmt::format("docid {}: {} lies beyond the bounds of its column", block.first_docid() + row,
                            column.path));
      const bool whole = column.type == Type::kString ? is_valid_utf8(cells.text(row))
                         : column.type == Type::kList ? decode_list(cells.text(row)).has_value()
                                                      : true;
      if (!whole) problem(fmt::format("docid {}: {} is malformed", block.first_docid() + row, column.path));
    }
  }

  // Queries pass over a segment by its columns' bounds.
  static bool lies_within(const ColumnEntry& entry, const ColumnView& cells, std::uint32_t row) {
    switch (entry.type) {
      case Type::kInt:
      case Type::kDate:
      case Type::kBool: {
        const auto value = cells.integer(row);
        return value >= static_cast<std::int64_t>(entry.minimum) &&
               value <= static_cast<std::int64_t>(entry.maximum);
      }
      case Type::kFloat:
        return cells.real(row) >= std::bit_cast<double>(entry.minimum) &&
               cells.real(row) <= std::bit_cast<double>(entry.maximum);
      case Type::kString: {
        const auto prefix = text_prefix(cells.text(row));
        return prefix >= entry.minimum && prefix <= entry.maximum;
      }
      case Type::kList:
      case Type::kMap: break;
    }
    return true;
  }

  std::string_view key_of(const Index& index, const BlockView& block, std::uint32_t row) {
    key_.clear();
    for (const IndexComponent& component : index.components) {
      const Column& column = schema_.columns[component.column];
      const ColumnEntry* entry = block.find(column.id);
      const bool fits = entry != nullptr && entry->type == column.type;
      add_cell(key_, fits ? block.column(*entry) : ColumnView{.type = column.type}, row, component);
    }
    return key_.bytes();
  }

  // Makes segment_ the one that holds a docid; false when none does, or none that is whole.
  Result<bool> find_segment(storage::NumberCursor& segments, DocId docid) {
    const auto holds = [&] {
      return docid >= segment_->block.first_docid() &&
             docid - segment_->block.first_docid() < segment_->block.row_count();
    };
    if (segment_ && holds()) return true;
    segment_.reset();
    SLATE_TRY(const auto entry, segments.seek(docid));
    if (!entry) return false;
    if (damaged_.contains(entry->key)) return false;
    Segment found{.key = entry->key};
    const auto bytes = aligned_block(entry->value, found.copy);
    // Those that the walk over segments did not come to may be anything.
    if ((!verified_until_ || entry->key > *verified_until_) && !BlockView::verify(bytes)) return false;
    found.block = BlockView::trusted(bytes.data());
    segment_ = std::move(found);
    return holds();
  }

  Result<void> walk_index(const OpenIndex& open) {
    SLATE_TRY(auto segments, storage::NumberCursor::open(transaction_, generation_.segments()));
    SLATE_TRY(auto cursor, storage::PostingCursor::open(transaction_, open.table));
    SLATE_TRY(auto at, cursor.seek(""));
    std::string key;
    for (bool first = true; at; first = false) {
      if (!first && *at <= key) {
        problem(fmt::format("index {}: its keys come out of order", open.index->name));
        break;
      }
      key = *at;
      SLATE_TRY(const auto postings, walk_postings(open, key, cursor, segments));
      if (open.index->id == 0 && postings > 1) SLATE_TRY(compare_ids(open, key, postings, segments));
      SLATE_TRY(at, cursor.next_key());
    }
    return {};
  }

  // Those of one key; answers how many there are.
  Result<std::uint64_t> walk_postings(const OpenIndex& open, const std::string& key,
                                      storage::PostingCursor& cursor, storage::NumberCursor& segments) {
    std::uint64_t count = 0;
    std::optional<DocId> previous;
    for (;;) {
      SLATE_TRY(const auto postings, cursor.next_postings());
      if (postings.empty()) return count;
      for (const DocId docid : postings) {
        ++report_.index_entries;
        advance();
        if (previous && docid <= *previous) {
          problem(fmt::format("index {}: docid {} comes out of order", open.index->name, docid));
          return count;
        }
        previous = docid;
        ++count;
        SLATE_TRY(const bool found, find_segment(segments, docid));
        const auto row = found ? static_cast<std::uint32_t>(docid - segment_->block.first_docid()) : 0;
        if (!found || !segment_->block.is_live(row) || docid >= open.until)
          problem(fmt::format("index {}: an entry points at docid {}, which has no record in it",
                              open.index->name, docid));
        else if (key_of(*open.index, segment_->block, row) != key)
          problem(fmt::format("index {}: docid {} has an entry that is not its value's", open.index->name,
                              docid));
      }
    }
  }

  // The id of a live record; nothing when there is none.
  Result<std::optional<std::string_view>> id_of(storage::NumberCursor& segments, DocId docid) {
    SLATE_TRY(const bool found, find_segment(segments, docid));
    if (!found) return std::nullopt;
    const auto row = static_cast<std::uint32_t>(docid - segment_->block.first_docid());
    const ColumnView ids = segment_->block.column(kRecordIdField, Type::kString);
    if (!segment_->block.is_live(row) || ids.is_null(row)) return std::nullopt;
    return ids.text(row);
  }

  // Ids that share a key are the same, or long and alike. However many: a share of them at a time, by hash.
  Result<void> compare_ids(const OpenIndex& open, const std::string& key, std::uint64_t postings,
                           storage::NumberCursor& segments) {
    const std::uint64_t shares = postings / kIdsAtOnce + 1;
    for (std::uint64_t share = 0; share < shares; ++share) {
      std::vector<std::pair<std::uint64_t, DocId>> hashes;
      SLATE_TRY(auto cursor, storage::PostingCursor::open(transaction_, open.table));
      SLATE_TRY(cursor.seek_posting(key, 0));
      for (std::uint64_t seen = 0; seen < postings;) {
        SLATE_TRY(const auto docids, cursor.next_postings());
        if (docids.empty()) break;
        for (const DocId docid : docids) {
          ++seen;
          SLATE_TRY(const auto id, id_of(segments, docid));
          if (!id) continue;
          const std::uint64_t hash = std::hash<std::string_view>{}(*id);
          if (hash % shares == share) hashes.emplace_back(hash, docid);
        }
      }
      std::ranges::sort(hashes);
      for (std::size_t i = 1; i < hashes.size(); ++i) {
        if (hashes[i - 1].first != hashes[i].first) continue;
        SLATE_TRY(const auto one, id_of(segments, hashes[i - 1].second));
        const std::string id(one.value_or(""));
        SLATE_TRY(const auto other, id_of(segments, hashes[i].second));
        if (other == id) problem(fmt::format("two records have the id \"{}\"", id.substr(0, 80)));
      }
    }
    return {};
  }

  const Generation& generation_;
  const storage::Transaction& transaction_;
  const Schema& schema_;
  const GenerationState state_;
  const AuditProgress& progress_;
  std::uint64_t done_ = 0;  // segments and index entries
  std::uint64_t all_ = 0;
  std::vector<Frequencies> counted_;  // by column
  AuditReport report_;
  std::vector<OpenIndex> indexes_;
  std::optional<storage::NumberEntry> next_;
  std::set<std::uint64_t> damaged_;              // keys of segments that are not whole
  std::optional<Segment> segment_;               // the last one found
  std::optional<std::uint64_t> verified_until_;  // keys up to it were walked over
  KeyBuilder key_;
};

Result<AuditReport> audit_copy(StoredDatabase& database, CopyRef copy) {
  SLATE_TRY(const auto snapshot, database.snapshot(copy));
  return audit(static_cast<const StoredSnapshot&>(*snapshot));
}

void add(AuditReport& whole, AuditReport part) {
  whole.segments += part.segments;
  whole.rows += part.rows;
  whole.index_entries += part.index_entries;
  whole.problem_count += part.problem_count;
  for (std::string& problem : part.problems)
    if (whole.problems.size() < kMostProblems) whole.problems.push_back(std::move(problem));
}

}  // namespace

Result<AuditReport> audit(const StoredSnapshot& snapshot) {
  const SnapshotData& data = snapshot.data();
  return Audit(*data.generation, *data.transaction, *data.schema, snapshot.state(), {}).run();
}

Result<AuditReport> audit_generation(const Generation& generation, const storage::Transaction& transaction,
                                     const Schema& schema, const AuditProgress& progress) {
  SLATE_TRY(GenerationState state, generation.read_state(transaction));
  return Audit(generation, transaction, schema, std::move(state), progress).run();
}

Result<AuditReport> audit_datasource(Database& database, std::string_view datasource) {
  auto* stored = dynamic_cast<StoredDatabase*>(&database);
  check(stored != nullptr, "an audit of a database that is not embedded");
  SLATE_TRY(AuditReport whole, audit_copy(*stored, datasource));
  SLATE_TRY(const auto scopes, stored->scopes(datasource));
  for (const std::string& scope : scopes) {
    SLATE_TRY(AuditReport report, audit_copy(*stored, {datasource, scope}));
    for (std::string& problem : report.problems) problem = fmt::format("scope {}: {}", scope, problem);
    add(whole, std::move(report));
  }
  return whole;
}

}  // namespace slate
