#include "db/database_impl.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <set>
#include <system_error>
#include <thread>

#include "base/log.h"
#include "base/try.h"
#include "db/generation_builders.h"
#include "db/snapshot_impl.h"
#include "db/transaction_impl.h"
#include "db/writer.h"

namespace slate {
namespace {

// Notes in the catalog. While a database is open, "boot" holds the machine's boot id; closing it removes the
// danger.
constexpr std::string_view kBootNote = "boot";
constexpr std::string_view kCleanlyClosed = "closed";
constexpr std::string_view kCursorKeyNote = "cursor_key";
constexpr std::string_view kInstanceIdNote = "instance_id";

// The kernel's name for this boot of the machine; empty where it cannot be told.
std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

Failure no_datasource(std::string_view id) {
  return fail(
      Error(Reason::kNotFound, fmt::format("there is no datasource \"{}\"", id)).with_field("datasource"));
}
Failure no_list(std::string_view id) {
  return fail(Error(Reason::kNotFound, fmt::format("there is no list \"{}\"", id)).with_field("list"));
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

bool same_columns(const Schema& a, const Schema& b) {
  return std::ranges::equal(a.columns, b.columns, [](const Column& x, const Column& y) {
    return x.id == y.id && x.path == y.path && x.field == y.field;
  });
}

// The path of the first field that both declare with another type, if any.
std::optional<std::string> changed_type(const std::vector<Field>& before, const std::vector<Field>& after,
                                        const std::string& prefix = "") {
  for (const Field& field : after) {
    const auto old = std::ranges::find(before, field.name, &Field::name);
    if (old == before.end()) continue;
    if (old->type != field.type || old->items != field.items) return prefix + field.name;
    if (field.type != Type::kMap) continue;
    if (auto inner = changed_type(old->fields, field.fields, prefix + field.name + ".")) return inner;
  }
  return std::nullopt;
}

// Whether a generation has exactly the schema's indexes, built or under way.
bool has_indexes_of(const GenerationState& state, const Schema& schema) {
  return state.indexes.size() == schema.indexes.size() &&
         std::ranges::all_of(schema.indexes,
                             [&](const Index& index) { return state.find(index.id) != nullptr; });
}

constexpr unsigned kMostScanHelpers = 256;

std::shared_ptr<ScanHelpers> make_helpers(const DatabaseOptions& options) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  return std::make_shared<ScanHelpers>(options.scan_helpers.value_or(std::min(cores - 1, kMostScanHelpers)),
                                       cores);
}

}  // namespace

StoredDatabase::StoredDatabase(const DatabaseOptions& options)
    : options_(options), helpers_(make_helpers(options)) {}

Result<std::unique_ptr<EmbeddedDatabase>> Database::open(const DatabaseOptions& options) {
  SLATE_TRY(auto database, StoredDatabase::open(options));
  return database;
}

Result<std::unique_ptr<StoredDatabase>> StoredDatabase::open(const DatabaseOptions& options) {
  const std::uint32_t rows = options.segment_rows;
  if (rows < 64 || rows > kBlockMaxRows || (rows & (rows - 1)) != 0)
    return fail(Error(Reason::kInvalidArgument,
                      fmt::format("expected a power of two from 64 to {}, got {}", kBlockMaxRows, rows))
                    .with_field("segment_rows"));
  if (options.scan_helpers.value_or(0) > kMostScanHelpers)
    return fail(Error(Reason::kInvalidArgument,
                      fmt::format("expected at most {}, got {}", kMostScanHelpers, *options.scan_helpers))
                    .with_field("scan_helpers"));
  std::error_code error;
  std::filesystem::create_directories(options.path / "generations", error);
  if (error) return fail(Reason::kIo, fmt::format("creating the data folder: {}", error.message()));
  std::unique_ptr<StoredDatabase> database(new StoredDatabase(options));
  SLATE_TRY(database->lock_, FolderLock::take(options.path));
  SLATE_TRY(database->catalog_, Catalog::open(options.path / "catalog.mdb", options.catalog_map_bytes));
  SLATE_TRY(sync_folder(options.path));
  SLATE_TRY(database->recover());
  database->maintenance_ = std::make_unique<Maintenance>(database->options_, [raw = database.get()] {
    std::vector<std::shared_ptr<DatasourceState>> states;
    const std::shared_lock lock(raw->mutex_);
    for (const auto& [id, state] : raw->datasources_) states.push_back(state);
    return states;
  });
  return database;
}

StoredDatabase::~StoredDatabase() {
  maintenance_.reset();
  if (catalog_ == nullptr) return;
  bool synced = true;
  for (const auto& [id, state] : datasources_) {
    const auto current = state->current();
    if (current.live != nullptr && !current.damage)
      synced &= current.live->environment().sync_if_changed().has_value();
  }
  if (synced && !catalog_->set_note(kBootNote, kCleanlyClosed))
    log::warning("the data folder could not be marked as cleanly closed");
}

Result<void> StoredDatabase::recover() {
  SLATE_TRY(const auto entries, catalog_->datasources());
  SLATE_TRY(const auto boot, catalog_->note(kBootNote));
  const std::string this_boot = boot_id();
  const bool after_power_loss = boot && *boot != kCleanlyClosed && *boot != this_boot;
  remove_litter(entries);
  for (const CatalogEntry& entry : entries) SLATE_TRY(open_datasource(entry, after_power_loss));
  SLATE_TRY(const auto lists, catalog_->lists());
  for (const ListView& list : lists) lists_.emplace(list.id, list);
  SLATE_TRY(read_cursor_key());
  SLATE_TRY(read_instance_id());
  return catalog_->set_note(kBootNote, this_boot);
}

// Made once, so that cursors outlive the process.
Result<void> StoredDatabase::read_cursor_key() {
  SLATE_TRY(const auto stored, catalog_->note(kCursorKeyNote));
  if (stored && stored->size() == cursor_key_.size()) {
    std::ranges::copy(*stored, cursor_key_.begin());
    return {};
  }
  SLATE_TRY(cursor_key_, make_cursor_key());
  return catalog_->set_note(kCursorKeyNote, std::string(cursor_key_.begin(), cursor_key_.end()));
}

Result<void> StoredDatabase::read_instance_id() {
  SLATE_TRY(auto stored, catalog_->note(kInstanceIdNote));
  if (stored) {
    instance_id_ = *std::move(stored);
    return {};
  }
  SLATE_TRY(const auto random, make_cursor_key());
  instance_id_.clear();
  for (std::size_t i = 0; i < 16; ++i) instance_id_ += fmt::format("{:02x}", random[i]);
  return catalog_->set_note(kInstanceIdNote, instance_id_);
}

// Files that a crash left behind: whatever the catalog does not name.
void StoredDatabase::remove_litter(const std::vector<CatalogEntry>& entries) const {
  std::set<std::filesystem::path> named;
  for (const CatalogEntry& entry : entries) {
    const auto path = generation_path(entry.schema->datasource.id, entry.live_generation);
    named.insert({path, path.string() + "-lock", path.parent_path()});
  }
  std::error_code error;
  std::vector<std::filesystem::path> litter;
  std::filesystem::recursive_directory_iterator item(options_.path / "generations", error);
  for (; !error && item != std::filesystem::recursive_directory_iterator(); item.increment(error))
    if (!named.contains(item->path())) litter.push_back(item->path());
  for (const auto& path : litter) {
    std::filesystem::remove_all(path, error);
    log::info("removed a file that no generation owns", {{"file", path.filename().string()}});
  }
}

// A crash may have come between a change of the indexes and the catalog's commit of it: the catalog decides.
Result<void> StoredDatabase::finish_change(Generation& generation, const Schema& schema) {
  GenerationState state;
  {
    SLATE_TRY(auto txn, generation.environment().begin_read());
    SLATE_TRY(state, generation.read_state(txn));
  }
  if (has_indexes_of(state, schema)) return {};
  return adopt_indexes(generation, schema, schema);
}

// A generation that cannot be trusted is thrown away when its loader can bring it back, and shut off
// otherwise.
Result<void> StoredDatabase::open_datasource(const CatalogEntry& entry, bool after_power_loss) {
  const Datasource& datasource = entry.schema->datasource;
  auto raise = [&](std::uint64_t number) {
    std::uint64_t last = last_generation_.load();
    while (last < number && !last_generation_.compare_exchange_weak(last, number)) {
    }
  };
  raise(entry.live_generation);
  auto opened = Generation::open(generation_path(datasource.id, entry.live_generation), entry.live_generation,
                                 *entry.schema, generation_options(datasource));
  std::optional<Error> damage;
  std::shared_ptr<Generation> live;
  if (opened) {
    live = *std::move(opened);
    if (auto finished = finish_change(*live, *entry.schema); !finished) damage = std::move(finished).error();
  } else {
    damage = std::move(opened).error();
  }
  if (!damage && after_power_loss && datasource.loader &&
      datasource.effective_durability() == Durability::kOs)
    damage = Error(Reason::kCorrupt, "the machine stopped before the data was on stable storage");
  if (!damage) {
    live->set_loaded_at(entry.loaded_at);
  } else if (damage->reason() == Reason::kUnsupportedFormat || damage->reason() == Reason::kQuotaExceeded) {
    return fail(*std::move(damage));
  } else if (datasource.loader) {
    log::error("a damaged generation is discarded", {{"datasource", datasource.id},
                                                     {"generation", entry.live_generation},
                                                     {"error", damage->to_string()}});
    if (live) live->retire();
    live.reset();
    raise(entry.live_generation + 1);
    SLATE_TRY(live, new_generation(*entry.schema));
    SLATE_TRY(catalog_->put_datasource({.schema = entry.schema, .live_generation = live->number()}));
    remove_generation_files(generation_path(datasource.id, entry.live_generation));
    damage.reset();
  } else {
    live.reset();
    log::error("a damaged datasource is shut off", {{"datasource", datasource.id},
                                                    {"generation", entry.live_generation},
                                                    {"error", damage->to_string()}});
  }
  auto state = std::make_shared<DatasourceState>(entry.schema, std::move(live), *options_.clock);
  if (damage)
    state->mark_damaged(Error(Reason::kCorrupt, damage->message())
                            .with_hint("restore the data folder from a copy, or delete the datasource"));
  datasources_.emplace(datasource.id, std::move(state));
  return {};
}

std::filesystem::path StoredDatabase::generation_path(std::string_view datasource,
                                                      std::uint64_t number) const {
  return options_.path / "generations" / datasource / (std::to_string(number) + ".mdb");
}

Generation::Options StoredDatabase::generation_options(const Datasource& datasource) const {
  return {.map_bytes = options_.generation_map_bytes,
          .commit_sync = datasource.effective_durability() == Durability::kSync
                             ? storage::CommitSync::kDurable
                             : storage::CommitSync::kBuffered};
}

std::uint64_t StoredDatabase::next_generation_number() { return ++last_generation_; }

// A new, empty generation whose file is there after a power loss.
Result<std::shared_ptr<Generation>> StoredDatabase::new_generation(const Schema& schema) {
  const std::uint64_t number = next_generation_number();
  const auto path = generation_path(schema.datasource.id, number);
  SLATE_TRY(std::shared_ptr<Generation> generation,
            Generation::create(
                path, number, schema, options_.segment_rows,
                {.map_bytes = options_.generation_map_bytes, .commit_sync = storage::CommitSync::kBuffered}));
  SLATE_TRY(generation->environment().sync());
  SLATE_TRY(generation->environment().set_commit_sync(generation_options(schema.datasource).commit_sync));
  SLATE_TRY(sync_folder(path.parent_path()));
  SLATE_TRY(sync_folder(path.parent_path().parent_path()));
  return generation;
}

Result<std::shared_ptr<DatasourceState>> StoredDatabase::find(std::string_view datasource) const {
  const std::shared_lock lock(mutex_);
  const auto found = datasources_.find(datasource);
  if (found == datasources_.end()) return no_datasource(datasource);
  return found->second;
}

Result<Saved> StoredDatabase::save_datasource(const Datasource& datasource, Existing existing) {
  SLATE_TRY(validate(datasource));
  const std::lock_guard definitions(definitions_mutex_);
  const auto state = find(datasource.id);
  if (!state) return create_datasource(datasource);
  if (existing == Existing::kRefuse)
    return fail(Error(Reason::kAlreadyExists, fmt::format("datasource \"{}\" exists already", datasource.id))
                    .with_field("id"));
  return change_datasource(**state, datasource);
}

Result<Saved> StoredDatabase::create_datasource(const Datasource& datasource) {
  auto schema = std::make_shared<const Schema>(make_schema(datasource, nullptr));
  SLATE_TRY(auto generation, new_generation(*schema));
  auto put = catalog_->put_datasource({.schema = schema, .live_generation = generation->number()});
  if (!put) {
    generation->retire();
    return fail(std::move(put).error());
  }
  const std::lock_guard lock(mutex_);
  datasources_.emplace(datasource.id, std::make_shared<DatasourceState>(schema, generation, *options_.clock));
  return Saved::kCreated;
}

Result<Saved> StoredDatabase::change_datasource(DatasourceState& state, const Datasource& datasource) {
  const std::lock_guard writes(state.write_mutex());
  const auto current = state.current();
  if (current.schema->datasource == datasource) return Saved::kUnchanged;
  if (current.damage) return fail(*current.damage);
  auto schema = std::make_shared<const Schema>(make_schema(datasource, current.schema.get()));

  // Lists must go on making sense.
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [id, list] : lists_) {
      if (list.datasource != datasource.id) continue;
      if (auto valid = validate(list, datasource); !valid)
        return fail(
            Error(Reason::kInUse, fmt::format("list \"{}\" would break: {}", id, valid.error().message()))
                .with_field(valid.error().field().value_or("fields")));
    }
  }

  SLATE_TRY(auto txn, current.live->environment().begin_read());
  SLATE_TRY(const GenerationState stored, current.live->read_state(txn));
  const auto retyped = changed_type(current.schema->datasource.fields, datasource.fields);
  if (retyped && !datasource.loader && stored.rows > 0)
    return fail(
        Error(Reason::kFailedPrecondition,
              fmt::format("the type of {} cannot change while the datasource has {} records and no loader to "
                          "bring them back",
                          *retyped, stored.rows))
            .with_field(*retyped)
            .with_hint("delete the records first, or add a field of another name"));
  if (retyped) {
    SLATE_TRY(start_afresh(state, schema));
    return Saved::kChanged;
  }

  SLATE_TRY(current.live->environment().set_commit_sync(generation_options(datasource).commit_sync));
  SLATE_TRY(adopt_indexes(*current.live, *current.schema, *schema));
  SLATE_TRY(catalog_->put_datasource(
      {.schema = schema, .live_generation = current.live->number(), .loaded_at = current.live->loaded_at()}));
  state.replace(schema, current.live);
  if (maintenance_ != nullptr) maintenance_->wake();
  return Saved::kChanged;
}

