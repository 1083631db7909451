// What a query may read of one generation: its tables in one transaction.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include <slate/clock.h>

#include "codec/cursor_token.h"
#include "codec/statistics.h"
#include "exec/segments.h"
#include "model/schema.h"
#include "storage/environment.h"

namespace slate {

class ScanHelpers;

// What cursors are sealed with, and the data that they are of.
struct CursorScope {
  CursorKey key{};
  std::uint64_t generation = 0;
};

// Non-owning. Everything it points at outlives the query.
struct GenerationView {
  const storage::Transaction* transaction = nullptr;
  const Schema* schema = nullptr;
  storage::Table meta;  // the generation's facts; frequencies are among them
  storage::Table segments;
  std::vector<std::optional<storage::Table>> indexes;  // by position in Schema::indexes; nothing: not ready
  VerifiedSegments* verified = nullptr;
  std::shared_ptr<SegmentAddresses> addresses;
  std::optional<StatisticsView> statistics;  // nothing: never taken
  std::uint32_t segment_rows = 256;
  std::uint64_t rows = 0;
  CursorScope cursors;
  const std::filesystem::path* path = nullptr;  // of the generation's file: temporary files stand beside it
  DocId next_docid = 0;                         // docids are below
  UnixMillis now = 0;                           // at which TTLs are judged
  ScanHelpers* helpers = nullptr;               // null: queries keep to their own threads

  SegmentSource segment_source() const {
    return {.transaction = transaction,
            .table = segments,
            .verified = verified,
            .addresses = addresses.get(),
            .segment_rows = segment_rows,
            .now = now};
  }
};

}  // namespace slate
