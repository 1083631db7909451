#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <gtest/gtest.h>
#include <limits>

#include "model/json.h"

namespace slate {
namespace {

namespace json = boost::json;

TEST(JsonText, floats_are_as_short_as_they_can_be_and_stay_floats) {
  EXPECT_EQ(json_text(1.5), "1.5");
  EXPECT_EQ(json_text(0.1), "0.1");
  EXPECT_EQ(json_text(2.0), "2.0");
  EXPECT_EQ(json_text(-0.0), "-0.0");
  EXPECT_EQ(json_text(180000.0), "180000.0");
  EXPECT_EQ(json_text(1e300), "1e+300");
  EXPECT_EQ(json_text(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(json_text(std::numeric_limits<double>::quiet_NaN()), "null");
}

TEST(JsonText, everything_reads_back_as_it_was) {
  const char* text = R"({"a":[],"b":{},"c":[1,-9223372036854775808,18446744073709551615,[2.5]],"d":null,)"
                     R"("e\"\n\u0001":"ü\\","f":{"g":true,"h":false}})";
  const json::value value = json::parse(text);
  EXPECT_EQ(json::parse(json_text(value)), value);
  for (const double number : {1.5, 2.0, 1e-300, 0.1 + 0.2, 123456789012345680.0}) {
    const json::value read = parse_json(json_text(number)).value();
    ASSERT_TRUE(read.is_double()) << number;
    EXPECT_EQ(read.get_double(), number);
  }
}

}  // namespace
}  // namespace slate
