#include "bench/page_marks.h"

#include <fmt/format.h>
#include <fstream>
#include <iterator>

#include "base/try.h"

namespace slate::bench {

Result<std::string> replace_between_marks(std::string_view page, std::string_view name,
                                          std::string_view text) {
  const std::string begin_mark = fmt::format("<!-- {}: begin -->", name);
  const std::string end_mark = fmt::format("<!-- {}: end -->", name);
  const auto begin = page.find(begin_mark);
  const auto end = page.find(end_mark);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin ||
      page.find(begin_mark, begin + 1) != std::string_view::npos ||
      page.find(end_mark, end + 1) != std::string_view::npos)
    return fail(Reason::kInvalidArgument,
                fmt::format("the page has to have {} and, after it, {}, once each", begin_mark, end_mark));
  return fmt::format("{}\n\n{}\n{}", page.substr(0, begin + begin_mark.size()), text, page.substr(end));
}

Result<void> replace_in_page(const std::filesystem::path& file, std::string_view name,
                             std::string_view text) {
  std::ifstream in(file);
  const std::string page{std::istreambuf_iterator<char>(in), {}};
  SLATE_TRY(const std::string replaced, replace_between_marks(page, name, text));
  std::ofstream out(file, std::ios::trunc);
  out << replaced << std::flush;
  if (!out) return fail(Reason::kIo, file.string() + " cannot be written");
  return {};
}

}  // namespace slate::bench
