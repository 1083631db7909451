// Secrets are nowhere: tokens, keys, credentials that are forwarded and values of headers that choose a copy
// are looked for in everything that Slate says, logs and stores, by `slate serve`, by `slate api` in front of
// `slate db`, and by the verbs.
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <slate/client.h>

#include "base/testing/test_authority.h"
#include "http/client.h"
#include "loader/testing/scripted_loader.h"
#include "net/client_stream.h"
#include "testing/canaries.h"
#include "testing/child_process.h"

namespace slate {
namespace {

using http::Method;
using slate::testing::Canaries;
using slate::testing::ChildProcess;
using slate::testing::Script;
using slate::testing::ScriptedLoader;
using slate::testing::SeenCall;
using slate::testing::TemporaryFolder;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A process whose log is read while it runs, so that it never waits for somebody to do so.
class Logged {
 public:
  Logged(std::vector<std::string> command, std::string_view ready) : process_(std::move(command)) {
    ready_ = process_.read_until(ready).value_or("");
    reader_ = std::thread([this] { process_.read_until("no line has this\x01"); });
  }
  ~Logged() {
    if (reader_.joinable()) end();
  }
  const std::string& ready() const { return ready_; }
  // All that it wrote.
  const std::string& end() {
    process_.signal(SIGTERM);
    reader_.join();
    exit_ = process_.wait();
    return process_.seen();
  }
  int exit() const { return exit_; }

 private:
  ChildProcess process_;
  std::string ready_;
  std::thread reader_;
  int exit_ = -1;
};

// Of the first line of a PEM text what comes after the names of algorithms.
std::string part_of_key(const std::string& pem) {
  const auto begin = pem.find('\n') + 1;
  return pem.substr(pem.find('\n', begin) - 24, 24);
}

class CanaryTest : public ::testing::Test {
 protected:
  CanaryTest() {
    for (const char* name : {"admin token", "list token", "database token", "wrong token", "credentials",
                             "upstream header", "scope", "other header"})
      secrets_.add(name, std::string("canary-") + std::to_string(std::hash<std::string>()(name)) + "-7f3a9c");
    public_.add("stored", "public-canary-5b1d08");
    const auto certificate = authority_.issue();
    secrets_.add("TLS key", part_of_key(certificate.key));
    write("admin", secrets_["admin token"]);
    write("lists", secrets_["list token"]);
    write("database", secrets_["database token"]);
    write("wrong", secrets_["wrong token"]);
    write("server.pem", certificate.certificate);
    write("server.key", certificate.key);
    write("ca.pem", authority_.certificate());
    auto trusted = net::TlsContext::client({.ca = path("ca.pem")}, net::Reload::kNever);
    EXPECT_TRUE(trusted);
    tls_ = *std::move(trusted);
    loader_.set_scripts([](const SeenCall&) { return Script{.rows = slate::testing::numbered_rows(3)}; });
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    std::filesystem::permissions(path(name), std::filesystem::perms(0600));
  }

  // HTTPS with tokens for lists and administration, and everything logged.
  std::unique_ptr<Logged> start_http(std::vector<std::string> command) {
    command.insert(command.begin(), SLATE_PROGRAM);
    command.insert(command.end(), {"--listen", "127.0.0.1:0", "--log-level", "debug", "--admin-token-file",
                                   path("admin"), "--token-file", path("lists"), "--tls-cert",
                                   path("server.pem"), "--tls-key", path("server.key")});
    auto server = std::make_unique<Logged>(std::move(command), "slate is serving on ");
    const auto begin = server->ready().find("https://");
    EXPECT_NE(begin, std::string::npos) << server->ready();
    url_ = server->ready().substr(begin, server->ready().find(',', begin) - begin);
    return server;
  }