// An empty generation takes the place of the live one. REQUIRES: the write lock.
Result<void> StoredDatabase::start_afresh(DatasourceState& state,
                                          const std::shared_ptr<const Schema>& schema) {
  SLATE_TRY(auto generation, new_generation(*schema));
  if (auto published = publish(state, schema, generation, std::nullopt); !published) {
    generation->retire();
    return fail(std::move(published).error());
  }
  return {};
}

// Brings a generation in line with changed indexes and TTLs, in one transaction. An index that is new to it
// starts from nothing and is built in the background. The generation may have traces of a change that never
// became true because the catalog's commit did not come: what counts is whether `before` has an index.
Result<void> StoredDatabase::adopt_indexes(Generation& generation, const Schema& before,
                                           const Schema& after) {
  SLATE_TRY(auto writer, Writer::begin(generation, after, options_.clock->now()));
  GenerationState& state = writer.state();
  const auto has = [](const Schema& schema, std::uint32_t index_id) {
    return std::ranges::find(schema.indexes, index_id, &Index::id) != schema.indexes.end();
  };
  std::vector<IndexProgress> kept;
  for (const IndexProgress& progress : state.indexes) {
    if (has(before, progress.index_id) && has(after, progress.index_id)) {
      kept.push_back(progress);
      continue;
    }
    // The table stays, empty: readers of older snapshots may hold its handle.
    SLATE_TRY(const storage::Table table,
              generation.create_index_table(writer.transaction(), progress.index_id));
    SLATE_TRY(writer.transaction().clear_table(table));
  }
  state.indexes = std::move(kept);
  for (const Index& index : after.indexes) {
    if (state.find(index.id) != nullptr) continue;
    SLATE_TRY(const storage::Table table, generation.create_index_table(writer.transaction(), index.id));
    SLATE_TRY(writer.transaction().clear_table(table));
    state.indexes.push_back({.index_id = index.id, .indexed_until = state.rows == 0 ? kWhole : 0});
  }
  const bool lost_ttl = std::ranges::any_of(before.columns, [&](const Column& column) {
    const auto position = after.find_column(column.path);
    return column.ttl_seconds && position && !after.columns[*position].ttl_seconds;
  });
  if (lost_ttl) {
    // What has expired is gone for good; the rest no longer expires.
    std::optional<std::uint64_t> from = 0;
    while (from) {
      SLATE_TRY(from, writer.sweep(*from, 1024));
    }
  }
  return writer.commit();
}

