// What the steps of a plan cost: nanoseconds, on one core, of pages that are in memory. Measured by
// `slate bench --calibrate`; docs/planner.md has the table. Only their ratios matter to a choice. Scans are
// taken for twice as dear as they are, so that what is nearly as fast and touches less is preferred.
#pragma once

#include <algorithm>
#include <cmath>

#include "model/schema.h"
#include "plan/statistics.h"
#include "query/bound_query.h"

namespace slate::cost {

inline constexpr double kSegment = 200;      // the next segment of a scan, its columns found
inline constexpr double kOutputRow = 1.5;    // a row's number in a batch
inline constexpr double kSeek = 250;         // a cursor opened and placed in an index, once a range
inline constexpr double kKey = 120;          // the next key of a walk
inline constexpr double kPosting = 2;        // a docid under a key
inline constexpr double kBlockVisit = 280;   // a segment found by docid
inline constexpr double kFetchedRow = 1;     // a row picked from its segment
inline constexpr double kGatheredRow = 65;   // a row of a large sorted answer, its cells copied
inline constexpr double kCheckedRow = 10;    // a row checked before that, many at a time
inline constexpr double kSortedDocid = 3.5;  // a docid put back into order of arrival, per doubling
inline constexpr double kKeyedRow = 20;      // a row's sort key made and compared with the heap's last
inline constexpr double kHeapRow = 280;      // a row that enters the heap
inline constexpr double kSortedRow = 8;      // a row sorted, per four doublings of their number
// A condition checked on one row of a scan.
inline constexpr double kFixedWidth = 0.4;   // int, float, date or bool against bounds
inline constexpr double kIsnull = 0.05;      // a bitmap is taken over
inline constexpr double kTextOfFew = 0.4;    // strings of few values: blocks have dictionaries
inline constexpr double kText = 3;           // other strings against a needle or bounds
inline constexpr double kFoldedText = 2;     // the same, folding case
inline constexpr double kNumberInList = 9;   // a number against a sorted list of constants
inline constexpr double kListElements = 25;  // the elements of a list

// A filter checked on one row of a scan.
double filter_row(const BoundFilter& filter, const Schema& schema, const Statistics& statistics);

// Rows fetched by docid in order of arrival, out of `segments`.
inline double fetch(double rows, double visits) { return rows * kFetchedRow + visits * kBlockVisit; }

// Rows in another order than that of arrival, of which some are wanted: in `visits` segments as long as these
// are few; many are checked and gathered together (exec/gather.h).
inline double fetch_sorted(double rows, double kept, double visits) {
  constexpr double kFewestGathered = 2048;
  if (kept < kFewestGathered) return fetch(rows, visits);
  return kept * kGatheredRow + (kept < rows ? rows * kCheckedRow : 0);
}

// Segments touched by rows spread evenly: Cardenas, "Analysis and performance of inverted data base
// structures", 1975.
inline double segments_touched(double rows, double segments) {
  if (segments <= 1) return std::min(rows, segments);
  return segments * -std::expm1(rows * std::log1p(-1 / segments));
}

inline double arrival_sort(double docids) { return docids * kSortedDocid * std::log2(docids + 2); }
inline double full_sort(double rows) { return rows * (kKeyedRow + kSortedRow * std::log2(rows + 2) / 4); }
// The heap takes in the first `most` rows, then about most x ln(rows / most) more (rows in random order).
inline double top_k(double rows, double most) {
  const double entering = rows <= most ? rows : most * (1 + std::log(rows / std::max(most, 1.0)));
  return rows * kKeyedRow + std::min(rows, entering) * kHeapRow;
}

}  // namespace slate::cost
