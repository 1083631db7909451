// The next generation as a copy of the live one with a load's records over it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <slate/generation_builder.h>

#include "db/generation.h"
#include "db/prepared_write.h"
#include "model/schema.h"

namespace slate {

// One thread at a time. Memory: a batch of records.
class MergeBuilder {
 public:
  MergeBuilder(std::shared_ptr<Generation> generation, std::shared_ptr<const Schema> schema, UnixMillis now)
      : generation_(std::move(generation)), schema_(std::move(schema)), now_(now) {}

  Result<void> append(std::string_view id, std::span<const CellRef> cells);
  // Everything is in the file, and durable, when it returns.
  Result<BuildCounts> finish();
  // Writes that were committed to the live generation meanwhile.
  Result<void> catch_up(std::span<const PreparedWrite> writes);

 private:
  Result<void> apply(std::span<const PreparedWrite> writes);

  std::shared_ptr<Generation> generation_;
  std::shared_ptr<const Schema> schema_;
  UnixMillis now_;
  PreparedBatch batch_{PreparedBatch::Texts::kCopied};
  std::size_t batch_bytes_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace slate
