#include "http/client.h"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <cerrno>
#include <exception>
#include <optional>
#include <sys/socket.h>
#include <utility>

#include "base/try.h"

namespace slate::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace beast_http = boost::beast::http;
using ErrorCode = boost::system::error_code;
using Tcp = asio::ip::tcp;

struct Address {
  std::string host;    // to look up: "::1"
  std::string port;    // "80"
  std::string header;  // for Host: "[::1]:8080"
  std::string target;  // "/path?query"
};

Result<Address> parse_address(std::string_view text) {
  const auto url = boost::urls::parse_uri({text.data(), text.size()});
  if (!url || url->encoded_host().empty() || (url->has_port() && url->port_number() == 0))
    return fail(Error(Reason::kInvalidArgument, "'" + std::string(text) + "' is not a URL")
                    .with_hint("use http://host:port/path, with blanks and the like escaped"));
  if (url->scheme_id() == boost::urls::scheme::https)
    return fail(Reason::kUnimplemented, "https is not offered by this client");
  if (url->scheme_id() != boost::urls::scheme::http)
    return fail(Reason::kInvalidArgument, "'" + std::string(text) + "' does not begin with http://");
  Address address{.host = std::string(url->host_address()),
                  .port = url->port().empty() ? "80" : std::string(url->port()),
                  .header = std::string(url->encoded_host_and_port()),
                  .target = std::string(url->encoded_path())};
  if (address.target.empty()) address.target = "/";
  if (url->has_query()) address.target += "?" + std::string(url->encoded_query());
  return address;
}

Error translate(const ErrorCode& error, const Address& address, std::string_view doing) {
  const std::string where = std::string(doing) + " " + address.header;
  if (error == beast::error::timeout || error == asio::error::timed_out)
    return {Reason::kDeadlineExceeded, where + ": no progress within the time limit"};
  if (error == beast_http::error::end_of_stream || error == beast_http::error::partial_message)
    return {Reason::kUnavailable, where + ": the connection ended before the answer did"};
  return {Reason::kUnavailable, where + ": " + error.message()};
}

bool is_idempotent(Method method) { return method != Method::kPost && method != Method::kPatch; }

}  // namespace

// Every operation is asynchronous under the hood, since only those have time limits, and is run to its end at
// once on a loop of the client's own.
class Client::Impl {
 public:
  explicit Impl(ClientOptions options) : options_(options) {}

  Result<ClientResponse> request(ClientRequest& request) {
    SLATE_TRY(const Address address, parse_address(request.url));
    const bool reused = stream_ && kept_for_ == address.header && !is_stale();
    if (!reused) {
      SLATE_TRY(connect(address));
    }
    auto answer = exchange(request, address);
    if (!answer && reused && !got_some_ && is_idempotent(request.method) &&
        answer.error().reason() == Reason::kUnavailable) {
      SLATE_TRY(connect(address));
      answer = exchange(request, address);
    }
    if (!answer) stream_.reset();
    return answer;
  }

 private:
  using Parser = beast_http::response_parser<beast_http::buffer_body>;

  Result<void> connect(const Address& address) {
    kept_for_.clear();
    buffer_.clear();
    stream_.emplace(context_);
    ErrorCode error;
    Tcp::resolver resolver(context_);
    const auto endpoints = resolver.resolve(address.host, address.port, error);
    if (!error) {
      stream_->expires_after(options_.connect_timeout);
      stream_->async_connect(endpoints, [&error](const ErrorCode& result, const auto&) { error = result; });
      run();
    }
    if (!error) stream_->socket().set_option(Tcp::no_delay(true), error);
    if (error) {
      stream_.reset();
      return fail(translate(error, address, "connecting to"));
    }
    kept_for_ = address.header;
    return {};
  }

