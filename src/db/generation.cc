#include "db/generation.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <system_error>

#include "base/try.h"

namespace slate {
namespace {

constexpr std::string_view kStateKey = "state";
constexpr std::string_view kStatisticsKey = "statistics";
constexpr std::uint32_t kFormatVersion = 3;
// Tables of one file: its own three, and one for each index that a datasource may ever have at once or have
// had.
constexpr std::uint32_t kMaxTables = 2048;

// The state as it is stored: little-endian, followed by `index_count` StoredIndex.
struct StoredState {
  std::uint32_t format_version = kFormatVersion;
  std::uint32_t segment_rows = 0;
  std::uint64_t next_docid = 0;
  std::uint64_t rows = 0;
  std::uint64_t data_version = 0;
  std::uint64_t changes = 0;
  std::uint64_t sampled_changes = 0;
  std::uint32_t index_count = 0;
  std::uint32_t reserved = 0;
};
static_assert(sizeof(StoredState) == 56);

struct StoredIndex {
  std::uint32_t index_id = 0;
  std::uint32_t reserved = 0;
  std::uint64_t indexed_until = 0;
};
static_assert(sizeof(StoredIndex) == 16);

std::string table_name(std::uint32_t index_id) { return fmt::format("index/{}", index_id); }

}  // namespace

const IndexProgress* GenerationState::find(std::uint32_t index_id) const {
  const auto found = std::ranges::find(indexes, index_id, &IndexProgress::index_id);
  return found != indexes.end() ? &*found : nullptr;
}

Result<std::unique_ptr<Generation>> Generation::over(const std::filesystem::path& path, std::uint64_t number,
                                                     const Options& options) {
  std::unique_ptr<Generation> generation(new Generation);
  generation->number_ = number;
  generation->path_ = path;
  SLATE_TRY(generation->environment_, storage::Environment::open(path, {.map_bytes = options.map_bytes,
                                                                        .max_tables = kMaxTables,
                                                                        .commit_sync = options.commit_sync,
                                                                        .access = options.access,
                                                                        .faults = options.faults}));
  return generation;
}

Result<std::unique_ptr<Generation>> Generation::create(const std::filesystem::path& path,
                                                       std::uint64_t number, const Schema& schema,
                                                       std::uint32_t segment_rows, const Options& options) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) return fail(Reason::kIo, fmt::format("creating a generation's folder: {}", error.message()));
  remove_generation_files(path);
  SLATE_TRY(auto generation, over(path, number, options));
  SLATE_TRY(auto txn, generation->environment_->begin_write());
  SLATE_TRY(generation->meta_, txn.create_table("meta", storage::TableKind::kBytes));
  SLATE_TRY(generation->segments_, txn.create_table("segments", storage::TableKind::kNumbers));
  GenerationState state{.segment_rows = segment_rows};
  for (const Index& index : schema.indexes) {
    SLATE_TRY(generation->create_index_table(txn, index.id));
    state.indexes.push_back({.index_id = index.id});
  }
  SLATE_TRY(generation->write_state(txn, state));
  SLATE_TRY(txn.commit());
  generation->set_version(state);
  return generation;
}

Result<std::unique_ptr<Generation>> Generation::open(const std::filesystem::path& path, std::uint64_t number,
                                                     const Schema& schema, const Options& options) {
  std::error_code error;
  if (!std::filesystem::exists(path, error))
    return fail(Reason::kNotFound, fmt::format("generation {} has no file", number));
  SLATE_TRY(auto generation, over(path, number, options));
  if (options.access == storage::Access::kReadOnly) {
    SLATE_TRY(auto txn, generation->environment_->begin_read());
    SLATE_TRY(generation->find_tables(txn, schema));
    SLATE_TRY(txn.keep_tables());
    return generation;
  }
  SLATE_TRY(auto txn, generation->environment_->begin_write());
  SLATE_TRY(generation->find_tables(txn, schema));
  SLATE_TRY(txn.commit());
  return generation;
}

