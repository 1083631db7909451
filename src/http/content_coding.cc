#include "http/content_coding.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "base/try.h"
#include "http/gzip.h"

namespace slate::http {
namespace {

constexpr std::size_t kWorthwhileBytes = 1024;

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Up to the separator, which goes too.
std::string_view take_piece(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const std::string_view piece = trim(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return piece;
}

// "0", "0.5", "1.000" in thousandths.
std::optional<int> parse_quality(std::string_view text) {
  if (text.empty() || (text.front() != '0' && text.front() != '1')) return std::nullopt;
  int value = text.front() == '1' ? 1000 : 0;
  if (text.size() == 1) return value;
  if (text[1] != '.' || text.size() > 5) return std::nullopt;
  int digit_value = 100;
  for (const char c : text.substr(2)) {
    if (c < '0' || c > '9') return std::nullopt;
    value += (c - '0') * digit_value;
    digit_value /= 10;
  }
  return value <= 1000 ? std::optional(value) : std::nullopt;
}

bool is_gzip(std::string_view name) {
  return equal_ignoring_case(name, "gzip") || equal_ignoring_case(name, "x-gzip");
}

// What each coding is worth to the client, where it says so.
struct Wishes {
  std::optional<int> gzip, identity, any;

  void add(std::string_view name, int quality) {
    if (is_gzip(name))
      gzip = quality;
    else if (equal_ignoring_case(name, "identity"))
      identity = quality;
    else if (name == "*")
      any = quality;
  }
};

void vary_on_coding(Headers& headers) {
  const std::string vary(headers.get("Vary").value_or(""));
  if (vary.empty())
    headers.set("Vary", "Accept-Encoding");
  else if (vary != "*" && vary.find("Accept-Encoding") == std::string::npos)
    headers.set("Vary", vary + ", Accept-Encoding");
  const std::string tag(headers.get("ETag").value_or(""));
  if (tag.starts_with('"')) headers.set("ETag", "W/" + tag);
}

// Compresses what another stream gives, chunk by chunk.
class GzipStream final : public BodyStream {
 public:
  explicit GzipStream(std::unique_ptr<BodyStream> inner) : inner_(std::move(inner)) {}

  Result<bool> next(std::string& chunk) override {
    if (!encoder_) encoder_ = GzipEncoder::make();
    if (!encoder_) return fail(Reason::kOverloaded, "there is no memory to compress the answer");
    plain_.clear();
    SLATE_TRY(const bool more, inner_->next(plain_));
    if (!more || !plain_.empty())
      encoder_->add(plain_, more ? GzipEncoder::Piece::kMore : GzipEncoder::Piece::kLast, chunk);
    return more;
  }
  void when_ready(std::move_only_function<void()> resume) override { inner_->when_ready(std::move(resume)); }

 private:
  const std::unique_ptr<BodyStream> inner_;
  std::unique_ptr<GzipEncoder> encoder_;
  std::string plain_;
};

}  // namespace

Coding accepted_coding(const Headers& request) {
  Wishes wishes;
  for (std::string_view value : request.all("Accept-Encoding")) {
    while (!value.empty()) {
      std::string_view item = take_piece(value, ',');
      const std::string_view name = take_piece(item, ';');
      item = trim(item);
      const bool has_quality = item.size() > 2 && (item[0] == 'q' || item[0] == 'Q') && item[1] == '=';
      const auto quality = has_quality    ? parse_quality(item.substr(2))
                           : item.empty() ? std::optional(1000)
                                          : std::nullopt;
      if (quality) wishes.add(name, *quality);
    }
  }
  const int gzip = wishes.gzip.value_or(wishes.any.value_or(0));
  return gzip > 0 && gzip >= wishes.identity.value_or(0) ? Coding::kGzip : Coding::kIdentity;
}

Result<Coding> body_coding(const Headers& request) {
  const auto codings = request.all("Content-Encoding");
  if (codings.empty() ||
      (codings.size() == 1 && (codings.front().empty() || equal_ignoring_case(codings.front(), "identity"))))
    return Coding::kIdentity;
  if (codings.size() == 1 && is_gzip(trim(codings.front()))) return Coding::kGzip;
  return fail(Error(Reason::kUnsupportedMediaType, "the body's coding is not known")
                  .with_field("Content-Encoding")
                  .with_hint("gzip, or none"));
}

bool is_compressible(std::string_view content_type) {
  std::string type(trim(content_type.substr(0, content_type.find(';'))));
  std::ranges::transform(type, type.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  constexpr std::array<std::string_view, 5> kTypes{"application/json", "application/x-ndjson",
                                                   "application/javascript", "application/xml",
                                                   "application/yaml"};
  if (type.starts_with("text/")) return type != "text/event-stream";
  return type.ends_with("+json") || type.ends_with("+xml") || type.ends_with("+yaml") ||
         std::ranges::find(kTypes, type) != kTypes.end();
}

void encode(Response& response, Coding accepted) {
  if (response.error || response.headers.has("Content-Encoding")) return;
  if (response.status == 304) return vary_on_coding(response.headers);
  if (!response.stream && response.content().empty()) return;
  if (!is_compressible(response.headers.get("Content-Type").value_or(""))) return;
  vary_on_coding(response.headers);
  if (accepted == Coding::kIdentity) return;
  if (response.stream) {
    response.stream = std::make_unique<GzipStream>(std::move(response.stream));
  } else {
    if (response.content().size() < kWorthwhileBytes) return;
    auto compressed = gzip(response.content());
    if (!compressed) return;
    response.clear_content();
    response.body = *std::move(compressed);
  }
  response.headers.set("Content-Encoding", "gzip");
}

}  // namespace slate::http
