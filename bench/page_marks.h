// Parts of a documentation page that a benchmark writes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <slate/error.h>

namespace slate::bench {

// A page with `text` in place of what stands between the lines "<!-- NAME: begin -->" and "<!-- NAME: end
// -->". invalid_argument when they are not there, once each and in that order.
Result<std::string> replace_between_marks(std::string_view page, std::string_view name,
                                          std::string_view text);
// The same of a file. Errors: io, too.
Result<void> replace_in_page(const std::filesystem::path& file, std::string_view name, std::string_view text);

}  // namespace slate::bench
