#include "codec/key.h"

#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <sstream>

namespace slate {
namespace {

constexpr Direction kUp = Direction::kAscending;
constexpr Direction kDown = Direction::kDescending;

std::string text_key(std::string_view value, Direction direction = kUp) {
  KeyBuilder key;
  key.add_text(value, direction);
  return std::string(key.bytes());
}
std::string int_key(std::int64_t value, Direction direction = kUp) {
  KeyBuilder key;
  key.add_integer(value, direction);
  return std::string(key.bytes());
}
std::string real_key(double value, Direction direction = kUp) {
  KeyBuilder key;
  key.add_real(value, direction);
  return std::string(key.bytes());
}
std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

TEST(Key, integers_of_both_signs_sort_as_numbers) {
  const std::int64_t sorted[] = {INT64_MIN, INT64_MIN + 1, -256, -1, 0, 1, 255, 256, INT64_MAX};
  for (std::size_t i = 1; i < std::size(sorted); ++i) {
    EXPECT_LT(int_key(sorted[i - 1]), int_key(sorted[i])) << sorted[i];
    EXPECT_GT(int_key(sorted[i - 1], kDown), int_key(sorted[i], kDown)) << sorted[i];
  }
}

TEST(Key, floats_of_both_signs_sort_as_numbers) {
  const double sorted[] = {-std::numeric_limits<double>::max(), -1.5, -1e-300, 0.0, 1e-300, 1.5,
                           std::numeric_limits<double>::max()};
  for (std::size_t i = 1; i < std::size(sorted); ++i) {
    EXPECT_LT(real_key(sorted[i - 1]), real_key(sorted[i])) << sorted[i];
    EXPECT_GT(real_key(sorted[i - 1], kDown), real_key(sorted[i], kDown)) << sorted[i];
  }
}

TEST(Key, minus_zero_and_zero_have_one_key) { EXPECT_EQ(real_key(-0.0), real_key(0.0)); }

TEST(Key, empty_texts_nul_bytes_and_prefixes_sort_as_texts) {
  const std::string sorted[] = {"",
                                std::string(1, '\0'),
                                std::string("\0a", 2),
                                "\x01",
                                "a",
                                std::string("a\0", 2),
                                std::string("a\0b", 3),
                                "a\x01",
                                "ab",
                                "b",
                                "\xc3\xa9",
                                "\xff"};
  for (std::size_t i = 1; i < std::size(sorted); ++i) {
    EXPECT_LT(text_key(sorted[i - 1]), text_key(sorted[i])) << i;
    EXPECT_GT(text_key(sorted[i - 1], kDown), text_key(sorted[i], kDown)) << i;
  }
}

TEST(Key, null_sorts_before_every_value_and_after_it_when_descending) {
  KeyBuilder null_up;
  null_up.add_null(kUp);
  EXPECT_LT(null_up.bytes(), int_key(INT64_MIN));
  EXPECT_LT(null_up.bytes(), text_key(""));
  KeyBuilder null_down;
  null_down.add_null(kDown);
  EXPECT_GT(null_down.bytes(), text_key("", kDown));
  EXPECT_EQ(null_down.bytes(), null_component(kDown));
}

TEST(Key, long_texts_are_cut_and_still_sort_after_shorter_ones) {
  const std::string long_text(2000, 'x');
  const std::string key = text_key(long_text);
  EXPECT_EQ(key.size(), kMaxKeyBytes);
  EXPECT_EQ(key, text_key(long_text + "y")) << "what differs beyond the cut shares a key";
  EXPECT_LT(text_key(std::string(kMaxKeyBytes - 3, 'x')), key);
  EXPECT_LT(key, text_key(std::string(100, 'x') + "y"));
}

TEST(Key, a_cut_key_is_long_enough_to_be_settled) {
  for (const std::size_t nuls : {0u, 1u, 2u, 255u, 300u}) {
    std::string text(nuls, '\0');
    text += std::string(1000, 'q');
    EXPECT_GE(text_key(text).size(), kSettleKeyBytes);
  }
}

TEST(Key, compound_keys_sort_by_their_components_in_turn) {
  const auto key = [](std::string_view status, std::int64_t count) {
    KeyBuilder builder;
    builder.add_text(status, kUp);
    builder.add_integer(count, kDown);
    return std::string(builder.bytes());
  };
  EXPECT_LT(key("a", 9), key("a", 2));
  EXPECT_LT(key("a", 2), key("ab", 9));
}

TEST(Key, a_component_that_does_not_fit_ends_the_key) {
  KeyBuilder builder;
  builder.add_text(std::string(600, 'x'), kUp);
  const std::string before(builder.bytes());
  builder.add_integer(7, kUp);
  EXPECT_EQ(builder.bytes(), before);
}

TEST(Key, where_a_number_would_not_fit_null_ends_the_key_too) {
  for (std::size_t size = 480; size < 515; ++size) {
    const std::string text(size, 'x');
    for (const Direction direction : {kUp, kDown}) {
      KeyBuilder of_null;
      of_null.add_text(text, kUp);
      KeyBuilder of_number = of_null;
      KeyBuilder of_text = of_null;
      const std::size_t before = of_null.bytes().size();
      of_null.add_null(direction);
      of_number.add_integer(1, direction);
      of_text.add_text("t", direction);
      EXPECT_EQ(of_null.bytes().size() > before, of_number.bytes().size() > before) << size;
      EXPECT_EQ(of_text.bytes().size() > before, of_number.bytes().size() > before) << size;
    }
  }
}

TEST(Key, components_decode_to_what_was_encoded) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 1000; ++round) {
    const Direction direction = random() % 2 == 0 ? kUp : kDown;
    std::string text(random() % 40, '\0');
    for (char& c : text) c = static_cast<char>(random() % 4);
    const auto number = static_cast<std::int64_t>(random());
    KeyBuilder builder;
    builder.add_text(text, direction);
    builder.add_integer(number, direction);
    builder.add_null(direction);
    std::string_view key = builder.bytes();
    EXPECT_EQ(std::get<std::string>(take_component(key, Type::kString, direction)->value), text);
    EXPECT_EQ(std::get<std::int64_t>(take_component(key, Type::kInt, direction)->value), number);
    EXPECT_TRUE(std::holds_alternative<Null>(take_component(key, Type::kFloat, direction)->value));
    EXPECT_TRUE(key.empty());
  }
}

