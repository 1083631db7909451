#include "base/ascii.h"

#include <gtest/gtest.h>
#include <string>
#include <utility>

namespace slate {
namespace {

TEST(IsAscii, finds_a_single_high_bit_anywhere) {
  EXPECT_TRUE(is_ascii(""));
  for (std::size_t size = 1; size < 200; ++size) {
    std::string text(size, 'x');
    EXPECT_TRUE(is_ascii(text));
    text[size - 1] = '\x80';
    EXPECT_FALSE(is_ascii(text));
    std::swap(text[0], text[size - 1]);
    EXPECT_FALSE(is_ascii(text));
  }
}

}  // namespace
}  // namespace slate
