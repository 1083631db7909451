// What the steps of a plan cost: nanoseconds, on one core, of pages that are in memory. Measured by
// `slate bench --calibrate`; docs/planner.md has the table. Only their ratios matter to a choice.
#pragma once

#include <algorithm>
#include <cmath>

#include "model/schema.h"
#include "query/bound_query.h"

namespace slate::cost {

inline constexpr double kSegment = 80;      // the next segment of a scan, its columns found
inline constexpr double kOutputRow = 2;     // a row's number in a batch
inline constexpr double kSeek = 400;        // a cursor opened and placed in an index, once a range
inline constexpr double kKey = 90;          // the next key of a walk
inline constexpr double kPosting = 1;       // a docid under a key
inline constexpr double kBlockVisit = 250;  // a segment found by docid
inline constexpr double kFetchedRow = 12;   // a row picked from its segment
inline constexpr double kSortedDocid = 12;  // a docid put back into order of arrival
inline constexpr double kKeyedRow = 15;     // a row's sort key made and compared with the heap's last
inline constexpr double kHeapRow = 120;     // a row that enters the heap
inline constexpr double kSortedRow = 12;    // a row sorted, per four doublings of their number
// A condition checked on one row of a scan.
inline constexpr double kFixedWidth = 0.4;   // int, float, date or bool against bounds
inline constexpr double kIsnull = 0.05;      // a bitmap is taken over
inline constexpr double kText = 1.5;         // strings against a needle or bounds: dictionaries make it cheap
inline constexpr double kFoldedText = 3;     // the same, folding case
inline constexpr double kNumberInList = 4;   // a number against a sorted list of constants
inline constexpr double kListElements = 25;  // the elements of a list

// A filter checked on one row of a scan.
double filter_row(const BoundFilter& filter, const Schema& schema);

// Rows fetched by docid in order of arrival, out of `segments`.
inline double fetch(double rows, double visits) { return rows * kFetchedRow + visits * kBlockVisit; }

// Segments touched by rows spread evenly: Cardenas, "Analysis and performance of inverted data base
// structures", 1975.
inline double segments_touched(double rows, double segments) {
  if (segments <= 1) return std::min(rows, segments);
  return segments * -std::expm1(rows * std::log1p(-1 / segments));
}

inline double full_sort(double rows) { return rows * (kKeyedRow + kSortedRow * std::log2(rows + 2) / 4); }
// The heap takes in the first `most` rows, then about most x ln(rows / most) more (rows in random order).
inline double top_k(double rows, double most) {
  const double entering = rows <= most ? rows : most * (1 + std::log(rows / std::max(most, 1.0)));
  return rows * kKeyedRow + std::min(rows, entering) * kHeapRow;
}

}  // namespace slate::cost
