#include "cli/row_count.h"

#include <gtest/gtest.h>

namespace slate::cli {
namespace {

TEST(RowCount, of_ndjson_is_that_of_its_lines) {
  RowCount count(RowFormat::kNdjson);
  EXPECT_EQ(count.rows(), 0u);
  count.add("{\"a\":\"\\\"");
  count.add("\"}\n{}\n{}\n");
  EXPECT_EQ(count.rows(), 3u);
}

TEST(RowCount, of_csv_leaves_out_the_header_and_lines_within_cells) {
  RowCount count(RowFormat::kCsv);
  count.add("_id,name\r\n");
  EXPECT_EQ(count.rows(), 0u);
  count.add("1,\"two\r\nli");
  count.add("nes with \"\"quotes\"\"\r\n\"\r\n2,x\r\n");
  EXPECT_EQ(count.rows(), 2u);
}

}  // namespace
}  // namespace slate::cli
