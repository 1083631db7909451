// Keeps the frequencies of a generation's columns true while segments are written.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <slate/error.h>

#include "codec/block.h"
#include "codec/frequencies.h"
#include "db/generation.h"
#include "db/segment_editor.h"
#include "model/schema.h"
#include "storage/environment.h"

namespace slate {

// Reads the frequencies of a column when it is first named; what changed is written at the end. Not
// thread-safe. The references outlive it.
class FrequencyUpkeep {
 public:
  FrequencyUpkeep(const Generation& generation, const Schema& schema)
      : generation_(generation), schema_(schema), columns_(schema.columns.size()) {}

  // A segment that was not there before, as it is going to be stored. Bytes are 8-byte aligned here and
  // below.
  Result<void> add(const storage::Transaction& transaction, std::string_view block);
  // A segment that was edited, as it is going to be stored. Call it before it is: the editor's base is read.
  Result<void> replace(const storage::Transaction& transaction, const SegmentEditor& editor,
                       const EncodedSegment& segment);
  Result<void> write(storage::WriteTransaction& transaction) const;

 private:
  Result<void> add(const storage::Transaction& transaction, std::uint32_t column, const BlockView& block,
                   RowRange rows);
  Result<void> subtract(const storage::Transaction& transaction, std::uint32_t column, const BlockView& block,
                        RowRange rows);
  Result<Frequencies*> find(const storage::Transaction& transaction, std::uint32_t column,
                            const BlockView& block);

  const Generation& generation_;
  const Schema& schema_;
  std::vector<std::optional<Frequencies>> columns_;  // those that were named
};

}  // namespace slate
