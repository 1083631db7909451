#include "exec/text_match.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <span>

#include "base/ascii.h"
#include "exec/row_filter.h"
#include "query/fold.h"

namespace slate {
namespace {

// Beyond this many bytes a needle is looked for by an algorithm whose time does not depend on its length.
constexpr std::size_t kLongNeedle = 128;
// Texts are searched one by one when those still in are so few that more bytes than these would be searched
// in vain for each.
constexpr std::size_t kVainBytes = 256;
// Texts of up to this many bytes together are folded together.
constexpr std::size_t kMostFolded = std::size_t{1} << 20;

std::uint64_t load_eight(const char* from) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, from, sizeof(bytes));
  return bytes;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The characters beyond ASCII that fold to a letter of it, and those letters. There are no others.
constexpr std::string_view kKelvinSign = "\u212a";
constexpr std::string_view kLongS = "\u017f";
bool has_k(std::string_view folded) { return folded.find('k') != std::string_view::npos; }
bool has_s(std::string_view folded) { return folded.find('s') != std::string_view::npos; }

// Keeps the rows whose text contains some character.
template <typename Offset>
void keep_with(std::string_view character, const TextRun<Offset>& texts, RowMask& rows) {
  TextNeedle(TextMatch::kContains, CaseRule::kExact, std::string(character)).filter(texts, rows);
}

// As std::string_view::find, in time proportional to the bytes of both.
bool contains(std::string_view text, std::string_view needle) {
  return needle.empty() || (text.size() >= needle.size() &&
                            ::memmem(text.data(), text.size(), needle.data(), needle.size()) != nullptr);
}

// text_prefix() of a text of a run, without a branch on its length where eight bytes can be read.
template <typename Offset>
std::uint64_t prefix_of(const TextRun<Offset>& texts, std::size_t at, std::size_t size) {
  const std::size_t begin = texts.begin(at);
  if (begin + 8 > size) return text_prefix(texts.text(at));
  const std::size_t length = std::min<std::size_t>(texts.end(at) - begin, 8);
  const std::uint64_t bytes = std::byteswap(load_eight(texts.bytes + begin));
  // In two steps, since shifting by 64 is undefined.
  const std::size_t cut = (8 - length) * 4;
  return bytes >> cut >> cut << cut << cut;
}

struct TextSpan {
  std::size_t first = 0;
  std::size_t last = 0;
  bool is_dense = false;  // so many of these texts are asked for that all of them are searched at once
};

// From the first row that is in to the last. REQUIRES: some row is.
template <typename Offset>
TextSpan span_of(const TextRun<Offset>& texts, const RowMask& rows) {
  std::size_t low = 0;
  while (rows.word(low) == 0) ++low;
  std::size_t high = rows.words() - 1;
  while (rows.word(high) == 0) --high;
  TextSpan span{.first = low * 64 + static_cast<std::size_t>(std::countr_zero(rows.word(low))),
                .last = high * 64 + 63 - static_cast<std::size_t>(std::countl_zero(rows.word(high)))};
  span.is_dense = texts.end(span.last) - texts.begin(span.first) <= rows.count() * kVainBytes;
  return span;
}

}  // namespace

TextNeedle::TextNeedle(TextMatch match, CaseRule case_rule, std::string needle)
    : match_(match), in_place_(InPlace::kDecides), needle_(std::move(needle)), fold_(needle_.size(), '\0') {
  // Every text contains the empty one.
  if (match_ == TextMatch::kContains && needle_.empty()) match_ = TextMatch::kStartswith;
  if (case_rule == CaseRule::kFolded) {
    for (std::size_t i = 0; i < needle_.size(); ++i) fold_[i] = is_letter(needle_[i]) ? 0x20 : 0;
    if (!is_ascii(needle_))
      in_place_ = InPlace::kOnlyMisses;
    else if (has_k(needle_) || has_s(needle_))
      in_place_ = InPlace::kOnlyHits;
  }
  if (needle_.empty()) return;
  ends_ = {.first = needle_.front(),
           .first_fold = fold_.front(),
           .last = needle_.back(),
           .last_fold = fold_.back()};
  const std::size_t head = std::min<std::size_t>(needle_.size(), sizeof(head_));
  std::memcpy(&head_, needle_.data(), head);
  std::memcpy(&head_fold_, fold_.data(), head);
  std::memset(&head_mask_, 0xff, head);
}

