#include "db/statistics_builder.h"

#include <algorithm>
#include <bit>
#include <random>
#include <xxhash.h>

#include "base/try.h"
#include "codec/statistics.h"
#include "query/fold.h"
#include "storage/cursor.h"

namespace slate {
namespace {

// Rows of the sample.
constexpr std::size_t kSampleRows = kBlockMaxRows;
// Fewer changes than this, or than this share of the rows, do not make statistics old.
constexpr std::uint64_t kFewChanges = 256;
constexpr double kChangedShare = 0.25;
// Longer texts are cut, longer lists left out.
constexpr std::size_t kMostTextBytes = 256;

// Docids to look at, ascending: all of them, or enough at random that about kSampleRows are of live rows.
std::vector<DocId> candidates(const GenerationState& state) {
  std::vector<DocId> docids;
  if (state.next_docid <= 4 * kSampleRows) {
    for (DocId docid = 0; docid < state.next_docid; ++docid) docids.push_back(docid);
    return docids;
  }
  const double live = static_cast<double>(state.rows) / static_cast<double>(state.next_docid);
  const auto wanted = static_cast<std::size_t>(std::min(16.0, 1.1 / live) * static_cast<double>(kSampleRows));
  std::mt19937_64 random(state.changes);
  for (std::size_t i = 0; i < wanted; ++i) docids.push_back(random() % state.next_docid);
  std::ranges::sort(docids);
  const auto repeated = std::ranges::unique(docids);
  docids.erase(repeated.begin(), repeated.end());
  return docids;
}

class SampleBuilder {
 public:
  explicit SampleBuilder(const Schema& schema) : schema_(schema) {
    for (const Column& column : schema.columns) {
      values_.emplace_back(column.type);
      hashes_.emplace_back();
      values_.back().resize(kSampleRows);
    }
  }

  void add(const BlockView& block, std::uint32_t row) {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const Column& definition = schema_.columns[i];
      const ColumnView column = block.column(definition.id, definition.type);
      if (!column.is_null(row)) add_cell(i, column, row);
    }
    ++rows_;
  }
  std::size_t rows() const { return rows_; }

  std::string finish(std::uint64_t rows) {
    std::vector<std::uint32_t> order(values_.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, {}, [&](std::uint32_t i) { return schema_.columns[i].id; });
    std::vector<ColumnStatistics> columns;
    for (const std::uint32_t i : order) columns.push_back(column_statistics(i, static_cast<double>(rows)));
    std::string sample;
    if (rows_ > 0) {
      BlockWriter writer(0, static_cast<std::uint32_t>(rows_), {}, values_.size());
      for (const std::uint32_t i : order) writer.add(schema_.columns[i].id, values_[i], 0, rows_);
      sample = writer.finish();
    }
    return encode_statistics(rows, columns, sample);
  }

 private:
  void add_cell(std::size_t column, const ColumnView& from, std::uint32_t row) {
    ColumnBuffer& to = values_[column];
    if (from.type == Type::kString || from.type == Type::kList) {
      std::string_view text = from.text(row);
      hashes_[column].push_back(hash_of(text, schema_.columns[column].collation));
      if (text.size() > kMostTextBytes) {
        if (from.type == Type::kList) return;
        std::size_t end = kMostTextBytes;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
          --end;  // not within a character
        text = text.substr(0, end);
      }
      to.set_text(rows_, text);
    } else if (from.type == Type::kFloat) {
      hashes_[column].push_back(std::bit_cast<std::uint64_t>(from.real(row)));
      to.set_real(rows_, from.real(row));
    } else {
      hashes_[column].push_back(static_cast<std::uint64_t>(from.integer(row)));
      to.set_integer(rows_, from.integer(row));
    }
  }

  // Values that are equal in the column count as one.
  std::uint64_t hash_of(std::string_view text, Collation collation) {
    if (collation == Collation::kNocase) {
      fold_case(text, folded_);
      text = folded_;
    }
    return XXH3_64bits(text.data(), text.size());
  }

  ColumnStatistics column_statistics(std::uint32_t column, double rows) {
    std::vector<std::uint64_t>& hashes = hashes_[column];
    std::ranges::sort(hashes);
    double distinct = 0;
    double once = 0;
    for (auto run = hashes.begin(); run != hashes.end();) {
      const auto end = std::ranges::upper_bound(run, hashes.end(), *run);
      ++distinct;
      once += end - run == 1 ? 1 : 0;
      run = end;
    }
    const auto sampled = static_cast<double>(rows_);
    const auto present = static_cast<double>(hashes.size());
    const double share = rows_ > 0 ? present / sampled : 0;
    return {.field = schema_.columns[column].id,
            .distinct = estimate_distinct(rows * share, present, distinct, once)};
  }

  const Schema& schema_;
  std::vector<ColumnBuffer> values_;
  std::vector<std::vector<std::uint64_t>> hashes_;
  std::string folded_;
  std::size_t rows_ = 0;
};

}  // namespace

bool are_statistics_due(const GenerationState& state) {
  const auto many = static_cast<std::uint64_t>(kChangedShare * static_cast<double>(state.rows));
  return state.changes - state.sampled_changes > std::max(kFewChanges, many);
}

Result<void> take_statistics(Generation& generation, storage::WriteTransaction& transaction,
                             const Schema& schema, GenerationState& state) {
  struct Found {
    BlockView block;
    std::uint32_t row;
  };
  std::vector<Found> found;
  std::vector<std::unique_ptr<std::uint64_t[]>> copies;
  {
    SLATE_TRY(auto cursor, storage::NumberCursor::open(transaction, generation.segments()));
    std::optional<BlockView> block;
    std::uint64_t key = 0;
    for (const DocId docid : candidates(state)) {
      if (!block || docid > key) {
        SLATE_TRY(const auto entry, cursor.seek(docid));
        if (!entry) break;
        key = entry->key;
        const auto bytes = aligned_block(entry->value, copies.emplace_back());
        SLATE_TRY(block, generation.verified().contains(key)
                             ? Result<BlockView>(BlockView::trusted(bytes.data()))
                             : BlockView::verify(bytes));
      }
      if (docid < block->first_docid() || docid - block->first_docid() >= block->row_count()) continue;
      const auto row = static_cast<std::uint32_t>(docid - block->first_docid());
      if (block->is_live(row)) found.push_back({.block = *block, .row = row});
    }
  }
  std::mt19937_64 random(state.changes);
  SampleBuilder sample(schema);
  // Of more than fit, an even choice (Knuth, vol. 2, 3.4.2, algorithm S).
  std::size_t left = found.size();
  for (const Found& each : found) {
    const std::size_t wanted = kSampleRows - sample.rows();
    if (left <= wanted || random() % left < wanted) sample.add(each.block, each.row);
    --left;
  }
  const std::string bytes = sample.finish(state.rows);
  state.sampled_changes = state.changes;
  return generation.write_statistics(transaction, bytes);
}

}  // namespace slate
