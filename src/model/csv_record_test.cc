#include "model/csv_record.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace slate {
namespace {

using ::testing::HasSubstr;

Datasource people() {
  return {
      .id = "people",
      .fields = {{.name = "name", .type = Type::kString},
                 {.name = "age", .type = Type::kInt},
                 {.name = "score", .type = Type::kFloat},
                 {.name = "active", .type = Type::kBool},
                 {.name = "born", .type = Type::kDate},
                 {.name = "tags", .type = Type::kList, .items = {{.type = Type::kString}}},
                 {.name = "address",
                  .type = Type::kMap,
                  .fields = {{.name = "city", .type = Type::kString}, {.name = "zip", .type = Type::kInt}}}}};
}

// The records of a text with its header, as JSON, or the first error.
std::vector<std::string> records(const std::string& text) {
  std::istringstream in(text);
  CsvReader reader(in);
  const auto header = reader.next();
  const auto opened = CsvRecords::open(people(), **header);
  if (!opened) return {opened.error().to_string()};
  std::vector<std::string> lines;
  for (;;) {
    const auto row = reader.next();
    if (!row || !*row) return lines;
    const auto record = opened->record(**row);
    lines.push_back(record ? boost::json::serialize(*record) : record.error().to_string());
    if (!record) return lines;
  }
}
std::string only(const std::string& header, const std::string& row) {
  return records(header + "\n" + row).back();
}

TEST(CsvRecords, cells_have_the_types_of_their_fields) {
  EXPECT_EQ(only("_id,name,age,score,active,born,tags",
                 R"(p1,Ada,36,1.5,true,1815-12-10T00:00:00Z,"[""x"",""y""]")"),
            R"({"_id":"p1","name":"Ada","age":36,"score":1.5E0,"active":true,"born":"1815-12-10T00:00:00Z",)"
            R"("tags":["x","y"]})");
  EXPECT_EQ(only("age,_id", "-9223372036854775808,a"), R"({"age":-9223372036854775808,"_id":"a"})");
}

TEST(CsvRecords, nothing_is_null_and_quotes_are_the_empty_text) {
  EXPECT_EQ(only("_id,name,age,tags", "p1,,,"), R"({"_id":"p1","name":null,"age":null,"tags":null})");
  EXPECT_EQ(only("_id,name", "p1,\"\""), R"({"_id":"p1","name":""})");
}

TEST(CsvRecords, fields_of_a_map_come_together) {
  EXPECT_EQ(only("_id,address.city,address.zip", "p1,Bern,3000"),
            R"({"_id":"p1","address":{"city":"Bern","zip":3000}})");
  EXPECT_EQ(only("address.zip,_id,address.city", "1,p1,"), R"({"address":{"zip":1,"city":null},"_id":"p1"})");
}

TEST(CsvRecords, dates_beyond_the_years_of_rfc_3339_are_seconds) {
  EXPECT_EQ(only("_id,born", "p1,-99999999999999"), R"({"_id":"p1","born":-99999999999999})");
}

TEST(CsvRecords, a_cell_of_another_type_names_line_and_field) {
  const auto refusal = [](const std::string& field, const std::string& cell) {
    return only("_id," + field, "p1," + cell);
  };
  EXPECT_THAT(refusal("age", "old"), HasSubstr("age: line 2: expected an int"));
  EXPECT_THAT(refusal("age", "1.5"), HasSubstr("line 2: expected an int"));
  EXPECT_THAT(refusal("score", "1.5x"), HasSubstr("expected a float"));
  EXPECT_THAT(refusal("score", "nan"), HasSubstr("expected a finite float"));
  EXPECT_THAT(refusal("active", "yes"), HasSubstr("expected true or false"));
  EXPECT_THAT(refusal("born", "yesterday"), HasSubstr("line 2: "));
  EXPECT_THAT(refusal("tags", "x"), HasSubstr("line 2: "));
  EXPECT_THAT(refusal("tags", "{}"), HasSubstr("expected a list"));
  EXPECT_THAT(refusal("name", "\xff"), HasSubstr("expected valid UTF-8"));
}

TEST(CsvRecords, a_row_has_as_many_cells_as_the_header) {
  EXPECT_THAT(only("_id,name", "p1"), HasSubstr("line 2: expected 2 cells, as in the header, got 1"));
}

TEST(CsvRecords, a_header_is_checked_against_the_datasource) {
  EXPECT_THAT(records("_id,nam\n").front(), HasSubstr("did you mean \"name\"?"));
  EXPECT_THAT(records("name\n").front(), HasSubstr("the header has no column _id"));
  EXPECT_THAT(records("_id,name,name\n").front(), HasSubstr("name: line 1: the header names it twice"));
  EXPECT_THAT(records("_id,address\n").front(), HasSubstr("no field \"address\""));
}

}  // namespace
}  // namespace slate
