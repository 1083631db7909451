// The server against its own OpenAPI document: every operation, called rightly and wrongly. What it answers
// is compared with what the document says: status, headers and body.
#include <array>
#include <gmock/gmock.h>
#include <map>
#include <set>

#include "api/testing/api_test_base.h"
#include "api/testing/json_schema.h"
#include "http/url.h"
#include "loader/testing/scripted_loader.h"

namespace slate::api {
namespace {

namespace bj = boost::json;
using http::Method;
using slate::testing::numbered_rows;
using slate::testing::ScriptedLoader;
using ::testing::IsEmpty;
using testing::JsonSchema;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

// Of the connection and of codings, which every answer may have.
bool is_of_transport(std::string_view name) {
  static const std::set<std::string> names{
      "connection", "content-encoding", "content-length", "content-type", "date", "transfer-encoding",
      "vary"};
  return names.contains(lower(name));
}

struct Called {
  Method method;
  std::string path;  // with the query
  std::string body{};
  http::Headers headers{};
};

class ContractTest : public testing::ApiTest {
 protected:
  ContractTest() {
    create_people();
    create_people_list();
    write_people(30);
    const auto datasource = put("/v1/datasources/rows", R"({"fields":[{"name":"number","type":"int"},
        {"name":"name","type":"string"}],"loader":{"endpoint":")" +
                                                            loader_.endpoint() + R"(","ttl":60}})");
    EXPECT_EQ(datasource.status, 201) << datasource.body;
    EXPECT_EQ(put("/v1/lists/rows", R"({"datasource":"rows","columns":["number"]})").status, 201);
    document_ = get("/openapi.json").json();
  }

  // The path of the document that a target falls under: of those that fit the one with the fewest names.
  const bj::object* find_path(std::string_view target, std::string& name) const {
    const auto path = target.substr(0, target.find('?'));
    const bj::object* found = nullptr;
    for (const auto& entry : document_.at("paths").as_object()) {
      const std::string_view pattern = entry.key();
      if (!fits(pattern, path) ||
          (found != nullptr && std::ranges::count(pattern, '{') >= std::ranges::count(name, '{')))
        continue;
      name = pattern;
      found = &entry.value().as_object();
    }
    return found;
  }
  static bool fits(std::string_view pattern, std::string_view path) {
    for (;;) {
      const auto a = pattern.substr(0, pattern.find('/'));
      const auto b = path.substr(0, path.find('/'));
      if (a.starts_with('{') ? b.empty() : a != b) return false;
      if (a.size() == pattern.size() || b.size() == path.size())
        return a.size() == pattern.size() && b.size() == path.size();
      pattern.remove_prefix(a.size() + 1);
      path.remove_prefix(b.size() + 1);
    }
  }

  // Calls, and compares the answer with the document.
  testing::Answer call(const Called& called) {
    const auto answer = ask(called.method, called.path, called.body, called.headers);
    const std::string what(std::string(http::method_name(called.method)) + " " + called.path + " " +
                           called.body);
    SCOPED_TRACE(what);
    std::string path;
    const auto* item = find_path(called.path, path);
    if (item == nullptr) {
      EXPECT_EQ(answer.status, 404);
      if (called.method != Method::kHead) expect_problem(answer, 404, "not_found");
      return answer;
    }
    const bool head = called.method == Method::kHead;
    const std::string method = head ? "get" : lower(http::method_name(called.method));
    const auto* operation = item->if_contains(method);
    if (operation == nullptr) {
      EXPECT_TRUE(answer.headers.has("Allow"));
      EXPECT_EQ(answer.status, called.method == Method::kOptions ? 204 : 405);
      return answer;
    }
    driven_.insert(method + " " + path);
    statuses_[method + " " + path].insert(answer.status);
    compare(operation->as_object(), called, answer);
    return answer;
  }