bool TextNeedle::holds(std::string_view text) const {
  if (in_place_ != InPlace::kOnlyMisses && bytes_hold(text)) return true;
  return in_place_ != InPlace::kDecides && !is_ascii(text) && folded_holds(text);
}

template <typename Offset>
void TextNeedle::filter(const TextRun<Offset>& texts, RowMask& rows) const {
  if (rows.empty()) return;
  RowMask open = rows;
  if (in_place_ == InPlace::kOnlyMisses)
    rows.clear();
  else if (match_ == TextMatch::kContains)
    keep_containing(texts, rows);
  else
    keep_at_edge(texts, rows);
  if (in_place_ == InPlace::kDecides) return;

  open.remove(rows);
  if (open.empty()) return;
  if (in_place_ == InPlace::kOnlyHits) {
    keep_foldable(texts, open);
  } else {
    const TextSpan span = span_of(texts, open);
    if (span.is_dense && is_ascii(texts.between(span.first, span.last))) return;
    keep_if(open, [&](std::size_t row) { return !is_ascii(texts.text(row)); });
  }
  FoldedText(TextNeedle(match_, CaseRule::kExact, needle_)).filter(texts, open);
  rows.add(open);
}

// Keeps the texts with a character beyond ASCII that folds to a letter of the needle.
template <typename Offset>
void TextNeedle::keep_foldable(const TextRun<Offset>& texts, RowMask& rows) const {
  RowMask with_long_s = rows;
  if (has_k(needle_))
    keep_with(kKelvinSign, texts, rows);
  else
    rows.clear();
  if (!has_s(needle_)) return;
  keep_with(kLongS, texts, with_long_s);
  rows.add(with_long_s);
}

// Compares bytes in place.
bool TextNeedle::bytes_hold(std::string_view text) const {
  const std::size_t size = needle_.size();
  if (text.size() < size) return false;
  switch (match_) {
    case TextMatch::kStartswith: return agrees(text.data());
    case TextMatch::kEndswith: return agrees(text.data() + text.size() - size);
    case TextMatch::kEquals: return text.size() == size && agrees(text.data());
    case TextMatch::kContains: break;
  }
  if (text.size() > std::numeric_limits<std::uint32_t>::max()) return folded_holds(text);
  const std::uint32_t offsets[2] = {0, static_cast<std::uint32_t>(text.size())};
  RowMask one = RowMask::all(1);
  keep_containing<std::uint32_t>(
      {.offsets = std::as_bytes(std::span(offsets)).data(), .bytes = text.data(), .count = 1}, one);
  return !one.empty();
}

// Right for every text, and slower.
bool TextNeedle::folded_holds(std::string_view text) const {
  thread_local std::string folded;
  fold_case(text, folded);
  switch (match_) {
    case TextMatch::kContains: return contains(folded, needle_);
    case TextMatch::kStartswith: return folded.starts_with(needle_);
    case TextMatch::kEndswith: return folded.ends_with(needle_);
    case TextMatch::kEquals: return folded == needle_;
  }
  return false;
}

// REQUIRES: as many bytes as the needle has.
bool TextNeedle::agrees(const char* bytes) const {
  const std::size_t size = needle_.size();
  std::size_t at = 0;
  for (; at + 8 <= size; at += 8)
    if ((load_eight(bytes + at) | load_eight(fold_.data() + at)) != load_eight(needle_.data() + at))
      return false;
  for (; at < size; ++at)
    if (static_cast<char>(bytes[at] | fold_[at]) != needle_[at]) return false;
  return true;
}

