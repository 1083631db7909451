#include "api/negotiate.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <vector>

namespace slate::api {
namespace {

constexpr std::array kFormats{Format::kJson, Format::kNdjson, Format::kCsv};
constexpr std::chrono::seconds kLongestWait{60};

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Cuts the piece before `separator` off the front; separators between double quotes do not count.
std::string_view take_piece(std::string_view& text, char separator) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (text[end] == '"') quoted = !quoted;
    if (text[end] == '\\' && quoted)
      ++end;
    else if (text[end] == separator && !quoted)
      break;
  }
  end = std::min(end, text.size());
  const auto piece = trim(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return piece;
}

// RFC 9110: 0 to 1 with at most three decimals; here in thousandths.
std::optional<int> parse_quality(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  int thousandths = (text[0] - '0') * 1000;
  if (text.size() == 1) return thousandths;
  if (text[1] != '.') return std::nullopt;
  int unit = 100;
  for (const char digit : text.substr(2)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    thousandths += (digit - '0') * unit;
    unit /= 10;
  }
  return thousandths <= 1000 ? std::optional(thousandths) : std::nullopt;
}

struct Range {
  std::string_view type;
  int quality = 1000;
};

std::optional<Range> parse_range(std::string_view text) {
  Range range{.type = take_piece(text, ';')};
  if (range.type.empty()) return std::nullopt;
  while (!text.empty()) {
    auto parameter = take_piece(text, ';');
    const auto equals = parameter.find('=');
    if (!http::equal_ignoring_case(trim(parameter.substr(0, equals)), "q")) continue;
    if (equals == std::string_view::npos) return std::nullopt;
    const auto quality = parse_quality(trim(parameter.substr(equals + 1)));
    if (!quality) return std::nullopt;
    range.quality = *quality;
  }
  return range;
}

// How closely a range means the type: 3 itself, 2 its family, 1 anything, 0 not at all.
int specificity(std::string_view range, std::string_view type) {
  if (http::equal_ignoring_case(range, type)) return 3;
  if (range == "*/*") return 1;
  const auto family = type.substr(0, type.find('/') + 1);
  if (!range.ends_with("/*")) return 0;
  return http::equal_ignoring_case(range.substr(0, range.size() - 1), family) ? 2 : 0;
}

std::vector<Range> accepted(const http::Headers& headers) {
  std::vector<Range> ranges;
  for (std::string_view value : headers.all("Accept"))
    while (!value.empty())
      if (const auto range = parse_range(take_piece(value, ','))) ranges.push_back(*range);
  return ranges;
}

int quality_of(std::string_view type, const std::vector<Range>& ranges) {
  int quality = 0;
  int best = 0;
  for (const Range& range : ranges) {
    const int closeness = specificity(range.type, type);
    if (closeness <= best) continue;
    best = closeness;
    quality = range.quality;
  }
  return quality;
}

}  // namespace

std::string_view media_type(Format format) {
  switch (format) {
    case Format::kJson: return "application/json";
    case Format::kNdjson: return "application/x-ndjson";
    case Format::kCsv: return "text/csv";
  }
  return {};
}

Result<Format> negotiate(const http::Headers& headers) {
  const auto ranges = accepted(headers);
  if (ranges.empty()) return Format::kJson;
  std::optional<Format> chosen;
  int highest = 0;
  for (const Format format : kFormats) {
    const int quality = quality_of(media_type(format), ranges);
    if (quality <= highest) continue;
    highest = quality;
    chosen = format;
  }
  if (chosen) return *chosen;
  return fail(Error(Reason::kNotAcceptable, "nothing that the Accept header allows can be given")
                  .with_field("Accept")
                  .with_hint("application/json, application/x-ndjson or text/csv"));
}

std::string vary_of(const Datasource& datasource) {
  std::string vary = "Accept";
  if (datasource.loader)
    for (const std::string& header : datasource.loader->scope_headers) vary += ", " + header;
  return vary;
}

bool wants_events(const http::Headers& headers) {
  const auto ranges = accepted(headers);
  // A range that means any type is content with JSON.
  return quality_of("text/event-stream", ranges) > quality_of("application/json", ranges);
}

std::optional<std::chrono::seconds> preferred_wait(const http::Headers& headers) {
  for (std::string_view value : headers.all("Prefer")) {
    while (!value.empty()) {
      auto preference = take_piece(value, ',');
      preference = take_piece(preference, ';');
      const auto equals = preference.find('=');
      if (!http::equal_ignoring_case(trim(preference.substr(0, equals)), "wait")) continue;
      // The first one counts, and a malformed one is as if it were not there.
      if (equals == std::string_view::npos) return std::nullopt;
      auto digits = trim(preference.substr(equals + 1));
      if (digits.size() >= 2 && digits.front() == '"' && digits.back() == '"')
        digits = digits.substr(1, digits.size() - 2);
      if (digits.empty() || !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
      std::int64_t seconds = 0;
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
      if (error == std::errc::result_out_of_range) return kLongestWait;
      return std::min(std::chrono::seconds(seconds), kLongestWait);
    }
  }
  return std::nullopt;
}

std::string content_type(const http::Headers& headers) {
  std::string_view value = headers.get("Content-Type").value_or("");
  std::string type(take_piece(value, ';'));
  std::ranges::transform(type, type.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return type;
}

}  // namespace slate::api
