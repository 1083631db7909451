// What a caller is told is what the database in the process says, to the byte, over TCP and over HTTP: one
// log of random queries over random data, with rows, errors, counts, cursors, pages, distinct values, plans
// and single records. HTTP is asked in front of the database in the process and in front of the one over TCP.
//
//   SLATE_PARITY_SEED=n      default 1
//   SLATE_PARITY_QUERIES=n   default 300, with ThreadSanitizer 60
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

#include "api/render/json_rows.h"
#include "api/render/values_answer.h"
#include "differential/random_data.h"
#include "differential/reference.h"
#include "http/problem.h"
#include "http/url.h"
#include "model/json.h"
#include "parity/both_apis.h"
#include "parity/embedded_answer.h"
#include "scenario/json_rows.h"
#include "testing/served_database.h"

namespace slate::parity {
namespace {

namespace json = boost::json;
using differential::RandomData;
using differential::Reference;
using http::Method;

#if defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kQueries = 60;
#else
constexpr std::uint64_t kQueries = 300;
#endif
constexpr const char* kNdjson = "application/x-ndjson";
constexpr std::uint64_t kUsualPage = 200;
constexpr std::size_t kLongestTarget = 60'000;  // of what a URL's parameter may hold, and some more

std::uint64_t setting(const char* name, std::uint64_t standard) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : standard;
}

// Errors with all their parts.
std::string text_of(const Error& error) {
  return error.to_string() + " at " + error.field().value_or("-") + ", hint " + error.hint().value_or("-");
}

template <typename T, typename Same>
void expect_same(const Result<T>& embedded, const Result<T>& remote, const std::string& what, Same same) {
  ASSERT_EQ(embedded.has_value(), remote.has_value())
      << what << ": " << (embedded ? remote.error().to_string() : embedded.error().to_string());
  if (embedded) {
    EXPECT_TRUE(same(*embedded, *remote)) << what;
  } else {
    EXPECT_EQ(text_of(embedded.error()), text_of(remote.error())) << what;
  }
}

bool same_count(const Count& a, const Count& b) { return a.value == b.value && a.exact == b.exact; }

bool same_values(const DistinctValues& a, const DistinctValues& b) {
  return a.has_more == b.has_more && std::ranges::equal(a.values, b.values, [](const auto& x, const auto& y) {
           return x.value == y.value && x.count == y.count;
         });
}

bool same_plan(const Explanation& a, const Explanation& b) {
  return a.rule == b.rule && a.cost == b.cost && a.root.op == b.root.op && a.root.detail == b.root.detail &&
         a.refused.size() == b.refused.size();
}

class Parity : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    auto opened = Database::open({.path = folder_, .clock = &clock_, .segment_rows = 64});
    ASSERT_TRUE(opened) << opened.error().to_string();
    embedded_ = *std::move(opened);
    ClientPoolOptions pool;
    pool.client.query_window_bytes = 16u << 10;  // so that credit matters
    auto served = slate::testing::ServedDatabase::start(*embedded_, {.clock = &clock_}, std::move(pool));
    ASSERT_TRUE(served) << served.error().to_string();
    served_ = *std::move(served);
    auto apis = BothApis::start(*embedded_, served_->remote(), clock_);
    ASSERT_TRUE(apis) << apis.error().to_string();
    apis_ = *std::move(apis);
  }
  void TearDown() override {
    data_.reset();
    remote_.reset();
    apis_.reset();
    served_.reset();
    embedded_.reset();
    std::filesystem::remove_all(folder_);
  }

  // Writes random records over TCP, and looks at them from all sides.
  void begin(std::uint64_t seed, std::uint64_t shape) {
    Datasource datasource = differential::random_datasource(seed);
    datasource.id += std::to_string(shape);
    reference_.emplace(datasource);
    path_ = "/v1/datasources/" + datasource.id;
    list_ = "/v1/lists/" + datasource.id;
    ASSERT_TRUE(served_->remote().save_datasource(datasource));
    const std::size_t records = std::size_t{10} << (4 * shape);
    std::vector<RecordWrite> writes;
    for (std::size_t i = 0; i < records; ++i) {
      writes.push_back(random_->write(records));
      reference_->apply(writes.back());
    }
    const auto written = served_->remote().write_batch(datasource.id, writes);
    ASSERT_TRUE(written) << written.error().to_string();
    ListView list{.id = datasource.id, .datasource = datasource.id, .max_page_size = 10'000};
    for (const Field& field : datasource.fields) list.columns.push_back({.field = field.name});
    ASSERT_TRUE(embedded_->save_list(list));

    data_ = *embedded_->snapshot(datasource.id);
    remote_ = *served_->remote().snapshot(datasource.id);
    ASSERT_EQ(data_->info().data_version, remote_->info().data_version);
    ASSERT_EQ(data_->info().rows, remote_->info().rows);
    ASSERT_EQ(data_->datasource(), remote_->datasource());
  }

  void expect_problem(const http::ClientResponse& response, const Error& error, const std::string& what) {
    EXPECT_EQ(response.status, reason_info(error.reason()).http_status) << what;
    EXPECT_EQ(response.body, http::problem_json(error, apis_->request_id())) << what;
  }

  // What a client reads out of the records, by the types that the datasource declares.
  void expect_cells(const json::value& records, const EmbeddedAnswer& answer, const std::string& what) {
    ASSERT_EQ(records.as_array().size(), answer.rows.size()) << what;
    for (std::size_t i = 0; i < answer.rows.size(); ++i) {
      const auto cells = scenario::read_json_row(records.as_array()[i], answer.columns, data_->datasource());
      ASSERT_TRUE(cells) << what << ": " << cells.error().to_string();
      ASSERT_EQ(*cells, answer.rows[i]) << what << ": " << answer.records[i];
    }
  }

  // A page: in JSON, and where the query fits into a URL there and of a list, too.
  void ask_page(Query query, const std::string& what) {
    const auto form = random_->one_in(2) ? api::Int64Form::kString : api::Int64Form::kNumber;
    static constexpr std::pair<const char*, CountMode> kCounts[] = {
        {"none", {}},
        {"exact", {.kind = CountMode::Kind::kExact}},
        {"bounded:3", {.kind = CountMode::Kind::kBounded, .bound = 3}},
        {"bounded", {.kind = CountMode::Kind::kBounded}}};
    const auto& [count, mode] = kCounts[random_->below(std::size(kCounts))];
    const std::string about =
        fmt::format("count={}&int64={}", count, form == api::Int64Form::kString ? "string" : "number");
    const auto response = apis_->ask(Method::kPost, path_ + "/query?" + about, query_body(query));
    if (!query.take) query.take = kUsualPage;
    const auto expected = parity::ask(*data_, query, {}, form);
    if (!expected) return expect_problem(response, expected.error(), what);
    const auto members = page_members(*data_, query, *expected, mode);
    ASSERT_TRUE(members) << what;
    const std::string body = fmt::format(R"({{"datasource":"{}",{}}})", data_->datasource().id, *members);
    ASSERT_EQ(response.status, 200) << what << ": " << query_body(query) << '\n' << response.body;
    ASSERT_EQ(response.body, body) << what;
    const auto read = parse_json(response.body);
    ASSERT_TRUE(read) << what;
    expect_cells(read->at("records"), *expected, what);

    const std::string parameters = query_parameters(query) + '&' + about;
    if (!random_->one_in(3) || parameters.size() > kLongestTarget) return;
    const auto by_url = apis_->ask(Method::kGet, path_ + "/records?" + parameters);
    EXPECT_EQ(by_url.body, body) << what << ", by URL";
    const std::string tag(by_url.headers.get("ETag").value_or(""));
    EXPECT_NE(tag, "") << what;
    const auto again =
        apis_->ask(Method::kGet, path_ + "/records?" + parameters, {}, {{"If-None-Match", tag}});
    EXPECT_EQ(again.status, 304) << what;
    EXPECT_EQ(again.headers.get("ETag"), tag) << what;
    const auto of_list = apis_->ask(Method::kGet, list_ + "/data?" + parameters);
    EXPECT_EQ(of_list.body, fmt::format(R"({{"list":"{}",{},"freshness":{{"state":"static","generation":{},)"
                                        R"("loaded_at":null,"expires_at":null,"error":null}}}})",
                                        data_->datasource().id, *members, data_->info().generation))
        << what << ", of a list";
  }

  // All rows.
  void ask_stream(const Query& query, const std::string& what) {
    const auto response =
        apis_->ask(Method::kPost, path_ + "/query", query_body(query), {{"Accept", kNdjson}});
    const auto expected = parity::ask(*data_, query);
    if (!expected) return expect_problem(response, expected.error(), what + ", as NDJSON");
    EXPECT_EQ(response.body, lines(*expected)) << what << ", as NDJSON";
    // Only between the two servers: the database in the process knows no CSV.
    const auto csv = apis_->ask(Method::kPost, path_ + "/query", query_body(query), {{"Accept", "text/csv"}});
    EXPECT_EQ(csv.status, 200) << what;
    EXPECT_TRUE(csv.body.starts_with("_id")) << what;
  }

  void ask_values(const DistinctQuery& distinct, const std::string& what) {
    const auto expected = data_->distinct(distinct);
    expect_same(expected, remote_->distinct(distinct), what, same_values);
    std::string target =
        fmt::format("/values/{}?take={}&order={}", http::escape(distinct.field), distinct.take,
                    distinct.order == DistinctOrder::kCount ? "count" : "value");
    if (distinct.filter) target += "&filter=" + http::escape(json::serialize(to_json(*distinct.filter)));
    if (!expected || target.size() > kLongestTarget) return;
    const std::string& id = data_->datasource().id;
    const auto response = apis_->ask(Method::kGet, path_ + target);
    EXPECT_EQ(response.body, api::values_json("datasource", id, distinct.field, *expected, std::nullopt,
                                              api::Int64Form::kNumber))
        << what;
    apis_->ask(Method::kGet, list_ + target);
  }

  void ask_plan(const Query& query, const QueryOptions& options, const std::string& what) {
    expect_same(data_->explain(query, ExplainMode::kPlan, options),
                remote_->explain(query, ExplainMode::kPlan, options), what, same_plan);
    const auto response = apis_->ask(Method::kPost, path_ + "/explain", query_body(query));
    const auto expected = data_->explain(query, ExplainMode::kPlan);
    if (!expected) return expect_problem(response, expected.error(), what);
    ASSERT_EQ(response.status, 200) << what << ": " << query_body(query) << '\n' << response.body;
    const auto told = parse_json(response.body);
    ASSERT_TRUE(told) << what;
    EXPECT_EQ(told->at("rule"), json::value(expected->rule)) << what;
    EXPECT_EQ(told->at("cost").to_number<double>(), expected->cost) << what;
    EXPECT_EQ(told->at("plan").at("op"), json::value(expected->root.op)) << what;
    EXPECT_EQ(told->at("plan").at("detail"), json::value(expected->root.detail)) << what;
    EXPECT_EQ(told->at("refused").as_array().size(), expected->refused.size()) << what;
  }

  void ask_record(const std::string& id) {
    const auto expected = data_->get(id);
    const auto remote = remote_->get(id);
    ASSERT_TRUE(expected && remote);
    ASSERT_EQ(expected->has_value(), remote->has_value());
    if (!*expected) return;
    ASSERT_EQ((*expected)->cells, (*remote)->cells);
  }

  void ask_record_over_http(const std::string& id) {
    const auto response = apis_->ask(Method::kGet, path_ + "/records/" + http::escape(id));
    const auto batch = data_->find(id);
    ASSERT_TRUE(batch);
    if (id.find('\0') != std::string::npos) {
      EXPECT_EQ(response.status, 400) << "no path has a NUL";
      return;
    }
    if (*batch == nullptr) {
      EXPECT_EQ(response.status, 404) << id;
      return;
    }
    const std::string expected = api::JsonRows(data_->columns(), api::Int64Form::kNumber).object(**batch, 0);
    EXPECT_EQ(response.body, expected);
  }

  void ask_all(std::uint64_t number) {
    Query query = random_->query(*reference_);
    if (random_->one_in(10)) query.take = 1 + random_->below(20);
    QueryOptions options;
    if (random_->one_in(20)) options.disabled_rules = {"index_sort", "no_such_rule"};
    if (random_->one_in(20)) options.force_index = "_id";
    if (random_->one_in(20)) options.max_rows_examined = random_->below(50);
    if (random_->one_in(40) && query.filter) query.filter->field += "x";
    if (random_->one_in(40)) query.sort.push_back({.field = "statsu"});
    if (random_->one_in(40)) query.cursor = "AAAA";
    const std::string what = "query " + std::to_string(number);
    const auto expected = parity::ask(*data_, query, options);
    expect_same(expected, parity::ask(*remote_, query, options), what, same);
    ask_page(query, what);
    if (random_->one_in(3)) ask_stream(query, what);
    if (expected && expected->next_cursor && query.skip == 0) {
      Query next = query;
      next.cursor = expected->next_cursor;
      expect_same(parity::ask(*data_, next, options), parity::ask(*remote_, next, options),
                  what + ", next page", same);
      ask_page(next, what + ", next page");
      // A cursor is of one order.
      if (random_->one_in(10)) {
        next.sort.insert(next.sort.begin(), {.field = "m"});
        ask_page(next, what + ", another order");
      }
    }
    expect_same(data_->count(query.filter, {}, options), remote_->count(query.filter, {}, options),
                what + ", count", same_count);
    if (random_->one_in(4)) ask_values(random_->distinct(*reference_), what + ", distinct");
    if (random_->one_in(4)) ask_plan(query, options, what + ", explain");
  }

  // What no random query says.
  void ask_wrongly() {
    const http::Headers ndjson{{"Accept", kNdjson}};
    for (const char* body :
         {"", "{", "[]", "null", "{\"take\": -1}", "{\"take\": 10001}", "{\"fliter\": {}}", "{\"cursor\": 1}",
          "{\"cursor\": \"AQAAAAAAAAAC\"}", "{\"columns\": [\"n\", \"n\"]}", "{\"sort\": [\"n\", \"-n\"]}",
          "{\"filter\": {\"field\": \"n\", \"op\": \"gt\", \"value\": \"x\"}}", "\xff\xfe"}) {
      apis_->ask(Method::kPost, path_ + "/query", body);
      apis_->ask(Method::kPost, path_ + "/query", body, ndjson);
      apis_->ask(Method::kPost, path_ + "/explain", body);
    }
    for (const char* target : {"/records?n=x",
                               "/records?nn=1",
                               "/records?take=10001",
                               "/records?count=some",
                               "/records?int64=hex",
                               "/records?cursor=AAAA",
                               "/records?n__gt=1&n__gt=x",
                               "/records?filter=%7B",
                               "/records?%ff=1",
                               "/values/nothing",
                               "/values/n?take=0",
                               "/values/n?order=up",
                               "/values/n?search=x",
                               "/values/place",
                               "/values/name?search=A",
                               "/records/none",
                               "/records/%00",
                               "/nowhere",
                               "?x=1",
                               "x/records"}) {
      apis_->ask(Method::kGet, path_ + target);
      apis_->ask(Method::kHead, path_ + target);
      apis_->ask(Method::kGet, path_ + target, {}, {{"Accept", "image/png"}});
    }
    for (const char* target :
         {"", "/data", "/data?take=0", "/data?n=x", "/data?nn=1", "/values/n", "/values/nn"})
      apis_->ask(Method::kGet, list_ + target);
    apis_->ask(Method::kGet, path_ + "/records?take=3", {}, {{"If-None-Match", "*"}});
    apis_->ask(Method::kPost, path_ + "/query?count=3", "{}", ndjson);
    apis_->ask(Method::kPost, path_ + "/query", "{}", {{"Content-Type", "text/plain"}});
    apis_->ask(Method::kPost, path_ + "/query", "{}", {{"Content-Encoding", "br"}});
    apis_->ask(Method::kGet, path_ + "/records", {}, {{"Accept-Encoding", "gzip"}});
    apis_->ask(Method::kOptions, path_ + "/records");
    apis_->ask(Method::kPut, path_ + "/query", "{}");
    apis_->ask(Method::kPost, path_ + "/records", "[{\"_id\": \"\"}]");
    apis_->ask(Method::kPatch, path_ + "/records/none", "{\"n\": 1}");
    apis_->ask(Method::kPost, path_ + "/refresh");
    apis_->ask(Method::kGet, "/v1/lists");
  }

  ManualClock clock_{1'767'225'600'000};
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("slate_parity_" + std::to_string(::getpid()));
  std::unique_ptr<EmbeddedDatabase> embedded_;
  std::unique_ptr<slate::testing::ServedDatabase> served_;
  std::unique_ptr<BothApis> apis_;

  std::optional<RandomData> random_;
  std::optional<Reference> reference_;
  std::string path_, list_;  // of the datasource, and of the list of all its columns
  std::unique_ptr<Snapshot> data_, remote_;
};

