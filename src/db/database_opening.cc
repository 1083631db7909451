// Opening a data folder: what a crash left behind, and which generations can be trusted.
#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/try.h"
#include "db/database_impl.h"

namespace slate {
namespace {

// Notes in the catalog. While a database is open, "boot" holds the machine's boot id; closing it removes the
// danger.
constexpr std::string_view kBootNote = "boot";
constexpr std::string_view kCleanlyClosed = "closed";
constexpr std::string_view kCursorKeyNote = "cursor_key";
constexpr std::string_view kScopeKeyNote = "scope_key";
constexpr std::string_view kInstanceIdNote = "instance_id";

// The kernel's name for this boot of the machine; empty where it cannot be told.
std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
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
  if (error)
    return fail(Reason::kIo,
                fmt::format("creating the data folder {}: {}", options.path.native(), error.message()));
  std::unique_ptr<StoredDatabase> database(new StoredDatabase(options));
  SLATE_TRY(database->lock_, FolderLock::take(options.path));
  SLATE_TRY(database->catalog_, Catalog::open(options.path / "catalog.mdb", options.catalog_map_bytes));
  SLATE_TRY(sync_folder(options.path));
  SLATE_TRY(database->recover());
  database->maintenance_ = std::make_unique<Maintenance>(database->options_, [raw = database.get()] {
    std::vector<std::shared_ptr<CopyState>> copies;
    const std::shared_lock lock(raw->mutex_);
    for (const auto& [id, state] : raw->datasources_)
      std::ranges::move(state->copies(), std::back_inserter(copies));
    return copies;
  });
  return database;
}

StoredDatabase::~StoredDatabase() {
  maintenance_.reset();
  if (catalog_ == nullptr) return;
  bool synced = true;
  for (const auto& [id, state] : datasources_)
    for (const auto& copy : state->copies()) {
      const auto current = copy->current();
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
  SLATE_TRY(last_generation_, catalog_->last_generation());
  for (const CatalogEntry& entry : entries)
    last_generation_ = std::max(last_generation_.load(), entry.highest_generation());
  for (const CatalogEntry& entry : entries) SLATE_TRY(open_datasource(entry, after_power_loss));
  SLATE_TRY(const auto lists, catalog_->lists());
  for (const ListView& list : lists) lists_.emplace(list.id, list);
  SLATE_TRY(const std::string cursor_key, secret(kCursorKeyNote));
  std::ranges::copy(cursor_key, cursor_key_.begin());
  SLATE_TRY(scope_key_, secret(kScopeKeyNote));
  SLATE_TRY(read_instance_id());
  return catalog_->set_note(kBootNote, this_boot);
}

// 32 bytes, made once, so that what is made with them outlives the process.
Result<std::string> StoredDatabase::secret(std::string_view note) {
  SLATE_TRY(const auto stored, catalog_->note(note));
  if (stored && stored->size() == sizeof(CursorKey)) return *stored;
  SLATE_TRY(const CursorKey made, make_cursor_key());
  std::string secret(made.begin(), made.end());
  SLATE_TRY(catalog_->set_note(note, secret));
  return secret;
}

Result<void> StoredDatabase::read_instance_id() {
  SLATE_TRY(auto stored, catalog_->note(kInstanceIdNote));
  if (stored) {
    instance_id_ = *std::move(stored);
    return {};
  }
  SLATE_TRY(const CursorKey random, make_cursor_key());
  instance_id_.clear();
  for (std::size_t i = 0; i < 16; ++i) instance_id_ += fmt::format("{:02x}", random[i]);
  return catalog_->set_note(kInstanceIdNote, instance_id_);
}

// Files that a crash left behind: whatever the catalog does not name.
void StoredDatabase::remove_litter(const std::vector<CatalogEntry>& entries) const {
  std::set<std::filesystem::path> named;
  for (const CatalogEntry& entry : entries) {
    const auto name = [&](std::uint64_t generation) {
      const auto path = generation_path(entry.schema->datasource.id, generation);
      named.insert({path, path.string() + "-lock", path.parent_path()});
    };
    name(entry.live_generation);
    for (const auto& [scope, copy] : entry.scopes) name(copy.generation);
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

// A generation as the catalog names it, or why it cannot be trusted.
Result<std::shared_ptr<Generation>> StoredDatabase::open_generation(const Schema& schema,
                                                                    std::uint64_t number,
                                                                    std::optional<UnixMillis> loaded_at,
                                                                    bool after_power_loss) {
  const Datasource& datasource = schema.datasource;
  SLATE_TRY(std::shared_ptr<Generation> generation,
            Generation::open(generation_path(datasource.id, number), number, schema,
                             generation_options(datasource)));
  SLATE_TRY(finish_change(*generation, schema));
  if (after_power_loss && datasource.loader && datasource.effective_durability() == Durability::kOs)
    return fail(Reason::kCorrupt, "the machine stopped before the data was on stable storage");
  generation->set_loaded_at(loaded_at);
  return generation;
}

// A generation that cannot be trusted is thrown away when its loader can bring it back, and shut off
// otherwise.
Result<void> StoredDatabase::open_datasource(CatalogEntry entry, bool after_power_loss) {
  const std::shared_ptr<const Schema> schema = entry.schema;
  const Datasource& datasource = schema->datasource;
  const auto is_refused = [](const Error& error) {
    return error.reason() == Reason::kUnsupportedFormat || error.reason() == Reason::kQuotaExceeded;
  };
  std::vector<std::uint64_t> discarded;
  // Null: it was discarded.
  const auto open = [&](std::uint64_t number,
                        std::optional<UnixMillis> loaded_at) -> Result<std::shared_ptr<Generation>> {
    auto opened = open_generation(*schema, number, loaded_at, after_power_loss);
    if (opened || !datasource.loader || is_refused(opened.error())) return opened;
    log::error(
        "a damaged generation is discarded",
        {{"datasource", datasource.id}, {"generation", number}, {"error", opened.error().to_string()}});
    discarded.push_back(number);
    return nullptr;
  };

  auto live = open(entry.live_generation, entry.loaded_at);
  if (live && *live == nullptr) {
    SLATE_TRY(live, new_generation(*schema));
    entry.live_generation = (*live)->number();
    entry.loaded_at.reset();
  }
  std::optional<Error> damage;
  if (!live) {
    if (is_refused(live.error())) return fail(std::move(live).error());
    damage = std::move(live).error();
    log::error("a damaged datasource is shut off", {{"datasource", datasource.id},
                                                    {"generation", entry.live_generation},
                                                    {"error", damage->to_string()}});
    live = nullptr;
  }
  auto shared = std::make_shared<CopyState>(schema, *std::move(live), *options_.clock);
  if (damage)
    shared->mark_damaged(Error(Reason::kCorrupt, damage->message())
                             .with_hint("restore the data folder from a copy, or delete the datasource"));
  auto state = std::make_shared<DatasourceState>(std::move(shared), *options_.clock);

  // In the order of their loads, which stands for that of their last uses.
  std::vector<std::pair<std::string, CatalogCopy>> scopes(entry.scopes.begin(), entry.scopes.end());
  std::ranges::stable_sort(scopes, {}, [](const auto& scope) { return scope.second.loaded_at; });
  for (const auto& [scope, copy] : scopes) {
    SLATE_TRY(auto generation, open(copy.generation, copy.loaded_at));
    if (generation != nullptr)
      state->place(scope, schema, std::move(generation));
    else
      entry.scopes.erase(scope);
  }
  if (!discarded.empty()) SLATE_TRY(catalog_->put_datasource(entry));
  for (const std::uint64_t number : discarded)
    remove_generation_files(generation_path(datasource.id, number));
  datasources_.emplace(datasource.id, std::move(state));
  return {};
}

}  // namespace slate
