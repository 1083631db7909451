#include "query/fold.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <unicode/uchar.h>

namespace slate {
namespace {

std::string utf8(char32_t point) {
  std::string out;
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | (point >> 6));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | (point >> 12));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (point >> 18));
    out += static_cast<char>(0x80 | ((point >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  }
  return out;
}

TEST(FoldCase, ascii_capitals_become_small_and_nothing_else_changes) {
  std::string all, expected;
  for (int c = 0; c < 128; ++c) {
    all += static_cast<char>(c);
    expected += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  EXPECT_EQ(fold_case(all), expected);
  EXPECT_EQ(fold_case(""), "");
}

struct FoldCaseOf {
  const char* text;
  const char* folded;
};
class FoldTable : public testing::TestWithParam<FoldCaseOf> {};
TEST_P(FoldTable, follows_unicode) { EXPECT_EQ(fold_case(GetParam().text), GetParam().folded); }
INSTANTIATE_TEST_SUITE_P(Scripts, FoldTable,
                         testing::Values(FoldCaseOf{"ÄÖÜ äöü", "äöü äöü"}, FoldCaseOf{"ΑΒΓ", "αβγ"},
                                         FoldCaseOf{"ΟΔΟΣ οδος", "οδοσ οδοσ"},  // the final sigma too
                                         FoldCaseOf{"МОСКВА", "москва"},
                                         FoldCaseOf{"\u212A", "k"},       // Kelvin sign: three bytes to one
                                         FoldCaseOf{"\u023A", "\u2C65"},  // two bytes to three
                                         FoldCaseOf{"\u1E9E", "\u00DF"},  // capital sharp s
                                         FoldCaseOf{"\u00DF", "\u00DF"},  // simple folding: not "ss"
                                         FoldCaseOf{"\u0130", "\u0130"},  // no simple folding
                                         FoldCaseOf{"\U00010400", "\U00010428"},  // Deseret, four bytes
                                         FoldCaseOf{"東京 TOKYO 🙂", "東京 tokyo 🙂"}));

TEST(FoldCase, ascii_in_front_of_other_text_is_folded_once_and_kept) {
  for (const std::size_t length : {0, 1, 63, 64, 65, 127, 128, 1000}) {
    const std::string ascii(length, 'Q');
    EXPECT_EQ(fold_case(ascii + "Ä" + ascii), std::string(length, 'q') + "ä" + std::string(length, 'q'));
  }
}

TEST(FoldCase, folding_twice_changes_nothing_and_never_doubles_the_bytes) {
  std::string once, twice;
  for (char32_t point = 0; point <= 0x10FFFF; ++point) {
    if (point >= 0xD800 && point <= 0xDFFF) continue;
    const auto text = utf8(point);
    fold_case(text, once);
    fold_case(once, twice);
    ASSERT_EQ(once, twice) << std::hex << static_cast<unsigned>(point);
    ASSERT_LE(2 * once.size(), 3 * text.size()) << std::hex << static_cast<unsigned>(point);
  }
}

TEST(FoldCase, every_code_point_folds_as_icu_says) {
  for (char32_t point = 0; point <= 0x10FFFF; ++point) {
    if (point >= 0xD800 && point <= 0xDFFF) continue;
    const auto folded = static_cast<char32_t>(u_foldCase(static_cast<UChar32>(point), U_FOLD_CASE_DEFAULT));
    ASSERT_EQ(fold_case(utf8(point)), utf8(folded)) << std::hex << static_cast<unsigned>(point);
  }
}

TEST(FoldCase, bytes_that_are_not_utf8_stay) {
  for (const std::string text : {"\xFF", "\xC3", "\xE2\x82", "\xED\xA0\x80", "\xF8\x88\x80\x80", "\x80\x80"})
    EXPECT_EQ(fold_case("A" + text + "B"), "a" + text + "b");
}

TEST(FoldCase, bytes_that_are_not_utf8_never_outgrow_the_buffer) {
  std::string hostile;
  for (int i = 0; i < 4096; ++i) hostile += static_cast<char>(128 + (i * 37) % 128);
  EXPECT_LE(fold_case(hostile).size(), 2 * hostile.size());
}

TEST(FoldCase, replaces_what_the_buffer_held) {
  std::string out = "a much longer text than what follows it, beyond any small buffer";
  fold_case("Ab", out);
  EXPECT_EQ(out, "ab");
  fold_case("Äb", out);
  EXPECT_EQ(out, "äb");
}

TEST(UsualSpellings, words_are_capitalised_in_any_script_and_broken_bytes_kept) {
  EXPECT_EQ(usual_spellings("new york"), (std::array<std::string, 3>{"new york", "New York", "NEW YORK"}));
  EXPECT_EQ(usual_spellings("saint-étienne")[1], "Saint-Étienne");
  EXPECT_EQ(usual_spellings("αθήνα")[1], "Αθήνα");
  EXPECT_EQ(usual_spellings("\xff z")[2], "\xff Z");
  EXPECT_EQ(usual_spellings("")[1], "");
}

}  // namespace
}  // namespace slate
