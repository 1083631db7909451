#include "http/request_parser.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <optional>
#include <utility>

namespace slate::http {
namespace {

namespace beast_http = boost::beast::http;
using ErrorCode = boost::beast::error_code;
using StringView = boost::beast::string_view;

constexpr std::size_t kIdleBuffer = 4096;
// Unparsed bytes beyond which no more are read: pipelined requests wait in the kernel, and a chunk header or
// trailer of this size is no honest one.
constexpr std::size_t kMaxBuffered = 65536;
// "0\r\n\r\n". The library asserts that a chunk which it could not read whole comes again with at least that
// many bytes; whatever chunk it is, that many are still to come.
constexpr std::size_t kLastChunkBytes = 5;

std::string_view view(StringView text) { return {text.data(), text.size()}; }

// Fills a RequestHead and a body as the library finds their parts.
class Collector final : public beast_http::basic_parser<true> {
 public:
  RequestHead head;
  std::string body;

 private:
  void on_request_impl(beast_http::verb, StringView method, StringView target, int version,
                       ErrorCode&) override {
    head.method = view(method);
    head.target = view(target);
    head.version = version;
  }
  void on_field_impl(beast_http::field, StringView name, StringView value, ErrorCode&) override {
    // Trailers come here too: they are no headers, and nothing here needs them.
    if (!is_header_done()) head.headers.add(std::string(view(name)), std::string(view(value)));
  }
  void on_header_impl(ErrorCode&) override {}
  // Room is made as bytes come: a claimed length is only a claim.
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(StringView part, ErrorCode&) override {
    body += view(part);
    return part.size();
  }
  void on_chunk_header_impl(std::uint64_t, StringView, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, StringView part, ErrorCode&) override {
    body += view(part);
    return part.size();
  }
  void on_finish_impl(ErrorCode&) override {}
  void on_response_impl(int, StringView, int, ErrorCode&) override {}
};

// What the library leaves to us, all of it about two readers of the same bytes finding different requests.
Result<void> check_framing(const RequestHead& head, bool chunked) {
  if (head.version == 11 && head.headers.all("Host").size() != 1)
    return fail(Error(Reason::kInvalidArgument, "expected exactly one Host header").with_field("Host"));
  const auto codings = head.headers.all("Transfer-Encoding");
  if (codings.empty()) return {};
  if (head.version == 10)
    return fail(Reason::kInvalidArgument, "Transfer-Encoding does not exist in HTTP/1.0");
  if (!chunked || codings.size() != 1 || !equal_ignoring_case(codings.front(), "chunked"))
    return fail(Reason::kUnimplemented, "the only transfer coding known is chunked");
  return {};
}

}  // namespace

class RequestParser::Impl {
 public:
  explicit Impl(ParserLimits limits) : limits_(limits) { begin(); }

  void begin() {
    collector_.emplace();
    collector_->header_limit(
        static_cast<std::uint32_t>(std::min<std::size_t>(limits_.header_bytes, 1u << 30)));
    collector_->body_limit(limits_.body_bytes);
    header_bytes_ = 0;
    needed_ = 1;
    head_given_ = false;
  }

  Result<Step> advance() {
    if (!collector_->got_some() && !skip_empty_lines()) return Step::kNeedMore;
    while (!collector_->is_done()) {
      if (collector_->is_header_done() && !std::exchange(head_given_, true)) return give_head();
      if (buffer_.size() < needed_) return Step::kNeedMore;
      const bool in_header = !collector_->is_header_done();
      ErrorCode error;
      const std::size_t used = collector_->put(buffer_.data(), error);
      buffer_.consume(used);
      if (in_header) {
        header_bytes_ += used;
        const bool unfinished = !collector_->is_header_done();
        // What the library has found already is not overruled.
        const bool is_open = !error || error == beast_http::error::need_more;
        if (is_open && header_bytes_ + (unfinished ? buffer_.size() : 0) > limits_.header_bytes)
          error = beast_http::error::header_limit;
      }
      needed_ = 1;
      if (error == beast_http::error::need_more) {
        if (!in_header) needed_ = kLastChunkBytes;
        if (buffer_.size() >= kMaxBuffered && collector_->is_header_done())
          return fail(Reason::kInvalidArgument, "a chunk's header or the trailers are too long");
        return Step::kNeedMore;
      }
      if (error) return fail(translate(error));
    }
    if (!std::exchange(head_given_, true)) return give_head();
    return Step::kRequest;
  }

