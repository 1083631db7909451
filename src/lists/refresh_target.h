// Where the refresher's loads go: a Database.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <slate/database.h>

#include "loader/refresher.h"

namespace slate {

enum class AttemptEnd : std::uint8_t { kPublished, kGivenUp };

// One try at filling a generation: a load makes several when callers' credentials are refused.
struct EndedAttempt {
  std::string datasource;
  AttemptEnd end = AttemptEnd::kGivenUp;
  std::uint64_t rows = 0;  // kPublished: of the new generation
};

// Safe from any thread.
class DatabaseTarget final : public RefreshTarget {
 public:
  // Called once for each attempt, from the refresher's threads: must not block, nor call the refresher.
  using Observer = std::function<void(const EndedAttempt&)>;

  // `database` must outlive this.
  explicit DatabaseTarget(Database& database, Observer observer = {})
      : database_(database), observer_(std::move(observer)) {}

  Result<SnapshotInfo> live(CopyRef copy) override;
  Result<std::unique_ptr<GenerationBuilder>> begin(CopyRef copy, LoadMode mode) override;

 private:
  Database& database_;
  Observer observer_;
};

}  // namespace slate