// startswith, endswith and equals: the first eight bytes of the place to compare decide nearly always.
template <typename Offset>
void TextNeedle::keep_at_edge(const TextRun<Offset>& texts, RowMask& rows) const {
  const std::size_t readable = texts.readable_eight();
  RowMask rest = RowMask::none(rows.rows());
  for (std::size_t row = readable; row < texts.count; ++row)
    if (rows.test(row) && bytes_hold(texts.text(row))) rest.set(row);

  const std::size_t size = needle_.size();
  const auto keep = [&](auto&& fits, auto&& place) {
    keep_where(rows, [&, head = head_, fold = head_fold_, mask = head_mask_](std::size_t row) {
      if (row >= readable) return false;
      const std::size_t begin = texts.begin(row);
      const std::size_t end = texts.end(row);
      const bool long_enough = fits(end - begin);
      const std::uint64_t bytes = load_eight(texts.bytes + (long_enough ? place(begin, end) : begin));
      return static_cast<bool>(long_enough & (((bytes & mask) | fold) == head));
    });
    if (size > sizeof(head_))
      keep_if(rows,
              [&](std::size_t row) { return agrees(texts.bytes + place(texts.begin(row), texts.end(row))); });
  };
  const auto at_begin = [](std::size_t begin, std::size_t) { return begin; };
  const auto at_end = [size](std::size_t, std::size_t end) { return end - size; };
  switch (match_) {
    case TextMatch::kEquals: keep([size](std::size_t length) { return length == size; }, at_begin); break;
    case TextMatch::kEndswith: keep([size](std::size_t length) { return length >= size; }, at_end); break;
    default: keep([size](std::size_t length) { return length >= size; }, at_begin); break;
  }
  rows.add(rest);
}

template <typename Offset>
void TextNeedle::keep_containing(const TextRun<Offset>& texts, RowMask& rows) const {
  if (needle_.size() > kLongNeedle) {
    const bool folds = std::ranges::any_of(fold_, [](char fold) { return fold != 0; });
    keep_if(rows, [&](std::size_t row) {
      const std::string_view text = texts.text(row);
      return folds ? folded_holds(text) : contains(text, needle_);
    });
    return;
  }
  if (rows.empty()) return;
  RowMask found = RowMask::none(rows.rows());
  const TextSpan span = span_of(texts, rows);
  if (span.is_dense) {
    search(texts, span.first, span.last, found);
    rows.keep(found);
  } else {
    rows.for_each([&](std::size_t row) { search(texts, row, row, found); });
    rows = found;
  }
}

// Adds to `found` the texts from the first to the last that contain the needle: it is looked for in all of
// their bytes at once, and what runs over from one text into the next does not count.
template <typename Offset>
void TextNeedle::search(const TextRun<Offset>& texts, std::size_t first, std::size_t last,
                        RowMask& found) const {
  const std::size_t size = needle_.size();
  const std::size_t end = texts.end(last);
  std::array<std::uint64_t, kMostPositions / 64> words;
  std::size_t row = first;
  std::size_t at = texts.begin(first);  // where the needle may begin from here on
  while (at + size <= end) {
    const std::size_t base = at;
    const std::size_t count = std::min(end - size + 1 - base, kMostPositions);
    find_candidates(texts.bytes + base, texts.bytes + base + size - 1, count, ends_, words.data());
    for (std::size_t word = 0; word * 64 < count; ++word) {
      std::uint64_t candidates = words[word];
      while (candidates != 0) {
        const std::size_t place = base + word * 64 + static_cast<std::size_t>(std::countr_zero(candidates));
        candidates &= candidates - 1;
        if (place < at || !agrees(texts.bytes + place)) continue;
        // The text that this byte is in; empty ones end where they begin.
        while (row + 8 < last && texts.end(row + 8) <= place) row += 8;
        while (texts.end(row) <= place) ++row;
        if (place + size > texts.end(row)) continue;
        found.set(row);
        at = texts.end(row);
      }
    }
    at = std::max(at, base + count);
  }
}

TextRange::TextRange(const std::optional<Bound>& lower, const std::optional<Bound>& upper)
    : lower_(lower), upper_(upper) {
  if (lower_) lower_prefix_ = text_prefix(std::get<std::string>(lower_->value));
  if (upper_) upper_prefix_ = text_prefix(std::get<std::string>(upper_->value));
}

bool TextRange::holds(std::string_view text) const {
  if (lower_) {
    const auto order = text.compare(std::get<std::string>(lower_->value));
    if (lower_->inclusive == Inclusive::kYes ? order < 0 : order <= 0) return false;
  }
  if (upper_) {
    const auto order = text.compare(std::get<std::string>(upper_->value));
    if (upper_->inclusive == Inclusive::kYes ? order > 0 : order >= 0) return false;
  }
  return true;
}

