// The `slate` program from outside: a server and its clients, each a process.

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <csignal>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "http/client.h"
#include "testing/child_process.h"

namespace slate {
namespace {

using slate::testing::ChildProcess;
using slate::testing::Finished;
using slate::testing::TemporaryFolder;
using ::testing::HasSubstr;

constexpr const char* kOrders =
    "apiVersion: slate.io/v1alpha1\nkind: Datasource\nmetadata: {name: orders}\n"
    "spec:\n  fields:\n    - {name: customer, type: string}\n    - {name: status, type: string, indexed: "
    "true}\n"
    "    - {name: total, type: int, indexed: true}\n";
constexpr const char* kOpenOrders =
    "apiVersion: slate.io/v1alpha1\nkind: ListView\nmetadata: {name: open-orders}\n"
    "spec:\n  datasourceRef: {name: orders}\n  columns: [{field: customer}, {field: total}]\n"
    "  filter: {field: status, op: eq, value: open}\n  sort: [{field: total, direction: desc}]\n";
constexpr const char* kAllOrders =
    "apiVersion: slate.io/v1alpha1\nkind: ListView\nmetadata: {name: all-orders}\n"
    "spec: {datasourceRef: {name: orders}, columns: [{field: status}]}\n";
constexpr const char* kRecords = R"([{"_id":"o1","customer":"Zürich AG","status":"open","total":5},
                                     {"_id":"o2","customer":"Bern & Co","status":"closed","total":70},
                                     {"_id":"o3","customer":null,"status":"open","total":1200}])";

class ServeTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directory(manifests()); }
  void TearDown() override {
    if (HasFailure() && server_) std::cerr << "---- the server said\n" << server_->seen();
  }

  std::filesystem::path manifests() const { return folder_.path() / "manifests"; }
  // As editors do it: whole, under its name, at once.
  void write_manifest(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path() / "next") << text;
    std::filesystem::rename(folder_.path() / "next", manifests() / name);
  }

  void start(std::vector<std::string> options = {}) {
    std::vector<std::string> command{
        SLATE_PROGRAM,        "serve",    "--data",     (folder_.path() / "data").string(), "--manifests",
        manifests().string(), "--listen", "127.0.0.1:0"};
    command.insert(command.end(), options.begin(), options.end());
    server_.reset();
    server_ = std::make_unique<ChildProcess>(std::move(command));
    const auto ready = server_->read_until("slate is serving on ");
    ASSERT_TRUE(ready) << server_->seen();
    ready_ = *ready;
    const auto begin = ready->find("http://");
    url_ = ready->substr(begin, ready->find(',') - begin);
  }
  void stop() {
    server_->signal(SIGTERM);
    EXPECT_EQ(server_->wait(), 0) << server_->seen();
  }
  void expect_log(const std::string& part) { EXPECT_TRUE(server_->read_until(part)) << part; }

  Finished slate(std::vector<std::string> arguments, const std::string& input = {}) const {
    arguments.insert(arguments.begin(), SLATE_PROGRAM);
    arguments.insert(arguments.end(), {"--server", url_});
    return testing::run_program(std::move(arguments), input);
  }
  int post_records() const {
    const auto response = http::request(http::Method::kPost, url_ + "/v1/datasources/orders/records",
                                        {{"Content-Type", "application/json"}}, kRecords);
    return response ? response->status : 0;
  }

  TemporaryFolder folder_;
  std::unique_ptr<ChildProcess> server_;
  std::string ready_;
  std::string url_;
};

TEST_F(ServeTest, serves_what_manifests_declare_and_ends_well_when_asked) {
  write_manifest("a-list.yaml", kOpenOrders);
  write_manifest("orders.yaml", kOrders);
  start();
  EXPECT_THAT(ready_, HasSubstr("1 datasources, 1 lists"));
  ASSERT_EQ(post_records(), 200);

  const Finished table = slate({"query", "open-orders"});
  EXPECT_EQ(table.exit, 0) << table.err;
  EXPECT_EQ(table.out,
            "_id  customer   total\n"
            "o3               1200\n"
            "o1   Zürich AG      5\n");
  EXPECT_THAT(table.err, HasSubstr("2 rows"));
  stop();
}

TEST_F(ServeTest, rows_come_in_every_format) {
  write_manifest("all.yaml", std::string(kOrders) + "---\n" + kOpenOrders);
  start();
  ASSERT_EQ(post_records(), 200);
  EXPECT_EQ(slate({"query", "open-orders", "--format", "csv"}).out,
            "_id,customer,total\r\no3,,1200\r\no1,Zürich AG,5\r\n");
  EXPECT_EQ(slate({"query", "open-orders", "total__lt=100", "--format", "ndjson"}).out,
            "{\"_id\":\"o1\",\"customer\":\"Zürich AG\",\"total\":5}\n");
  const auto json = boost::json::parse(slate({"query", "open-orders", "take=1", "--format", "json"}).out);
  EXPECT_EQ(json.at("page").at("has_more"), true);
  EXPECT_EQ(
      slate({"query", "--datasource", "orders", "sort=total", "columns=status", "customer__icontains=BERN"})
          .out,
      "_id  status\no2   closed\n");
}

