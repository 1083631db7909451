// The whole server in this process: a database in a folder of its own, a refresher, and HTTP on loopback.
#pragma once

#include <atomic>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <slate/database.h>

#include "api/api.h"
#include "api/testing/counting_database.h"
#include "api/testing/wired_api.h"
#include "base/log.h"
#include "http/client.h"
#include "http/server.h"
#include "net/io_threads.h"

namespace slate::api::testing {

inline boost::json::value json(std::string_view text) {
  boost::json::error_code error;
  auto value = boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  EXPECT_FALSE(error) << "not JSON: " << text;
  return value;
}

struct Answer {
  int status = 0;
  http::Headers headers{};
  std::string body{};

  boost::json::value json() const { return testing::json(body); }
  // The member at a JSON pointer, as JSON text; empty when there is none.
  std::string at(std::string_view pointer) const {
    boost::json::error_code error;
    const auto value = json();
    const auto* found = value.find_pointer(boost::json::string_view(pointer.data(), pointer.size()), error);
    return found == nullptr ? std::string() : boost::json::serialize(*found);
  }
  std::string header(std::string_view name) const { return std::string(headers.get(name).value_or("")); }
};

class ApiTest : public ::testing::Test {
 protected:
  ApiTest() {
    log::configure(log::Level::kOff, log::Format::kText);
    folder_ = std::filesystem::temp_directory_path() /
              ("slate_api_" + std::to_string(::getpid()) + "_" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    auto opened = Database::open({.path = folder_, .clock = &clock_});
    if (!opened) throw std::runtime_error(opened.error().to_string());
    database_ = *std::move(opened);
    counted_ = std::make_unique<CountingDatabase>(*database_);
    api_ = std::make_unique<WiredApi>(*counted_, clock_);
    ApiContext& context = api_->context();
    context.ready = [this]() -> Result<void> {
      if (not_ready_) return fail(*not_ready_);
      return {};
    };
    context.connections = [this] {
      const auto* server = serving_.load();
      return server != nullptr ? server->connections() : 0;
    };
    auto server = http::Server::start({.observer = api_->metrics().request_observer()}, api_->router(), io_,
                                      api_->pool());
    if (!server) throw std::runtime_error(server.error().to_string());
    server_ = *std::move(server);
    serving_ = server_.get();
  }
  ~ApiTest() override {
    server_->stop(std::chrono::milliseconds(0));
    api_->stop();
    server_.reset();
    api_.reset();
    counted_.reset();
    database_.reset();
    std::filesystem::remove_all(folder_);
  }

  Answer ask(http::Method method, const std::string& path, std::string body = {},
             http::Headers headers = {}) {
    if (!body.empty() && !headers.has("Content-Type")) headers.set("Content-Type", "application/json");
    auto answer = client_.request({.method = method,
                                   .url = "http://127.0.0.1:" + std::to_string(server_->port()) + path,
                                   .headers = std::move(headers),
                                   .body = std::move(body)});
    EXPECT_TRUE(answer) << path;
    if (!answer) return {};
    return {.status = answer->status, .headers = std::move(answer->headers), .body = std::move(answer->body)};
  }
  Answer get(const std::string& path, http::Headers headers = {}) {
    return ask(http::Method::kGet, path, {}, std::move(headers));
  }
  Answer post(const std::string& path, std::string body, http::Headers headers = {}) {
    return ask(http::Method::kPost, path, std::move(body), std::move(headers));
  }
  Answer put(const std::string& path, std::string body) {
    return ask(http::Method::kPut, path, std::move(body));
  }
  Answer remove(const std::string& path) { return ask(http::Method::kDelete, path); }

  static void expect_problem(const Answer& answer, int status, std::string_view code,
                             std::string_view field = {}) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
    EXPECT_EQ(answer.at("/code"), '"' + std::string(code) + '"') << answer.body;
    EXPECT_EQ(answer.at("/field"), field.empty() ? "" : '"' + std::string(field) + '"') << answer.body;
  }

  // A datasource with a field of every type, without a loader, and a list over it.
  void create_people() {
    const auto answer = put("/v1/datasources/people", R"({"fields":[
        {"name":"name","type":"string","indexed":true},{"name":"age","type":"int","indexed":true},
        {"name":"score","type":"float"},{"name":"active","type":"bool"},{"name":"born","type":"date"},
        {"name":"tags","type":"list","items":{"type":"string"}},
        {"name":"address","type":"map","fields":[
          {"name":"city","type":"string"},{"name":"geo","type":"map","fields":[{"name":"lat","type":"float"}]}]}]})");
    ASSERT_EQ(answer.status, 201) << answer.body;
  }
  void create_people_list() {
    const auto answer = put("/v1/lists/adults", R"({"datasource":"people","title":"Adults",
        "columns":["name",{"field":"age","label":"Age"},{"field":"address.city"},{"field":"score","hidden":true}],
        "filter":{"field":"age","op":"gte","value":18},"sort":["-age"],"pageSize":3,"maxPageSize":100})");
    ASSERT_EQ(answer.status, 201) << answer.body;
  }
  // p0, p1, ... with the ages 0, 1, ...
  void write_people(std::size_t count) {
    std::string lines;
    for (std::size_t i = 0; i < count; ++i)
      lines += "{\"_id\":\"p" + std::to_string(i) + "\",\"name\":\"name " + std::to_string(i) +
               "\",\"age\":" + std::to_string(i) + "}\n";
    const auto answer =
        post("/v1/datasources/people/records", lines, {{"Content-Type", "application/x-ndjson"}});
    ASSERT_EQ(answer.status, 200) << answer.body;
  }

  std::filesystem::path folder_;
  ManualClock clock_{1'700'000'000'000};  // 2023-11-14T22:13:20Z
  std::optional<Error> not_ready_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<CountingDatabase> counted_;  // what the server sees
  std::unique_ptr<WiredApi> api_;
  net::IoThreads io_{2};
  std::unique_ptr<http::Server> server_;
  std::atomic<const http::Server*> serving_ = nullptr;
  http::Client client_;
};

}  // namespace slate::api::testing