  void feed(std::string_view bytes) {
    const auto room = buffer_.prepare(bytes.size());
    buffer_.commit(boost::asio::buffer_copy(room, boost::asio::buffer(bytes)));
  }
  bool has_room() const { return buffer_.size() < std::max(kMaxBuffered, limits_.header_bytes); }

  Phase phase() const {
    if (collector_->is_done()) return Phase::kDone;
    if (collector_->is_header_done()) return Phase::kBody;
    return collector_->got_some() || buffer_.size() > 0 ? Phase::kHeader : Phase::kIdle;
  }

  void next_request() {
    begin();
    if (buffer_.size() == 0 && buffer_.capacity() > kIdleBuffer) buffer_ = boost::beast::flat_buffer();
  }

  std::size_t buffered() const { return buffer_.size(); }
  Collector& collector() { return *collector_; }

 private:
  Result<Step> give_head() {
    RequestHead& head = collector_->head;
    if (auto checked = check_framing(head, collector_->chunked()); !checked) return Failure(checked.error());
    head.after = collector_->keep_alive() ? AfterResponse::kKeepAlive : AfterResponse::kClose;
    if (head.version == 11)
      if (const auto expect = head.headers.get("Expect"))
        head.expects_continue = equal_ignoring_case(*expect, "100-continue");
    return Step::kHead;
  }

  // Some clients end a body with a line break that belongs to nothing. False: half of one, the rest is to
  // come.
  bool skip_empty_lines() {
    while (buffer_.size() > 0) {
      const auto* bytes = static_cast<const char*>(buffer_.data().data());
      if (bytes[0] != '\r') return true;
      if (buffer_.size() == 1) return false;
      if (bytes[1] != '\n') return true;
      buffer_.consume(2);
    }
    return true;
  }

  Error translate(const ErrorCode& error) const {
    if (error == beast_http::error::header_limit)
      return {Reason::kHeaderTooLarge,
              "the header is limited to " + std::to_string(limits_.header_bytes) + " bytes"};
    if (error == beast_http::error::body_limit)
      return {Reason::kPayloadTooLarge,
              "the body is limited to " + std::to_string(limits_.body_bytes) + " bytes"};
    return {Reason::kInvalidArgument, "not a valid HTTP/1.1 request: " + error.message()};
  }

  const ParserLimits limits_;
  boost::beast::flat_buffer buffer_;
  std::optional<Collector> collector_;
  std::size_t header_bytes_ = 0;  // of this request, already consumed
  std::size_t needed_ = 1;        // bytes at hand before the library is asked again
  bool head_given_ = false;
};

RequestParser::RequestParser(ParserLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;
void RequestParser::feed(std::string_view bytes) { impl_->feed(bytes); }
bool RequestParser::has_room() const { return impl_->has_room(); }
Result<RequestParser::Step> RequestParser::advance() { return impl_->advance(); }
RequestParser::Phase RequestParser::phase() const { return impl_->phase(); }
std::size_t RequestParser::buffered() const { return impl_->buffered(); }
RequestHead& RequestParser::head() { return impl_->collector().head; }
std::size_t RequestParser::body_size() const { return impl_->collector().body.size(); }
std::string RequestParser::take_body() { return std::move(impl_->collector().body); }
void RequestParser::next_request() { impl_->next_request(); }

}  // namespace slate::http