TEST_F(ServeTest, get_and_explain_show_resources_and_plans) {
  write_manifest("all.yaml", std::string(kOrders) + "---\n" + kOpenOrders);
  start();
  ASSERT_EQ(post_records(), 200);
  EXPECT_THAT(slate({"get", "datasources"}).out, HasSubstr("orders     3"));
  EXPECT_THAT(slate({"get", "lists"}).out, HasSubstr("open-orders  orders"));
  EXPECT_THAT(slate({"get", "datasource", "orders"}).out, HasSubstr("indexes     _id, status, total"));
  EXPECT_THAT(slate({"get", "list", "open-orders"}).out, HasSubstr("customer"));
  EXPECT_EQ(boost::json::parse(slate({"get", "list", "open-orders", "--format", "json"}).out).at("id"),
            "open-orders");

  const Finished plan = slate({"explain", "open-orders", "total__gte=10", "--analyze"});
  EXPECT_EQ(plan.exit, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("not: index total: total >= 10"));
  EXPECT_THAT(plan.out, HasSubstr("returned 1 rows"));
  const Finished scan = slate({"explain", "--datasource", "orders", "customer=x"});
  EXPECT_THAT(scan.out, HasSubstr("scan"));
}

TEST_F(ServeTest, problems_are_one_line_with_field_and_hint) {
  write_manifest("all.yaml", std::string(kOrders) + "---\n" + kOpenOrders);
  start();
  const Finished unknown = slate({"query", "open-orders", "totl=5"});
  EXPECT_EQ(unknown.exit, 1);
  EXPECT_EQ(unknown.out, "");
  EXPECT_THAT(unknown.err, HasSubstr("slate query: invalid_argument: totl: "));
  EXPECT_THAT(unknown.err, HasSubstr("did you mean \"total\"?"));
  EXPECT_EQ(std::ranges::count(unknown.err, '\n'), 1);
  const Finished none = slate({"get", "list", "no-orders"});
  EXPECT_EQ(none.exit, 1);
  EXPECT_THAT(none.err, HasSubstr("not_found"));
}

TEST_F(ServeTest, apply_saves_datasources_and_lists_in_any_order) {
  start();
  const std::string text = std::string(kOpenOrders) + "---\n" + kOrders;
  const Finished first = slate({"apply", "-f", "-"}, text);
  EXPECT_EQ(first.exit, 0) << first.err;
  EXPECT_EQ(first.out, "datasource/orders created\nlist/open-orders created\n");
  EXPECT_EQ(slate({"apply", "-f", "-"}, text).out,
            "datasource/orders unchanged\nlist/open-orders unchanged\n");

  std::ofstream(folder_.path() / "bad.yaml")
      << kAllOrders << "---\n"
      << "apiVersion: slate.io/v1alpha1\nkind: ListView\n"
      << "metadata: {name: bad}\n"
      << "spec: {datasourceRef: {name: orders}, columns: [{field: colour}]}\n";
  const Finished half = slate({"apply", "-f", (folder_.path() / "bad.yaml").string()});
  EXPECT_EQ(half.exit, 1);
  EXPECT_EQ(half.out, "list/all-orders created\n");
  EXPECT_THAT(half.err, HasSubstr("list/bad: "));
  EXPECT_THAT(half.err, HasSubstr("colour"));
}

TEST_F(ServeTest, changes_of_the_folder_are_applied_while_it_runs) {
  write_manifest("orders.yaml", kOrders);
  start();
  write_manifest("open.yaml", kOpenOrders);
  expect_log("name=open-orders file=open.yaml action=created");
  EXPECT_EQ(slate({"get", "list", "open-orders"}).exit, 0);

  write_manifest("bad.yaml", "apiVersion: slate.io/v1alpha1\nkind: ListView\nmetadata: {name: x}\nspec: 7\n");
  expect_log("bad.yaml:4: ListView x");
  EXPECT_EQ(slate({"get", "list", "open-orders"}).exit, 0);

  std::filesystem::remove(manifests() / "open.yaml");
  expect_log("name=open-orders file=open.yaml action=removed");
  EXPECT_EQ(slate({"get", "list", "open-orders"}).exit, 1);
  EXPECT_EQ(slate({"get", "datasource", "orders"}).exit, 0);
}