  void compare(const bj::object& operation, const Called& called, const testing::Answer& answer) {
    const auto* response = operation.at("responses").as_object().if_contains(std::to_string(answer.status));
    ASSERT_NE(response, nullptr) << "status " << answer.status << " is not described: " << answer.body;
    response = JsonSchema(document_).resolve(*response);
    compare_headers(response->as_object(), answer);
    if (called.method != Method::kHead) compare_body(response->as_object(), answer);
    if (answer.status < 300) compare_request(operation, called);
  }

  void compare_headers(const bj::object& response, const testing::Answer& answer) {
    std::set<std::string> described;
    if (const auto* headers = response.if_contains("headers"))
      for (const auto& header : headers->as_object()) {
        described.insert(lower(header.key()));
        const bool required = JsonSchema(document_).resolve(header.value())->at("required").as_bool();
        const bool missing = required && !answer.headers.has(header.key());
        EXPECT_FALSE(missing) << "lacks " << header.key();
      }
    for (const auto& [name, value] : answer.headers)
      EXPECT_TRUE(described.contains(lower(name)) || is_of_transport(name)) << name << " is not described";
  }

  void compare_body(const bj::object& response, const testing::Answer& answer) {
    const auto* content = response.if_contains("content");
    if (content == nullptr) {
      EXPECT_EQ(answer.body, "");
      return;
    }
    const std::string full = answer.header("Content-Type");
    const std::string type = full.substr(0, full.find(';'));
    const auto* media = content->as_object().if_contains(type);
    ASSERT_NE(media, nullptr) << type << " is not described";
    if (!type.ends_with("json") || type == "application/x-ndjson") return;
    EXPECT_THAT(JsonSchema(document_).check(media->at("schema"), answer.json()), IsEmpty());
  }

  // What was accepted must be described, too.
  void compare_request(const bj::object& operation, const Called& called) {
    std::map<std::string, const bj::value*> schemas;
    const bj::value* conditions = nullptr;
    if (const auto* parameters = operation.if_contains("parameters"))
      for (const auto& reference : parameters->as_array()) {
        const auto& parameter = *JsonSchema(document_).resolve(reference);
        schemas.emplace(parameter.at("name").as_string(), &parameter.at("schema"));
        if (parameter.at("name").as_string() == "conditions") conditions = &parameter.at("schema");
      }
    const auto target = http::parse_target(called.path);
    ASSERT_TRUE(target);
    for (const auto& [name, value] : target->query) {
      if (const auto found = schemas.find(name); found != schemas.end()) {
        const auto* type = found->second->as_object().if_contains("type");
        if (type != nullptr && *type == "integer") {
          EXPECT_THAT(JsonSchema(document_).check(*found->second, testing::json(value)), IsEmpty()) << name;
        }
        continue;
      }
      ASSERT_NE(conditions, nullptr) << name << " is not described";
      const auto& schema = JsonSchema(document_).resolve(*conditions)->as_object();
      const auto* properties = schema.if_contains("properties");
      EXPECT_TRUE(properties == nullptr || properties->as_object().contains(name))
          << name << " is not described";
    }
    const bool is_lines = called.headers.get("Content-Type") == "application/x-ndjson";
    if (called.body.empty() || is_lines) return;
    const auto* body = operation.if_contains("requestBody");
    ASSERT_NE(body, nullptr) << "a body is not described";
    const auto& media = body->at("content").at("application/json");
    EXPECT_THAT(JsonSchema(document_).check(media.at("schema"), testing::json(called.body)), IsEmpty());
  }

  ScriptedLoader loader_{{.rows = numbered_rows(10)}};
  bj::value document_;
  std::set<std::string> driven_;
  std::map<std::string, std::set<int>> statuses_;
};