template <typename Offset>
void TextRange::filter(const TextRun<Offset>& texts, RowMask& rows) const {
  const std::size_t size = texts.size();
  keep_where(rows, [&, low = lower_prefix_, high = upper_prefix_](std::size_t row) {
    const std::uint64_t prefix = prefix_of(texts, row, size);
    return static_cast<bool>((prefix >= low) & (prefix <= high));
  });
  keep_if(rows, [&](std::size_t row) {
    const std::uint64_t prefix = prefix_of(texts, row, size);
    return (prefix > lower_prefix_ && prefix < upper_prefix_) || holds(texts.text(row));
  });
}

TextIn::TextIn(std::vector<std::string> values) : values_(std::move(values)), filter_(kFilterBits / 64) {
  prefixes_.reserve(values_.size());
  for (const std::string& value : values_) {
    prefixes_.push_back(text_prefix(value));
    const std::size_t bit = filter_bit(prefixes_.back());
    filter_[bit / 64] |= std::uint64_t{1} << (bit % 64);
  }
}

bool TextIn::holds(std::string_view text) const { return holds(text, text_prefix(text)); }

bool TextIn::holds(std::string_view text, std::uint64_t prefix) const {
  const std::size_t bit = filter_bit(prefix);
  if ((filter_[bit / 64] >> (bit % 64) & 1) == 0) return false;
  for (auto at = std::ranges::lower_bound(prefixes_, prefix); at != prefixes_.end() && *at == prefix; ++at)
    if (values_[static_cast<std::size_t>(at - prefixes_.begin())] == text) return true;
  return false;
}

template <typename Offset>
void TextIn::filter(const TextRun<Offset>& texts, RowMask& rows) const {
  const std::size_t size = texts.size();
  keep_if(rows, [&](std::size_t row) { return holds(texts.text(row), prefix_of(texts, row, size)); });
}

template <typename Condition>
bool FoldedText<Condition>::holds(std::string_view text) const {
  thread_local std::string folded;
  fold_case(text, folded);
  return condition_.holds(folded);
}

// Folds the texts that are in side by side, and looks at all of them at once.
template <typename Condition>
template <typename Offset>
void FoldedText<Condition>::filter(const TextRun<Offset>& texts, RowMask& rows) const {
  if (rows.empty()) return;
  if (texts.size() > kMostFolded)
    return keep_if(rows, [&](std::size_t row) { return holds(texts.text(row)); });
  thread_local std::string folded;
  folded.clear();
  std::array<std::uint32_t, kBlockMaxRows + 1> offsets;
  for (std::size_t row = 0; row < texts.count; ++row) {
    offsets[row] = static_cast<std::uint32_t>(folded.size());
    if (rows.test(row)) append_folded(texts.text(row), folded);
  }
  offsets[texts.count] = static_cast<std::uint32_t>(folded.size());
  condition_.filter(
      TextRun<std::uint32_t>{
          .offsets = std::as_bytes(std::span(offsets)).data(), .bytes = folded.data(), .count = texts.count},
      rows);
}

template <typename Offset>
void TextNotEmpty::filter(const TextRun<Offset>& texts, RowMask& rows) const {
  keep_where(rows, [&](std::size_t row) { return texts.end(row) > texts.begin(row); });
}

template void TextNeedle::filter(const TextRun<std::uint16_t>&, RowMask&) const;
template void TextNeedle::filter(const TextRun<std::uint32_t>&, RowMask&) const;
template void TextRange::filter(const TextRun<std::uint16_t>&, RowMask&) const;
template void TextRange::filter(const TextRun<std::uint32_t>&, RowMask&) const;
template void TextIn::filter(const TextRun<std::uint16_t>&, RowMask&) const;
template void TextIn::filter(const TextRun<std::uint32_t>&, RowMask&) const;
template class FoldedText<TextRange>;
template class FoldedText<TextIn>;
template void FoldedText<TextRange>::filter(const TextRun<std::uint16_t>&, RowMask&) const;
template void FoldedText<TextRange>::filter(const TextRun<std::uint32_t>&, RowMask&) const;
template void FoldedText<TextIn>::filter(const TextRun<std::uint16_t>&, RowMask&) const;
template void FoldedText<TextIn>::filter(const TextRun<std::uint32_t>&, RowMask&) const;
template void TextNotEmpty::filter(const TextRun<std::uint16_t>&, RowMask&) const;
template void TextNotEmpty::filter(const TextRun<std::uint32_t>&, RowMask&) const;

}  // namespace slate
