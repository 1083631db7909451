// Rows of tables of JSON that is refused.
#pragma once

#include <gtest/gtest.h>
#include <ostream>
#include <string>

#include <slate/error.h>

namespace slate {

struct Refusal {
  const char* name;
  const char* text;
  const char* field;    // "" for the outermost value
  const char* message;  // a part of it
};
inline void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }
inline std::string row_name(const testing::TestParamInfo<Refusal>& info) { return info.param.name; }

inline void expect_refusal(const Error& error, const Refusal& expected) {
  EXPECT_EQ(error.reason(), Reason::kInvalidArgument);
  EXPECT_EQ(error.field().value_or(""), expected.field);
  EXPECT_NE(error.message().find(expected.message), std::string::npos) << error.message();
}

}  // namespace slate
