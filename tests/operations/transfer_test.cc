// `slate export` and `slate import` against a server.

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <memory>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "http/server.h"
#include "net/blocking_pool.h"
#include "net/io_threads.h"
#include "testing/child_process.h"
#include "testing/server_process.h"

namespace slate {
namespace {

using slate::testing::ChildProcess;
using slate::testing::Finished;
using slate::testing::ServerProcess;
using slate::testing::TemporaryFolder;
using ::testing::HasSubstr;

// A field of every type; two datasources alike, so that what leaves one can come into the other.
std::string manifest(const std::string& name) {
  return "apiVersion: slate.io/v1alpha1\nkind: Datasource\nmetadata: {name: " + name +
         "}\nspec:\n  fields:\n    - {name: name, type: string, indexed: true}\n    - {name: age, type: int, "
         "indexed: true}\n"
         "    - {name: score, type: float}\n    - {name: active, type: bool}\n    - {name: born, type: "
         "date}\n"
         "    - {name: tags, type: list, items: {type: string}}\n"
         "    - {name: address, type: map, fields: [{name: city, type: string}, {name: zip, type: "
         "int}]}\n---\n";
}
constexpr const char* kList =
    "apiVersion: slate.io/v1alpha1\nkind: ListView\nmetadata: {name: names}\n"
    "spec: {datasourceRef: {name: one}, columns: [{field: name}, {field: age}], sort: [{field: age, "
    "direction: desc}]}\n";

// Cells that are hard to carry: nulls, empty texts and lists, quotes, line ends, numbers at their limits.
constexpr const char* kHard =
    R"({"_id":"1","name":"Ada \"the first\", Countess","age":9223372036854775807,"score":0.1,"active":true,"born":"1815-12-10T00:00:00Z","tags":["x","a,\"b\"\n"],"address":{"city":"London","zip":null}}
{"_id":"2","name":"","age":-9223372036854775808,"score":-1e-300,"active":false,"born":"9999-12-31T23:59:59Z","tags":[],"address":{"city":"","zip":1}}
{"_id":"three, \"3\"","name":"two\r\nlines\tand \u0001 more","age":0,"score":1.7976931348623157e308,"tags":[""]}
{"_id":" 4 ","name":" ü 漢字 ","score":5}
{"_id":"5"}
)";

class TransferTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_ = std::make_unique<ServerProcess>(SLATE_PROGRAM, folder_.path() / "data");
    const Finished applied = slate({"apply", "-f", "-"}, manifest("one") + manifest("two") + kList);
    ASSERT_EQ(applied.exit, 0) << applied.err;
  }

  Finished slate(std::vector<std::string> arguments, const std::string& input = {}) const {
    return server_->slate(std::move(arguments), input);
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string contents(const std::string& name) const {
    std::ifstream in(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string exported(const std::string& datasource, const std::string& format) const {
    const Finished done = slate({"export", "--datasource", datasource, "--format", format});
    EXPECT_EQ(done.exit, 0) << done.err;
    return done.out;
  }
  static std::string many(int count) {
    std::string lines;
    for (int i = 0; i < count; ++i)
      lines += fmt::format("{{\"_id\":\"r{}\",\"name\":\"name {}\",\"age\":{}}}\n", i, i, i);
    return lines;
  }

  TemporaryFolder folder_;
  std::unique_ptr<ServerProcess> server_;
};

TEST_F(TransferTest, what_is_exported_imported_and_exported_again_is_the_same_to_the_byte) {
  ASSERT_EQ(slate({"import", "one", "-"}, kHard).out, "5 records: 5 inserted, 0 updated\n");
  for (const std::string format : {"ndjson", "csv"}) {
    const std::string first = exported("one", format);
    EXPECT_GT(first.size(), 200u);
    std::ofstream(path("file." + format), std::ios::binary) << first;
    const Finished imported = slate({"import", "two", path("file." + format)});
    EXPECT_EQ(imported.exit, 0) << imported.err;
    EXPECT_THAT(imported.out, HasSubstr("5 records: "));
    EXPECT_EQ(exported("two", format), first);
    EXPECT_EQ(exported("two", "ndjson"), exported("one", "ndjson")) << "by way of " << format;
    EXPECT_EQ(exported("two", "csv"), exported("one", "csv")) << "by way of " << format;
  }
}

TEST_F(TransferTest, many_records_come_through_small_batches_in_their_order) {
  const Finished imported = slate({"import", "one", "--batch", "700"}, many(5'000));
  ASSERT_EQ(imported.exit, 0) << imported.err;
  EXPECT_EQ(imported.out, "5,000 records: 5,000 inserted, 0 updated\n");
  const Finished done =
      slate({"export", "--datasource", "one", "columns=name,age", "--output", path("all.ndjson")});
  ASSERT_EQ(done.exit, 0) << done.err;
  EXPECT_EQ(done.err, "5,000 rows\n");
  EXPECT_EQ(contents("all.ndjson"), many(5'000));
  EXPECT_FALSE(std::filesystem::exists(path("all.ndjson.part")));
}

TEST_F(TransferTest, an_export_goes_through_links_and_into_what_is_no_file) {
  ASSERT_EQ(slate({"import", "one"}, many(3)).exit, 0);
  std::ofstream(path("dump")) << "of yesterday";
  std::filesystem::create_symlink(path("dump"), path("link"));
  ASSERT_EQ(slate({"export", "--datasource", "one", "columns=name,age", "-o", path("link")}).exit, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(path("link")));
  EXPECT_EQ(contents("dump"), many(3));

  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  const int pipe = ::open(path("pipe").c_str(), O_RDWR | O_NONBLOCK);
  EXPECT_EQ(slate({"export", "--datasource", "one", "columns=name,age", "-o", path("pipe")}).exit, 0);
  EXPECT_TRUE(std::filesystem::is_fifo(path("pipe")));
  std::string came(1'000, '\0');
  came.resize(std::max<ssize_t>(::read(pipe, came.data(), came.size()), 0));
  EXPECT_EQ(came, many(3));
  ::close(pipe);
}

TEST_F(TransferTest, an_import_that_is_interrupted_says_how_to_go_on) {
  ASSERT_EQ(::mkfifo(path("rows").c_str(), 0600), 0);
  const int rows = ::open(path("rows").c_str(), O_RDWR);
  ChildProcess import(
      {SLATE_PROGRAM, "import", "one", path("rows"), "--batch", "10", "--server", server_->url()});
  const std::string lines = many(25);
  ASSERT_EQ(::write(rows, lines.data(), lines.size()), static_cast<ssize_t>(lines.size()));
  while (std::ranges::count(exported("one", "ndjson"), '\n') < 20) std::this_thread::yield();
  import.signal(SIGINT);
  EXPECT_EQ(import.wait(), 1);
  // It may not have heard of the second ten.
  EXPECT_THAT(import.seen(), ::testing::ContainsRegex("(10 records .* --skip 10|20 records .* --skip 20)\n"));
  ::close(rows);
}

TEST_F(TransferTest, an_export_that_is_interrupted_leaves_nothing) {
  std::promise<http::Respond> asked;
  http::Router router;
  router.add(http::Method::kGet, "/v1/datasources/one/records",
             [&](http::Request, http::Respond respond) { asked.set_value(std::move(respond)); });
  net::IoThreads io(1);
  net::BlockingPool pool({.threads = 1});
  const auto silent = http::Server::start({}, std::move(router), io, pool).value();
  ChildProcess exporting({SLATE_PROGRAM, "export", "--datasource", "one", "-o", path("rows"), "--server",
                          fmt::format("http://127.0.0.1:{}", silent->port())});
  auto respond = asked.get_future().get();
  EXPECT_TRUE(std::filesystem::exists(path("rows.part")));
  exporting.signal(SIGTERM);
  EXPECT_EQ(exporting.wait(), 1);
  EXPECT_FALSE(std::filesystem::exists(path("rows.part")));
  EXPECT_FALSE(std::filesystem::exists(path("rows")));
}

TEST_F(TransferTest, lists_and_conditions_are_exported_as_they_are_queried) {
  ASSERT_EQ(slate({"import", "one"}, many(10)).exit, 0);
  EXPECT_EQ(
      slate({"export", "names", "age__gte=8"}).out,
      "{\"_id\":\"r9\",\"name\":\"name 9\",\"age\":9}\n{\"_id\":\"r8\",\"name\":\"name 8\",\"age\":8}\n");
  EXPECT_EQ(slate({"export", "names", "take=1", "--format", "csv"}).out, "_id,name,age\r\nr9,name 9,9\r\n");
}

TEST_F(TransferTest, an_import_again_changes_nothing_and_replace_takes_away) {
  ASSERT_EQ(slate({"import", "one"}, many(3)).exit, 0);
  const std::string before = exported("one", "ndjson");
  EXPECT_EQ(slate({"import", "one"}, many(3)).exit, 0);
  EXPECT_EQ(exported("one", "ndjson"), before);
  EXPECT_EQ(slate({"import", "one"}, "{\"_id\":\"r1\",\"score\":2}\n").exit, 0);
  EXPECT_THAT(exported("one", "ndjson"), HasSubstr(R"("name":"name 1","age":1,"score":2)"));
  EXPECT_EQ(slate({"import", "one", "--mode", "replace"}, "{\"_id\":\"r1\",\"score\":2}\n").exit, 0);
  EXPECT_THAT(exported("one", "ndjson"), HasSubstr(R"({"_id":"r1","name":null,"age":null,"score":2)"));
}

TEST_F(TransferTest, the_first_bad_line_is_named_and_the_import_goes_on_behind_what_was_written) {
  std::string lines = many(25);
  const auto at = lines.find("\"age\":17");
  lines.replace(at, 8, "\"age\":\"x\"");
  const Finished failed = slate({"import", "one", "--batch", "10"}, "\n" + lines);
  EXPECT_EQ(failed.exit, 1);
  EXPECT_THAT(failed.err, HasSubstr("line 19: "));  // 17 is the 18th record, behind a blank line
  EXPECT_THAT(failed.err, HasSubstr("age"));
  EXPECT_THAT(failed.err, HasSubstr("10 records were written; go on behind them with --skip 10\n"));
  EXPECT_EQ(std::ranges::count(exported("one", "ndjson"), '\n'), 10);

  lines.replace(lines.find("\"age\":\"x\""), 9, "\"age\":17");
  const Finished rest = slate({"import", "one", "--skip", "10"}, "\n" + lines);
  EXPECT_EQ(rest.out, "15 records: 15 inserted, 0 updated\n") << rest.err;
  EXPECT_EQ(slate({"export", "--datasource", "one", "columns=name,age"}).out, many(25));
}

TEST_F(TransferTest, a_bad_row_of_csv_is_named_and_the_rows_before_it_are_written) {
  std::ofstream(path("people.csv")) << "_id,name,age\n1,\"two\nlines\",5\n2,Alan,old\n3,Grace,7\n";
  const Finished failed = slate({"import", "one", path("people.csv")});
  EXPECT_EQ(failed.exit, 1);
  EXPECT_THAT(failed.err, HasSubstr("line 4: expected an int"));
  EXPECT_THAT(failed.err, HasSubstr("1 record was written; go on behind it with --skip 1\n"));
}

TEST_F(TransferTest, what_is_wrong_from_the_start_is_told) {
  EXPECT_THAT(slate({"import", "nothing"}, many(1)).err, HasSubstr("there is no datasource"));
  EXPECT_THAT(slate({"import", "one", "--format", "csv"}, "_id,nam\n1,x\n").err,
              HasSubstr("did you mean \"name\"?"));
  EXPECT_THAT(slate({"import", "one", path("none.csv")}).err, HasSubstr("cannot be read"));
  EXPECT_THAT(slate({"import", "one", "--skip", "5"}, many(1)).err, HasSubstr("fewer than --skip"));
  EXPECT_EQ(slate({"import"}).exit, 2);
  EXPECT_EQ(slate({"export"}).exit, 2);
  EXPECT_THAT(slate({"export", "--datasource", "nothing", "-o", path("out")}).err, HasSubstr("not_found"));
  EXPECT_FALSE(std::filesystem::exists(path("out")));
  EXPECT_FALSE(std::filesystem::exists(path("out.part")));
}

TEST_F(TransferTest, a_terminal_sees_how_far_an_import_is_and_a_file_of_errors_does_not) {
  std::ofstream(path("rows.ndjson")) << many(100);
  const std::vector<std::string> import{"import", "one", path("rows.ndjson")};
  EXPECT_EQ(slate(import).err, "");
  // script runs a command on a terminal of its own, which answers and errors share.
  if (!std::filesystem::exists("/usr/bin/script"))
    GTEST_SKIP() << "script is not installed: no terminal to look at";
  const Finished seen = testing::run_program(
      {"/usr/bin/script", "-qec",
       SLATE_PROGRAM " import one " + path("rows.ndjson") + " --server " + server_->url(), "/dev/null"});
  EXPECT_EQ(seen.exit, 0) << seen.err;
  EXPECT_THAT(seen.out, HasSubstr("import  [====================] 100 %  100 rows"));
  EXPECT_THAT(seen.out, HasSubstr("100 records: 0 inserted, 100 updated"));
}

TEST_F(TransferTest, nothing_is_a_file_of_nothing) {
  EXPECT_EQ(slate({"import", "one"}, "").out, "0 records: 0 inserted, 0 updated\n");
  EXPECT_EQ(exported("one", "ndjson"), "");
  EXPECT_EQ(exported("one", "csv"), "_id,name,age,score,active,born,tags,address.city,address.zip\r\n");
}

}  // namespace
}  // namespace slate
