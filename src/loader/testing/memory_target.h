// Generations in memory: what the refresher's tests load into.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
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
    ++questions_;
    return info_;
  }
  Result<ClaimAnswer> claim(const RefreshClaim& claim) override {
    OnClaim on_claim;
    int number = 0;
    {
      const std::lock_guard lock(mutex_);
      number = ++claims_;
      on_claim = on_claim_;
    }
    if (on_claim) {
      if (auto answer = on_claim(claim, number)) return *std::move(answer);
    }
    const std::lock_guard lock(mutex_);
    if (begin_error_) return fail(*begin_error_);
    ++open_builders_;
    return ClaimGranted{.builder = std::make_unique<Builder>(*this),
                        .live = info_,
                        .give_up =
                            [this](const LoadFailure& failure) {
                              const std::lock_guard own(mutex_);
                              given_up_.push_back(failure.kind);
                            },
                        .lost = lost_.get_token()};
  }
  Result<std::optional<LoadStatus>> find(std::string_view load) override {
    const std::lock_guard lock(mutex_);
    if (begin_error_) return fail(*begin_error_);
    if (elsewhere_ && elsewhere_->id == load) return elsewhere_;
    return std::nullopt;
  }

  // What other processes do: answers a claim, the first of which is number 1, or lets it be granted.
  using OnClaim = std::function<std::optional<Result<ClaimAnswer>>(const RefreshClaim&, int number)>;
  void on_claim(OnClaim on_claim) {
    const std::lock_guard lock(mutex_);
    on_claim_ = std::move(on_claim);
  }
  // As when the lease of all that was granted has run out.
  void lose() { lost_.request_stop(); }
  void publish_elsewhere(UnixMillis loaded_at) {
    const std::lock_guard lock(mutex_);
    ++info_.generation;
    info_.loaded_at = loaded_at;
  }
  void run_elsewhere(LoadStatus load) {
    const std::lock_guard lock(mutex_);
    elsewhere_ = std::move(load);
  }
  // How often it was asked what is live.
  int questions() const {
    const std::lock_guard lock(mutex_);
    return questions_;
  }
  int claims() const {
    const std::lock_guard lock(mutex_);
    return claims_;
  }
  // What was told when the right was given up.
  std::vector<FailureKind> given_up() const {
    const std::lock_guard lock(mutex_);
    return given_up_;
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
      if (target_.lost_.stop_requested()) return fail(Reason::kFailedPrecondition, "the right is lost");
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
  OnClaim on_claim_;
  std::stop_source lost_;
  std::optional<LoadStatus> elsewhere_;
  int questions_ = 0;
  int claims_ = 0;
  std::vector<FailureKind> given_up_;
};

}  // namespace slate::testing