  int ask(Method method, const std::string& target, http::Headers headers = {}, std::string body = {}) {
    if (!body.empty() && !headers.has("Content-Type")) headers.set("Content-Type", "application/json");
    const auto answer =
        http::request(method, url_ + target, std::move(headers), std::move(body), {.tls = tls_});
    if (!answer) {
      heard_ += answer.error().to_string();
      return 0;
    }
    for (const auto& [name, value] : answer->headers) heard_ += name + ": " + value + "\n";
    heard_ += answer->body + "\n";
    return answer->status;
  }
  // Runs a verb against the server, with the token of that file.
  void run_verb(std::vector<std::string> command, const std::string& token_file) {
    command.insert(command.begin(), SLATE_PROGRAM);
    command.insert(command.end(),
                   {"--server", url_, "--ca-file", path("ca.pem"), "--token-file", path(token_file)});
    const auto finished = slate::testing::run_program(std::move(command));
    heard_ += finished.out + finished.err;
  }

  http::Headers as(const char* token) const { return {{"Slate-Token", secrets_[token]}}; }
  // What a caller of lists sends: a token, credentials for the loader, and whose rows it wants.
  http::Headers caller(const char* token = "list token") const {
    return {{"Slate-Token", secrets_[token]},
            {"Authorization", "Bearer " + secrets_["credentials"]},
            {"X-Upstream", secrets_["upstream header"]},
            {"X-User", secrets_["scope"]},
            {"Cookie", "session=" + secrets_["other header"]}};
  }

