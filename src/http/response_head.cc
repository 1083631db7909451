#include "http/response_head.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
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
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte < 0x7f &&
           std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
  };
  return !name.empty() && std::ranges::all_of(name, is_token_char);
}

bool is_one_line(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
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
  auto to = std::back_inserter(out);
  fmt::format_to(to, "HTTP/1.1 {} {}\r\n", head.status, status_text(head.status));
  for (const auto& [name, value] : head.headers) {
    if (is_own(name)) continue;
    if (is_token(name) && is_one_line(value))
      fmt::format_to(to, "{}: {}\r\n", name, value);
    else
      log::error("a response header was left out: its value would break out of the line");
  }
  switch (head.framing) {
    case Framing::kLength: fmt::format_to(to, "Content-Length: {}\r\n", head.length); break;
    case Framing::kChunked: out += "Transfer-Encoding: chunked\r\n"; break;
    case Framing::kClose:
    case Framing::kNone: break;
  }
  if (head.after == AfterResponse::kClose)
    out += "Connection: close\r\n";
  else if (head.version == 10)
    out += "Connection: keep-alive\r\n";
  fmt::format_to(to, "Date: {}\r\nX-Request-Id: {}\r\n\r\n", cached_date(head.now), head.request_id);
}

}  // namespace slate::http
