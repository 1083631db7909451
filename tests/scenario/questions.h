// What a scenario asks: queries as text, the ways in which one is answered, and answers as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <slate/snapshot.h>

#include "scenario/script.h"

namespace slate::scenario {

using Parameters = std::vector<std::pair<std::string, std::string>>;

// What a statement asks, in its own words and as they are understood here.
struct Question {
  Parameters parameters;            // of a URL, decoded
  std::optional<std::string> json;  // in the place of parameters
  Result<Query> query;
};
// URL parameters (written out, but for %XX) or JSON, which may go on in the lines of the body: these are
// taken from it. Errors: what cannot be expanded.
Result<Question> read_question(std::string_view text, std::vector<Line>& body, const Datasource& datasource);

// A way to have a query answered.
struct Way {
  std::string name;  // empty: as planned
  QueryOptions options;
};
enum class Ways : std::uint8_t {
  kFew,      // as planned, and without any planner rule
  kIndexes,  // by each index, too
  kAll,      // without each single rule and by each rule that makes plans, too
};
std::vector<Way> ways_to_answer(const Datasource& datasource, Ways ways);

using Rows = std::vector<std::vector<std::string>>;  // cells as text

// In the place of what the question itself says.
struct Page {
  std::optional<std::uint64_t> take;
  std::optional<std::string> cursor;
};

struct Answer {
  std::vector<std::string> columns;  // but for `_id`
  Rows rows;                         // `_id`, then a cell for each column
  bool has_more = false;
  std::optional<std::string> next_cursor;
  std::optional<std::string> previous_cursor;
  QueryCounters counters;
};

struct Values {
  Rows rows;  // a value and its count each
  bool has_more = false;
};

class Front;

// The rows of a query page by page, each page in a way of its own: from the first to the last, and back.
struct PagedRows {
  Rows forwards;
  Rows backwards;
};
Result<PagedRows> walk_pages(Front& front, const Question& question, const std::vector<Way>& ways,
                             std::uint64_t page_rows, std::size_t most_rows);

// "limit < filter < index_walk(status)": the operators from the outermost to the innermost; several children
// stand in brackets.
std::string plan_text(const PlanNode& node);

}  // namespace slate::scenario
