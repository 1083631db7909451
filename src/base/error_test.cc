#include <gtest/gtest.h>
#include <set>

#include <slate/error.h>

#include "base/log.h"
#include "base/try.h"

namespace slate {
namespace {

TEST(Error, every_reason_has_a_name_of_its_own) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kReasonCount; ++i) names.insert(reason_info(static_cast<Reason>(i)).name);
  EXPECT_EQ(names.size(), kReasonCount);
}

TEST(Error, every_reason_maps_to_an_http_error_status) {
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const auto& info = reason_info(static_cast<Reason>(i));
    EXPECT_GE(info.http_status, 400) << info.name;
    EXPECT_LT(info.http_status, 600) << info.name;
  }
}

TEST(Error, text_names_reason_field_message_and_hint) {
  const auto error =
      Error(Reason::kInvalidArgument, "expected an int").with_field("age").with_hint("send 42");
  EXPECT_EQ(error.to_string(), "invalid_argument: age: expected an int (hint: send 42)");
}

Result<int> half(int number) {
  if (number % 2 != 0) return fail(Reason::kInvalidArgument, "odd");
  return number / 2;
}
Result<int> quarter(int number) {
  SLATE_TRY(const int halved, half(number));
  return half(halved);
}

TEST(Try, hands_on_the_value_or_the_error) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message(), "odd");
  EXPECT_EQ(quarter(7).error().message(), "odd");
}

TEST(Log, text_lines_quote_what_would_read_as_two_fields) {
  EXPECT_EQ(log::render(log::Format::kText, "opened", {{"path", "a b"}, {"rows", 3}, {"ok", true}}),
            "opened path=\"a b\" rows=3 ok=true");
}

TEST(Log, json_lines_escape_control_characters) {
  EXPECT_EQ(log::render(log::Format::kJson, "x", {{"name", std::string("a\n\"b")}}),
            R"("message":"x","name":"a\u000a\"b")");
}

}  // namespace
}  // namespace slate
