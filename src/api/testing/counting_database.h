// A database that counts what is asked of its snapshots: what is not asked examines no key and no row.
#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include <slate/database.h>

#include "db/forwarding_database.h"

namespace slate::api::testing {

class CountingDatabase final : public ForwardingDatabase {
 public:
  // `database` must outlive this, and this every snapshot.
  using ForwardingDatabase::ForwardingDatabase;

  // Queries, counts, distinct values, plans and lookups so far.
  std::size_t questions() const { return questions_; }

  Result<std::unique_ptr<Snapshot>> snapshot(CopyRef copy) override {
    auto snapshot = behind().snapshot(copy);
    if (!snapshot) return snapshot;
    return std::make_unique<Counted>(*std::move(snapshot), questions_);
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

  std::atomic<std::size_t> questions_ = 0;
};

}  // namespace slate::api::testing