TEST(Key, malformed_components_are_corrupt) {
  for (std::string_view key : {std::string_view(""), std::string_view("\x07"),
                               std::string_view("\x02"
                                                "ab"),
                               std::string_view("\x02"
                                                "a\0",
                                                3),
                               std::string_view("\x02"
                                                "a\0\x09",
                                                4)}) {
    const auto component = take_component(key, Type::kString, kUp);
    ASSERT_FALSE(component.has_value());
    EXPECT_EQ(component.error().reason(), Reason::kCorrupt);
  }
}

TEST(Key, a_components_bytes_are_those_that_taking_it_takes) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 1000; ++round) {
    const Direction direction = random() % 2 == 0 ? kUp : kDown;
    std::string text(random() % 20, '\0');
    for (char& c : text) c = static_cast<char>(random() % 3 == 0 ? 0xff : random() % 3);
    const Type types[] = {Type::kString, Type::kInt, Type::kFloat};
    for (const Type type : types) {
      KeyBuilder builder;
      if (random() % 4 == 0)
        builder.add_null(direction);
      else if (type == Type::kString)
        builder.add_text(text, direction);
      else if (type == Type::kInt)
        builder.add_integer(static_cast<std::int64_t>(random()), direction);
      else
        builder.add_real(static_cast<double>(random() % 1000) - 500, direction);
      builder.add_text("what comes next", kDown);
      const std::string key(builder.bytes());
      std::string_view rest = key;
      ASSERT_TRUE(take_component(rest, type, direction).has_value());
      EXPECT_EQ(component_bytes(key, type, direction), key.size() - rest.size());
    }
  }
}

TEST(Key, components_that_were_cut_left_out_or_are_malformed_have_no_bytes) {
  KeyBuilder builder;
  builder.add_text(std::string(600, 'x'), kUp);
  EXPECT_EQ(component_bytes(builder.bytes(), Type::kString, kUp), std::nullopt);
  builder.clear();
  builder.add_text(std::string(600, 'x'), kDown);
  EXPECT_EQ(component_bytes(builder.bytes(), Type::kString, kDown), std::nullopt);
  builder.clear();
  builder.add_text(std::string(500, 'x'), kUp);
  const std::string first(builder.bytes());
  builder.add_integer(1, kUp);
  std::string_view rest = builder.bytes();
  rest.remove_prefix(*component_bytes(rest, Type::kString, kUp));
  EXPECT_EQ(component_bytes(rest, Type::kInt, kUp), std::nullopt) << first.size();
  EXPECT_EQ(component_bytes("", Type::kInt, kUp), std::nullopt);
  EXPECT_EQ(component_bytes("\x07", Type::kInt, kUp), std::nullopt);
  const std::string number = int_key(5);
  for (std::size_t size = 0; size < number.size(); ++size)
    EXPECT_EQ(component_bytes(std::string_view(number).substr(0, size), Type::kInt, kUp), std::nullopt);
  const std::string text = text_key(std::string("a\0b", 3));
  EXPECT_EQ(component_bytes(text, Type::kString, kUp), text.size());
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_EQ(component_bytes(std::string_view(text).substr(0, size), Type::kString, kUp), std::nullopt);
}

TEST(Key, the_successor_of_a_prefix_is_above_all_that_begin_with_it) {
  EXPECT_EQ(prefix_successor("ab"), "ac");
  EXPECT_EQ(prefix_successor("a\xff"), "b");
  EXPECT_EQ(prefix_successor("\xff\xff"), std::nullopt);
}

// The page of the format is the truth: its table of vectors is read here.
TEST(Key, golden_vectors_of_the_format_page_hold) {
  std::ifstream page(SLATE_SOURCE_DIR "/docs/formats/index-key.md");
  ASSERT_TRUE(page.is_open());
  int vectors = 0;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `")) continue;
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, '|');) {
      const auto begin = cell.find('`');
      const auto end = cell.rfind('`');
      if (begin != std::string::npos && end > begin) cells.push_back(cell.substr(begin + 1, end - begin - 1));
    }
    if (cells.size() != 4) continue;
    const Direction direction = cells[1] == "desc" ? kDown : kUp;
    KeyBuilder key;
    if (cells[2] == "null")
      key.add_null(direction);
    else if (cells[0] == "int")
      key.add_integer(std::stoll(cells[2]), direction);
    else if (cells[0] == "float")
      key.add_real(std::stod(cells[2]), direction);
    else {
      std::string text;
      const std::string& quoted = cells[2];
      for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
        if (quoted[i] == '\\') {
          text += '\0';
          ++i;
        } else {
          text += quoted[i];
        }
      }
      key.add_text(text, direction);
    }
    EXPECT_EQ(hex(key.bytes()), cells[3]) << line;
    ++vectors;
  }
  EXPECT_GE(vectors, 14);
}

}  // namespace
}  // namespace slate
