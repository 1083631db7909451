// Conditions on texts, and the search below them, against what comparing one text after the other says.
#include "exec/text_match.h"

#include <algorithm>
#include <array>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <unicode/utf8.h>

#include "base/ascii.h"
#include "query/fold.h"

namespace slate {
namespace {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t end) { return engine_() % end; }
  template <typename T>
  T one_of(const std::vector<T>& all) {
    return all[below(all.size())];
  }
  std::string text(const std::vector<std::string>& pieces, std::size_t most) {
    std::string text;
    for (std::size_t i = below(most + 1); i > 0; --i) text += one_of(pieces);
    return text;
  }

 private:
  std::mt19937 engine_;
};

// As many bytes as asked for and not one more, so that AddressSanitizer sees what is read beyond them.
std::unique_ptr<char[]> exactly(std::string_view bytes) {
  auto copy = std::make_unique_for_overwrite<char[]>(bytes.size());
  std::ranges::copy(bytes, copy.get());
  return copy;
}

// Texts side by side.
template <typename Offset>
class Texts {
 public:
  explicit Texts(const std::vector<std::string>& texts) {
    std::string all;
    std::vector<Offset> offsets{0};
    for (const std::string& text : texts) {
      all += text;
      offsets.push_back(static_cast<Offset>(all.size()));
    }
    bytes_ = exactly(all);
    offsets_ = exactly({reinterpret_cast<const char*>(offsets.data()), offsets.size() * sizeof(Offset)});
    run_ = {.offsets = reinterpret_cast<const std::byte*>(offsets_.get()),
            .bytes = bytes_.get(),
            .count = texts.size()};
  }
  const TextRun<Offset>& run() const { return run_; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::unique_ptr<char[]> offsets_;
  TextRun<Offset> run_;
};

std::vector<std::size_t> rows_in(const RowMask& mask) {
  std::vector<std::size_t> rows;
  mask.for_each([&](std::size_t row) { rows.push_back(row); });
  return rows;
}

using Holds = std::function<bool(const std::string&)>;

template <typename Offset, typename Condition>
void expect_same(const Condition& condition, const std::vector<std::string>& texts, const RowMask& asked,
                 const Holds& expected, const std::string& what) {
  std::vector<std::size_t> rows;
  asked.for_each([&](std::size_t row) {
    if (expected(texts[row])) rows.push_back(row);
    ASSERT_EQ(condition.holds(std::string_view(exactly(texts[row]).get(), texts[row].size())),
              expected(texts[row]))
        << what << ": " << testing::PrintToString(texts[row]);
  });
  const Texts<Offset> side_by_side(texts);
  RowMask kept = asked;
  condition.filter(side_by_side.run(), kept);
  ASSERT_EQ(rows_in(kept), rows) << what;
}

bool holds_naively(TextMatch match, std::string_view text, std::string_view needle) {
  switch (match) {
    case TextMatch::kContains: return text.find(needle) != std::string_view::npos;
    case TextMatch::kStartswith: return text.starts_with(needle);
    case TextMatch::kEndswith: return text.ends_with(needle);
    case TextMatch::kEquals: return text == needle;
  }
  return false;
}

constexpr TextMatch kMatches[] = {TextMatch::kContains, TextMatch::kStartswith, TextMatch::kEndswith,
                                  TextMatch::kEquals};

template <typename Offset>
void expect_needle(const std::string& typed, const std::vector<std::string>& texts, const RowMask& asked) {
  for (const TextMatch match : kMatches) {
    const std::string what = testing::PrintToString(typed) + " as " + std::to_string(static_cast<int>(match));
    expect_same<Offset>(
        TextNeedle(match, CaseRule::kExact, typed), texts, asked,
        [&](const std::string& text) { return holds_naively(match, text, typed); }, what + " exactly");
    const std::string folded = fold_case(typed);
    expect_same<Offset>(
        TextNeedle(match, CaseRule::kFolded, folded), texts, asked,
        [&](const std::string& text) { return holds_naively(match, fold_case(text), folded); },
        what + " folded");
    if (testing::Test::HasFatalFailure()) return;
  }
}

// Texts are made of these; a set makes hits likely or rare, and some, many or no rows that are not ASCII.
const std::vector<std::string> kAscii = {"a", "A", "b", "B", "k", "K", "s", "S", "_", "@"};
const std::vector<std::string> kHostile = {"a",
                                           "K",
                                           "S",
                                           "\u212a",
                                           "\u017f",
                                           "\u00e9",
                                           "Σ",
                                           "ς",
                                           "\u00df",
                                           "\u1e9e",
                                           "\u0130",
                                           "🙂",
                                           std::string(1, '\0'),
                                           "\xff\x80",
                                           "\xe2\x84",
                                           "\xc5"};
const std::vector<std::string> kWide = {"abcdefgh", "ABCDEFGH", "k", "-----------------", "", "é", "s"};

RowMask random_rows(Random& random, std::size_t count) {
  RowMask rows = RowMask::none(count);
  const std::size_t one_in = random.one_of<std::size_t>({1, 1, 2, 10, 100});
  for (std::size_t row = 0; row < count; ++row)
    if (random.below(one_in) == 0) rows.set(row);
  return rows;
}

std::vector<std::string> random_texts(Random& random, const std::vector<std::string>& pieces) {
  const std::size_t longest = random.one_of<std::size_t>({1, 4, 12, 12, 30, 200});
  std::vector<std::string> texts(random.one_of<std::size_t>({1, 2, 63, 64, 65, 150, 256}));
  for (std::string& text : texts) text = random.text(pieces, longest);
  return texts;
}

TEST(TextMatch, random_needles_in_random_texts) {
  Random random(1);
  for (int round = 0; round < 400; ++round) {
    const auto pieces = random.one_of<std::vector<std::string>>({kAscii, kAscii, kHostile, kWide});
    const auto texts = random_texts(random, pieces);
    std::string needle = random.text(pieces, random.one_of<std::size_t>({1, 2, 3, 8, 9, 20}));
    // A piece of some text, so that long needles hit too.
    if (round % 3 == 0) {
      const std::string text = random.one_of(texts);
      const std::size_t begin = random.below(text.size() + 1);
      needle = text.substr(begin, random.below(text.size() - begin + 1));
    }
    const RowMask asked = random_rows(random, texts.size());
    if (texts.size() * 200 * 17 < 65536)
      expect_needle<std::uint16_t>(needle, texts, asked);
    else
      expect_needle<std::uint32_t>(needle, texts, asked);
    ASSERT_FALSE(HasFatalFailure()) << "round " << round;
  }
}

TEST(TextMatch, a_needle_is_found_at_every_place_of_texts_of_every_length) {
  for (std::size_t length = 0; length <= 200; length += length < 70 ? 1 : 13) {
    std::vector<std::string> texts;
    for (std::size_t at = 0; at + 3 <= length; ++at) {
      texts.emplace_back(length, '.');
      texts.back().replace(at, 3, at % 2 == 0 ? "xYz" : "XyZ");
    }
    texts.emplace_back(length, '.');
    texts.resize(std::min<std::size_t>(texts.size(), 256));
    const RowMask all = RowMask::all(texts.size());
    for (const char* needle : {"xyz", "xYz", "z", "", "xyzxyzxyzxyz"})
      expect_needle<std::uint16_t>(needle, texts, all);
    ASSERT_FALSE(HasFatalFailure()) << length;
  }
}

TEST(TextMatch, what_runs_over_from_one_text_into_the_next_does_not_count) {
  const std::vector<std::string> texts = {"xa", "bx", "", "a", "", "b", "ab", "a", "", "", "bab", "a"};
  const RowMask all = RowMask::all(texts.size());
  for (const char* needle : {"ab", "ba", "aba", "xab", "xabxab", "a", "bx"})
    expect_needle<std::uint16_t>(needle, texts, all);
}

TEST(TextMatch, other_characters_fold_to_k_and_s_and_to_no_other_letter_of_ascii) {
  for (std::int32_t point = 0x80; point <= 0x10ffff; ++point) {
    if (U_IS_SURROGATE(point)) continue;
    char bytes[4];
    std::int32_t size = 0;
    U8_APPEND_UNSAFE(bytes, size, point);
    const std::string folded = fold_case({bytes, static_cast<std::size_t>(size)});
    ASSERT_EQ(is_ascii(folded), point == 0x212a || point == 0x17f) << point;
    ASSERT_TRUE(!is_ascii(folded) || folded == "k" || folded == "s") << point;
  }
}

TEST(TextMatch, long_needles_and_texts_beyond_one_stretch_of_the_search) {
  Random random(2);
  for (const std::size_t size : {127u, 128u, 129u, 1000u, 5000u}) {
    std::vector<std::string> texts;
    const std::string needle = std::string(size - 1, 'a') + 'B';
    for (const std::size_t at : {0u, 1u, 3000u, 4095u, 4096u, 9000u}) {
      texts.emplace_back(at, 'a');
      texts.back() += needle + std::string(at, 'x');
      texts.push_back("é" + texts.back());
      texts.emplace_back(at, 'a');
    }
    const RowMask all = RowMask::all(texts.size());
    expect_needle<std::uint32_t>(needle, texts, all);
    expect_needle<std::uint32_t>(needle.substr(size - 20), texts, all);
    ASSERT_FALSE(HasFatalFailure()) << size;
  }
}

TEST(TextMatch, ranges_and_sets_of_random_texts) {
  Random random(3);
  for (int round = 0; round < 400; ++round) {
    const auto pieces = random.one_of<std::vector<std::string>>({kAscii, kHostile, kWide});
    const auto texts = random_texts(random, pieces);
    const RowMask asked = random_rows(random, texts.size());
    const auto bound = [&](Inclusive inclusive) -> std::optional<Bound> {
      if (random.below(4) == 0) return std::nullopt;
      return Bound{.value = random.below(2) == 0 ? random.one_of(texts) : random.text(pieces, 10),
                   .inclusive = inclusive};
    };
    const auto lower = bound(round % 2 == 0 ? Inclusive::kYes : Inclusive::kNo);
    const auto upper = bound(round % 3 == 0 ? Inclusive::kYes : Inclusive::kNo);
    const auto within = [&](const std::string& text) {
      const Scalar value = text;
      return (!lower ||
              (lower->inclusive == Inclusive::kYes ? value >= lower->value : value > lower->value)) &&
             (!upper || (upper->inclusive == Inclusive::kYes ? value <= upper->value : value < upper->value));
    };
    expect_same<std::uint32_t>(TextRange(lower, upper), texts, asked, within, "a range");

    std::vector<std::string> values = {""};
    for (std::size_t i = random.below(50); i > 0; --i)
      values.push_back(random.below(2) == 0 ? random.one_of(texts) : random.text(pieces, 12));
    if (round % 2 == 0) values.erase(values.begin());
    std::ranges::sort(values);
    const auto among = [&](const std::string& text) { return std::ranges::binary_search(values, text); };
    expect_same<std::uint32_t>(TextIn(values), texts, asked, among, "a set");
    const auto folded = [](const auto& holds) {
      return [&holds](const std::string& text) { return holds(fold_case(text)); };
    };
    expect_same<std::uint32_t>(FoldedText(TextRange(lower, upper)), texts, asked, folded(within),
                               "a folded range");
    expect_same<std::uint32_t>(FoldedText(TextIn(values)), texts, asked, folded(among), "a folded set");
    expect_same<std::uint32_t>(
        TextNotEmpty(), texts, asked, [](const std::string& text) { return !text.empty(); }, "not empty");
    ASSERT_FALSE(HasFatalFailure()) << "round " << round;
  }
}

TEST(ByteSearch, every_finder_says_what_comparing_byte_by_byte_does) {
  ASSERT_EQ(candidate_finders().front().name, "portable");
  Random random(4);
  std::vector<std::size_t> counts = {4095, 4096};
  for (std::size_t count = 0; count <= 200; ++count) counts.push_back(count);
  const std::vector<char> alphabet = {'a', 'A', 'b', 'B', '\0', '\x20', '\xe1', '\xc1', '@', '`'};
  const NeedleEnds all_ends[] = {{.first = 'a', .first_fold = 0x20, .last = 'b', .last_fold = 0x20},
                                 {.first = 'A', .last = 'A'},
                                 {.first = '\0', .last = '\xe1'},
                                 {.first = 'a', .first_fold = 0x20, .last = '@'}};
  for (const std::size_t count : counts) {
    std::string first_bytes(count, 0);
    std::string last_bytes(count, 0);
    for (char& c : first_bytes) c = random.one_of(alphabet);
    for (char& c : last_bytes) c = random.one_of(alphabet);
    const auto firsts = exactly(first_bytes);
    const auto lasts = exactly(last_bytes);
    for (const NeedleEnds& ends : all_ends) {
      std::vector<std::uint64_t> expected((count + 63) / 64);
      for (std::size_t i = 0; i < count; ++i)
        if (static_cast<char>(firsts[i] | ends.first_fold) == ends.first &&
            static_cast<char>(lasts[i] | ends.last_fold) == ends.last)
          expected[i / 64] |= std::uint64_t{1} << (i % 64);
      for (const CandidateFinder& finder : candidate_finders()) {
        std::vector<std::uint64_t> words(expected.size(), 0x5555);
        finder.find(firsts.get(), lasts.get(), count, ends, words.data());
        ASSERT_EQ(words, expected) << finder.name << ", " << count << " positions";
      }
    }
  }
}

}  // namespace
}  // namespace slate
