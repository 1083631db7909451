// A database that counts the copies which make room for others: a test that is about them has to have had
// some.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/try.h"
#include "db/forwarding_database.h"

namespace slate::testing {

// What changes the number of copies takes turns, as it does in the database itself. Safe from any thread.
class CountedEvictions final : public ForwardingDatabase {
 public:
  // Both must outlive it and what it gives out; adds to `evictions`.
  CountedEvictions(Database& database, std::atomic<std::uint64_t>& evictions)
      : ForwardingDatabase(database), evictions_(evictions) {}

  Result<Saved> save_datasource(const Datasource& datasource, Existing existing) override {
    const std::lock_guard lock(mutex_);
    return ForwardingDatabase::save_datasource(datasource, existing);
  }
  Result<void> delete_all(std::string_view datasource) override {
    const std::lock_guard lock(mutex_);
    return ForwardingDatabase::delete_all(datasource);
  }
  Result<std::unique_ptr<GenerationBuilder>> begin_generation(CopyRef copy, LoadMode mode) override {
    SLATE_TRY(auto builder, ForwardingDatabase::begin_generation(copy, mode));
    return std::make_unique<Builder>(*this, copy, std::move(builder));
  }

 private:
  class Builder final : public GenerationBuilder {
   public:
    Builder(CountedEvictions& counted, CopyRef copy, std::unique_ptr<GenerationBuilder> builder)
        : counted_(counted), datasource_(copy.datasource), scope_(copy.scope), builder_(std::move(builder)) {}

    Result<void> append(std::string_view id, std::span<const CellRef> cells) override {
      return builder_->append(id, cells);
    }
    Result<BuildCounts> finish() override { return builder_->finish(); }
    Result<std::uint64_t> publish(UnixMillis loaded_at) override {
      return counted_.publish({datasource_, scope_}, *builder_, loaded_at);
    }

   private:
    CountedEvictions& counted_;
    const std::string datasource_;
    const std::string scope_;
    const std::unique_ptr<GenerationBuilder> builder_;
  };

  Result<std::uint64_t> publish(CopyRef copy, GenerationBuilder& builder, UnixMillis loaded_at) {
    const std::lock_guard lock(mutex_);
    std::uint64_t copies = 0;
    if (const auto before = behind().get_datasource(copy.datasource)) copies = before->scopes;
    if (const auto live = behind().snapshot(copy); live && !(*live)->info().loaded_at) ++copies;
    SLATE_TRY(const std::uint64_t generation, builder.publish(loaded_at));
    SLATE_TRY(const auto after, behind().get_datasource(copy.datasource));
    evictions_ += copies - after.scopes;
    return generation;
  }

  std::atomic<std::uint64_t>& evictions_;
  std::mutex mutex_;
};

}  // namespace slate::testing
