#include "lists/refresh_target.h"

#include <utility>

#include "base/try.h"

namespace slate {
namespace {

class ObservedBuilder final : public GenerationBuilder {
 public:
  ObservedBuilder(std::unique_ptr<GenerationBuilder> builder, EndedAttempt attempt,
                  const DatabaseTarget::Observer& observer)
      : builder_(std::move(builder)), attempt_(std::move(attempt)), observer_(observer) {}
  ~ObservedBuilder() override { observer_(attempt_); }
  ObservedBuilder(const ObservedBuilder&) = delete;
  ObservedBuilder& operator=(const ObservedBuilder&) = delete;

  Result<void> append(std::string_view id, std::span<const CellRef> cells) override {
    return builder_->append(id, cells);
  }
  Result<BuildCounts> finish() override {
    auto counts = builder_->finish();
    if (counts) attempt_.rows = counts->rows;
    return counts;
  }
  Result<std::uint64_t> publish(UnixMillis loaded_at) override {
    auto generation = builder_->publish(loaded_at);
    if (generation) attempt_.end = AttemptEnd::kPublished;
    return generation;
  }

 private:
  std::unique_ptr<GenerationBuilder> builder_;
  EndedAttempt attempt_;
  const DatabaseTarget::Observer& observer_;
};

}  // namespace

Result<SnapshotInfo> DatabaseTarget::live(CopyRef copy) {
  SLATE_TRY(const auto snapshot, database_.snapshot(copy));
  return snapshot->info();
}

Result<std::unique_ptr<GenerationBuilder>> DatabaseTarget::begin(CopyRef copy, LoadMode mode) {
  auto builder = database_.begin_generation(copy, mode);
  if (!observer_) return builder;
  EndedAttempt attempt{.datasource = std::string(copy.datasource)};
  if (!builder) {
    observer_(attempt);
    return builder;
  }
  return std::make_unique<ObservedBuilder>(*std::move(builder), std::move(attempt), observer_);
}

}  // namespace slate