Result<void> Generation::find_tables(storage::Transaction& transaction, const Schema& schema) {
  SLATE_TRY(const auto meta, transaction.find_table("meta", storage::TableKind::kBytes));
  SLATE_TRY(const auto segments, transaction.find_table("segments", storage::TableKind::kNumbers));
  if (!meta || !segments)
    return fail(Reason::kCorrupt, fmt::format("generation {} lacks its tables", number_));
  meta_ = *meta;
  segments_ = *segments;
  SLATE_TRY(const GenerationState state, read_state(transaction));
  set_version(state);
  for (const Index& index : schema.indexes) {
    if (state.find(index.id) == nullptr) continue;
    SLATE_TRY(const auto table,
              transaction.find_table(table_name(index.id).c_str(), storage::TableKind::kPostings));
    if (!table)
      return fail(Reason::kCorrupt, fmt::format("generation {} lacks index {}", number_, index.name));
    index_tables_[index.id] = *table;
  }
  return {};
}

Generation::~Generation() {
  environment_.reset();
  if (retired_.load(std::memory_order_relaxed)) remove_generation_files(path_);
}

Result<GenerationState> Generation::read_state(const storage::Transaction& transaction) const {
  SLATE_TRY(const auto bytes, transaction.get(meta_, kStateKey));
  StoredState stored;
  if (!bytes || bytes->size() < sizeof(stored)) return fail(Reason::kCorrupt, "a generation lacks its state");
  std::memcpy(&stored, bytes->data(), sizeof(stored));
  if (stored.format_version != kFormatVersion)
    return fail(
        Error(Reason::kUnsupportedFormat,
              fmt::format("the generation has format version {}, this program reads version {}",
                          stored.format_version, kFormatVersion))
            .with_hint("open it with the version of Slate that wrote it, or remove the data folder to load "
                       "everything afresh"));
  if (bytes->size() != sizeof(stored) + stored.index_count * sizeof(StoredIndex))
    return fail(Reason::kCorrupt, "a generation's state has a wrong size");
  GenerationState state{.segment_rows = stored.segment_rows,
                        .next_docid = stored.next_docid,
                        .rows = stored.rows,
                        .data_version = stored.data_version,
                        .changes = stored.changes,
                        .sampled_changes = stored.sampled_changes};
  for (std::uint32_t i = 0; i < stored.index_count; ++i) {
    StoredIndex index;
    std::memcpy(&index, bytes->data() + sizeof(stored) + i * sizeof(index), sizeof(index));
    state.indexes.push_back({.index_id = index.index_id, .indexed_until = index.indexed_until});
  }
  return state;
}

Result<void> Generation::write_state(storage::WriteTransaction& transaction,
                                     const GenerationState& state) const {
  const StoredState stored{.segment_rows = state.segment_rows,
                           .next_docid = state.next_docid,
                           .rows = state.rows,
                           .data_version = state.data_version,
                           .changes = state.changes,
                           .sampled_changes = state.sampled_changes,
                           .index_count = static_cast<std::uint32_t>(state.indexes.size())};
  std::string bytes(reinterpret_cast<const char*>(&stored), sizeof(stored));
  for (const IndexProgress& index : state.indexes) {
    const StoredIndex entry{.index_id = index.index_id, .indexed_until = index.indexed_until};
    bytes.append(reinterpret_cast<const char*>(&entry), sizeof(entry));
  }
  return transaction.put(meta_, kStateKey, bytes);
}

std::optional<Generation::Version> Generation::version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

void Generation::forget_version() {
  const std::lock_guard lock(mutex_);
  version_.reset();
}

void Generation::set_version(const GenerationState& state) {
  const std::lock_guard lock(mutex_);
  version_ = {.data_version = state.data_version, .rows = state.rows};
}

std::optional<storage::Table> Generation::index_table(std::uint32_t index_id) const {
  const std::lock_guard lock(mutex_);
  const auto found = index_tables_.find(index_id);
  if (found == index_tables_.end()) return std::nullopt;
  return found->second;
}