TEST_F(ContractTest, document_is_what_openapi_3_1_asks_for) {
  EXPECT_EQ(document_.at("openapi").as_string(), "3.1.0");
  EXPECT_TRUE(document_.at("info").as_object().contains("title"));
  EXPECT_TRUE(document_.at("info").as_object().contains("version"));
  const JsonSchema schemas(document_);
  for (const auto& schema : document_.at("components").at("schemas").as_object())
    EXPECT_THAT(schemas.mistakes(schema.value()), IsEmpty()) << schema.key();
  std::set<std::string> ids;
  for (const auto& path : document_.at("paths").as_object()) {
    for (const auto& method : path.value().as_object()) {
      const auto& operation = method.value().as_object();
      SCOPED_TRACE(std::string(method.key()) + " " + std::string(path.key()));
      EXPECT_TRUE(ids.insert(std::string(operation.at("operationId").as_string())).second);
      EXPECT_FALSE(operation.at("summary").as_string().empty());
      std::set<std::pair<std::string, std::string>> parameters;
      if (const auto* list = operation.if_contains("parameters"))
        for (const auto& reference : list->as_array()) {
          const auto& parameter = *schemas.resolve(reference);
          const std::string name(parameter.at("name").as_string());
          const std::string in(parameter.at("in").as_string());
          EXPECT_TRUE(parameters.insert({in, name}).second) << name << " comes twice";
          EXPECT_THAT(schemas.mistakes(parameter.at("schema")), IsEmpty()) << name;
          if (in != "path") continue;
          EXPECT_TRUE(parameter.at("required").as_bool());
          EXPECT_NE(path.key().find("{" + name + "}"), bj::string_view::npos);
        }
      for (std::size_t at = 0; (at = path.key().find('{', at)) != bj::string_view::npos; ++at) {
        const std::string name(path.key().substr(at + 1, path.key().find('}', at) - at - 1));
        EXPECT_TRUE(parameters.contains({"path", name})) << name << " is not declared";
      }
      EXPECT_FALSE(operation.at("responses").as_object().empty());
      for (const auto& response : operation.at("responses").as_object()) {
        const bool is_problem = response.key().front() >= '4';
        EXPECT_TRUE(!is_problem || response.value().as_object().contains("$ref"))
            << "problems are described once";
        const auto& described = *schemas.resolve(response.value());
        EXPECT_FALSE(described.at("description").as_string().empty());
        const auto* content = described.as_object().if_contains("content");
        if (content == nullptr) continue;
        for (const auto& media : content->as_object())
          EXPECT_THAT(schemas.mistakes(media.value().at("schema")), IsEmpty());
      }
    }
  }
}

TEST_F(ContractTest, every_route_is_in_the_document_and_every_operation_has_its_route) {
  const auto router = api_->router();
  std::set<std::string> routes;
  for (const http::Route& route : router.routes())
    routes.insert(lower(http::method_name(route.method)) + " " + route.pattern);
  std::set<std::string> described;
  for (const auto& path : document_.at("paths").as_object())
    for (const auto& method : path.value().as_object())
      // Those of one list are the route of any list.
      if (method.value().at("operationId").as_string().find('.') == bj::string::npos)
        described.insert(std::string(method.key()) + " " + std::string(path.key()));
  EXPECT_EQ(described, routes);
}

TEST_F(ContractTest, document_knows_each_lists_columns_and_conditions) {
  const auto& schemas = document_.at("components").at("schemas").as_object();
  const auto& record = schemas.at("list.adults.record").at("properties").as_object();
  EXPECT_EQ(bj::serialize(record.at("age").at("type")), R"(["integer","string","null"])");
  EXPECT_EQ(bj::serialize(record.at("address").at("properties").at("city").at("type")),
            R"(["string","null"])");
  EXPECT_TRUE(record.contains("score")) << "hidden columns come when they are named";
  EXPECT_FALSE(record.contains("born"));
  const auto& conditions = schemas.at("list.adults.conditions").at("properties").as_object();
  for (const char* name :
       {"age", "age__gte", "age__in", "name__icontains", "address.city", "_id", "score__isnull"})
    EXPECT_TRUE(conditions.contains(name)) << name;
  for (const char* name : {"age__icontains", "born", "tags"}) EXPECT_FALSE(conditions.contains(name)) << name;
}

