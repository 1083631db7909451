// What a scenario asks: queries as text, the ways in which one is answered, and answers as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <slate/snapshot.h>

#include "scenario/script.h"

namespace slate::scenario {

// A query in the form of URL parameters (written out, but for %XX) or JSON, which may go on in the lines of
// the body: these are taken from it.
Result<Query> read_query(std::string_view text, std::vector<Line>& body, const Datasource& datasource);

// A way to have a query answered.
struct Way {
  std::string name;  // empty: as planned
  QueryOptions options;
};
std::vector<Way> ways_to_answer(const Datasource& datasource);

struct Answer {
  std::vector<ResultColumn> columns;
  std::vector<std::vector<std::string>> rows;  // `_id`, then a cell for each column, as text
  bool has_more = false;
  QueryCounters counters;
};
Result<Answer> answer(Snapshot& snapshot, const Query& query, const QueryOptions& options);

// "limit < filter < index_walk(status)": the operators from the outermost to the innermost; several children
// stand in brackets.
std::string plan_text(const PlanNode& node);

}  // namespace slate::scenario
