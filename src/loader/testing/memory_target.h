// Generations in memory: what the refresher's tests load into.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loader/refresher.h"

namespace slate::testing {

// One datasource. Safe from any thread.
class MemoryTarget final : public RefreshTarget {
 public:
  using Rows = std::map<std::string, std::vector<std::pair<std::uint32_t, Value>>>;

  Result<SnapshotInfo> live(CopyRef) override {
    const std::lock_guard lock(mutex_);
    return info_;
  }
  Result<std::unique_ptr<GenerationBuilder>> begin(CopyRef, LoadMode) override {
    const std::lock_guard lock(mutex_);
    if (begin_error_) return fail(*begin_error_);
    ++open_builders_;
    return std::make_unique<Builder>(*this);
  }

  void fail_begin(std::optional<Error> error) {
    const std::lock_guard lock(mutex_);
    begin_error_ = std::move(error);
  }
  void fail_publish(std::optional<Error> error) {
    const std::lock_guard lock(mutex_);
    publish_error_ = std::move(error);
  }
  void refuse_record(std::string id) {
    const std::lock_guard lock(mutex_);
    refused_id_ = std::move(id);
  }

  SnapshotInfo info() const {
    const std::lock_guard lock(mutex_);
    return info_;
  }
  Rows rows() const {
    const std::lock_guard lock(mutex_);
    return rows_;
  }
  int open_builders() const {
    const std::lock_guard lock(mutex_);
    return open_builders_;
  }

 private:
  class Builder final : public GenerationBuilder {
   public:
    explicit Builder(MemoryTarget& target) : target_(target) {}
    ~Builder() override {
      const std::lock_guard lock(target_.mutex_);
      --target_.open_builders_;
    }

    Result<void> append(std::string_view id, std::span<const CellRef> cells) override {
      {
        const std::lock_guard lock(target_.mutex_);
        if (target_.refused_id_ == id) return fail(Reason::kInvalidArgument, "record refused by the store");
      }
      ++counts_.received;
      std::vector<std::pair<std::uint32_t, Value>> copied;
      for (const CellRef& cell : cells) copied.emplace_back(cell.field, copy_of(cell.value));
      if (!rows_.insert_or_assign(std::string(id), std::move(copied)).second) ++counts_.duplicates;
      return {};
    }
    Result<BuildCounts> finish() override {
      counts_.rows = rows_.size();
      return counts_;
    }
    Result<std::uint64_t> publish(UnixMillis loaded_at) override {
      const std::lock_guard lock(target_.mutex_);
      if (target_.publish_error_) return fail(*target_.publish_error_);
      target_.rows_ = std::move(rows_);
      target_.info_.rows = counts_.rows;
      target_.info_.loaded_at = loaded_at;
      return ++target_.info_.generation;
    }

   private:
    static Value copy_of(const ValueRef& value) {
      return std::visit(
          [](const auto& held) {
            if constexpr (std::is_same_v<std::decay_t<decltype(held)>, const Value*>)
              return *held;
            else
              return Value(held);
          },
          value);
    }

    MemoryTarget& target_;
    Rows rows_;
    BuildCounts counts_;
  };

  mutable std::mutex mutex_;
  SnapshotInfo info_;
  Rows rows_;
  std::optional<Error> begin_error_;
  std::optional<Error> publish_error_;
  std::string refused_id_;
  int open_builders_ = 0;
};

}  // namespace slate::testing
