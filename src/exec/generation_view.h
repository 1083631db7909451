// What a query may read of one generation: its tables in one transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <slate/clock.h>

#include "exec/segments.h"
#include "model/schema.h"
#include "storage/environment.h"

namespace slate {

// Non-owning. Everything it points at outlives the query.
struct GenerationView {
  const storage::Transaction* transaction = nullptr;
  const Schema* schema = nullptr;
  storage::Table segments;
  std::vector<std::optional<storage::Table>> indexes;  // by position in Schema::indexes; nothing: not ready
  VerifiedSegments* verified = nullptr;
  std::uint32_t segment_rows = 256;
  std::uint64_t rows = 0;
  UnixMillis now = 0;  // at which TTLs are judged
};

}  // namespace slate