Result<void> StoredDatabase::check_publishable(const DatasourceState& state, const Schema& built_for) const {
  const std::string& id = built_for.datasource.id;
  const auto found = find(id);
  if (!found || found->get() != &state)
    return fail(Reason::kFailedPrecondition, fmt::format("datasource \"{}\" was deleted meanwhile", id));
  if (!same_columns(*state.current().schema, built_for))
    return fail(Reason::kFailedPrecondition,
                fmt::format("the fields of datasource \"{}\" changed meanwhile", id));
  return {};
}

// The catalog's commit is the point at which the new generation is live. REQUIRES: the write lock.
Result<std::uint64_t> StoredDatabase::publish(DatasourceState& state,
                                              const std::shared_ptr<const Schema>& built_for,
                                              std::shared_ptr<Generation> generation,
                                              std::optional<UnixMillis> loaded_at) {
  // A change of the schema itself comes with its own; a load must have been for the fields that there are
  // now.
  const bool is_load = loaded_at.has_value();
  if (is_load) SLATE_TRY(check_publishable(state, *built_for));
  const auto current = state.current();
  const std::shared_ptr<const Schema> schema = is_load ? current.schema : built_for;
  if (schema != built_for) SLATE_TRY(adopt_indexes(*generation, *built_for, *schema));
  SLATE_TRY(generation->environment().sync_if_changed());
  SLATE_TRY(generation->environment().set_commit_sync(generation_options(schema->datasource).commit_sync));
  SLATE_TRY(sync_folder(generation->path().parent_path()));
  generation->set_loaded_at(loaded_at);
  SLATE_TRY(catalog_->put_datasource(
      {.schema = schema, .live_generation = generation->number(), .loaded_at = loaded_at}));
  const std::uint64_t number = generation->number();
  state.replace(schema, std::move(generation));
  state.conflicts().record_all();
  if (current.live != nullptr) current.live->retire();
  if (maintenance_ != nullptr) maintenance_->wake();
  return number;
}

