#pragma once

#include <slate/database.h>

namespace slate::cli {

// A database whose datasources get `durability` when they are saved without saying. Everything else is passed
// on. Threads and errors: as of the database behind it, which must outlive it.
class DurabilityDefault final : public Database {
 public:
  DurabilityDefault(Database& database, Durability durability)
      : database_(database), durability_(durability) {}

  std::string instance_id() const override { return database_.instance_id(); }
  Result<Saved> save_datasource(const Datasource& datasource, Existing existing) override {
    if (datasource.durability) return database_.save_datasource(datasource, existing);
    Datasource with_default = datasource;
    with_default.durability = durability_;
    return database_.save_datasource(with_default, existing);
  }
  Result<DatasourceStatus> get_datasource(std::string_view id) override {
    return database_.get_datasource(id);
  }
  Result<std::vector<DatasourceStatus>> list_datasources() override { return database_.list_datasources(); }
  Result<void> delete_datasource(std::string_view id, Dependents dependents) override {
    return database_.delete_datasource(id, dependents);
  }

  Result<SavedList> save_list(const ListView& list) override { return database_.save_list(list); }
  Result<ListView> get_list(std::string_view id) override { return database_.get_list(id); }
  Result<std::vector<ListView>> list_lists() override { return database_.list_lists(); }
  Result<void> delete_list(std::string_view id) override { return database_.delete_list(id); }
  std::optional<ListState> peek_list(std::string_view id) override { return database_.peek_list(id); }

  Result<WriteCounts> write_batch(std::string_view datasource, std::span<const RecordWrite> writes) override {
    return database_.write_batch(datasource, writes);
  }
  Result<void> delete_all(std::string_view datasource) override { return database_.delete_all(datasource); }
  Result<std::unique_ptr<Snapshot>> snapshot(CopyRef copy) override { return database_.snapshot(copy); }
  Result<std::unique_ptr<GenerationBuilder>> begin_generation(CopyRef copy, LoadMode mode) override {
    return database_.begin_generation(copy, mode);
  }
  Result<std::string> scope_key() override { return database_.scope_key(); }

 private:
  Database& database_;
  const Durability durability_;
};

}  // namespace slate::cli
