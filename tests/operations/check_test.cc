// `slate check` from outside, over folders that are damaged in ways that only a process can survive.

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <random>

#include <slate/database.h>

#include "testing/child_process.h"
#include "testing/server_process.h"

namespace slate {
namespace {

using slate::testing::Finished;
using slate::testing::ServerProcess;
using slate::testing::TemporaryFolder;
using ::testing::HasSubstr;

class CheckTest : public ::testing::Test {
 protected:
  // Two datasources; the first one has records enough for a tree of some pages.
  void SetUp() override {
    const auto database = Database::open({.path = data_}).value();
    for (const char* id : {"orders", "people"}) {
      ASSERT_TRUE(
          database->save_datasource({.id = id,
                                     .fields = {{.name = "name", .type = Type::kString, .indexed = true},
                                                {.name = "age", .type = Type::kInt}}}));
      std::vector<RecordWrite> writes;
      for (int i = 0; i < 2'000; ++i)
        writes.push_back({.id = "r" + std::to_string(i),
                          .cells = {{"name", "name " + std::to_string(i * 7)}, {"age", i}}});
      ASSERT_TRUE(database->write_batch(id, writes));
    }
  }

  Finished check(std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {SLATE_PROGRAM, "check", data_.string()});
    return testing::run_program(std::move(options));
  }
  std::filesystem::path file(const std::string& datasource) const {
    for (const auto& each : std::filesystem::directory_iterator(data_ / "generations" / datasource))
      if (each.path().extension() == ".mdb") return each.path();
    return {};
  }
  static std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write(const std::filesystem::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  TemporaryFolder folder_;
  const std::filesystem::path data_ = folder_.path() / "data";
};

TEST_F(CheckTest, a_folder_in_order_is_0_without_a_line) {
  const Finished done = check();
  EXPECT_EQ(done.exit, 0) << done.out << done.err;
  EXPECT_EQ(done.out, "");
  EXPECT_EQ(done.err, "2 datasources, 4,000 records, 8,000 index entries: nothing is damaged\n");
}

TEST_F(CheckTest, one_damaged_block_is_1_and_named_and_the_rest_is_checked) {
  std::string bytes = bytes_of(file("orders"));
  // In the heap of a text column, where nothing of the tree is.
  const auto at = bytes.find("name 4200");
  ASSERT_NE(at, std::string::npos);
  for (auto each = at; each != std::string::npos; each = bytes.find("name 4200", each)) bytes[each] = 'N';
  write(file("orders"), bytes);
  const Finished done = check();
  EXPECT_EQ(done.exit, 1);
  EXPECT_THAT(done.out, HasSubstr("orders generation 1: segment "));
  EXPECT_THAT(done.out, HasSubstr("checksum of the block"));
  EXPECT_THAT(done.out, ::testing::Not(HasSubstr("people")));
  EXPECT_THAT(done.err, HasSubstr("2 datasources"));
}

TEST_F(CheckTest, json_has_the_findings_and_the_counts) {
  std::filesystem::remove(file("people"));
  write(data_ / "generations" / "orders" / "99.mdb", "litter");
  const Finished done = check({"--format", "json"});
  EXPECT_EQ(done.exit, 1);
  const auto report = boost::json::parse(done.out);
  EXPECT_EQ(report.at("damaged"), true);
  EXPECT_EQ(report.at("damage").to_number<int>(), 1);
  EXPECT_EQ(report.at("litter").to_number<int>(), 1);
  EXPECT_EQ(report.at("generations").as_array().size(), 2u);
  EXPECT_EQ(report.at("generations").at(0).at("datasource"), "orders");
  EXPECT_EQ(report.at("generations").at(0).at("rows").to_number<int>(), 2000);
  const auto& findings = report.at("findings").as_array();
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings.at(0).at("kind"), "litter");
  EXPECT_EQ(findings.at(1).at("datasource"), "people");
  EXPECT_EQ(findings.at(1).at("generation").to_number<int>(), 2);
}

TEST_F(CheckTest, litter_alone_is_told_and_no_damage) {
  write(data_ / "generations" / "orders" / "99.mdb", "half a load");
  const Finished done = check();
  EXPECT_EQ(done.exit, 0);
  EXPECT_EQ(done.out, "litter: generations/orders/99.mdb: no generation owns it\n");
}

TEST_F(CheckTest, what_has_no_end_is_cut_and_counted) {
  // Without its segments every index entry points at nothing.
  std::string bytes = bytes_of(file("orders"));
  for (auto at = bytes.find("SLB1"); at != std::string::npos; at = bytes.find("SLB1", at)) bytes[at] = 'X';
  write(file("orders"), bytes);
  const Finished done = check();
  EXPECT_EQ(done.exit, 1);
  EXPECT_THAT(done.out, HasSubstr("more findings"));
  EXPECT_LE(std::ranges::count(done.out, '\n'), 101);
}

TEST_F(CheckTest, whatever_the_bytes_it_ends_and_finds_the_damage) {
  const std::string whole = bytes_of(file("orders"));
  std::mt19937 random(7);
  int found = 0;
  constexpr int kTries = 25;
  for (int i = 0; i < kTries; ++i) {
    std::string bytes = whole;
    // A page of noise: of the tree, of a block, or of nothing that is in use any more.
    const std::size_t page = random() % (bytes.size() / 4096) * 4096;
    for (std::size_t at = page; at < page + 4096; ++at) bytes[at] = static_cast<char>(random());
    write(file("orders"), bytes);
    const Finished done = check();
    EXPECT_TRUE(done.exit == 0 || done.exit == 1) << "page " << page / 4096 << ": " << done.exit << "\n"
                                                  << done.err;
    EXPECT_EQ(done.exit == 1, !done.out.empty());
    EXPECT_EQ(bytes_of(file("orders")), bytes) << "a check changes nothing";
    found += done.exit;
  }
  EXPECT_GT(found, kTries / 2);
}

TEST_F(CheckTest, a_damaged_catalog_is_1_and_named) {
  std::string bytes = bytes_of(data_ / "catalog.mdb");
  for (std::size_t at = 0; at < 2 * 4096; ++at) bytes[at] = '\x55';
  write(data_ / "catalog.mdb", bytes);
  const Finished done = check();
  EXPECT_EQ(done.exit, 1) << done.err;
  EXPECT_THAT(done.out, HasSubstr("catalog: "));
}

TEST_F(CheckTest, a_folder_that_a_server_holds_is_2_and_left_alone) {
  ServerProcess server(SLATE_PROGRAM, data_);
  const Finished done = check();
  EXPECT_EQ(done.exit, 2);
  EXPECT_THAT(done.err, HasSubstr("the data folder is open in another process: " + data_.string()));
  server.stop();
  EXPECT_EQ(check().exit, 0);
}

TEST_F(CheckTest, what_another_version_wrote_is_2_and_no_damage) {
  std::string bytes = bytes_of(data_ / "catalog.mdb");
  // The entry "format" of the table "meta", with its value.
  const auto at = bytes.find("format1");
  ASSERT_NE(at, std::string::npos);
  for (auto each = at; each != std::string::npos; each = bytes.find("format1", each)) bytes[each + 6] = '9';
  write(data_ / "catalog.mdb", bytes);
  const Finished done = check();
  EXPECT_EQ(done.exit, 2) << done.out;
  EXPECT_THAT(done.err, HasSubstr("unsupported_format: the catalog has format version 9"));
}

TEST_F(CheckTest, what_is_no_data_folder_is_2) {
  const Finished done = testing::run_program({SLATE_PROGRAM, "check", folder_.path().string()});
  EXPECT_EQ(done.exit, 2);
  EXPECT_THAT(done.err, HasSubstr("is no data folder"));
  EXPECT_THAT(std::filesystem::exists(folder_.path() / "LOCK"), false);
}

}  // namespace
}  // namespace slate
