// Conditions on texts: on one, or on all that lie side by side in a block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exec/byte_search.h"
#include "exec/row_mask.h"
#include "query/bound_query.h"

namespace slate {

// Texts one after the other, as a plain column and a dictionary hold them: count + 1 ascending offsets into
// the bytes, the first of them 0.
template <typename Offset>
struct TextRun {
  const std::byte* offsets = nullptr;
  const char* bytes = nullptr;
  std::size_t count = 0;

  std::size_t begin(std::size_t at) const { return ColumnView::load<Offset>(offsets, at); }
  std::size_t end(std::size_t at) const { return ColumnView::load<Offset>(offsets, at + 1); }
  std::string_view text(std::size_t at) const { return {bytes + begin(at), end(at) - begin(at)}; }
  std::size_t size() const { return begin(count); }
  // All bytes from the first of some texts to the last.
  std::string_view between(std::size_t first, std::size_t last) const {
    return {bytes + begin(first), end(last) - begin(first)};
  }
  // How many of the texts, from the first, have eight readable bytes wherever in them or at their end one
  // begins to read.
  std::size_t readable_eight() const {
    std::size_t readable = count;
    while (readable > 0 && end(readable - 1) + 8 > size()) --readable;
    return readable;
  }
};

// A condition has
//   bool holds(std::string_view text) const;
//   void filter(const TextRun<Offset>& texts, RowMask& rows) const;  // for offsets of 2 and of 4 bytes
// where filter() takes out of `rows` those whose text does not satisfy it, and never reads beyond the run.
// Conditions are immutable and safe for any number of threads.

// contains, startswith, endswith and equals, exactly or by Unicode simple case folding.
class TextNeedle {
 public:
  // REQUIRES: needle is folded when case_rule is kFolded.
  TextNeedle(TextMatch match, CaseRule case_rule, std::string needle);

  bool holds(std::string_view text) const;
  template <typename Offset>
  void filter(const TextRun<Offset>& texts, RowMask& rows) const;

 private:
  // What comparing bytes in place, the case of ASCII letters aside, tells of a text. A text that is all ASCII
  // it always decides; when the needle is not ASCII, such a text does not hold.
  enum class InPlace : std::uint8_t {
    kDecides,     // whether the condition holds
    kOnlyHits,    // a hit is one, a miss is none where other characters fold to letters of the needle
    kOnlyMisses,  // nothing, unless that ASCII texts do not hold
  };

  bool bytes_hold(std::string_view text) const;
  bool folded_holds(std::string_view text) const;
  bool agrees(const char* bytes) const;
  template <typename Offset>
  void keep_foldable(const TextRun<Offset>& texts, RowMask& rows) const;
  template <typename Offset>
  void keep_at_edge(const TextRun<Offset>& texts, RowMask& rows) const;
  template <typename Offset>
  void keep_containing(const TextRun<Offset>& texts, RowMask& rows) const;
  template <typename Offset>
  void search(const TextRun<Offset>& texts, std::size_t first, std::size_t last, RowMask& found) const;

  TextMatch match_;
  InPlace in_place_;
  std::string needle_;
  // As long as the needle: 0x20 where it has a letter whose case does not matter, 0 elsewhere.
  std::string fold_;
  NeedleEnds ends_;
  // The first eight bytes of the needle and of fold_, and 0xff for each of them that there is.
  std::uint64_t head_ = 0;
  std::uint64_t head_fold_ = 0;
  std::uint64_t head_mask_ = 0;
};

// Texts between two bounds, by code point.
class TextRange {
 public:
  TextRange(const std::optional<Bound>& lower, const std::optional<Bound>& upper);

  bool holds(std::string_view text) const;
  template <typename Offset>
  void filter(const TextRun<Offset>& texts, RowMask& rows) const;

 private:
  std::optional<Bound> lower_;
  std::optional<Bound> upper_;
  // text_prefix() of the bounds; of what is open, the least and the greatest.
  std::uint64_t lower_prefix_ = 0;
  std::uint64_t upper_prefix_ = ~std::uint64_t{0};
};

// One of some texts.
class TextIn {
 public:
  // REQUIRES: ascending.
  explicit TextIn(std::vector<std::string> values);

  bool holds(std::string_view text) const;
  template <typename Offset>
  void filter(const TextRun<Offset>& texts, RowMask& rows) const;

 private:
  static constexpr std::size_t kFilterBits = 4096;
  static std::size_t filter_bit(std::uint64_t prefix) { return prefix * 0x9e3779b97f4a7c15u >> 52; }
  bool holds(std::string_view text, std::uint64_t prefix) const;

  std::vector<std::string> values_;
  std::vector<std::uint64_t> prefixes_;  // text_prefix() of each value: ascending too
  // A bit for the hash of each prefix: most texts that are not among the values are told apart by it.
  std::vector<std::uint64_t> filter_;
};

// What another condition says of a text once it is folded; that condition's own texts are folded already.
template <typename Condition>
class FoldedText {
 public:
  explicit FoldedText(Condition condition) : condition_(std::move(condition)) {}

  bool holds(std::string_view text) const;
  template <typename Offset>
  void filter(const TextRun<Offset>& texts, RowMask& rows) const;

 private:
  Condition condition_;
};

class TextNotEmpty {
 public:
  bool holds(std::string_view text) const { return !text.empty(); }
  template <typename Offset>
  void filter(const TextRun<Offset>& texts, RowMask& rows) const;
};

}  // namespace slate
