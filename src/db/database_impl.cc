// It is over 600 lines because the calls of a database share its locks and their order.
#include "db/database_impl.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/log.h"
#include "base/try.h"
#include "db/transaction_impl.h"
#include "db/writer.h"

namespace slate {
namespace {

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

Result<std::uint64_t> row_count(Generation& generation) {
  SLATE_TRY(auto txn, generation.environment().begin_read());
  SLATE_TRY(const GenerationState state, generation.read_state(txn));
  return state.rows;
}

bool same_columns(const Schema& a, const Schema& b) {
  return std::ranges::equal(a.columns, b.columns, [](const Column& x, const Column& y) {
    return x.id == y.id && x.path == y.path && x.field == y.field;
  });
}

// Whose values tell copies apart; none: all callers share one.
std::vector<std::string> scope_headers(const Datasource& datasource) {
  return datasource.is_scoped() ? datasource.loader->scope_headers : std::vector<std::string>();
}

bool is_scope(std::string_view word) {
  return word.size() <= 64 && std::ranges::all_of(word, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                  c == '-';
         });
}

// Whether the datasource keeps such copies.
Result<void> check_sharing(const Datasource& datasource, std::string_view scope) {
  if (!is_scope(scope))
    return fail(Error(Reason::kInvalidArgument, "expected a scope of 1 to 64 of A-Z a-z 0-9 _ -")
                    .with_field("scope"));
  if (datasource.is_scoped() == !scope.empty()) return {};
  return fail(Reason::kFailedPrecondition,
              fmt::format("datasource \"{}\" keeps {}", datasource.id,
                          scope.empty() ? "a copy of its records for each scope, and none that is shared"
                                        : "one copy of its records, which all callers share"));
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

}  // namespace

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
  auto shared = std::make_shared<CopyState>(schema, generation, *options_.clock);
  const std::lock_guard lock(mutex_);
  datasources_.emplace(datasource.id, std::make_shared<DatasourceState>(std::move(shared), *options_.clock));
  return Saved::kCreated;
}

Result<Saved> StoredDatabase::change_datasource(DatasourceState& state, const Datasource& datasource) {
  const std::lock_guard change(state.change_mutex());
  const auto writes = state.lock_writes();
  const auto current = state.shared()->current();
  const Datasource& before = current.schema->datasource;
  if (before == datasource) return Saved::kUnchanged;
  if (current.damage) return fail(*current.damage);
  auto schema = std::make_shared<const Schema>(make_schema(datasource, current.schema.get()));
  SLATE_TRY(check_lists(datasource));

  SLATE_TRY(const std::uint64_t rows, row_count(*current.live));
  const auto retyped = changed_type(before.fields, datasource.fields);
  if (retyped && !datasource.loader && rows > 0)
    return fail(
        Error(Reason::kFailedPrecondition,
              fmt::format("the type of {} cannot change while the datasource has {} records and no loader to "
                          "bring them back",
                          *retyped, rows))
            .with_field("fields." + *retyped)
            .with_hint("delete the records first, or add a field of another name"));
  const bool rescoped = scope_headers(before) != scope_headers(datasource);
  if (rescoped && !before.loader && rows > 0)
    return fail(
        Error(Reason::kFailedPrecondition,
              fmt::format("a loader with scopeHeaders keeps no records but its own, and the datasource has "
                          "{} that were written",
                          rows))
            .with_field("loader.scopeHeaders")
            .with_hint("delete the records first"));
  if (retyped || rescoped) {
    SLATE_TRY(start_afresh(state, schema));
    return Saved::kChanged;
  }

  const auto surplus =
      datasource.is_scoped() ? state.surplus(*datasource.loader, {}, 0) : std::vector<std::string>();
  CatalogEntry entry = state.entry();
  entry.schema = schema;
  for (const std::string& scope : surplus) entry.scopes.erase(scope);
  for (const auto& copy : state.copies()) {
    Generation& live = *copy->current().live;
    SLATE_TRY(live.environment().set_commit_sync(generation_options(datasource).commit_sync));
    SLATE_TRY(adopt_indexes(live, *current.schema, *schema));
  }
  SLATE_TRY(catalog_->put_datasource(entry));
  for (const auto& copy : state.copies()) copy->replace(schema, copy->current().live);
  evict(state, surplus);
  if (maintenance_ != nullptr) maintenance_->wake();
  return Saved::kChanged;
}

// Lists must go on making sense.
Result<void> StoredDatabase::check_lists(const Datasource& datasource) const {
  const std::shared_lock lock(mutex_);
  for (const auto& [id, list] : lists_) {
    if (list.datasource != datasource.id) continue;
    if (auto valid = validate(list, datasource); !valid)
      return fail(
          Error(Reason::kInUse, fmt::format("list \"{}\" would break: {}", id, valid.error().message()))
              .with_field(valid.error().field().value_or("fields")));
  }
  return {};
}