Result<DatasourceStatus> StoredDatabase::status(DatasourceState& state) const {
  const auto current = state.current();
  DatasourceStatus status{.datasource = current.schema->datasource};
  if (current.damage) return status;
  SLATE_TRY(const auto snapshot,
            StoredSnapshot::open(current.schema, current.live, options_.clock->now(), cursor_key_, helpers_));
  status.data = snapshot->info();
  status.bytes = current.live->environment().used_bytes();
  for (const Index& index : current.schema->indexes) {
    const IndexProgress* progress = snapshot->state().find(index.id);
    const bool whole = progress != nullptr && progress->indexed_until == kWhole;
    status.indexes.push_back(
        {.name = index.name,
         .state = whole ? IndexState::kReady : IndexState::kBuilding,
         .rows_indexed =
             whole ? status.data.rows
                   : std::min(progress != nullptr ? progress->indexed_until : 0, status.data.rows)});
  }
  return status;
}

Result<DatasourceStatus> StoredDatabase::get_datasource(std::string_view id) {
  SLATE_TRY(const auto state, find(id));
  return status(*state);
}

Result<std::vector<DatasourceStatus>> StoredDatabase::list_datasources() {
  std::vector<std::shared_ptr<DatasourceState>> states;
  {
    const std::shared_lock lock(mutex_);
    for (const auto& [id, state] : datasources_) states.push_back(state);
  }
  std::vector<DatasourceStatus> all;
  for (const auto& state : states) {
    SLATE_TRY(DatasourceStatus one, status(*state));
    all.push_back(std::move(one));
  }
  return all;
}

