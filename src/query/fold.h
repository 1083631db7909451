// Unicode simple case folding: what the case-insensitive operators compare by.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace slate {

// Replaces `out` by the text with each code point folded (CaseFolding.txt, statuses C and S). The folded text
// may be shorter or up to half as long again as the text ("K", the Kelvin sign, becomes "k"). Bytes that are
// not UTF-8 stay as they are. Allocates only when `out` is too small, so keep one buffer for many rows.
// `text` must not point into `out`. Safe from any thread.
void fold_case(std::string_view text, std::string& out);
std::string fold_case(std::string_view text);
// The same, behind what `out` holds already.
void append_folded(std::string_view text, std::string& out);

// How a folded text is mostly written: as it is, Each Word Capitalised, and in CAPITALS. For guesses, not for
// answers.
std::array<std::string, 3> usual_spellings(std::string_view folded);

}  // namespace slate
