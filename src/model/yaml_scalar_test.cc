#include "model/yaml_scalar.h"

#include <boost/json/value.hpp>
#include <cstdint>
#include <gtest/gtest.h>
#include <limits>

namespace slate {
namespace {

namespace json = boost::json;

json::value plain(std::string_view text) { return read_yaml_scalar("?", text).value(); }

TEST(YamlScalar, plain_text_reads_by_the_core_schema) {
  for (const char* text : {"", "~", "null", "Null", "NULL"}) EXPECT_TRUE(plain(text).is_null()) << text;
  for (const char* text : {"true", "True", "TRUE"}) EXPECT_EQ(plain(text), json::value(true)) << text;
  for (const char* text : {"false", "False", "FALSE"}) EXPECT_EQ(plain(text), json::value(false)) << text;
  EXPECT_EQ(plain("0"), json::value(0));
  EXPECT_EQ(plain("-12"), json::value(-12));
  EXPECT_EQ(plain("+12"), json::value(12));
  EXPECT_EQ(plain("007"), json::value(7));
  EXPECT_EQ(plain("0o17"), json::value(15));
  EXPECT_EQ(plain("0xfF"), json::value(255));
  EXPECT_EQ(plain("1.5").as_double(), 1.5);
  EXPECT_EQ(plain("+.5").as_double(), 0.5);
  EXPECT_EQ(plain("-1.").as_double(), -1.0);
  EXPECT_EQ(plain("1e3").as_double(), 1000.0);
  EXPECT_EQ(plain("1E-2").as_double(), 0.01);
  EXPECT_EQ(plain("1e-999").as_double(), 0.0);
}

TEST(YamlScalar, everything_else_plain_is_text) {
  for (const char* text :
       {"yes", "no", "on", "off", "NO", "nULL", "tRUE", "1_000", "1,5", "12:30",      "0b1",   "-0x1",
        "0o8", "0x", "1e", "1e+", ".",  "-",    "+",    "e5",    ".e5", "2024-05-01", "1.2.3", "active"})
    EXPECT_EQ(plain(text), json::value(text)) << text;
}

TEST(YamlScalar, quoted_text_stays_text) {
  for (const char* text : {"true", "1", "", "null"})
    EXPECT_EQ(read_yaml_scalar("!", text).value(), json::value(text)) << text;
  EXPECT_EQ(read_yaml_scalar("tag:yaml.org,2002:str", "1").value(), json::value("1"));
}

TEST(YamlScalar, ints_keep_64_bits) {
  EXPECT_EQ(plain("9223372036854775807").as_int64(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(plain("-9223372036854775808").as_int64(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(plain("18446744073709551615").as_uint64(), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(plain("-9223372036854775809").as_double(), -9223372036854775809.0);
  EXPECT_EQ(plain("100000000000000000000").as_double(), 1e20);
}

TEST(YamlScalar, a_tag_must_fit_its_text) {
  EXPECT_EQ(read_yaml_scalar("tag:yaml.org,2002:float", "2").value().as_double(), 2.0);
  EXPECT_EQ(read_yaml_scalar("tag:yaml.org,2002:int", "2").value(), json::value(2));
  EXPECT_FALSE(read_yaml_scalar("tag:yaml.org,2002:int", "2.5").has_value());
  EXPECT_FALSE(read_yaml_scalar("tag:yaml.org,2002:bool", "yes").has_value());
  EXPECT_FALSE(read_yaml_scalar("tag:yaml.org,2002:null", "x").has_value());
  EXPECT_FALSE(read_yaml_scalar("tag:yaml.org,2002:binary", "AAAA").has_value());
  EXPECT_FALSE(read_yaml_scalar("!secret", "x").has_value());
}

TEST(YamlScalar, numbers_that_are_not_finite_are_refused) {
  for (const char* text :
       {".inf", "-.Inf", "+.INF", ".nan", ".NaN", "1e400", "-1e309", "0xfffffffffffffffff"}) {
    const auto value = read_yaml_scalar("?", text);
    ASSERT_FALSE(value.has_value()) << text;
    EXPECT_EQ(value.error().reason(), Reason::kInvalidArgument);
  }
}

}  // namespace
}  // namespace slate
