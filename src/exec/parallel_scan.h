// A scan whose segments are filtered by idle cores, too.
#pragma once

#include <memory>

#include "exec/scan.h"
#include "exec/scan_helpers.h"

namespace slate {

// Gives the rows of Scan, in its order, with its counters at every row. The calling thread alone walks the
// store; stretches of segments ("morsels": Leis et al., "Morsel-driven parallelism", 2014) are filtered by
// whoever is free: by this thread too, which never waits for a stretch that nobody has begun. Without an idle
// core it does all of it. Memory: at most 512 segments' columns and row masks, some hundred KiB.
class ParallelScan final : public Operator {
 public:
  // As Scan. The helpers outlive the operator, too.
  ParallelScan(SegmentReader& reader, const Predicate* predicate, const ZoneFilter* zones, ScanPart part,
               Interrupt& interrupt, QueryCounters& counters, ScanHelpers& helpers);
  // Waits for helpers that are within a stretch.
  ~ParallelScan() override;
  Result<bool> next(RowBatch& batch) override;

 private:
  struct Morsel;
  struct Shared;
  struct Touched {
    std::uint64_t blocks_examined = 0;
    std::uint64_t blocks_skipped = 0;
    std::uint64_t rows_examined = 0;
  };

  Result<void> fill();
  void offer();
  void finish(Morsel& morsel);
  void count(const Touched& touched);

  SegmentReader& reader_;
  Interrupt& interrupt_;
  QueryCounters& counters_;
  ScanHelpers& helpers_;
  BlockResolver resolver_;
  // Helpers hold it, too: they may come when the scan has ended, and find nothing to do.
  std::shared_ptr<Shared> shared_;
  bool at_end_ = false;        // of the store
  Morsel* current_ = nullptr;  // whose rows are given
  std::size_t next_found_ = 0;
  Touched counted_;  // of the current morsel
};

}  // namespace slate
