#include "cli/record_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <utility>
#include <vector>

namespace slate::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::vector<std::pair<std::size_t, std::string>> all_of(RecordSource& source) {
  std::vector<std::pair<std::size_t, std::string>> records;
  for (;;) {
    const auto record = source.next();
    if (!record) {
      records.emplace_back(0, record.error().to_string());
      return records;
    }
    if (!*record) return records;
    records.emplace_back((*record)->line, (*record)->json);
  }
}

TEST(NdjsonSource, lines_keep_their_numbers_and_blank_ones_are_passed_over) {
  std::istringstream in("{\"_id\":\"a\"}\n\n  \r\n{\"_id\":\"b\"}\r\n{}");
  const auto source = ndjson_source(in);
  EXPECT_THAT(all_of(*source),
              ElementsAre(Pair(1, "{\"_id\":\"a\"}"), Pair(4, "{\"_id\":\"b\"}\r"), Pair(5, "{}")));
  EXPECT_EQ(source->bytes(), in.str().size());
}

TEST(NdjsonSource, a_byte_order_mark_in_front_is_passed_over) {
  std::istringstream in("\xef\xbb\xbf{\"_id\":\"a\"}\n\xef\xbb\xbf{}\n");
  const auto source = ndjson_source(in);
  EXPECT_THAT(all_of(*source), ElementsAre(Pair(1, "{\"_id\":\"a\"}"), Pair(2, "\xef\xbb\xbf{}")))
      << "elsewhere it is a mistake, which the server names";
  EXPECT_EQ(source->bytes(), in.str().size());
  std::istringstream alone("\xef\xbb\xbf");
  EXPECT_THAT(all_of(*ndjson_source(alone)), ElementsAre());
}

TEST(CsvSource, rows_become_objects_and_keep_their_lines) {
  std::istringstream in("_id,name\r\na,\"two\r\nlines\"\r\nb,\r\n");
  const Datasource people{.id = "people", .fields = {{.name = "name", .type = Type::kString}}};
  const auto source = csv_source(in, people);
  ASSERT_TRUE(source.has_value());
  EXPECT_THAT(all_of(**source), ElementsAre(Pair(2, R"({"_id":"a","name":"two\r\nlines"})"),
                                            Pair(4, R"({"_id":"b","name":null})")));
}

TEST(CsvSource, mistakes_are_named) {
  const Datasource people{.id = "people", .fields = {{.name = "age", .type = Type::kInt}}};
  std::istringstream nothing("");
  EXPECT_THAT(csv_source(nothing, people).error().message(), HasSubstr("there is no header"));
  std::istringstream in("_id,age\na,1\nb,x\n");
  const auto source = csv_source(in, people);
  ASSERT_TRUE(source.has_value());
  EXPECT_THAT(all_of(**source), ElementsAre(Pair(2, R"({"_id":"a","age":1})"),
                                            Pair(0, HasSubstr("age: line 3: expected an int"))));
}

}  // namespace
}  // namespace slate::cli