  // The server has closed the kept connection, or said something unasked.
  bool is_stale() {
    char byte = 0;
    const auto bytes = ::recv(stream_->socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return bytes >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  }

  Result<ClientResponse> exchange(ClientRequest& request, const Address& address) {
    got_some_ = false;
    if (const auto error = send(request, address)) return fail(translate(error, address, "sending to"));
    Parser parser;
    parser.body_limit(boost::none);
    parser.skip(request.method == Method::kHead);
    stream_->expires_after(options_.timeout);
    if (const auto error = finish(
            [&](auto done) { beast_http::async_read_header(*stream_, buffer_, parser, std::move(done)); })) {
      got_some_ = parser.got_some();
      return fail(translate(error, address, "reading from"));
    }
    got_some_ = true;
    ClientResponse response;
    response.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get().base()) {
      const auto name = field.name_string();
      const auto value = field.value();
      response.headers.add({name.data(), name.size()}, {value.data(), value.size()});
    }
    SLATE_TRY(read_body(request, address, parser, response));
    if (!parser.keep_alive()) {
      stream_.reset();
      kept_for_.clear();
    }
    return response;
  }

  ErrorCode send(ClientRequest& request, const Address& address) {
    beast_http::request<beast_http::string_body> message;
    message.version(11);
    message.method_string({method_name(request.method).data(), method_name(request.method).size()});
    message.target({address.target.data(), address.target.size()});
    for (const auto& [name, value] : request.headers) message.insert(name, value);
    message.set(beast_http::field::host, address.header);
    // Kept, since a request may have to be sent a second time.
    message.body() = request.body;
    message.prepare_payload();
    beast_http::request_serializer<beast_http::string_body> serializer(message);
    while (!serializer.is_done()) {
      stream_->expires_after(options_.timeout);
      if (const auto error =
              finish([&](auto done) { beast_http::async_write_some(*stream_, serializer, std::move(done)); }))
        return error;
    }
    return {};
  }

  Result<void> read_body(ClientRequest& request, const Address& address, Parser& parser,
                         ClientResponse& response) {
    const bool to_sink = request.sink && response.status / 100 == 2;
    std::array<char, 65536> piece;
    while (!parser.is_done()) {
      auto& body = parser.get().body();
      body.data = piece.data();
      body.size = piece.size();
      stream_->expires_after(options_.timeout);
      auto error =
          finish([&](auto done) { beast_http::async_read_some(*stream_, buffer_, parser, std::move(done)); });
      if (error == beast_http::error::need_buffer) error = {};
      if (error) return fail(translate(error, address, "reading from"));
      const std::string_view got(piece.data(), piece.size() - body.size);
      if (to_sink) {
        SLATE_TRY(request.sink(got));
      } else {
        if (response.body.size() + got.size() > options_.max_body_bytes)
          return fail(Reason::kQuotaExceeded,
                      "the answer is larger than " + std::to_string(options_.max_body_bytes) + " bytes");
        response.body += got;
      }
    }
    return {};
  }

  // Starts one operation, runs it to its end and gives its error.
  template <typename Start>
  ErrorCode finish(Start start) {
    ErrorCode result;
    start([&result](const ErrorCode& error, std::size_t) { result = error; });
    run();
    return result;
  }

  void run() {
    context_.restart();
    context_.run();
  }

  const ClientOptions options_;
  asio::io_context context_{1};
  std::optional<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
  std::string kept_for_;   // host and port of stream_
  bool got_some_ = false;  // of the answer under way
};

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>(options)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<ClientResponse> Client::request(ClientRequest request) {
  try {
    return impl_->request(request);
  } catch (const std::exception& error) {
    return fail(Reason::kInternal, std::string("the request failed: ") + error.what());
  }
}

Result<ClientResponse> request(Method method, std::string url, Headers headers, std::string body,
                               ClientOptions options) {
  Client client(options);
  return client.request({.method = method,
                         .url = std::move(url),
                         .headers = std::move(headers),
                         .body = std::move(body),
                         .sink = {}});
}

}  // namespace slate::http