Result<storage::Table> Generation::create_index_table(storage::WriteTransaction& transaction,
                                                      std::uint32_t index_id) {
  SLATE_TRY(const storage::Table table,
            transaction.create_table(table_name(index_id).c_str(), storage::TableKind::kPostings));
  const std::lock_guard lock(mutex_);
  index_tables_[index_id] = table;
  return table;
}

Result<std::optional<std::string_view>> Generation::statistics_bytes(
    const storage::Transaction& transaction) const {
  return transaction.get(meta_, kStatisticsKey);
}

Result<void> Generation::write_statistics(storage::WriteTransaction& transaction, std::string_view bytes) {
  return transaction.put(meta_, kStatisticsKey, bytes);
}

Result<Frequencies> Generation::read_frequencies(const storage::Transaction& transaction,
                                                 FieldId field) const {
  SLATE_TRY(const auto stored, transaction.get(meta_, frequencies_key(field)));
  if (!stored) return Frequencies();
  return Frequencies::decode(*stored);
}

Result<void> Generation::write_frequencies(storage::WriteTransaction& transaction, FieldId field,
                                           const Frequencies& frequencies) const {
  return transaction.put(meta_, frequencies_key(field), frequencies.encode());
}

// Statistics help to choose a plan and never change an answer: damaged ones are as good as none.
std::optional<StatisticsView> Generation::read_statistics(const storage::Transaction& transaction,
                                                          const GenerationState& state) {
  const auto stored = statistics_bytes(transaction);
  if (!stored || !*stored) return std::nullopt;
  const auto bytes = std::as_bytes(std::span(**stored));
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 != 0) return std::nullopt;
  if (verified_statistics_.load(std::memory_order_acquire) == state.sampled_changes + 1)
    return StatisticsView::trusted(bytes);
  auto verified = StatisticsView::verify(bytes);
  if (!verified) return std::nullopt;
  verified_statistics_.store(state.sampled_changes + 1, std::memory_order_release);
  return *verified;
}

// Addresses are true of one version only: as long as a transaction of that version is open, or it is the
// newest, its pages stay where they are.
std::shared_ptr<SegmentAddresses> Generation::addresses_for(std::uint64_t transaction_id,
                                                            const GenerationState& state) {
  const std::lock_guard lock(mutex_);
  if (addresses_ == nullptr || addressed_transaction_ < transaction_id) {
    addresses_ = std::make_shared<SegmentAddresses>(state.next_docid / state.segment_rows + 1);
    addressed_transaction_ = transaction_id;
  }
  return addressed_transaction_ == transaction_id ? addresses_ : nullptr;
}

Result<GenerationView> Generation::view(const storage::ReadTransaction& transaction, const Schema& schema,
                                        UnixMillis now, GenerationState* state_out) {
  SLATE_TRY(GenerationState state, read_state(transaction));
  GenerationView view{.transaction = &transaction,
                      .schema = &schema,
                      .meta = meta_,
                      .segments = segments_,
                      .verified = &verified_,
                      .addresses = addresses_for(transaction.id(), state),
                      .statistics = read_statistics(transaction, state),
                      .segment_rows = state.segment_rows,
                      .rows = state.rows,
                      .path = &path_,
                      .next_docid = state.next_docid,
                      .now = now};
  view.indexes.reserve(schema.indexes.size());
  for (const Index& index : schema.indexes) {
    const IndexProgress* progress = state.find(index.id);
    const bool whole = progress != nullptr && progress->indexed_until == kWhole;
    view.indexes.push_back(whole ? index_table(index.id) : std::nullopt);
  }
  if (state_out != nullptr) *state_out = std::move(state);
  return view;
}

void remove_generation_files(const std::filesystem::path& path) {
  std::error_code ignored;
  std::filesystem::remove(path, ignored);
  std::filesystem::remove(path.string() + "-lock", ignored);
}

}  // namespace slate
