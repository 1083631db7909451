#include "api/record_lines.h"

#include <gtest/gtest.h>

namespace slate::api {
namespace {

Result<RecordLines> read_lines(std::string_view body) {
  auto reader = RecordReader::open("application/x-ndjson", body, WriteKind::kMerge);
  if (!reader) return fail(reader.error());
  return reader->next({});
}

TEST(RecordLines, each_line_is_a_write_with_its_number) {
  const auto lines = read_lines("\n{\"_id\":\"a\",\"n\":1}\n \t\r\n{\"_id\":\"b\"}");
  ASSERT_TRUE(lines) << lines.error().to_string();
  ASSERT_EQ(lines->writes.size(), 2u);
  EXPECT_EQ(lines->writes[0].id, "a");
  EXPECT_EQ(lines->writes[0].cells.size(), 1u);
  EXPECT_EQ(lines->place(0), "line 2");
  EXPECT_EQ(lines->place(1), "line 4");
}

TEST(RecordLines, reading_goes_on_where_it_stopped) {
  auto reader = RecordReader::open(
      "application/x-ndjson", "{\"_id\":\"a\"}\n{\"_id\":\"b\"}\n{\"_id\":\"c\"}\n", WriteKind::kReplace);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->next(2)->writes.size(), 2u);
  const auto rest = reader->next(2);
  ASSERT_EQ(rest->writes.size(), 1u);
  EXPECT_EQ(rest->place(0), "line 3");
  EXPECT_EQ(rest->writes[0].kind, WriteKind::kReplace);
  EXPECT_TRUE(reader->next(2)->writes.empty());
}

TEST(RecordLines, first_bad_line_is_named) {
  for (const char* bad : {"{", "7", "{}", "{\"_id\":5}", "{\"_id\":\"b\"}{\"_id\":\"c\"}", "\xff"}) {
    const auto lines = read_lines("{\"_id\":\"a\"}\n" + std::string(bad) + "\n{\n");
    ASSERT_FALSE(lines) << bad;
    EXPECT_EQ(lines.error().reason(), Reason::kInvalidArgument) << bad;
    EXPECT_TRUE(lines.error().message().starts_with("line 2: ")) << lines.error().message();
  }
}

TEST(RecordLines, elements_of_an_array_are_counted_from_zero) {
  auto reader = RecordReader::open("", R"([{"_id":"a"},{"_id":"b"}])", WriteKind::kMerge);
  ASSERT_TRUE(reader);
  EXPECT_FALSE(reader->is_lines());
  EXPECT_EQ(reader->next({})->place(1), "record [1]");
  EXPECT_TRUE(reader->next({})->writes.empty());
}

}  // namespace
}  // namespace slate::api
