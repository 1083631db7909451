#include "cli/explain_query.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <optional>
#include <string_view>

#include <slate/list_view.h>

#include "base/try.h"
#include "model/json.h"
#include "model/schema.h"
#include "query/list_query.h"
#include "query/literal.h"
#include "query/query_json.h"
#include "query/url_query.h"

namespace slate::cli {
namespace {

namespace json = boost::json;

Failure strange() { return fail(Reason::kInternal, "the server's answer is no datasource or list"); }

// Without the members that only the server writes.
Result<Datasource> read_datasource(const json::value& answer) {
  if (!answer.is_object()) return strange();
  json::object definition = answer.get_object();
  definition.erase("status");
  return datasource_from_json(definition);
}

std::optional<std::string> text_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

void read_number(const json::object& object, std::string_view name, std::uint32_t& target) {
  const json::value* value = object.if_contains(name);
  boost::system::error_code error;
  if (value == nullptr) return;
  const auto number = value->to_number<std::uint32_t>(error);
  if (!error) target = number;
}

Result<ListView> read_list(const json::value& answer, const Datasource& datasource) {
  if (!answer.is_object()) return strange();
  const json::object& object = answer.get_object();
  const json::value* columns = object.if_contains("columns");
  if (columns == nullptr || !columns->is_array()) return strange();
  ListView list{.id = text_member(object, "id").value_or(""), .datasource = datasource.id};
  for (const json::value& column : columns->get_array()) {
    const auto field = column.is_object() ? text_member(column.get_object(), "field") : std::nullopt;
    if (!field) return strange();
    const json::value* hidden = column.get_object().if_contains("hidden");
    list.columns.push_back({.field = *field, .hidden = hidden != nullptr && *hidden == true});
  }
  if (const json::value* filter = object.if_contains("filter"); filter != nullptr && !filter->is_null()) {
    SLATE_TRY(list.filter, filter_from_json(*filter));
  }
  if (const json::value* sort = object.if_contains("sort"); sort != nullptr && !sort->is_null()) {
    SLATE_TRY(list.sort, sort_from_json(*sort));
  }
  read_number(object, "page_size", list.page_size);
  read_number(object, "max_page_size", list.max_page_size);
  return list;
}

template <typename T>
std::optional<Value> number_in(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return Value(number);
}

// What the text of a URL stands for beside a field of this type, in JSON's kinds. Strings and dates stay
// text.
Value typed(const Literal& literal, Type type) {
  const auto* text = literal.value.get_if<std::string>();
  if (text == nullptr) return literal.value;
  if (type == Type::kInt || type == Type::kFloat) {
    if (auto number = number_in<std::int64_t>(*text)) return *std::move(number);
    if (auto number = number_in<double>(*text)) return *std::move(number);
  }
  if (type == Type::kBool)
    if (const auto place = place_literal(literal, type);
        place && std::holds_alternative<std::int64_t>(place->value))
      return Value(std::get<std::int64_t>(place->value) != 0);
  return literal.value;
}

// JSON says by its kinds what a URL leaves to the fields.
void give_types(Filter& filter, const Schema& schema) {
  for (Filter& child : filter.children) give_types(child, schema);
  const auto position = schema.find_column(filter.field);
  for (Literal& literal : filter.values) {
    if (!literal.is_text) continue;
    if (filter.op == Op::kIsnull || filter.op == Op::kEmpty) {
      if (const auto truth = truth_of(literal)) literal = {.value = Value(*truth)};
    } else if (position) {
      const Column& column = schema.columns[*position];
      const bool has_elements = column.type == Type::kList && !column.items.empty();
      literal = {.value = typed(literal, has_elements ? column.items.front().type : column.type)};
    } else {
      literal.is_text = false;  // `_id`
    }
  }
}

}  // namespace

Result<json::value> explain_query(const std::vector<std::pair<std::string, std::string>>& parameters,
                                  const json::value& datasource, const json::value* list) {
  SLATE_TRY(const Datasource declared, read_datasource(datasource));
  const Schema schema = make_schema(declared, nullptr);
  if (list == nullptr) {
    SLATE_TRY(UrlQuery asked, query_from_url(parameters, {.schema = schema}));
    if (asked.query.filter) give_types(*asked.query.filter, schema);
    return to_json(asked.query);
  }
  SLATE_TRY(const ListView view, read_list(*list, declared));
  SLATE_TRY(UrlQuery asked, query_from_url(parameters, {.schema = schema, .list = &view}));
  SLATE_TRY(Query query, list_query(view, std::move(asked.query), Paging::kPage));
  if (query.filter) give_types(*query.filter, schema);
  return to_json(query);
}

}  // namespace slate::cli
