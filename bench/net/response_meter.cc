#include "bench/net/response_meter.h"

#include <algorithm>
#include <charconv>

#include "http/headers.h"

namespace slate::bench::network {
namespace {

constexpr std::size_t kMostHead = std::size_t{64} << 10;

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

template <typename Number>
bool parse(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

ResponseMeter::State ResponseMeter::feed(std::string_view& bytes) {
  if (state_ == State::kHead) {
    const std::size_t had = head_.size();
    head_ += bytes;
    const auto end = head_.find("\r\n\r\n", had < 3 ? 0 : had - 3);
    if (end == std::string::npos) {
      bytes = {};
      if (head_.size() > kMostHead) state_ = State::kBroken;
      return state_;
    }
    bytes.remove_prefix(end + 4 - had);
    head_.resize(end + 2);
    read_head();
  }
  if (state_ == State::kBody) {
    const std::uint64_t taken = std::min<std::uint64_t>(bytes.size(), missing_);
    bytes.remove_prefix(taken);
    skip(taken);
  }
  return state_;
}

ResponseMeter::State ResponseMeter::skip(std::uint64_t bytes) {
  missing_ -= bytes;
  if (missing_ == 0) state_ = State::kDone;
  return state_;
}

void ResponseMeter::next() {
  head_.clear();
  state_ = State::kHead;
}

void ResponseMeter::read_head() {
  state_ = State::kBroken;
  std::string_view head = head_;
  // "HTTP/1.1 200 OK"
  if (!head.starts_with("HTTP/1.") || head.size() < 13 || !parse(head.substr(9, 3), status_)) return;
  length_ = 0;
  closes_ = false;
  bool has_length = status_ == 204 || status_ == 304;
  for (head.remove_prefix(head.find("\r\n") + 2); !head.empty(); head.remove_prefix(head.find("\r\n") + 2)) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    const auto name = line.substr(0, colon);
    const auto value = trim(line.substr(colon + 1));
    if (http::equal_ignoring_case(name, "Content-Length")) {
      if (!parse(value, length_)) return;
      has_length = true;
    } else if (http::equal_ignoring_case(name, "Connection")) {
      closes_ = http::equal_ignoring_case(value, "close");
    }
  }
  if (!has_length) return;
  if (status_ == 304) length_ = 0;
  missing_ = length_;
  state_ = missing_ == 0 ? State::kDone : State::kBody;
}

}  // namespace slate::bench::network