  void declare() {
    const std::string fields = R"("fields":[{"name":"number","type":"int"},{"name":"name","type":"string"}])";
    ASSERT_EQ(
        ask(Method::kPut, "/v1/datasources/notes", as("admin token"),
            "{" + fields + R"(,"loader":{"endpoint":")" + loader_.endpoint() +
                R"(","ttl":3600,"forwardHeaders":["Authorization","X-Upstream"],"scopeHeaders":["X-User"]}})"),
        201);
    ASSERT_EQ(ask(Method::kPut, "/v1/lists/notes", as("admin token"),
                  R"({"datasource":"notes","columns":["number","name"]})"),
              201);
  }

  // Everything that a client can put into a request.
  void ask_everything() {
    ASSERT_EQ(ask(Method::kPut, "/v1/datasources/kept", as("admin token"),
                  R"({"fields":[{"name":"text","type":"string"}]})"),
              201);
    EXPECT_EQ(ask(Method::kPut, "/v1/datasources/kept/records/a", as("admin token"),
                  R"({"text":")" + public_["stored"] + "\"}"),
              201);
    const std::string data = "/v1/lists/notes/data";
    EXPECT_EQ(ask(Method::kGet, data, caller()), 200);
    EXPECT_EQ(loader_.last_call()->metadata.at("X-Upstream"), secrets_["upstream header"]) << "it got there";
    for (const char* query : {"?take=1&count=exact", "?nothing=1", "?cursor=x", "?number__gt=x"})
      ask(Method::kGet, data + query, caller());
    for (const char* accept : {"text/csv", "application/x-ndjson", "image/png"}) {
      http::Headers headers = caller();
      headers.set("Accept", accept);
      ask(Method::kGet, data, headers);
    }
    ask(Method::kPost, "/v1/datasources/notes/explain?analyze=true", caller("admin token"), "{}");
    ask(Method::kPost, "/v1/datasources/notes/query", caller("admin token"), "{}");
    ask(Method::kPost, "/v1/datasources/notes/records", caller("admin token"), R"([{"_id":"a","nubmer":1}])");
    loader_.set_scripts([](const SeenCall& call) {
      return Script{
          .status = Code::kInternal,
          .message = "refused: " + call.metadata.at("Authorization") + ' ' + call.metadata.at("X-Upstream")};
    });
    ask(Method::kPost, "/v1/datasources/notes/refresh?wait", caller("admin token"));
    ask(Method::kGet, data,
        {{"Slate-Token", secrets_["list token"]},
         {"X-User", secrets_["scope"] + "-other"},
         {"Authorization", secrets_["credentials"]},
         {"X-Upstream", secrets_["upstream header"]}});
    const std::string& other = secrets_["other header"];
    const std::vector<http::Headers> strange{
        as("wrong token"),
        {{"Authorization", "Bearer " + secrets_["wrong token"]}},
        {{"Authorization", "Basic " + other}},
        {{"Authorization", other}},
        {{"Slate-Token", secrets_["list token"]}, {"X-User", other + "\xff\xfe"}},
        {{"Slate-Token", secrets_["list token"]},
         {"X-User", secrets_["scope"]},
         {"X-Upstream", other + "\xff\xfe"}},
        {{"Slate-Token", secrets_["list token"]},
         {"Prefer", other},
         {"Accept", other + "/x"},
         {"If-None-Match", '"' + other + '"'}},
        {{"Slate-Token", secrets_["admin token"]}, {"Content-Encoding", other}},
        {{"Slate-Token", secrets_["admin token"]},
         {"traceparent", other},
         {"X-Request-Id", other + " in the id"}}};
    for (const http::Headers& headers : strange) {
      for (const char* target : {"/v1/lists/notes/data", "/v1/lists/notes/values/name", "/v1/datasources",
                                 "/v1/datasources/notes/refresh", "/nowhere"}) {
        ask(Method::kGet, target, headers);
        ask(Method::kPost, target, headers, "{}");
      }
    }
    for (const char* target : {"/metrics", "/openapi.json", "/v1/datasources", "/v1/datasources/notes",
                               "/v1/lists", "/v1/lists/notes", "/readyz"})
      EXPECT_EQ(ask(Method::kGet, target, as("admin token")), 200) << target;
    for (const char* token : {"admin", "lists", "wrong", "none"}) {
      run_verb({"get", "datasources"}, token);
      run_verb({"query", "notes"}, token);
      run_verb({"explain", "notes"}, token);
    }
    send_broken();
  }

  // What is no request, and requests without TLS.
  void send_broken() {
    const auto port = static_cast<std::uint16_t>(std::atoi(url_.c_str() + url_.rfind(':') + 1));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    const std::string secret = "Authorization: Bearer " + secrets_["admin token"];
    for (const std::string& broken :
         {"GET / HTTP/1.1\r\nHost: x\r\nAuthorization Bearer " + secrets_["admin token"] + "\r\n\r\n",
          "GET / HTTP/1.1\r\n" + secret + "\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: x\r\n" + secret + std::string(40'000, 'x') + "\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: x\r\n" + secret + "\r\nTransfer-Encoding: gzip\r\n\r\n"}) {
      for (const auto& tls : {tls_, std::shared_ptr<net::TlsContext>()}) {
        const auto socket = net::ClientStream::connect("127.0.0.1", port, deadline, tls.get());
        ASSERT_TRUE(socket);
        static_cast<void>((*socket)->write(broken, deadline));
        std::vector<char> buffer(10'000);
        for (;;) {
          const auto got = (*socket)->read_some(buffer, deadline);
          if (!got || *got == 0) break;
          heard_.append(buffer.data(), *got);
        }
      }
    }
  }

  // What is stored on purpose is found wherever it may be, so that the search would find the rest, too.
  void expect_clean(const std::string& data) {
    EXPECT_THAT(heard_, HasSubstr("unauthenticated"));
    EXPECT_THAT(heard_, HasSubstr("refused: "));
    EXPECT_THAT(heard_, HasSubstr("slate_http_requests"));
    EXPECT_THAT(heard_, HasSubstr("\"openapi\""));
    EXPECT_THAT(public_.in(heard_, "answers"), Not(IsEmpty()));
    EXPECT_THAT(public_.in_folder(path(data)), Not(IsEmpty()));
    EXPECT_THAT(secrets_.in(heard_, "answers and what verbs print"), IsEmpty());
    EXPECT_THAT(secrets_.in_folder(path(data)), IsEmpty());
  }
  void expect_clean_log(Logged& process, const char* word) {
    const std::string& log = process.end();
    EXPECT_EQ(process.exit(), 0) << log;
    EXPECT_THAT(log, HasSubstr(word)) << "there was something to see";
    EXPECT_THAT(secrets_.in(log, "the log"), IsEmpty()) << log;
  }

  TemporaryFolder folder_;
  Canaries secrets_;
  Canaries public_;
  slate::testing::TestAuthority authority_;
  std::shared_ptr<net::TlsContext> tls_;
  ScriptedLoader loader_{Script{}};
  std::string url_;
  std::string heard_;  // all that was answered and printed
};

TEST(Canaries, are_found_wherever_they_are) {
  Canaries canaries;
  canaries.add("token", "canary-0123456789");
  EXPECT_THAT(canaries.in("a log with canary-0123456788", "x"), IsEmpty());
  EXPECT_THAT(canaries.in("a log with canary-0123456789 in it", "x"), Not(IsEmpty()));
  EXPECT_THAT(canaries.in("63616e6172792d30313233343536373839", "x"), Not(IsEmpty())) << "in hex";
  // printf 'user:canary-0123456789' | base64, with names of other lengths.
  for (const char* basic : {"dXNlcjpjYW5hcnktMDEyMzQ1Njc4OQ==", "dXNlcnM6Y2FuYXJ5LTAxMjM0NTY3ODk=",
                            "cGVyc29uOmNhbmFyeS0wMTIzNDU2Nzg5"})
    EXPECT_THAT(canaries.in(basic, "x"), Not(IsEmpty())) << basic;

  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path() / "a/b");
  std::ofstream(folder.path() / "a/b/data") << std::string(5'000, '\0') << "nothing";
  EXPECT_THAT(canaries.in_folder(folder.path()), IsEmpty());
  std::ofstream(folder.path() / "a/b/data", std::ios::app) << "canary-0123456789";
  EXPECT_THAT(canaries.in_folder(folder.path()), ::testing::SizeIs(1));
  std::filesystem::create_directory(folder.path() / "a/canary-0123456789");
  EXPECT_THAT(canaries.in_folder(folder.path()), ::testing::SizeIs(2));
}

TEST_F(CanaryTest, serve_gives_no_secret_away) {
  const auto server = start_http({"serve", "--data", path("data")});
  declare();
  ask_everything();
  expect_clean_log(*server, "request method=POST");
  expect_clean("data");
  const auto checked = slate::testing::run_program({SLATE_PROGRAM, "check", path("data")});
  EXPECT_EQ(checked.exit, 0) << checked.err;
  EXPECT_THAT(secrets_.in(checked.out + checked.err, "slate check"), IsEmpty());
}

TEST_F(CanaryTest, api_and_db_give_no_secret_away) {
  Logged database({SLATE_PROGRAM, "db", "--data", path("data"), "--listen", "127.0.0.1:0", "--log-level",
                   "debug", "--token-file", path("database")},
                  "slate db is serving on ");
  const auto begin = database.ready().find("127.0.0.1:");
  ASSERT_NE(begin, std::string::npos) << database.ready();
  const std::string address = database.ready().substr(begin, database.ready().find(',', begin) - begin);
  {
    const auto server = start_http({"api", "--db", address, "--db-token-file", path("database")});
    declare();
    ask_everything();
    expect_clean_log(*server, "request method=POST");
  }
  {
    const auto refused = start_http({"api", "--db", address, "--db-token-file", path("wrong")});
    EXPECT_EQ(ask(Method::kGet, "/readyz"), 503);
    EXPECT_EQ(ask(Method::kGet, "/v1/lists/notes/data", caller()), 503);
    expect_clean_log(*refused, "request method=GET");
  }
  // Who speaks the protocol itself.
  const auto wrong = Client::connect({.address = address, .token = secrets_["wrong token"]});
  ASSERT_FALSE(wrong);
  heard_ += wrong.error().to_string();
  auto client =
      Client::connect({.address = address, .token = secrets_["database token"], .name = "canary test"});
  ASSERT_TRUE(client) << client.error().to_string();
  client->reset();
  expect_clean_log(database, "a client has connected");
  expect_clean("data");
}

}  // namespace
}  // namespace slate