// An empty generation takes the place of the live one, and no scope has a copy any more. REQUIRES: the change
// mutex and all write locks.
Result<void> StoredDatabase::start_afresh(DatasourceState& state,
                                          const std::shared_ptr<const Schema>& schema) {
  SLATE_TRY(auto generation, new_generation(*schema));
  auto put = catalog_->put_datasource({.schema = schema, .live_generation = generation->number()});
  if (!put) {
    generation->retire();
    return fail(std::move(put).error());
  }
  state.drop(state.scopes());
  state.place({}, schema, std::move(generation));
  return {};
}

void StoredDatabase::evict(DatasourceState& state, const std::vector<std::string>& scopes) const {
  if (scopes.empty()) return;
  state.drop(scopes);
  log::info("copies of scopes made room",
            {{"datasource", state.shared()->current().schema->datasource.id}, {"count", scopes.size()}});
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

Result<void> StoredDatabase::check_publishable(const Destination& destination,
                                               const Schema& built_for) const {
  const std::string& id = built_for.datasource.id;
  const auto found = find(id);
  if (!found || *found != destination.datasource)
    return fail(Reason::kFailedPrecondition, fmt::format("datasource \"{}\" was deleted meanwhile", id));
  const auto schema = destination.datasource->shared()->current().schema;
  if (!same_columns(*schema, built_for))
    return fail(Reason::kFailedPrecondition,
                fmt::format("the fields of datasource \"{}\" changed meanwhile", id));
  if (scope_headers(schema->datasource) != scope_headers(built_for.datasource))
    return fail(Reason::kFailedPrecondition,
                fmt::format("the scopeHeaders of datasource \"{}\" changed meanwhile", id));
  return {};
}

// The catalog's commit is the point at which the new generation is live.
Result<std::uint64_t> StoredDatabase::publish(const Destination& destination,
                                              const std::shared_ptr<const Schema>& built_for,
                                              const std::shared_ptr<Generation>& generation,
                                              UnixMillis loaded_at) {
  SLATE_TRY(check_publishable(destination, *built_for));
  DatasourceState& state = *destination.datasource;
  const auto schema = state.shared()->current().schema;
  if (schema != built_for) SLATE_TRY(adopt_indexes(*generation, *built_for, *schema));
  SLATE_TRY(generation->environment().sync_if_changed());
  SLATE_TRY(generation->environment().set_commit_sync(generation_options(schema->datasource).commit_sync));
  SLATE_TRY(sync_folder(generation->path().parent_path()));
  generation->set_loaded_at(loaded_at);
  CatalogEntry entry = state.entry();
  std::vector<std::string> surplus;
  if (destination.scope.empty()) {
    entry.live_generation = generation->number();
    entry.loaded_at = loaded_at;
  } else {
    surplus =
        state.surplus(*schema->datasource.loader, destination.scope, generation->environment().used_bytes());
    for (const std::string& scope : surplus) entry.scopes.erase(scope);
    entry.scopes[destination.scope] = {.generation = generation->number(), .loaded_at = loaded_at};
  }
  SLATE_TRY(catalog_->put_datasource(entry));
  evict(state, surplus);
  state.place(destination.scope, schema, generation);
  if (maintenance_ != nullptr) maintenance_->wake();
  return generation->number();
}

Result<std::unique_ptr<StoredSnapshot>> StoredDatabase::open_snapshot(
    const CopyState::Current& current) const {
  if (current.damage) return fail(*current.damage);
  return StoredSnapshot::open(current.schema, current.live, options_.clock->now(), cursor_key_, helpers_);
}

// Adds what one copy has to the status of its datasource.
Result<void> StoredDatabase::add_copy(const CopyState& copy, DatasourceStatus& status) const {
  const auto current = copy.current();
  SLATE_TRY(const auto snapshot, open_snapshot(current));
  const SnapshotInfo& info = snapshot->info();
  const std::uint64_t rows = status.data.rows + info.rows;
  if (!status.data.loaded_at || info.loaded_at >= status.data.loaded_at) status.data = info;
  status.data.rows = rows;
  status.bytes += current.live->environment().used_bytes();
  status.indexes.resize(current.schema->indexes.size());
  for (std::size_t i = 0; i < status.indexes.size(); ++i) {
    const Index& index = current.schema->indexes[i];
    const IndexProgress* progress = snapshot->state().find(index.id);
    const bool whole = progress != nullptr && progress->indexed_until == kWhole;
    status.indexes[i].name = index.name;
    if (!whole) status.indexes[i].state = IndexState::kBuilding;
    status.indexes[i].rows_indexed +=
        whole ? info.rows : std::min(progress != nullptr ? progress->indexed_until : 0, info.rows);
  }
  return {};
}

Result<DatasourceStatus> StoredDatabase::status(DatasourceState& state) const {
  const auto current = state.shared()->current();
  DatasourceStatus status{.datasource = current.schema->datasource};
  if (current.damage) return status;
  const auto copies = state.copies();
  status.scopes = copies.size() - 1;
  for (const auto& copy : copies) SLATE_TRY(add_copy(*copy, status));
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
  const std::lock_guard change(state->change_mutex());
  const auto writes = state->lock_writes();
  SLATE_TRY(catalog_->remove_datasource(id, lists));
  {
    const std::lock_guard lock(mutex_);
    datasources_.erase(datasources_.find(id));
    for (const std::string& list : lists) lists_.erase(list);
  }
  for (const auto& copy : state->copies()) copy->drop();
  return {};
}

Result<SavedList> StoredDatabase::save_list(const ListView& list) {
  const std::lock_guard definitions(definitions_mutex_);
  SLATE_TRY(const auto state, find(list.datasource));
  SLATE_TRY(auto warnings, validate(list, state->shared()->current().schema->datasource));
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

std::optional<ListState> StoredDatabase::peek_list(std::string_view id, std::string_view scope) {
  const std::shared_lock lock(mutex_);
  const auto list = lists_.find(id);
  if (list == lists_.end()) return std::nullopt;
  const auto datasource = datasources_.find(list->second.datasource);
  if (datasource == datasources_.end()) return std::nullopt;
  const auto own = datasource->second->find(scope);
  const auto current = (own != nullptr ? own : datasource->second->shared())->current();
  if (current.live == nullptr || current.damage) return std::nullopt;
  if (!scope.empty() && !current.schema->datasource.is_scoped()) return std::nullopt;
  const auto version = current.live->version();
  if (!version) return std::nullopt;
  return ListState{
      .list = list->second,
      .datasource = std::shared_ptr<const Datasource>(current.schema, &current.schema->datasource),
      .data = {.generation = current.live->number(),
               .data_version = version->data_version,
               .rows = version->rows,
               .loaded_at = current.live->loaded_at(),
               .now = options_.clock->now()}};
}

Result<WriteCounts> StoredDatabase::write_batch(std::string_view datasource,
                                                std::span<const RecordWrite> writes) {
  SLATE_TRY(const auto found, find(datasource));
  const auto& state = found->shared();
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
  const std::lock_guard change(state->change_mutex());
  const auto writes = state->lock_writes();
  // It may have been dropped while this call waited for the locks.
  const auto still = find(datasource);
  if (!still || *still != state) return no_datasource(datasource);
  return start_afresh(*state, state->shared()->current().schema);
}

Result<std::unique_ptr<Transaction>> StoredDatabase::begin() {
  const auto find_shared = [this](std::string_view id) -> Result<std::shared_ptr<CopyState>> {
    SLATE_TRY(const auto state, find(id));
    return state->shared();
  };
  return std::make_unique<StoredTransaction>(find_shared, *options_.clock, helpers_);
}

Result<std::unique_ptr<Snapshot>> StoredDatabase::snapshot(CopyRef copy) {
  SLATE_TRY(const auto state, find(copy.datasource));
  const auto own = state->find(copy.scope);
  const auto current = (own != nullptr ? own : state->shared())->current();
  if (!copy.scope.empty()) SLATE_TRY(check_sharing(current.schema->datasource, copy.scope));
  SLATE_TRY(auto snapshot, open_snapshot(current));
  return snapshot;
}

Result<std::vector<std::string>> StoredDatabase::scopes(std::string_view datasource) const {
  SLATE_TRY(const auto state, find(datasource));
  return state->scopes();
}

Result<std::unique_ptr<GenerationBuilder>> StoredDatabase::begin_generation(CopyRef copy, LoadMode mode) {
  SLATE_TRY(auto state, find(copy.datasource));
  const auto own = state->find(copy.scope);
  const auto schema = (own != nullptr ? own : state->shared())->current().schema;
  SLATE_TRY(check_sharing(schema->datasource, copy.scope));
  const std::uint64_t number = next_generation_number();
  const auto path = generation_path(copy.datasource, number);
  // Nobody reads it yet: one sync at the end serves for all.
  const Generation::Options loading{.map_bytes = options_.generation_map_bytes,
                                    .commit_sync = storage::CommitSync::kBuffered};
  Destination destination{.datasource = std::move(state), .scope = std::string(copy.scope)};
  // A scope without a copy has nothing that a merge could keep.
  if (mode == LoadMode::kMerge && own != nullptr)
    return make_merging_builder(*this, std::move(destination), own, number, path, loading, options_);
  SLATE_TRY(std::shared_ptr<Generation> generation,
            Generation::create(path, number, *schema, options_.segment_rows, loading));
  return make_replacing_builder(*this, std::move(destination), schema, std::move(generation), options_);
}

}  // namespace slate
