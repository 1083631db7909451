#include "api/openapi/document.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <slate/query.h>
#include <slate/value.h>

#include "api/openapi/list_schemas.h"
#include "api/openapi/schemas.h"
#include "base/check.h"

namespace slate::api {
namespace {

namespace json = boost::json;

constexpr std::string_view kDescription =
    "Slate serves lists: filtered, sorted, paged rows over HTTP. HEAD is answered wherever GET is, OPTIONS "
    "everywhere, and a method that a path does not take with 405 and `Allow`.";

struct HeaderDoc {
  std::string_view name;
  std::string_view doc;
};
constexpr HeaderDoc kHeaders[] = {
    {"Accept-Encoding", "The codings of bodies that are taken."},
    {"Cache-Control",
     "Answers with an `ETag` may be kept and must be asked for again each time; others not at all."},
    {"ETag",
     "Of this answer; the same as long as it would be the same. Not there where cells may expire by "
     "themselves."},
    {"Location", "Where what was made, or runs, is found."},
    {"Preference-Applied", "The wait that `Prefer` asked for."},
    {"Retry-After", "Seconds after which to ask again."},
    {"Server-Timing", "Milliseconds of plan, exec and render, or that the answer was kept."},
    {"Slate-Freshness", "fresh, stale or static."},
    {"Slate-Generation", "The generation that the answer is of."},
    {"Vary", "What the representation depends on."},
    {"WWW-Authenticate", "How to authenticate."},
    {"X-Request-Id", "The request's own, or a new one."},
};

std::string_view header_doc(std::string_view name) {
  const auto* found = std::ranges::find(kHeaders, name, &HeaderDoc::name);
  check(found != std::end(kHeaders), "every header of a reply is described");
  return found->doc;
}

// Those that any call may have.
constexpr Reason kCommonProblems[] = {Reason::kInvalidArgument,
                                      Reason::kRequestTimeout,
                                      Reason::kPayloadTooLarge,
                                      Reason::kHeaderTooLarge,
                                      Reason::kUnsupportedMediaType,
                                      Reason::kOverloaded,
                                      Reason::kUnavailable,
                                      Reason::kDeadlineExceeded,
                                      Reason::kCorrupt,
                                      Reason::kIo,
                                      Reason::kInternal};

// What operations have in common.
struct Shared {
  json::object headers;
  json::object parameters;
  json::object responses;
};

// Said once in the document, for all that are equal: a reference to it.
json::object share(json::object& among, std::string_view kind, std::string_view name, json::object value) {
  std::string key(name);
  for (int other = 2; among.contains(key) && among.at(key).as_object() != value; ++other)
    key = fmt::format("{}.{}", name, other);
  if (!among.contains(key)) among[key] = std::move(value);
  return {{"$ref", fmt::format("#/components/{}/{}", kind, key)}};
}

std::string_view place_word(In in) {
  switch (in) {
    case In::kPath: return "path";
    case In::kQuery: return "query";
    case In::kHeader: return "header";
  }
  return {};
}

json::array words_of(std::string_view words) {
  json::array array;
  while (!words.empty()) {
    const auto word = words.substr(0, words.find(' '));
    array.emplace_back(json::string(word));
    words.remove_prefix(std::min(word.size() + 1, words.size()));
  }
  return array;
}

json::object parameter_schema(const Parameter& parameter) {
  json::object schema;
  switch (parameter.type) {
    case ParameterType::kText: schema["type"] = "string"; break;
    case ParameterType::kFlag: schema["type"] = "boolean"; break;
    case ParameterType::kWord:
      schema["type"] = "string";
      schema["enum"] = words_of(parameter.words);
      break;
    case ParameterType::kNumber:
      schema["type"] = "integer";
      schema["minimum"] = parameter.least;
      schema["maximum"] = parameter.most;
      break;
  }
  if (parameter.absent.empty()) return schema;
  // Words stand for themselves; numbers and flags are JSON already.
  schema["default"] = parameter.type == ParameterType::kWord ? json::value(json::string(parameter.absent))
                                                             : json::parse(parameter.absent);
  return schema;
}

json::object parameter_json(const Parameter& parameter) {
  json::object object{
      {"name", parameter.name}, {"in", place_word(parameter.in)}, {"description", parameter.doc}};
  if (parameter.in == In::kPath) object["required"] = true;
  object["schema"] = parameter_schema(parameter);
  return object;
}

json::object conditions_parameter(json::value schema) {
  return {{"name", "conditions"},
          {"in", "query"},
          {"description",
           "Every other parameter is a condition on a field: FIELD=VALUE or FIELD__OPERATOR=VALUE. "
           "All of them hold, beside the list's own filter."},
          {"style", "form"},
          {"explode", true},
          {"schema", std::move(schema)}};
}

json::object any_conditions() {
  return {{"type", "object"}, {"additionalProperties", json::object{{"type", "string"}}}};
}

json::object content_json(std::span<const Content> contents) {
  json::object object;
  for (const Content& content : contents)
    object[content.media_type] =
        json::object{{"schema", content.schema.empty() ? json::object{{"type", "string"}}
                                                       : schema_reference(content.schema)}};
  return object;
}

// Of an answer: those that every one has, and these.
json::object headers_json(std::span<const std::string_view> always,
                          std::span<const std::string_view> sometimes, Shared& shared) {
  json::object headers;
  const auto add = [&](std::string_view name, bool required) {
    headers[name] = share(shared.headers, "headers", name,
                          {{"description", header_doc(name)},
                           {"required", required},
                           {"schema", json::object{{"type", "string"}}}});
  };
  add("Cache-Control", true);
  add("X-Request-Id", true);
  for (const auto name : always) add(name, true);
  for (const auto name : sometimes) add(name, false);
  return headers;
}

json::object reply_json(const Reply& reply, Shared& shared) {
  json::object headers = headers_json(reply.headers, reply.sometimes, shared);
  json::object object{{"description", reply.doc}, {"headers", std::move(headers)}};
  if (!reply.content.empty()) object["content"] = content_json(reply.content);
  return object;
}

// The problems of one status: a schema that allows their codes only.
json::object problems_json(std::span<const ReasonInfo* const> infos, Shared& shared) {
  json::array codes;
  std::string titles;
  for (const ReasonInfo* info : infos) {
    codes.emplace_back(info->name);
    titles += fmt::format("{}{} (`{}`)", titles.empty() ? "" : "; ", info->title, info->name);
  }
  json::object only{{"properties", json::object{{"code", json::object{{"enum", std::move(codes)}}},
                                                {"status", json::object{{"const", infos[0]->http_status}}}}}};
  json::object schema{{"allOf", json::array{schema_reference("Problem"), std::move(only)}}};
  std::vector<std::string_view> sometimes{"Retry-After", "WWW-Authenticate", "Preference-Applied"};
  if (infos[0]->reason == Reason::kUnsupportedMediaType) sometimes.emplace_back("Accept-Encoding");
  json::object headers = headers_json({}, sometimes, shared);
  return {
      {"description", titles + "."},
      {"headers", std::move(headers)},
      {"content", json::object{{"application/problem+json", json::object{{"schema", std::move(schema)}}}}}};
}

json::object share_problems(Shared& shared, std::span<const ReasonInfo* const> infos) {
  std::string name = std::to_string(infos[0]->http_status);
  for (const ReasonInfo* info : infos) name += fmt::format(".{}", info->name);
  return share(shared.responses, "responses", name, problems_json(infos, shared));
}

// The security scheme of calls that may need a token.
std::string_view access_word(Access access) {
  return access == Access::kAdministration ? "administration" : "lists";
}

json::object responses_json(const Operation& operation, Shared& shared) {
  json::object responses;
  for (const Reply& reply : operation.replies) {
    const std::string status = std::to_string(reply.status);
    json::object described = reply_json(reply, shared);
    // What was asked for is the operation's own; other answers are alike.
    const bool is_own = reply.status == 200 || reply.status == 201;
    responses[status] =
        is_own ? std::move(described) : share(shared.responses, "responses", status, std::move(described));
  }
  std::set<Reason> reasons(std::begin(kCommonProblems), std::end(kCommonProblems));
  reasons.insert(operation.problems.begin(), operation.problems.end());
  if (operation.access != Access::kOpen)
    reasons.insert({Reason::kUnauthenticated, Reason::kPermissionDenied});
  std::map<int, std::vector<const ReasonInfo*>> by_status;
  for (const Reason reason : reasons)
    by_status[reason_info(reason).http_status].push_back(&reason_info(reason));
  for (const auto& [status, infos] : by_status)
    responses[std::to_string(status)] = share_problems(shared, infos);
  return responses;
}

json::object shared_parameter(Shared& shared, std::string_view name, json::object parameter) {
  return share(shared.parameters, "parameters", name, std::move(parameter));
}

json::object operation_json(const Operation& operation, Shared& shared) {
  json::array parameters;
  for (const Parameter* parameter : operation.parameters)
    parameters.push_back(shared_parameter(shared, parameter->name, parameter_json(*parameter)));
  if (operation.conditions == Conditions::kTaken)
    parameters.push_back(shared_parameter(shared, "conditions", conditions_parameter(any_conditions())));
  json::object object{{"operationId", operation.id},
                      {"tags", json::array{json::string(operation.group)}},
                      {"summary", operation.summary}};
  if (!parameters.empty()) object["parameters"] = std::move(parameters);
  if (!operation.body.empty())
    object["requestBody"] = json::object{{"content", content_json(operation.body)}};
  object["responses"] = responses_json(operation, shared);
  // The empty one: a server may want no token, as it does unless told otherwise.
  if (operation.access != Access::kOpen)
    object["security"] =
        json::array{json::object{{access_word(operation.access), json::array{}}}, json::object{}};
  return object;
}

std::string method_word(http::Method method) {
  std::string word(http::method_name(method));
  std::ranges::transform(word, word.begin(), [](char c) { return static_cast<char>(c - 'A' + 'a'); });
  return word;
}

// The parameters of a list's call: its path names the list, and conditions and fields are those that it has.
json::array list_parameters(const Operation& any, const ListSchemaNames& names, Shared& shared) {
  json::array parameters;
  for (const Parameter* parameter : any.parameters) {
    if (parameter->in != In::kPath) {
      parameters.push_back(shared_parameter(shared, parameter->name, parameter_json(*parameter)));
    } else if (parameter->name == "field") {
      json::object field = parameter_json(*parameter);
      field["schema"] = schema_reference(names.field);
      parameters.push_back(std::move(field));
    }
  }
  parameters.push_back(conditions_parameter(schema_reference(names.conditions)));
  return parameters;
}

// What a call for any list, given by its id, is for one: schemas of its body and its answer.
struct ListCall {
  std::string_view id;
  std::string ListSchemaNames::*body;  // null: it has none
  std::string ListSchemaNames::*answer;
};
constexpr ListCall kListCalls[] = {
    {"getListData", nullptr, &ListSchemaNames::page},
    {"getListValues", nullptr, &ListSchemaNames::values},
    {"postListRows", &ListSchemaNames::grid_request, &ListSchemaNames::grid_rows},
};

json::object json_content(json::object schema) { return {{"schema", std::move(schema)}}; }

json::object list_operation(const Operation& any, const ListCall& call, const ListView& list,
                            Shared& shared) {
  const ListSchemaNames names(list);
  json::object object = operation_json(any, shared);
  object["operationId"] = fmt::format("{}.{}", any.id, list.id);
  if (call.id == "getListData")
    object["summary"] = list.title.empty() ? fmt::format("The rows of {}.", list.id) : list.title;
  object["parameters"] = list_parameters(any, names, shared);
  if (call.body != nullptr)
    object["requestBody"].as_object()["content"].as_object()["application/json"] =
        json_content(schema_reference(names.*call.body));
  object["responses"].at("200").at("content").as_object()["application/json"] =
      json_content(schema_reference(names.*call.answer));
  return object;
}

void add_lists(json::object& paths, std::span<const Operation> operations,
               std::span<const ListWithDatasource> lists, Shared& shared) {
  for (const ListCall& call : kListCalls) {
    const auto any = std::ranges::find(operations, call.id, &Operation::id);
    if (any == operations.end()) continue;
    for (const ListWithDatasource& list : lists) {
      std::string path(any->path);
      path.replace(path.find("{id}"), 4, list.list.id);
      paths[path] = json::object{{method_word(any->method), list_operation(*any, call, list.list, shared)}};
    }
  }
}

// Words that tables of the code have.
void add_words(json::object& schemas) {
  json::array codes;
  for (std::size_t i = 0; i < kReasonCount; ++i) codes.emplace_back(reason_info(static_cast<Reason>(i)).name);
  schemas["Code"] = json::object{{"type", "string"}, {"enum", std::move(codes)}};
  json::array types;
  for (const Type type :
       {Type::kString, Type::kInt, Type::kFloat, Type::kBool, Type::kDate, Type::kList, Type::kMap})
    types.emplace_back(type_name(type));
  schemas["Type"] = json::object{{"type", "string"}, {"enum", std::move(types)}};
  json::array operators;
  for (unsigned i = 0; i <= static_cast<unsigned>(Op::kEmpty); ++i)
    operators.emplace_back(op_name(static_cast<Op>(i)));
  schemas["Op"] = json::object{{"type", "string"}, {"enum", std::move(operators)}};
}

}  // namespace

json::object openapi_document(std::span<const Operation> operations,
                              std::span<const ListWithDatasource> lists) {
  json::object paths;
  Shared shared;
  for (const Operation& operation : operations) {
    if (!paths.contains(operation.path)) paths[operation.path] = json::object{};
    paths[operation.path].as_object()[method_word(operation.method)] = operation_json(operation, shared);
  }
  add_lists(paths, operations, lists, shared);

  json::object schemas = json::parse(schemas_json()).as_object();
  add_words(schemas);
  add_values_schemas(schemas);
  for (const ListWithDatasource& list : lists) add_list_schemas(schemas, list);

  const json::object bearer{{"type", "http"}, {"scheme", "bearer"}};
  return {{"openapi", "3.1.0"},
          {"info", json::object{{"title", "Slate"}, {"version", "v1"}, {"description", kDescription}}},
          {"paths", std::move(paths)},
          {"components",
           json::object{{"schemas", std::move(schemas)},
                        {"headers", std::move(shared.headers)},
                        {"parameters", std::move(shared.parameters)},
                        {"responses", std::move(shared.responses)},
                        {"securitySchemes", json::object{{access_word(Access::kAdministration), bearer},
                                                         {access_word(Access::kLists), bearer}}}}}};
}

}  // namespace slate::api
