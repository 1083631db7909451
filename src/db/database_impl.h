// The embedded database: the catalog, the datasources that are open, and the work that goes on behind them.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include <slate/database.h>

#include "db/catalog.h"
#include "db/datasource_state.h"
#include "db/folder_lock.h"
#include "db/generation_builders.h"
#include "db/maintenance.h"
#include "db/snapshot_impl.h"

namespace slate {

class StoredDatabase final : public EmbeddedDatabase {
 public:
  static Result<std::unique_ptr<StoredDatabase>> open(const DatabaseOptions& options);
  ~StoredDatabase() override;

  std::string instance_id() const override { return instance_id_; }
  Result<Saved> save_datasource(const Datasource& datasource, Existing existing) override;
  Result<DatasourceStatus> get_datasource(std::string_view id) override;
  Result<std::vector<DatasourceStatus>> list_datasources() override;
  Result<void> delete_datasource(std::string_view id, Dependents dependents) override;
  Result<SavedList> save_list(const ListView& list) override;
  Result<ListView> get_list(std::string_view id) override;
  Result<std::vector<ListView>> list_lists() override;
  Result<void> delete_list(std::string_view id) override;
  std::optional<ListState> peek_list(std::string_view id, std::string_view scope) override;
  Result<WriteCounts> write_batch(std::string_view datasource, std::span<const RecordWrite> writes) override;
  Result<void> delete_all(std::string_view datasource) override;
  Result<std::unique_ptr<Transaction>> begin() override;
  Result<std::unique_ptr<Snapshot>> snapshot(CopyRef copy) override;
  Result<std::unique_ptr<GenerationBuilder>> begin_generation(CopyRef copy, LoadMode mode) override;

  Result<std::string> scope_key() override { return scope_key_; }

  // For generation builders: whether a load as `built_for` declares it may still be published.
  // REQUIRES: the datasource's change mutex. Errors: failed_precondition.
  Result<void> check_publishable(const Destination& destination, const Schema& built_for) const;
  // For generation builders: makes `generation` the live one of the destination, which may cost other scopes
  // their copies. REQUIRES: the datasource's change mutex, and the write lock of the copy that is replaced,
  // if there is one.
  Result<std::uint64_t> publish(const Destination& destination,
                                const std::shared_ptr<const Schema>& built_for,
                                const std::shared_ptr<Generation>& generation, UnixMillis loaded_at);
  Result<std::shared_ptr<DatasourceState>> find(std::string_view datasource) const;
  // For audits. Errors: not_found.
  Result<std::vector<std::string>> scopes(std::string_view datasource) const;

 private:
  explicit StoredDatabase(const DatabaseOptions& options);
  Result<void> recover();
  Result<std::string> secret(std::string_view note);
  Result<void> open_datasource(CatalogEntry entry, bool after_power_loss);
  Result<std::shared_ptr<Generation>> open_generation(const Schema& schema, std::uint64_t number,
                                                      std::optional<UnixMillis> loaded_at,
                                                      bool after_power_loss);
  Result<void> read_instance_id();
  Result<void> finish_change(Generation& generation, const Schema& schema);
  void remove_litter(const std::vector<CatalogEntry>& entries) const;

  std::filesystem::path generation_path(std::string_view datasource, std::uint64_t number) const;
  Generation::Options generation_options(const Datasource& datasource) const;
  std::uint64_t next_generation_number();
  Result<std::shared_ptr<Generation>> new_generation(const Schema& schema);

  Result<Saved> create_datasource(const Datasource& datasource);
  Result<Saved> change_datasource(DatasourceState& state, const Datasource& datasource);
  Result<void> check_lists(const Datasource& datasource) const;
  Result<void> adopt_indexes(Generation& generation, const Schema& before, const Schema& after);
  Result<void> start_afresh(DatasourceState& state, const std::shared_ptr<const Schema>& schema);
  void evict(DatasourceState& state, const std::vector<std::string>& scopes) const;
  Result<std::unique_ptr<StoredSnapshot>> open_snapshot(const CopyState::Current& current) const;
  Result<void> add_copy(const CopyState& copy, DatasourceStatus& status) const;
  Result<DatasourceStatus> status(DatasourceState& state) const;
  std::vector<std::string> lists_of(std::string_view datasource) const;

  DatabaseOptions options_;
  FolderLock lock_;
  std::unique_ptr<Catalog> catalog_;
  std::mutex definitions_mutex_;  // one change of a definition at a time; taken before everything else
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::shared_ptr<DatasourceState>, std::less<>> datasources_;  // guarded by mutex_
  std::map<std::string, ListView, std::less<>> lists_;                                // guarded by mutex_
  std::atomic<std::uint64_t> last_generation_ = 0;
  std::shared_ptr<ScanHelpers> helpers_;
  CursorKey cursor_key_{};  // set before others see the database, as the next two
  std::string scope_key_;
  std::string instance_id_;
  std::unique_ptr<Maintenance> maintenance_;
};

}  // namespace slate
