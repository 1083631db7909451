#include "parity/embedded_answer.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <optional>

#include "api/render/json_rows.h"
#include "base/try.h"
#include "http/url.h"
#include "model/json.h"
#include "query/query_json.h"

namespace slate::parity {
namespace {

namespace json = boost::json;

std::string joined(const std::vector<std::string>& texts, const char* separator) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : separator) + text;
  return all;
}

std::string quoted_or_null(const std::optional<std::string>& text) {
  return text ? '"' + *text + '"' : std::string("null");
}

std::string sort_text(const std::vector<SortKey>& sort) {
  std::vector<std::string> keys;
  for (const SortKey& key : sort)
    keys.push_back((key.direction == Direction::kDescending ? "-" : "") + key.field +
                   (key.nulls == Nulls::kFirst ? ":nulls_first" : ""));
  return joined(keys, ",");
}

}  // namespace

Result<EmbeddedAnswer> ask(Snapshot& snapshot, const Query& query, const QueryOptions& options,
                           api::Int64Form form) {
  SLATE_TRY(const auto result, snapshot.query(query, options));
  const api::JsonRows writer(result->columns(), form);
  EmbeddedAnswer answer;
  for (const ResultColumn& column : result->columns()) answer.columns.push_back(column.field);
  for (;;) {
    SLATE_TRY(const Batch* batch, result->next());
    if (batch == nullptr) break;
    for (std::size_t i = 0; i < batch->size(); ++i) {
      auto& row = answer.rows.emplace_back();
      row.push_back(batch->id.value(batch->rows[i]));
      for (const ColumnView& column : batch->columns) row.push_back(column.value(batch->rows[i]));
      answer.records.push_back(writer.object(*batch, i));
    }
  }
  SLATE_TRY(answer.has_more, result->has_more());
  SLATE_TRY(answer.next_cursor, result->next_cursor());
  SLATE_TRY(answer.previous_cursor, result->previous_cursor());
  answer.counters = result->counters();
  return answer;
}

bool same(const EmbeddedAnswer& a, const EmbeddedAnswer& b) {
  return a.columns == b.columns && a.rows == b.rows && a.has_more == b.has_more &&
         a.next_cursor == b.next_cursor && a.previous_cursor == b.previous_cursor &&
         a.counters.rows_returned == b.counters.rows_returned &&
         a.counters.keys_examined == b.counters.keys_examined;
}

Result<std::string> page_members(Snapshot& snapshot, const Query& query, const EmbeddedAnswer& answer,
                                 CountMode count) {
  std::string text = fmt::format(
      R"("records":[{}],"page":{{"skip":{},"take":{},"has_more":{},"next":{},"previous":{})",
      joined(answer.records, ","), query.skip, query.take ? std::to_string(*query.take) : "null",
      answer.has_more, quoted_or_null(answer.next_cursor), quoted_or_null(answer.previous_cursor));
  if (count.kind != CountMode::Kind::kNone) {
    SLATE_TRY(const Count counted, snapshot.count(query.filter, count.limit()));
    text += fmt::format(R"(,"count":{{"value":{},"relation":"{}"}})", counted.value,
                        counted.exact ? "eq" : "gte");
  }
  return text + '}';
}

std::string lines(const EmbeddedAnswer& answer) {
  std::string text;
  for (const std::string& record : answer.records) text += record + '\n';
  return text;
}

std::string query_body(const Query& query) { return json::serialize(to_json(query)); }

std::string query_parameters(const Query& query) {
  std::string text = fmt::format("skip={}", query.skip);
  const auto add = [&](const char* name, const std::string& value) {
    text += fmt::format("&{}={}", name, http::escape(value));
  };
  if (query.filter) add("filter", json::serialize(to_json(*query.filter)));
  if (!query.sort.empty()) add("sort", sort_text(query.sort));
  if (query.take) add("take", std::to_string(*query.take));
  if (query.columns) add("columns", joined(*query.columns, ","));
  if (query.cursor) add("cursor", *query.cursor);
  return text;
}

}  // namespace slate::parity
