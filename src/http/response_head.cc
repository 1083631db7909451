#include "http/response_head.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <charconv>
#include <chrono>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/log.h"

namespace slate::http {
namespace {

constexpr std::array<std::string_view, 6> kOwnFields{
    "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Date", "X-Request-Id"};

bool is_own(std::string_view name) {
  return std::ranges::any_of(kOwnFields, [name](auto own) { return equal_ignoring_case(own, name); });
}

bool is_token(std::string_view name) {
  const auto is_token_char = [](char c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-') return true;
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte < 0x7f &&
           std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
  };
  return !name.empty() && std::ranges::all_of(name, is_token_char);
}

bool is_one_line(std::string_view value) {
  return std::ranges::none_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

// A head is written for every answer, and costs as much as all else about a short one where it is formatted.
template <typename... Pieces>
void append(std::string& out, const Pieces&... pieces) {
  (out.append(std::string_view(pieces)), ...);
}

std::string_view decimal(std::uint64_t number, std::array<char, 20>& room) {
  const auto end = std::to_chars(room.data(), room.data() + room.size(), number).ptr;
  return {room.data(), end};
}

std::string_view status_text(int status) {
  constexpr int kClientClosedRequest = 499;  // as other servers call it; no registered status fits
  if (status == kClientClosedRequest) return "Client Closed Request";
  const auto text = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {text.data(), text.size()};
}

// The date changes once a second; a thread writes it that often.
std::string_view cached_date(UnixMillis now) {
  thread_local UnixMillis cached_second = -1;
  thread_local std::string text;
  if (const UnixMillis second = now / 1000; second != cached_second) {
    text = http_date(now);
    cached_second = second;
  }
  return text;
}

}  // namespace

std::string http_date(UnixMillis time) {
  const std::chrono::sys_seconds seconds{std::chrono::seconds(time / 1000)};
  return fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

void append_head(std::string& out, const ResponseHead& head) {
  constexpr std::size_t kUsual = 512;
  std::array<char, 20> digits;
  out.reserve(out.size() + kUsual);
  append(out, "HTTP/1.1 ", decimal(static_cast<std::uint64_t>(head.status), digits), " ",
         status_text(head.status), "\r\n");
  for (const auto& [name, value] : head.headers) {
    if (is_own(name)) continue;
    if (is_token(name) && is_one_line(value))
      append(out, name, ": ", value, "\r\n");
    else
      log::error("a response header was left out: its value would break out of the line");
  }
  if (!head.headers.has("Cache-Control")) out += "Cache-Control: no-store\r\n";
  switch (head.framing) {
    case Framing::kLength: append(out, "Content-Length: ", decimal(head.length, digits), "\r\n"); break;
    case Framing::kChunked: out += "Transfer-Encoding: chunked\r\n"; break;
    case Framing::kClose:
    case Framing::kNone: break;
  }
  if (head.after == AfterResponse::kClose)
    out += "Connection: close\r\n";
  else if (head.version == 10)
    out += "Connection: keep-alive\r\n";
  append(out, "Date: ", cached_date(head.now), "\r\nX-Request-Id: ", head.request_id, "\r\n\r\n");
}

}  // namespace slate::http
