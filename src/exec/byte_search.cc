#include "exec/byte_search.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace slate {
namespace {

constexpr std::size_t kWord = 64;  // positions of a word of candidates

std::uint64_t portable_word(const char* firsts, const char* lasts, NeedleEnds ends) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < kWord; ++i) {
    const bool agrees = static_cast<char>(firsts[i] | ends.first_fold) == ends.first &&
                        static_cast<char>(lasts[i] | ends.last_fold) == ends.last;
    word |= static_cast<std::uint64_t>(agrees) << i;
  }
  return word;
}

// The positions that do not fill a word, by way of copies: nothing is read beyond the text.
template <typename FindWord>
void find_in_rest(const char* firsts, const char* lasts, std::size_t count, FindWord&& find_word,
                  std::uint64_t* word) {
  if (count == 0) return;
  std::array<char, kWord> first_bytes{};
  std::array<char, kWord> last_bytes{};
  std::memcpy(first_bytes.data(), firsts, count);
  std::memcpy(last_bytes.data(), lasts, count);
  *word = find_word(first_bytes.data(), last_bytes.data()) & ((std::uint64_t{1} << count) - 1);
}

template <typename FindWord>
void find_by_words(const char* firsts, const char* lasts, std::size_t count, FindWord&& find_word,
                   std::uint64_t* words) {
  std::size_t at = 0;
  for (; at + kWord <= count; at += kWord) *words++ = find_word(firsts + at, lasts + at);
  find_in_rest(firsts + at, lasts + at, count - at, find_word, words);
}

void find_portable(const char* firsts, const char* lasts, std::size_t count, NeedleEnds ends,
                   std::uint64_t* words) {
  find_by_words(
      firsts, lasts, count, [ends](const char* a, const char* b) { return portable_word(a, b, ends); },
      words);
}

#if defined(__x86_64__)

void find_sse2(const char* firsts, const char* lasts, std::size_t count, NeedleEnds ends,
               std::uint64_t* words) {
  const __m128i first = _mm_set1_epi8(ends.first);
  const __m128i first_fold = _mm_set1_epi8(ends.first_fold);
  const __m128i last = _mm_set1_epi8(ends.last);
  const __m128i last_fold = _mm_set1_epi8(ends.last_fold);
  const auto find_word = [=](const char* a, const char* b) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < kWord; i += sizeof(__m128i)) {
      const __m128i from = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a + i));
      const __m128i to = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + i));
      const __m128i agree = _mm_and_si128(_mm_cmpeq_epi8(_mm_or_si128(from, first_fold), first),
                                          _mm_cmpeq_epi8(_mm_or_si128(to, last_fold), last));
      word |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(agree))) << i;
    }
    return word;
  };
  find_by_words(firsts, lasts, count, find_word, words);
}

// Not made of the pieces above: those are not compiled for AVX2.
__attribute__((target("avx2"))) void find_avx2(const char* firsts, const char* lasts, std::size_t count,
                                               NeedleEnds ends, std::uint64_t* words) {
  const __m256i first = _mm256_set1_epi8(ends.first);
  const __m256i first_fold = _mm256_set1_epi8(ends.first_fold);
  const __m256i last = _mm256_set1_epi8(ends.last);
  const __m256i last_fold = _mm256_set1_epi8(ends.last_fold);
  std::size_t at = 0;
  for (; at + kWord <= count; at += kWord) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < kWord; i += sizeof(__m256i)) {
      const __m256i from = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(firsts + at + i));
      const __m256i to = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(lasts + at + i));
      const __m256i agree = _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_or_si256(from, first_fold), first),
                                             _mm256_cmpeq_epi8(_mm256_or_si256(to, last_fold), last));
      word |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(agree))) << i;
    }
    *words++ = word;
  }
  find_sse2(firsts + at, lasts + at, count - at, ends, words);
}

#elif defined(__aarch64__)

// 64 bytes of 0 or 0xff as 64 bits: each byte keeps the bit of its place among eight, and neighbours are
// added up three times.
std::uint64_t bits_of(const uint8x16_t (&agree)[4]) {
  const uint8x16_t places = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t low = vpaddq_u8(vandq_u8(agree[0], places), vandq_u8(agree[1], places));
  const uint8x16_t high = vpaddq_u8(vandq_u8(agree[2], places), vandq_u8(agree[3], places));
  const uint8x16_t bytes = vpaddq_u8(low, high);
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(bytes, bytes)), 0);
}

void find_neon(const char* firsts, const char* lasts, std::size_t count, NeedleEnds ends,
               std::uint64_t* words) {
  const uint8x16_t first = vdupq_n_u8(static_cast<std::uint8_t>(ends.first));
  const uint8x16_t first_fold = vdupq_n_u8(static_cast<std::uint8_t>(ends.first_fold));
  const uint8x16_t last = vdupq_n_u8(static_cast<std::uint8_t>(ends.last));
  const uint8x16_t last_fold = vdupq_n_u8(static_cast<std::uint8_t>(ends.last_fold));
  const auto find_word = [=](const char* a, const char* b) {
    uint8x16_t agree[4];
    for (std::size_t i = 0; i < 4; ++i) {
      const uint8x16_t from = vld1q_u8(reinterpret_cast<const std::uint8_t*>(a) + i * 16);
      const uint8x16_t to = vld1q_u8(reinterpret_cast<const std::uint8_t*>(b) + i * 16);
      agree[i] =
          vandq_u8(vceqq_u8(vorrq_u8(from, first_fold), first), vceqq_u8(vorrq_u8(to, last_fold), last));
    }
    return bits_of(agree);
  };
  find_by_words(firsts, lasts, count, find_word, words);
}

#endif

constexpr CandidateFinder kFinders[] = {
    {"portable", find_portable},
#if defined(__x86_64__)
    {"sse2", find_sse2},
    {"avx2", find_avx2},
#elif defined(__aarch64__)
    {"neon", find_neon},
#endif
};

std::span<const CandidateFinder> supported_finders() {
  const std::span<const CandidateFinder> all = kFinders;
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2")) return all.first(all.size() - 1);
#endif
  return all;
}

}  // namespace

std::span<const CandidateFinder> candidate_finders() {
  static const std::span<const CandidateFinder> supported = supported_finders();
  return supported;
}

void find_candidates(const char* firsts, const char* lasts, std::size_t count, NeedleEnds ends,
                     std::uint64_t* words) {
  static const FindCandidates fastest = candidate_finders().back().find;
  fastest(firsts, lasts, count, ends, words);
}

}  // namespace slate
