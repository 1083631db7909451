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
#include "scenario/front.h"

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

Question read_url_question(std::string_view text, const Datasource& datasource) {
  Parameters parameters;
  while (!text.empty()) {
    const std::string_view parameter = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(parameter.size() + 1, text.size()));
    const std::size_t sign = std::min(parameter.find('='), parameter.size());
    parameters.emplace_back(percent_decoded(parameter.substr(0, sign)),
                            percent_decoded(parameter.substr(std::min(sign + 1, parameter.size()))));
  }
  const Schema schema = make_schema(datasource, nullptr);
  auto read = query_from_url(parameters, {.schema = schema});
  auto query = read ? Result<Query>(std::move(read->query)) : fail(std::move(read).error());
  return {.parameters = std::move(parameters), .json = {}, .query = std::move(query)};
}

Result<Question> read_json_question(std::string text, std::vector<Line>& body) {
  for (;;) {
    const auto json = parse_json(text);
    if (json || body.empty()) {
      auto query = json ? query_from_json(*json) : Result<Query>(fail(json.error()));
      return Question{.parameters = {}, .json = std::move(text), .query = std::move(query)};
    }
    SLATE_TRY(const std::string line, expand(body.front().text));
    text += '\n' + line;
    body.erase(body.begin());
  }
}

}  // namespace

Result<Question> read_question(std::string_view text, std::vector<Line>& body, const Datasource& datasource) {
  SLATE_TRY(std::string expanded, expand(text));
  if (expanded.starts_with('{')) return read_json_question(std::move(expanded), body);
  return read_url_question(expanded, datasource);
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

Result<PagedRows> walk_pages(Front& front, const Question& question, const std::vector<Way>& ways,
                             std::uint64_t page_rows, std::size_t most_rows) {
  Page asked{.take = page_rows, .cursor = {}};
  std::size_t pages = 0;
  const auto page = [&]() { return front.query(question, asked, ways[pages++ % ways.size()].options); };
  PagedRows walked;
  Answer last;
  do {
    SLATE_TRY(last, page());
    walked.forwards.insert(walked.forwards.end(), last.rows.begin(), last.rows.end());
    asked.cursor = last.next_cursor;
  } while (asked.cursor && walked.forwards.size() <= most_rows);
  walked.backwards = last.rows;
  asked.cursor = last.previous_cursor;
  while (asked.cursor && walked.backwards.size() <= most_rows) {
    SLATE_TRY(const Answer before, page());
    walked.backwards.insert(walked.backwards.begin(), before.rows.begin(), before.rows.end());
    asked.cursor = before.previous_cursor;
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
