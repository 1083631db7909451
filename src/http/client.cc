#include "http/client.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "base/try.h"
#include "net/client_stream.h"
#include "net/transport.h"

namespace slate::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace beast_http = boost::beast::http;
using ErrorCode = boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;

struct Address {
  bool is_secure = false;
  std::string host;  // to look up: "::1"
  std::uint16_t port = 0;
  std::string header;  // for Host: "[::1]:8080"
  std::string target;  // "/path?query"
};

Result<Address> parse_address(std::string_view text) {
  const auto url = boost::urls::parse_uri({text.data(), text.size()});
  if (!url || url->encoded_host().empty() || (url->has_port() && url->port_number() == 0))
    return fail(Error(Reason::kInvalidArgument, "'" + std::string(text) + "' is not a URL")
                    .with_hint("use http://host:port/path, with blanks and the like escaped"));
  const bool is_secure = url->scheme_id() == boost::urls::scheme::https;
  if (!is_secure && url->scheme_id() != boost::urls::scheme::http)
    return fail(Reason::kInvalidArgument,
                "'" + std::string(text) + "' does not begin with http:// or https://");
  const std::uint16_t usual_port = is_secure ? 443 : 80;
  Address address{.is_secure = is_secure,
                  .host = std::string(url->host_address()),
                  .port = url->port().empty() ? usual_port : url->port_number(),
                  .header = std::string(url->encoded_host_and_port()),
                  .target = std::string(url->encoded_path())};
  if (address.target.empty()) address.target = "/";
  if (url->has_query()) address.target += "?" + std::string(url->encoded_query());
  return address;
}

// A connection as the library wants one. What went wrong is kept, as its error codes cannot hold it.
class SyncStream {
 public:
  SyncStream(std::unique_ptr<net::ClientStream> stream, std::chrono::milliseconds timeout)
      : stream_(std::move(stream)), timeout_(timeout) {}

  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, ErrorCode& error) {
    error = {};
    for (auto each = asio::buffer_sequence_begin(buffers); each != asio::buffer_sequence_end(buffers);
         ++each) {
      const asio::mutable_buffer buffer = *each;
      if (buffer.size() == 0) continue;
      const auto got = stream_->read_some({static_cast<char*>(buffer.data()), buffer.size()}, deadline());
      if (!got) return failed(got.error(), error);
      if (*got == 0) error = asio::error::eof;
      return *got;
    }
    return 0;
  }

  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, ErrorCode& error) {
    error = {};
    std::array<std::string_view, 8> pieces;
    std::size_t count = 0;
    for (auto each = asio::buffer_sequence_begin(buffers);
         each != asio::buffer_sequence_end(buffers) && count < pieces.size(); ++each) {
      const asio::const_buffer buffer = *each;
      pieces[count++] = {static_cast<const char*>(buffer.data()), buffer.size()};
    }
    const auto written = stream_->write_some(std::span(pieces).first(count), deadline());
    return written ? *written : failed(written.error(), error);
  }

  // The library asks for these, and calls those above.
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers) {
    ErrorCode error;
    const auto bytes = read_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return bytes;
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers) {
    ErrorCode error;
    const auto bytes = write_some(buffers, error);
    if (error) throw boost::system::system_error(error);
    return bytes;
  }

  bool is_quiet() { return stream_->is_quiet(); }
  const std::optional<Error>& problem() const { return problem_; }

 private:
  SteadyClock::time_point deadline() const { return SteadyClock::now() + timeout_; }
  std::size_t failed(const Error& why, ErrorCode& error) {
    problem_ = why;
    error = asio::error::connection_aborted;
    return 0;
  }

  std::unique_ptr<net::ClientStream> stream_;
  std::chrono::milliseconds timeout_;
  std::optional<Error> problem_;
};

bool is_idempotent(Method method) { return method != Method::kPost && method != Method::kPatch; }

}  // namespace

class Client::Impl {
 public:
  explicit Impl(ClientOptions options) : options_(std::move(options)) {}