std::vector<std::string> StoredDatabase::lists_of(std::string_view datasource) const {
  std::vector<std::string> lists;
  const std::shared_lock lock(mutex_);
  for (const auto& [id, list] : lists_)
    if (list.datasource == datasource) lists.push_back(id);
  return lists;
}

Result<void> StoredDatabase::delete_datasource(std::string_view id, Dependents dependents) {
  const std::lock_guard definitions(definitions_mutex_);
  SLATE_TRY(const auto state, find(id));
  const std::vector<std::string> lists = lists_of(id);
  if (!lists.empty() && dependents == Dependents::kRefuse)
    return fail(Error(Reason::kInUse, fmt::format("lists still use the datasource: {}", join(lists)))
                    .with_field("datasource")
                    .with_hint("delete the lists first, or ask for a cascade"));
  const std::lock_guard writes(state->write_mutex());
  SLATE_TRY(catalog_->remove_datasource(id, lists));
  {
    const std::lock_guard lock(mutex_);
    datasources_.erase(datasources_.find(id));
    for (const std::string& list : lists) lists_.erase(list);
  }
  state->mark_dropped();
  if (const auto current = state->current(); current.live != nullptr) current.live->retire();
  return {};
}

Result<SavedList> StoredDatabase::save_list(const ListView& list) {
  const std::lock_guard definitions(definitions_mutex_);
  SLATE_TRY(const auto state, find(list.datasource));
  SLATE_TRY(auto warnings, validate(list, state->current().schema->datasource));
  SavedList saved{.warnings = std::move(warnings)};
  {
    const std::shared_lock lock(mutex_);
    const auto existing = lists_.find(list.id);
    if (existing != lists_.end())
      saved.saved = existing->second == list ? Saved::kUnchanged : Saved::kChanged;
  }
  if (saved.saved == Saved::kUnchanged) return saved;
  SLATE_TRY(catalog_->put_list(list));
  const std::lock_guard lock(mutex_);
  lists_.insert_or_assign(list.id, list);
  return saved;
}

