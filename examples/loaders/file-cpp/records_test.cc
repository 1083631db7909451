#include "records.h"

#include <gtest/gtest.h>
#include <sstream>
#include <vector>

namespace file_loader {
namespace {

using slate::loader::FieldValue;
using slate::loader::LoadResponse;

struct Outcome {
  std::vector<LoadResponse> rows;
  std::string error;
  const FieldValue& field(std::size_t row, const std::string& name) const {
    return rows.at(row).fields().at(name);
  }
};

Outcome read(const std::string& text, const FileOptions& options) {
  std::istringstream input(text);
  Outcome outcome;
  const auto result = read_records(input, options, [&](const LoadResponse& row) {
    outcome.rows.push_back(row);
    return true;
  });
  if (!result) outcome.error = result.error();
  return outcome;
}
FileOptions csv(ColumnTypes types = {}) {
  return {.path = {}, .format = Format::kCsv, .types = std::move(types)};
}
FileOptions ndjson(ColumnTypes types = {}) {
  return {.path = {}, .format = Format::kNdjson, .types = std::move(types)};
}

TEST(Guess, numbers_that_would_not_come_back_the_same_stay_text) {
  for (const char* text :
       {"007", "+1", "-", "1 ", "0x1", "1e999", "99999999999999999999", "nan", "inf", "-.5", "a"})
    EXPECT_EQ(guess_type(text), ColumnType::kString) << text;
  for (const char* text : {"0", "-1", "9223372036854775807"})
    EXPECT_EQ(guess_type(text), ColumnType::kInt) << text;
  for (const char* text : {"0.5", "-1.25", "1e3"}) EXPECT_EQ(guess_type(text), ColumnType::kFloat) << text;
  EXPECT_EQ(guess_type("true"), ColumnType::kBool);
}

TEST(Seconds, dates_are_read_in_utc) {
  EXPECT_EQ(parse_seconds("1970-01-02"), 86400);
  EXPECT_EQ(parse_seconds("2024-02-29T12:00:01Z"), 1709208001);
  EXPECT_EQ(parse_seconds("-5"), -5);
  for (const char* text :
       {"2023-02-29", "2024-13-01", "2024-01-01T24:00:00Z", "2024-01-01 00:00:00Z", "today", "+124-01-01"})
    EXPECT_FALSE(parse_seconds(text)) << text;
}

TEST(CsvRecords, a_column_has_the_type_that_all_its_cells_have) {
  const auto outcome =
      read("id,n,x,zip,ok,mixed,none\nr1,1,1,01234,true,1,\nr2,,2.5,99999,false,a,\n", csv());
  ASSERT_EQ(outcome.error, "");
  ASSERT_EQ(outcome.rows.size(), 2u);
  EXPECT_EQ(outcome.rows[0].record_id(), "r1");
  EXPECT_EQ(outcome.rows[0].fields().count("id"), 0u);
  EXPECT_EQ(outcome.field(0, "n").int_value(), 1);
  EXPECT_EQ(outcome.field(1, "n").value_case(), FieldValue::VALUE_NOT_SET);
  EXPECT_EQ(outcome.field(0, "x").float_value(), 1.0);
  EXPECT_EQ(outcome.field(1, "zip").string_value(), "99999");
  EXPECT_TRUE(outcome.field(0, "ok").bool_value());
  EXPECT_EQ(outcome.field(0, "mixed").string_value(), "1");
  EXPECT_EQ(outcome.field(0, "none").value_case(), FieldValue::VALUE_NOT_SET);
}

TEST(CsvRecords, given_types_come_before_guesses) {
  const auto outcome =
      read("id,n,born\nr1,1,1970-01-02\n", csv({{"n", ColumnType::kString}, {"born", ColumnType::kDate}}));
  EXPECT_EQ(outcome.field(0, "n").string_value(), "1");
  EXPECT_EQ(outcome.field(0, "born").date_value(), 86400);
  EXPECT_EQ(read("id,n\nr1,1\nr2,x\n", csv({{"n", ColumnType::kInt}})).error,
            "line 3: n: expected an int, got \"x\"");
}

TEST(CsvRecords, mistakes_name_the_line) {
  EXPECT_EQ(read("", csv()).error, "the file is empty: a header line with the column names is expected");
  EXPECT_EQ(read("a,b\n1,2\n", csv()).error, "no column \"id\" for the record ids");
  EXPECT_EQ(read("id,b\n1,2\n3\n", csv()).error, "line 3: expected 2 cells, got 1");
  EXPECT_EQ(read("id,b\n,2\n", csv()).error, "line 2: the record id is empty");
}

TEST(CsvRecords, a_receiver_that_wants_no_more_ends_the_reading) {
  std::istringstream input("id\n1\n2\n3\n");
  int rows = 0;
  EXPECT_TRUE(read_records(input, csv(), [&](const LoadResponse&) { return ++rows < 2; }));
  EXPECT_EQ(rows, 2);
}

TEST(NdjsonRecords, json_kinds_become_values) {
  const auto outcome = read(
      "{\"id\":7,\"s\":\"x\",\"i\":-1,\"f\":1.5,\"b\":true,\"z\":null,\"l\":[1,\"a\"],\"m\":{\"city\":"
      "\"Paris\"}}\n\n",
      ndjson());
  ASSERT_EQ(outcome.error, "");
  ASSERT_EQ(outcome.rows.size(), 1u);
  EXPECT_EQ(outcome.rows[0].record_id(), "7");
  EXPECT_EQ(outcome.field(0, "s").string_value(), "x");
  EXPECT_EQ(outcome.field(0, "i").int_value(), -1);
  EXPECT_EQ(outcome.field(0, "f").float_value(), 1.5);
  EXPECT_TRUE(outcome.field(0, "b").bool_value());
  EXPECT_EQ(outcome.field(0, "z").value_case(), FieldValue::VALUE_NOT_SET);
  EXPECT_EQ(outcome.field(0, "l").list_value().values(1).string_value(), "a");
  EXPECT_EQ(outcome.field(0, "m").map_value().entries().at("city").string_value(), "Paris");
}

TEST(NdjsonRecords, given_types_apply_to_strings_and_numbers) {
  const auto outcome =
      read("{\"id\":\"a\",\"born\":\"1970-01-02\",\"seen\":60,\"n\":\"5\"}",
           ndjson({{"born", ColumnType::kDate}, {"seen", ColumnType::kDate}, {"n", ColumnType::kInt}}));
  ASSERT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.field(0, "born").date_value(), 86400);
  EXPECT_EQ(outcome.field(0, "seen").date_value(), 60);
  EXPECT_EQ(outcome.field(0, "n").int_value(), 5);
}

TEST(NdjsonRecords, mistakes_name_the_line) {
  EXPECT_EQ(read("{\"id\":\"a\"}\n[1]\n", ndjson()).error, "line 2: expected an object");
  EXPECT_EQ(read("{\"id\":\"a\"}\n{oops\n", ndjson()).error.substr(0, 17), "line 2: not JSON:");
  EXPECT_EQ(read("{\"x\":1}\n", ndjson()).error, "line 1: expected a string or a whole number as \"id\"");
  EXPECT_EQ(read("{\"id\":\"\"}\n", ndjson()).error, "line 1: the record id is empty");
  EXPECT_EQ(read("{\"id\":1,\"n\":18446744073709551615}\n", ndjson()).error,
            "line 1: n: a whole number beyond 64 bits with a sign");
  EXPECT_EQ(read(std::string(100'000, '[') + "\n", ndjson()).error.substr(0, 17), "line 1: not JSON:");
}

TEST(Records, a_file_that_is_not_there_is_an_error) {
  const auto nothing = [](const LoadResponse&) { return true; };
  EXPECT_FALSE(read_records({.path = "/nonexistent.csv"}, nothing));
  EXPECT_FALSE(read_records({.path = "/"}, nothing));
}

}  // namespace
}  // namespace file_loader