  Result<ClientResponse> request(ClientRequest& request) {
    SLATE_TRY(const Address address, parse_address(request.url));
    const bool reused = stream_ && kept_for_ == connection_name(address) && stream_->is_quiet();
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

  static std::string connection_name(const Address& address) {
    return (address.is_secure ? "https://" : "http://") + address.header;
  }

  Result<void> connect(const Address& address) {
    stream_.reset();
    buffer_.clear();
    if (address.is_secure && !options_.tls) {
      SLATE_TRY(options_.tls, net::TlsContext::client({.protocols = {"http/1.1"}}, net::Reload::kNever));
    }
    auto connected =
        net::ClientStream::connect(address.host, address.port, SteadyClock::now() + options_.connect_timeout,
                                   address.is_secure ? options_.tls.get() : nullptr);
    if (!connected) {
      const Error& why = connected.error();
      Error error(why.reason(), "connecting to " + address.header + ": " + why.message());
      if (why.message() != net::kNoTls) return fail(std::move(error));
      return fail(std::move(error).with_hint("where TLS is not spoken the URL begins with http://"));
    }
    is_new_ = true;
    stream_.emplace(*std::move(connected), options_.timeout);
    kept_for_ = connection_name(address);
    return {};
  }

  Error translate(const ErrorCode& error, const Address& address, std::string_view doing) const {
    const std::string where = std::string(doing) + " " + address.header + ": ";
    if (const auto& problem = stream_->problem()) return {problem->reason(), where + problem->message()};
    if (error == beast_http::error::end_of_stream || error == beast_http::error::partial_message ||
        error == asio::error::eof)
      return {Reason::kUnavailable, where + "the connection ended before the answer did"};
    return {Reason::kUnavailable, where + error.message()};
  }

  // A server that speaks TLS ends a connection on which it gets something else.
  Error unanswered(Error error, const Address& address) const {
    if (!is_new_ || address.is_secure || error.reason() != Reason::kUnavailable) return error;
    return std::move(error).with_hint("where TLS is spoken the URL begins with https://");
  }

  Result<ClientResponse> exchange(ClientRequest& request, const Address& address) {
    got_some_ = false;
    if (const auto error = send(request, address))
      return fail(unanswered(translate(error, address, "sending to"), address));
    Parser parser;
    parser.body_limit(boost::none);
    parser.skip(request.method == Method::kHead);
    ErrorCode error;
    beast_http::read_header(*stream_, buffer_, parser, error);
    if (error) {
      got_some_ = parser.got_some();
      return fail(unanswered(translate(error, address, "reading from"), address));
    }
    got_some_ = true;
    is_new_ = false;
    ClientResponse response;
    response.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get().base()) {
      const auto name = field.name_string();
      const auto value = field.value();
      response.headers.add({name.data(), name.size()}, {value.data(), value.size()});
    }
    SLATE_TRY(read_body(request, address, parser, response));
    if (!parser.keep_alive()) stream_.reset();
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
    ErrorCode error;
    while (!serializer.is_done() && !error) beast_http::write_some(*stream_, serializer, error);
    return error;
  }

  Result<void> read_body(ClientRequest& request, const Address& address, Parser& parser,
                         ClientResponse& response) {
    const bool to_sink = request.sink && response.status / 100 == 2;
    std::array<char, 65536> piece;
    while (!parser.is_done()) {
      auto& body = parser.get().body();
      body.data = piece.data();
      body.size = piece.size();
      ErrorCode error;
      beast_http::read_some(*stream_, buffer_, parser, error);
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

  ClientOptions options_;
  std::optional<SyncStream> stream_;
  beast::flat_buffer buffer_;
  std::string kept_for_;   // whom stream_ goes to
  bool got_some_ = false;  // of the answer under way
  bool is_new_ = true;     // no answer has come on stream_ yet
};

Client::Client(ClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
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
  Client client(std::move(options));
  return client.request({.method = method,
                         .url = std::move(url),
                         .headers = std::move(headers),
                         .body = std::move(body),
                         .sink = {}});
}

}  // namespace slate::http