TEST_F(ContractTest, document_knows_of_what_type_the_values_of_each_field_are) {
  const auto& path = document_.at("paths").at("/v1/lists/adults/values/{field}").at("get");
  EXPECT_EQ(path.at("operationId").as_string(), "getListValues.adults");
  const JsonSchema schemas(document_);
  const bj::value& field = path.at("parameters").as_array().front();
  EXPECT_EQ(field.at("name").as_string(), "field");
  for (const char* asked : {"age", "address.city", "score", "_id"})
    EXPECT_THAT(schemas.check(field.at("schema"), asked), IsEmpty());
  for (const char* unknown : {"born", "address", "nothing"})
    EXPECT_FALSE(schemas.check(field.at("schema"), unknown).empty()) << unknown;

  const bj::value& values = path.at("responses").at("200").at("content").at("application/json").at("schema");
  const auto check = [&](const char* of, const char* value) {
    bj::value answer = testing::json(get("/v1/lists/adults/values/age").body);
    answer.as_object()["field"] = of;
    answer.as_object()["values"] = testing::json(R"([{"count":1,"value":)" + std::string(value) + "}]");
    return schemas.check(values, answer);
  };
  EXPECT_THAT(check("age", "5"), IsEmpty());
  EXPECT_THAT(check("age", "null"), IsEmpty());
  EXPECT_THAT(check("name", R"("5")"), IsEmpty());
  EXPECT_FALSE(check("name", "5").empty());
  EXPECT_FALSE(check("age", "true").empty());
  EXPECT_FALSE(check("born", "5").empty()) << "no column of this list";
}

TEST_F(ContractTest, document_knows_what_a_grid_may_ask_of_each_list) {
  const auto& path = document_.at("paths").at("/v1/lists/adults/rows").at("post");
  EXPECT_EQ(path.at("operationId").as_string(), "postListRows.adults");
  const JsonSchema schemas(document_);
  const bj::value& request = path.at("requestBody").at("content").at("application/json").at("schema");
  const auto expect = [&](const std::string& body, bool is_right) {
    SCOPED_TRACE(body);
    EXPECT_EQ(schemas.check(request, testing::json(body)).empty(), is_right);
    EXPECT_EQ(post("/v1/lists/adults/rows", body).status, is_right ? 200 : 400);
  };
  expect(R"({"sortModel":[{"colId":"age","sort":"asc"},{"colId":"_id","sort":"desc"}]})", true);
  expect(R"({"sortModel":null,"filterModel":null})", true);
  expect(R"({"filterModel":{"address.city":{"filterType":"text","type":"blank"},"nothing":null}})", true);
  expect(R"({"sortModel":[{"colId":"born","sort":"asc"}]})", false);
  expect(R"({"sortModel":[{"colId":"address","sort":"asc"}]})", false);
  expect(R"({"filterModel":{"born":{"filterType":"date","type":"blank"}}})", false);

  const bj::value& rows = path.at("responses").at("200").at("content").at("application/json").at("schema");
  bj::value answer = testing::json(post("/v1/lists/adults/rows", R"({"endRow":1})").body);
  EXPECT_THAT(schemas.check(rows, answer), IsEmpty());
  answer.as_object()["rowData"].as_array().front().as_object()["born"] = nullptr;
  EXPECT_FALSE(schemas.check(rows, answer).empty()) << "no column of this list";
}

