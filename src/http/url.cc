#include "http/url.h"

#include <algorithm>
#include <boost/url/encode.hpp>
#include <boost/url/pct_string_view.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <optional>
#include <utility>

#include "base/try.h"
#include "http/utf8.h"

namespace slate::http {
namespace {

enum class Plus { kItself, kSpace };

Failure bad(std::string_view part, std::string_view what) {
  return fail(Reason::kInvalidArgument, std::string(part) + " of the URL " + std::string(what));
}

Result<std::string> decode(std::string_view part, std::string_view encoded, Plus plus) {
  const auto checked = boost::urls::make_pct_string_view({encoded.data(), encoded.size()});
  if (!checked) return bad(part, "has a % that is not followed by two hex digits");
  std::string decoded = checked->decode(boost::urls::encoding_opts(plus == Plus::kSpace));
  if (!is_utf8(decoded)) return bad(part, "is not UTF-8 after decoding");
  return decoded;
}

// "http://host/path?query" without scheme and authority; other forms as they are.
std::string_view origin_form(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
    break;
  }
  return target;
}

Result<std::vector<std::string>> parse_path(std::string_view path) {
  std::vector<std::string> segments;
  path.remove_prefix(1);
  for (;;) {
    const auto slash = path.find('/');
    SLATE_TRY(auto segment, decode("the path", path.substr(0, slash), Plus::kItself));
    if (segment.find('\0') != std::string::npos) return bad("the path", "has a NUL");
    segments.push_back(std::move(segment));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

Result<NamedValues> parse_query(std::string_view query) {
  NamedValues values;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto piece = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (piece.empty()) continue;
    const auto equals = piece.find('=');
    SLATE_TRY(auto name, decode("the query", piece.substr(0, equals), Plus::kSpace));
    std::string value;
    if (equals != std::string_view::npos) {
      SLATE_TRY(value, decode("the query", piece.substr(equals + 1), Plus::kSpace));
    }
    values.emplace_back(std::move(name), std::move(value));
  }
  return values;
}

}  // namespace

Result<Target> parse_target(std::string_view target) {
  const auto is_forbidden = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7f || c == '#';
  };
  if (std::ranges::any_of(target, is_forbidden))
    return bad("a part", "has a blank, a control character or a #");
  if (target == "*") return Target{.path = "*"};
  const auto origin = origin_form(target);
  const auto question = origin.find('?');
  std::string_view path = origin.substr(0, question);
  if (path.empty() && origin.size() < target.size()) path = "/";
  if (!path.starts_with('/')) return bad("the path", "does not begin with /");
  Target result{.path = std::string(path)};
  SLATE_TRY(result.segments, parse_path(path));
  if (question != std::string_view::npos) {
    SLATE_TRY(result.query, parse_query(origin.substr(question + 1)));
  }
  return result;
}

std::string escape(std::string_view text) {
  return boost::urls::encode(boost::urls::string_view(text.data(), text.size()),
                             boost::urls::unreserved_chars);
}

}  // namespace slate::http
