// Where in a stretch of bytes a needle may begin, many positions at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace slate {

// The two bytes that a match begins and ends with. A byte b of the text agrees with the first when
// (b | first_fold) == first; a fold of 0x20 makes an ASCII letter, which is then lower case, match both cases
// and nothing else.
struct NeedleEnds {
  char first = 0;
  char first_fold = 0;
  char last = 0;
  char last_fold = 0;
};

inline constexpr std::size_t kMostPositions = 4096;

// Sets bit i % 64 of words[i / 64] when firsts[i] agrees with the first byte and lasts[i] with the last one,
// for i < count <= kMostPositions, and clears the rest of the last word. Reads `count` bytes from both and no
// byte more.
using FindCandidates = void (*)(const char* firsts, const char* lasts, std::size_t count, NeedleEnds ends,
                                std::uint64_t* words);

struct CandidateFinder {
  std::string_view name;  // of the instructions that it is made of
  FindCandidates find;
};

// Those that this machine can run, the slowest first. They all say the same.
std::span<const CandidateFinder> candidate_finders();

// The fastest.
void find_candidates(const char* firsts, const char* lasts, std::size_t count, NeedleEnds ends,
                     std::uint64_t* words);

}  // namespace slate