Result<ListView> StoredDatabase::get_list(std::string_view id) {
  const std::shared_lock lock(mutex_);
  const auto found = lists_.find(id);
  if (found == lists_.end()) return no_list(id);
  return found->second;
}

Result<std::vector<ListView>> StoredDatabase::list_lists() {
  std::vector<ListView> lists;
  const std::shared_lock lock(mutex_);
  for (const auto& [id, list] : lists_) lists.push_back(list);
  return lists;
}

Result<void> StoredDatabase::delete_list(std::string_view id) {
  const std::lock_guard definitions(definitions_mutex_);
  SLATE_TRY(get_list(id));
  SLATE_TRY(catalog_->remove_list(id));
  const std::lock_guard lock(mutex_);
  lists_.erase(lists_.find(id));
  return {};
}

Result<WriteCounts> StoredDatabase::write_batch(std::string_view datasource,
                                                std::span<const RecordWrite> writes) {
  SLATE_TRY(const auto state, find(datasource));
  for (;;) {
    const auto current = state->current();
    if (current.damage) return fail(*current.damage);
    PreparedBatch prepared(PreparedBatch::Texts::kBorrowed);
    for (std::size_t i = 0; i < writes.size(); ++i)
      if (auto added = prepared.add(writes[i], *current.schema); !added)
        return fail(std::move(added).error().with_position(i));
    auto counts = state->commit({.writes = prepared.writes(), .schema = current.schema.get()});
    // The fields changed between preparing and committing: the new ones decide.
    if (!counts && counts.error().reason() == Reason::kConflict && state->current().schema != current.schema)
      continue;
    return counts;
  }
}

Result<void> StoredDatabase::delete_all(std::string_view datasource) {
  SLATE_TRY(const auto state, find(datasource));
  const std::lock_guard writes(state->write_mutex());
  // It may have been dropped while this call waited for the lock.
  const auto still = find(datasource);
  if (!still || *still != state) return no_datasource(datasource);
  return start_afresh(*state, state->current().schema);
}

Result<std::unique_ptr<Transaction>> StoredDatabase::begin() {
  return std::make_unique<StoredTransaction>([this](std::string_view id) { return find(id); },
                                             *options_.clock, helpers_);
}

Result<std::unique_ptr<Snapshot>> StoredDatabase::snapshot(CopyRef copy) {
  SLATE_TRY(const auto state, find(copy.datasource));
  const auto current = state->current();
  if (current.damage) return fail(*current.damage);
  SLATE_TRY(auto snapshot,
            StoredSnapshot::open(current.schema, current.live, options_.clock->now(), cursor_key_, helpers_));
  return snapshot;
}

Result<std::unique_ptr<GenerationBuilder>> StoredDatabase::begin_generation(CopyRef copy, LoadMode mode) {
  SLATE_TRY(auto state, find(copy.datasource));
  const auto current = state->current();
  const std::uint64_t number = next_generation_number();
  const auto path = generation_path(copy.datasource, number);
  // Nobody reads it yet: one sync at the end serves for all.
  const Generation::Options loading{.map_bytes = options_.generation_map_bytes,
                                    .commit_sync = storage::CommitSync::kBuffered};
  if (mode == LoadMode::kMerge)
    return make_merging_builder(*this, std::move(state), number, path, loading, options_);
  SLATE_TRY(std::shared_ptr<Generation> generation,
            Generation::create(path, number, *current.schema, options_.segment_rows, loading));
  return make_replacing_builder(*this, std::move(state), current.schema, std::move(generation), options_);
}

}  // namespace slate