TEST_F(Parity, one_log_of_random_queries_is_answered_alike_embedded_over_tcp_and_over_http) {
  const std::uint64_t first_seed = setting("SLATE_PARITY_SEED", 1);
  const std::uint64_t queries = setting("SLATE_PARITY_QUERIES", kQueries);
  std::cout << "SLATE_PARITY_SEED=" << first_seed << " SLATE_PARITY_QUERIES=" << queries << std::endl;
  for (std::uint64_t shape = 0; shape < 3; ++shape) {
    const std::uint64_t seed = first_seed * 3 + shape;
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_.emplace(seed);
    ASSERT_NO_FATAL_FAILURE(begin(seed, shape));
    for (std::uint64_t i = 0; i < queries / 3; ++i) {
      ASSERT_NO_FATAL_FAILURE(ask_all(i));
      if (HasFailure()) return;
    }
    for (const auto& record : reference_->records()) {
      ASSERT_NO_FATAL_FAILURE(ask_record(record.id));
      if (random_->one_in(1 + reference_->records().size() / 40)) ask_record_over_http(record.id);
    }
    ask_record("no such record");
    ask_record_over_http("no such record");
    ask_wrongly();
    const auto& columns = data_->columns();
    const auto& remote_columns = remote_->columns();
    ASSERT_EQ(columns.size(), remote_columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) EXPECT_EQ(columns[i].field, remote_columns[i].field);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace slate::parity