// What a list adds is its own words: parameters, headers and what else lists have in common are references.
TEST_F(ContractTest, document_grows_by_little_with_each_list) {
  const auto size = [this] { return get("/openapi.json").body.size(); };
  const std::size_t before = size();
  ASSERT_EQ(put("/v1/lists/small", R"({"datasource":"people","columns":["name"]})").status, 201);
  EXPECT_LT(size() - before, 13'000U);
}

TEST_F(ContractTest, document_bounds_the_numbers_of_a_definition_as_the_server_does) {
  const bj::value definition = document_.at("components").at("schemas").at("DatasourceDefinition");
  const auto expect_refused_by_both = [&](const std::string& body) {
    SCOPED_TRACE(body);
    EXPECT_EQ(put("/v1/datasources/bounded", body).status, 400);
    EXPECT_FALSE(JsonSchema(document_).check(definition, testing::json(body)).empty());
  };
  for (const char* member :
       {R"("ttl":0)", R"("ttl":3155760001)", R"("staleIfError":3155760001)", R"("deadline":604801)",
        R"("idleTimeout":0)", R"("minRows":1000000000001)", R"("scopeHeaders":["a"],"maxScopes":1001)",
        R"("scopeHeaders":["a"],"maxScopeBytes":1048575)"})
    expect_refused_by_both(R"({"fields":[],"loader":{"endpoint":"grpc://127.0.0.1:1",)" +
                           std::string(member) + "}}");
  expect_refused_by_both(R"({"fields":[{"name":"a","type":"int","ttlSeconds":3155760001}]})");
}

// The calls, each in a part of its own.
class Driven : public ContractTest {
 protected:
  // Every kind of path, by every method.
  void call_health() {
    for (const char* path :
         {"/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/lists", "/v1/lists/adults",
          "/v1/datasources", "/nothing", "/v1/lists/none", "/v1/datasources/none"}) {
      for (const Method method : {Method::kGet, Method::kHead, Method::kOptions, Method::kPatch})
        call({.method = method, .path = path});
      call({.method = Method::kGet, .path = std::string(path) + "?unknown=1"});
    }
    not_ready_ = Error(Reason::kUnavailable, "not yet");
    EXPECT_EQ(call({Method::kGet, "/readyz"}).status, 503);
    not_ready_.reset();
  }
  // Rows before anything is loaded, and with loads that fail.
  void call_loading() {
    const http::Headers events{{"Accept", "text/event-stream"}};
    loader_.hold();
    const auto loading = call({Method::kGet, "/v1/lists/rows/data", "", {{"Prefer", "wait=0"}}});
    EXPECT_EQ(loading.status, 202);
    EXPECT_EQ(call({Method::kGet, "/v1/lists/rows/values/number", "", {{"Prefer", "wait=0"}}}).status, 202);
    EXPECT_EQ(call({Method::kPost, "/v1/lists/rows/rows", "{}", {{"Prefer", "wait=0"}}}).status, 202);
    EXPECT_EQ(call({Method::kGet, loading.header("Location")}).status, 200);
    EXPECT_EQ(call({Method::kPost, "/v1/datasources/rows/refresh"}).status, 202);
    loader_.release();
    EXPECT_EQ(call({Method::kGet, loading.header("Location"), "", events}).status, 200);
    EXPECT_EQ(call({Method::kGet, "/v1/lists/rows/data"}).status, 200);
    call({Method::kGet, loading.header("Location")});
    call({Method::kHead, loading.header("Location")});
    EXPECT_EQ(call({Method::kGet,
                    loading.header("Location"),
                    "",
                    {{"Accept", "text/event-stream"}, {"Last-Event-ID", "end"}}})
                  .status,
              204);
    EXPECT_EQ(call({Method::kGet, "/v1/loads/none"}).status, 404);
    EXPECT_EQ(call({Method::kPost, "/v1/datasources/rows/refresh?wait=60"}).status, 200);
    EXPECT_EQ(call({Method::kPost, people_ + "/refresh"}).status, 409);
    EXPECT_EQ(call({Method::kPost, "/v1/datasources/none/refresh"}).status, 404);
    EXPECT_EQ(call({Method::kPost, people_ + "/refresh?wait=61"}).status, 400);
    loader_.set_script({.status = Code::kInternal, .message = "broken"});
    EXPECT_EQ(call({Method::kPost, "/v1/datasources/rows/refresh?wait=60"}).status, 502);
    EXPECT_EQ(call({Method::kDelete, "/v1/datasources/rows/records"}).status, 204);
    EXPECT_EQ(call({Method::kGet, "/v1/lists/rows/data"}).status, 502);
    EXPECT_EQ(call({Method::kGet, "/v1/lists/rows/values/number"}).status, 502);
  }
  void call_rows() {
    for (const char* data : {"/v1/lists/adults/data", "/v1/datasources/people/records"}) {
      const std::string path(data);
      const auto page =
          call({Method::kGet, path + "?take=2&sort=-age,name:nulls_first&columns=name,age&count=exact"
                                     "&age__gt=19&name__icontains=name&int64=string"});
      EXPECT_EQ(page.status, 200) << page.body;
      EXPECT_EQ(
          call({Method::kGet, path + "?skip=1&take=1&filter=%7B%22field%22:%22age%22,%22value%22:20%7D"})
              .status,
          200);
      const auto first = call({Method::kGet, path + "?take=2"});
      EXPECT_EQ(call({Method::kGet,
                      path + "?take=2&cursor=" + std::string(first.json().at("page").at("next").as_string())})
                    .status,
                200);
      EXPECT_EQ(call({Method::kGet, path + "?take=2", "", {{"If-None-Match", first.header("ETag")}}}).status,
                304);
      EXPECT_EQ(call({Method::kGet, path, "", {{"Accept", "text/csv"}}}).status, 200);
      EXPECT_EQ(call({Method::kGet, path, "", {{"Accept", "application/x-ndjson"}}}).status, 200);
      EXPECT_EQ(call({Method::kGet, path, "", {{"Accept", "image/png"}}}).status, 406);
      EXPECT_EQ(call({Method::kGet, path, "", {{"Content-Encoding", "br"}}}).status, 415);
      EXPECT_EQ(call({Method::kGet, path + "?skip=18446744073709551615"}).status, 200);
      call({Method::kHead, path});
      call({Method::kOptions, path});
      for (const char* wrong : {"?take=x", "?take=99999", "?nothing=1", "?sort=nothing", "?cursor=x",
                                "?count=all", "?int64=big", "?age=old", "?filter=%7B", "?columns=nothing"})
        EXPECT_EQ(call({Method::kGet, path + wrong}).status, 400) << wrong;
    }
    EXPECT_EQ(call({Method::kGet, "/v1/lists/none/data"}).status, 404);
    EXPECT_EQ(call({Method::kGet, "/v1/datasources/none/records"}).status, 404);
  }
  void call_values() {
    for (const char* values : {"/v1/lists/adults/values/", "/v1/datasources/people/values/"}) {
      const std::string path(values);
      const auto answer =
          call({Method::kGet, path + "name?order=count&take=2&search=name&age__gt=19&int64=string"});
      EXPECT_EQ(answer.status, 200) << answer.body;
      EXPECT_EQ(call({Method::kGet, path + "score"}).status, 200);
      const auto again = call({Method::kGet, path + "age"});
      EXPECT_EQ(call({Method::kGet, path + "age", "", {{"If-None-Match", again.header("ETag")}}}).status,
                304);
      for (const char* wrong : {"nothing", "age?search=1", "age?order=up", "age?take=0", "age?skip=1"})
        EXPECT_EQ(call({Method::kGet, path + wrong}).status, 400) << wrong;
    }
    EXPECT_EQ(call({Method::kGet, "/v1/lists/none/values/a"}).status, 404);
    EXPECT_EQ(call({Method::kGet, "/v1/datasources/none/values/a"}).status, 404);
  }
  void call_grid() {
    EXPECT_EQ(call({Method::kPost, "/v1/lists/adults/rows?count=exact&columns=age&name__startswith=n",
                    R"({"startRow":0,"endRow":5,"sortModel":[{"colId":"age","sort":"asc"}],"groupKeys":[],
                        "filterModel":{"age":{"filterType":"number","operator":"OR","conditions":[
                          {"filterType":"number","type":"equals","filter":20},{"filterType":"number","type":"blank"}]}}})"})
                  .status,
              200);
    EXPECT_EQ(call({Method::kPost, "/v1/lists/adults/rows", R"({"pivotMode":true})"}).status, 501);
    EXPECT_EQ(call({Method::kPost, "/v1/lists/adults/rows", R"({"startRow":-1})"}).status, 400);
    EXPECT_EQ(call({Method::kPost, "/v1/lists/adults/rows", "x", {{"Content-Type", "text/plain"}}}).status,
              415);
    EXPECT_EQ(call({Method::kPost, "/v1/lists/none/rows", "{}"}).status, 404);
  }
  // Datasources and lists.
  void call_resources() {
    const std::string definition =
        R"({"id":"new","title":"New","fields":[{"name":"a","type":"string","indexed":true},
        {"name":"m","type":"map","fields":[{"name":"b","type":"int"}]},
        {"name":"t","type":"list","items":{"type":"date"}}],
        "indexes":[{"fields":["a",{"field":"m.b","direction":"desc"}]}],"durability":"os"})";
    const std::string list =
        R"({"datasource":"new","title":"New ones","columns":["a",{"field":"m","label":"M"}],
        "filter":{"or":[{"field":"a","value":"x"},{"not":{"field":"a","op":"isnull","value":true}}]},
        "sort":["-a",{"field":"m.b","direction":"asc","nulls":"first"}],"pageSize":5,"maxPageSize":50})";
    EXPECT_EQ(call({Method::kPost, "/v1/datasources", definition}).status, 201);
    EXPECT_EQ(call({Method::kPost, "/v1/datasources", definition}).status, 409);
    EXPECT_EQ(call({Method::kPost, "/v1/datasources", R"({"id":"x","fields":[{"name":"a","type":"text"}]})"})
                  .status,
              400);
    EXPECT_EQ(call({Method::kPost, "/v1/datasources", "x", {{"Content-Type", "text/plain"}}}).status, 415);
    EXPECT_EQ(call({Method::kPut, "/v1/datasources/new", definition}).status, 200);
    EXPECT_EQ(
        call({Method::kPut, "/v1/datasources/other", R"({"fields":[{"name":"a","type":"int"}]})"}).status,
        201);
    EXPECT_EQ(call({Method::kPut, "/v1/datasources/other", R"({"id":"another","fields":[]})"}).status, 400);
    EXPECT_EQ(call({Method::kGet, "/v1/datasources/new"}).status, 200);
    EXPECT_EQ(call({Method::kPut, "/v1/lists/new", list}).status, 201);
    EXPECT_EQ(call({Method::kPut, "/v1/lists/new", list}).status, 200);
    EXPECT_EQ(call({Method::kPut, "/v1/lists/new", R"({"datasource":"new","columns":["nothing"]})"}).status,
              400);
    EXPECT_EQ(call({Method::kGet, "/v1/lists/new"}).status, 200);
    document_ = get("/openapi.json").json();
    EXPECT_EQ(call({Method::kGet, "/v1/lists/new/data?m.b__between=1,2&a=x"}).status, 200);
    EXPECT_EQ(call({Method::kGet, "/v1/lists/new/values/m.b?a__startswith=x"}).status, 200);
    EXPECT_EQ(call({Method::kPost, "/v1/lists/new/rows",
                    R"({"sortModel":[{"colId":"m.b","sort":"asc"}],"filterModel":{"a":null}})"})
                  .status,
              200);
    EXPECT_EQ(call({Method::kDelete, "/v1/datasources/new"}).status, 409);
    EXPECT_EQ(call({Method::kDelete, "/v1/datasources/new?cascade=perhaps"}).status, 400);
    EXPECT_EQ(call({Method::kDelete, "/v1/lists/new"}).status, 204);
    EXPECT_EQ(call({Method::kDelete, "/v1/lists/new"}).status, 404);
    EXPECT_EQ(call({Method::kDelete, "/v1/datasources/new?cascade=true"}).status, 204);
    EXPECT_EQ(call({Method::kDelete, "/v1/datasources/new"}).status, 404);
  }
  void call_records() {
    const http::Headers lines{{"Content-Type", "application/x-ndjson"}};
    const std::string records = people_ + "/records";
    EXPECT_EQ(
        call({Method::kPost, records, R"([{"_id":"a","name":"A","tags":["x"],"address":{"city":"Rome"}}])"})
            .status,
        200);
    EXPECT_EQ(
        call({Method::kPost, records + "?batch=1&mode=replace", "{\"_id\":\"b\"}\n{\"_id\":\"c\"}", lines})
            .status,
        200);
    EXPECT_EQ(call({Method::kPost, records, "{\"_id\":\"b\"}\n{\"_id\":5}", lines}).status, 400);
    EXPECT_EQ(call({Method::kPost, records + "?mode=add", "[]"}).status, 400);
    EXPECT_EQ(call({Method::kPost, records, "x", {{"Content-Type", "text/plain"}}}).status, 415);
    EXPECT_EQ(call({Method::kPost, "/v1/datasources/none/records", "[]"}).status, 404);
    EXPECT_EQ(call({Method::kGet, records + "/a?int64=string"}).status, 200);
    call({Method::kHead, records + "/a"});
    EXPECT_EQ(call({Method::kGet, records + "/none"}).status, 404);
    EXPECT_EQ(call({Method::kPut, records + "/a", R"({"name":"B"})"}).status, 200);
    EXPECT_EQ(call({Method::kPut, records + "/new", R"({"_id":"new","name":"N"})"}).status, 201);
    EXPECT_EQ(call({Method::kPut, records + "/new", R"({"age":"old"})"}).status, 400);
    EXPECT_EQ(call({Method::kPatch, records + "/new", R"({"name":null})"}).status, 200);
    EXPECT_EQ(call({Method::kPatch, records + "/none", R"({"name":"x"})"}).status, 404);
    const http::Headers merge_patch{{"Content-Type", "application/merge-patch+json"}};
    EXPECT_EQ(call({Method::kPatch, records + "/new", R"({"name":"M"})", merge_patch}).status, 200);
    EXPECT_EQ(call({Method::kDelete, records + "/new"}).status, 204);
    EXPECT_EQ(call({Method::kDelete, records + "/new"}).status, 404);
  }
  // The records are dropped at the end.
  void call_queries() {
    const std::string records = people_ + "/records";
    const std::string query =
        R"({"filter":{"and":[{"field":"age","op":"gt","value":3}]},"sort":["-age"],"skip":1,
        "take":2,"columns":["name"]})";
    EXPECT_EQ(call({Method::kPost, people_ + "/query?count=exact&int64=string", query}).status, 200);
    EXPECT_EQ(call({Method::kPost, people_ + "/query"}).status, 200);
    EXPECT_EQ(call({Method::kPost, people_ + "/query", "", {{"Accept", "text/csv"}}}).status, 200);
    EXPECT_EQ(call({Method::kPost, people_ + "/query", R"({"where":1})"}).status, 400);
    EXPECT_EQ(call({Method::kPost, people_ + "/query?take=1", "{}"}).status, 400);
    EXPECT_EQ(call({Method::kPost, "/v1/datasources/none/query", "{}"}).status, 404);
    EXPECT_EQ(call({Method::kPost, people_ + "/explain", query}).status, 200);
    EXPECT_EQ(call({Method::kPost, people_ + "/explain?analyze=true", query}).status, 200);
    EXPECT_EQ(call({Method::kPost, people_ + "/explain", R"({"sort":["nothing"]})"}).status, 400);
    EXPECT_EQ(call({Method::kPost, "/v1/datasources/none/explain"}).status, 404);
    EXPECT_EQ(call({Method::kDelete, records}).status, 204);
    EXPECT_EQ(call({Method::kDelete, "/v1/datasources/none/records"}).status, 404);
  }

  const std::string people_ = "/v1/datasources/people";
};

TEST_F(Driven, every_operation_answers_as_the_document_says) {
  call_health();
  call_loading();
  call_rows();
  call_values();
  call_grid();
  call_resources();
  call_records();
  call_queries();
  // Another token for administration than the caller's.
  api_->context().access.admin_tokens = [](std::string_view token) { return token == "secret"; };
  EXPECT_EQ(call({Method::kGet, "/v1/datasources"}).status, 401);
  api_->context().access.admin_tokens = {};

  std::set<std::string> missed;
  for (const auto& path : document_.at("paths").as_object())
    for (const auto& method : path.value().as_object()) {
      const std::string operation = std::string(method.key()) + " " + std::string(path.key());
      if (!driven_.contains(operation)) missed.insert(operation);
    }
  EXPECT_THAT(missed, IsEmpty());
}

}  // namespace
}  // namespace slate::api