TEST_F(ServeTest, after_a_kill_the_data_is_there_and_what_went_meanwhile_is_removed) {
  write_manifest("orders.yaml", kOrders);
  write_manifest("open.yaml", kOpenOrders);
  start();
  ASSERT_EQ(post_records(), 200);
  ASSERT_EQ(slate({"apply", "-f", "-"}, kAllOrders).exit, 0);
  server_->signal(SIGKILL);
  EXPECT_EQ(server_->wait(), -SIGKILL);

  std::filesystem::remove(manifests() / "open.yaml");
  start();
  EXPECT_THAT(ready_, HasSubstr("1 datasources, 1 lists"));
  EXPECT_EQ(slate({"get", "list", "open-orders"}).exit, 1);
  EXPECT_EQ(slate({"query", "all-orders", "--format", "csv"}).out,
            "_id,status\r\no1,open\r\no2,closed\r\no3,open\r\n");
  stop();
}

TEST_F(ServeTest, one_process_at_a_time_has_the_data) {
  start();
  const Finished second = testing::run_program(
      {SLATE_PROGRAM, "serve", "--data", (folder_.path() / "data").string(), "--listen", "127.0.0.1:0"});
  EXPECT_EQ(second.exit, 1);
  EXPECT_THAT(second.err, HasSubstr("failed_precondition"));
}

TEST_F(ServeTest, lists_only_closes_administration) {
  write_manifest("all.yaml", std::string(kOrders) + "---\n" + kOpenOrders);
  start({"--lists-only"});
  EXPECT_EQ(slate({"query", "open-orders"}).exit, 0);
  EXPECT_EQ(http::request(http::Method::kGet, url_ + "/readyz")->status, 200);
  EXPECT_EQ(http::request(http::Method::kGet, url_ + "/v1/datasources")->status, 403);
  EXPECT_EQ(http::request(http::Method::kDelete, url_ + "/v1/lists/open-orders")->status, 403);
  EXPECT_EQ(post_records(), 403);
}

TEST_F(ServeTest, the_default_durability_goes_to_datasources_that_do_not_say) {
  write_manifest("orders.yaml", kOrders);
  start({"--durability", "os"});
  EXPECT_EQ(
      boost::json::parse(slate({"get", "datasource", "orders", "--format", "json"}).out).at("durability"),
      "os");
}

TEST_F(ServeTest, a_folder_of_manifests_that_is_not_there_is_an_error) {
  const Finished serve =
      testing::run_program({SLATE_PROGRAM, "serve", "--data", (folder_.path() / "data").string(),
                            "--manifests", (folder_.path() / "none").string()});
  EXPECT_EQ(serve.exit, 1);
  EXPECT_THAT(serve.err, HasSubstr("none"));
}

TEST_F(ServeTest, goes_on_when_nobody_takes_its_log_any_more) {
  start();
  server_->close_output();
  for (int i = 0; i < 3; ++i) {
    const auto lists = http::request(http::Method::kGet, url_ + "/v1/lists");
    ASSERT_TRUE(lists) << lists.error().to_string();
    EXPECT_EQ(lists->status, 200);
  }
  stop();
}

// What a line of the table touches, by number of records.
std::int64_t counter(const boost::json::value& report, std::size_t run, std::string_view line,
                     std::string_view name) {
  for (const auto& each : report.at("runs").at(run).at("lines").as_array())
    if (each.at("name").as_string() == line) return each.at(name).to_number<std::int64_t>();
  return -1;
}

TEST(Bench, short_queries_touch_as_much_in_many_records_as_in_few) {
  const Finished bench = testing::run_program(
      {SLATE_PROGRAM, "bench", "--records", "3000,15000", "--repeat", "1", "--format", "json"});
  ASSERT_EQ(bench.exit, 0) << bench.err;
  const auto report = boost::json::parse(bench.out);
  for (const std::string line : {"Q7", "Q8", "Q9"}) {
    EXPECT_EQ(counter(report, 0, line, "rows"), 200) << line;
    EXPECT_EQ(counter(report, 1, line, "rows"), 200) << line;
    // Half of the records are active: twice the rows are looked at, give or take.
    EXPECT_LE(counter(report, 0, line, "keys_examined"), 600) << line;
    EXPECT_LE(counter(report, 1, line, "keys_examined"), 600) << line;
  }
  EXPECT_LE(counter(report, 1, "Q5", "keys_examined"), 600);
  EXPECT_EQ(counter(report, 1, "Q1", "rows"), 15'000);
  EXPECT_EQ(counter(report, 1, "INS", "rows"), 15'000);
  EXPECT_EQ(counter(report, 1, "UPD", "rows"), 1'000);
}

TEST(Bench, every_price_of_the_planner_can_be_measured) {
  const Finished bench = testing::run_program(
      {SLATE_PROGRAM, "bench", "--calibrate", "--records", "10000", "--repeat", "1", "--format", "json"});
  ASSERT_EQ(bench.exit, 0) << bench.err;
  const auto prices = boost::json::parse(bench.out).at("prices").as_array();
  EXPECT_EQ(prices.size(), 18u);
  for (const auto& price : prices) EXPECT_GT(price.at("used_ns").as_double(), 0) << price;
}

}  // namespace
}  // namespace slate
