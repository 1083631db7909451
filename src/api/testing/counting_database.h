// A database that counts what is asked of its snapshots: what is not asked examines no key and no row.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include <slate/database.h>

namespace slate::api::testing {

class CountingDatabase final : public Database {
 public:
  // `database` must outlive this, and this every snapshot.
  explicit CountingDatabase(Database& database) : database_(database) {}

  // Queries, counts, distinct values, plans and lookups so far.
  std::size_t questions() const { return questions_; }

  std::string instance_id() const override { return database_.instance_id(); }
  Result<std::string> scope_key() override { return database_.scope_key(); }
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
  std::optional<ListState> peek_list(std::string_view id) override { return database_.peek_list(id); }
  Result<WriteCounts> write_batch(std::string_view datasource, std::span<const RecordWrite> writes) override {
    return database_.write_batch(datasource, writes);
  }
  Result<void> delete_all(std::string_view datasource) override { return database_.delete_all(datasource); }
  Result<std::unique_ptr<Snapshot>> snapshot(CopyRef copy) override {
    auto snapshot = database_.snapshot(copy);
    if (!snapshot) return snapshot;
    return std::make_unique<Counted>(*std::move(snapshot), questions_);
  }
  Result<std::unique_ptr<GenerationBuilder>> begin_generation(CopyRef copy, LoadMode mode) override {
    return database_.begin_generation(copy, mode);
  }

 private:
  class Counted final : public Snapshot {
   public:
    Counted(std::unique_ptr<Snapshot> snapshot, std::atomic<std::size_t>& questions)
        : snapshot_(std::move(snapshot)), questions_(questions) {}
    const Datasource& datasource() const override { return snapshot_->datasource(); }
    const SnapshotInfo& info() const override { return snapshot_->info(); }
    const std::vector<ResultColumn>& columns() const override { return snapshot_->columns(); }
    Result<std::unique_ptr<ResultSet>> query(const Query& query, const QueryOptions& options) override {
      ++questions_;
      return snapshot_->query(query, options);
    }
    Result<Count> count(const std::optional<Filter>& filter, std::optional<std::uint64_t> limit,
                        const QueryOptions& options) override {
      ++questions_;
      return snapshot_->count(filter, limit, options);
    }
    Result<DistinctValues> distinct(const DistinctQuery& query, const QueryOptions& options) override {
      ++questions_;
      return snapshot_->distinct(query, options);
    }
    Result<Explanation> explain(const Query& query, ExplainMode mode, const QueryOptions& options) override {
      ++questions_;
      return snapshot_->explain(query, mode, options);
    }
    Result<const Batch*> find(std::string_view id) override {
      ++questions_;
      return snapshot_->find(id);
    }

   private:
    std::unique_ptr<Snapshot> snapshot_;
    std::atomic<std::size_t>& questions_;
  };

  Database& database_;
  std::atomic<std::size_t> questions_ = 0;
};

}  // namespace slate::api::testing
