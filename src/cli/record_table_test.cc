#include "cli/record_table.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace slate::cli {
namespace {

std::string table(std::string_view json) {
  return record_table(boost::json::parse({json.data(), json.size()}).as_array());
}

TEST(RecordTable, aligns_numbers_to_the_right_and_texts_to_the_left) {
  EXPECT_EQ(table(R"([{"_id":"r1","name":"Acme","n":12},{"_id":"r10","name":"B","n":7}])"),
            "_id  name   n\n"
            "r1   Acme  12\n"
            "r10  B      7\n");
}

TEST(RecordTable, nulls_are_empty_and_do_not_make_a_number_a_text) {
  EXPECT_EQ(table(R"([{"a":null,"b":null},{"a":100,"b":"x"}])"), "  a  b\n\n100  x\n");
}

TEST(RecordTable, lists_and_maps_are_json_and_booleans_words) {
  EXPECT_EQ(table(R"([{"tags":["a","b"],"at":{"city":"Bern"},"ok":true}])"),
            "tags       at               ok\n"
            "[\"a\",\"b\"]  {\"city\":\"Bern\"}  true\n");
}

TEST(RecordTable, floats_are_written_as_people_do) {
  EXPECT_EQ(table(R"([{"score":1.5},{"score":0.25},{"score":2}])"), "score\n  1.5\n 0.25\n    2\n");
}

TEST(RecordTable, a_member_that_only_later_records_have_gets_its_column) {
  EXPECT_EQ(table(R"([{"a":"x"},{"b":"y"}])"), "a  b\nx\n   y\n");
}

TEST(RecordTable, no_records_are_no_table) { EXPECT_EQ(table("[]"), ""); }

TEST(RecordTable, names_and_cells_cannot_steer_the_terminal) {
  EXPECT_EQ(table("[{\"\\u001b[2J\":\"\\u001b[31m\"}]"), "\\x1b[2J\n\\x1b[31m\n");
}

}  // namespace
}  // namespace slate::cli
