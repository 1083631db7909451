#include "scenario/questions.h"

#include <boost/json/value.hpp>
#include <charconv>

#include "base/try.h"
#include "model/json.h"
#include "model/schema.h"
#include "plan/planner.h"
#include "query/query_json.h"
#include "query/url_query.h"
#include "scenario/cells.h"

namespace slate::scenario {
namespace {

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned byte = 0;
    if (text[at] == '%' && at + 2 < text.size() &&
        std::from_chars(&text[at] + 1, &text[at] + 3, byte, 16).ptr == &text[at] + 3) {
      decoded += static_cast<char>(byte);
      at += 2;
    } else {
      decoded += text[at];
    }
  }
  return decoded;
}

Result<Query> read_url_query(std::string_view text, const Datasource& datasource) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!text.empty()) {
    const std::string_view parameter = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(parameter.size() + 1, text.size()));
    const std::size_t sign = std::min(parameter.find('='), parameter.size());
    parameters.emplace_back(percent_decoded(parameter.substr(0, sign)),
                            percent_decoded(parameter.substr(std::min(sign + 1, parameter.size()))));
  }
  const Schema schema = make_schema(datasource, nullptr);
  SLATE_TRY(UrlQuery query, query_from_url(parameters, {.schema = schema}));
  return std::move(query.query);
}

Result<Query> read_json_query(std::string text, std::vector<Line>& body) {
  for (;;) {
    const auto json = parse_json(text);
    if (json) return query_from_json(*json);
    if (body.empty()) return fail(json.error());
    SLATE_TRY(const std::string line, expand(body.front().text));
    text += '\n' + line;
    body.erase(body.begin());
  }
}

}  // namespace

Result<Query> read_query(std::string_view text, std::vector<Line>& body, const Datasource& datasource) {
  SLATE_TRY(std::string expanded, expand(text));
  if (expanded.starts_with('{')) return read_json_query(std::move(expanded), body);
  return read_url_query(expanded, datasource);
}

std::vector<Way> ways_to_answer(const Datasource& datasource, Ways ways) {
  const auto rules = planner_rules();
  std::vector<Way> all = {
      {.name = "", .options = {}},
      {.name = "without any planner rule", .options = {.disabled_rules = {rules.begin(), rules.end()}}}};
  if (ways == Ways::kFew) return all;
  for (const Index& index : make_schema(datasource, nullptr).indexes)
    all.push_back({.name = "by index " + index.name, .options = {.force_index = index.name}});
  if (ways == Ways::kIndexes) return all;
  for (const std::string_view rule : rules)
    all.push_back(
        {.name = "without " + std::string(rule), .options = {.disabled_rules = {std::string(rule)}}});
  for (const std::string_view rule :
       {kScan, kRuleIndexFilter, kRuleIndexSort, kRuleInMerge, kRuleUnion, kRuleIntersection})
    all.push_back({.name = "by rule " + std::string(rule), .options = {.force_rule = std::string(rule)}});
  return all;
}

Result<Answer> answer(Snapshot& snapshot, const Query& query, const QueryOptions& options) {
  SLATE_TRY(const auto result, snapshot.query(query, options));
  Answer answer{.columns = result->columns()};
  for (;;) {
    SLATE_TRY(const Batch* batch, result->next());
    if (batch == nullptr) break;
    for (const std::uint16_t row : batch->rows) {
      auto& cells = answer.rows.emplace_back();
      cells.push_back(cell_text(batch->id.value(row)));
      for (const ColumnView& column : batch->columns) cells.push_back(cell_text(column.value(row)));
    }
  }
  answer.counters = result->counters();
  SLATE_TRY(answer.has_more, result->has_more());
  SLATE_TRY(answer.next_cursor, result->next_cursor());
  SLATE_TRY(answer.previous_cursor, result->previous_cursor());
  return answer;
}

Result<PagedRows> walk_pages(Snapshot& snapshot, Query query, const std::vector<Way>& ways,
                             std::uint64_t page_rows, std::size_t most_rows) {
  query.take = page_rows;
  std::size_t pages = 0;
  const auto page = [&]() { return answer(snapshot, query, ways[pages++ % ways.size()].options); };
  PagedRows walked;
  Answer last;
  do {
    SLATE_TRY(last, page());
    walked.forwards.insert(walked.forwards.end(), last.rows.begin(), last.rows.end());
    query.cursor = last.next_cursor;
  } while (query.cursor && walked.forwards.size() <= most_rows);
  walked.backwards = last.rows;
  query.cursor = last.previous_cursor;
  while (query.cursor && walked.backwards.size() <= most_rows) {
    SLATE_TRY(const Answer before, page());
    walked.backwards.insert(walked.backwards.begin(), before.rows.begin(), before.rows.end());
    query.cursor = before.previous_cursor;
  }
  return walked;
}

std::string plan_text(const PlanNode& node) {
  constexpr std::string_view kIndex = "index ";
  std::string text = node.op;
  if (node.detail.starts_with(kIndex))
    text += '(' + node.detail.substr(kIndex.size(), node.detail.find(':') - kIndex.size()) + ')';
  if (node.children.empty()) return text;
  if (node.children.size() == 1) return text + " < " + plan_text(node.children.front());
  text += " < [";
  for (std::size_t i = 0; i < node.children.size(); ++i)
    text += (i == 0 ? "" : ", ") + plan_text(node.children[i]);
  return text + ']';
}

}  // namespace slate::scenario
