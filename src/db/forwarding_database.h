// A database that hands on every call, for those that change some of them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <slate/database.h>

namespace slate {

// Threads and errors: as of the database behind it, which must outlive it.
class ForwardingDatabase : public Database {
 public:
  explicit ForwardingDatabase(Database& database) : database_(database) {}

  std::string instance_id() const override { return database_.instance_id(); }
  Result<Saved> save_datasource(const Datasource& datasource, Existing existing) override {
    return database_.save_datasource(datasource, existing);
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
  std::optional<ListState> peek_list(std::string_view id, std::string_view scope) override {
    return database_.peek_list(id, scope);
  }

  Result<WriteCounts> write_batch(std::string_view datasource, std::span<const RecordWrite> writes) override {
    return database_.write_batch(datasource, writes);
  }
  Result<void> delete_all(std::string_view datasource) override { return database_.delete_all(datasource); }
  Result<std::unique_ptr<Snapshot>> snapshot(CopyRef copy) override { return database_.snapshot(copy); }
  Result<std::unique_ptr<GenerationBuilder>> begin_generation(CopyRef copy, LoadMode mode) override {
    return database_.begin_generation(copy, mode);
  }
  Result<std::string> scope_key() override { return database_.scope_key(); }

 protected:
  Database& behind() const { return database_; }

 private:
  Database& database_;
};

}  // namespace slate
