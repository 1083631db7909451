#include "net/transport.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <system_error>

namespace slate::net {
namespace {

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(int socket) : socket_(socket) {}

  IoResult handshake() override { return {IoState::kDone}; }

  IoResult read(std::span<char> into) override {
    for (;;) {
      const auto bytes = ::recv(socket_, into.data(), into.size(), 0);
      if (bytes > 0) return {IoState::kDone, static_cast<std::size_t>(bytes)};
      if (bytes == 0) return {IoState::kEnd};
      if (errno == EINTR) continue;
      return failed(IoState::kWantRead);
    }
  }

  IoResult write(std::span<const std::string_view> pieces) override {
    constexpr std::size_t kMostPieces = 8;
    std::array<iovec, kMostPieces> parts{};
    msghdr message{};
    message.msg_iov = parts.data();
    for (const std::string_view piece : pieces.first(std::min(pieces.size(), kMostPieces)))
      if (!piece.empty())
        // The kernel only reads, though the type does not say so.
        parts[message.msg_iovlen++] = {const_cast<char*>(piece.data()), piece.size()};
    if (message.msg_iovlen == 0) return {IoState::kDone};
    for (;;) {
      const auto bytes = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
      if (bytes >= 0) return {IoState::kDone, static_cast<std::size_t>(bytes)};
      if (errno == EINTR) continue;
      return failed(IoState::kWantWrite);
    }
  }

  void finish_sending() override { ::shutdown(socket_, SHUT_WR); }
  bool has_buffered() const override { return false; }
  const std::string& problem() const override { return problem_; }

 private:
  IoResult failed(IoState wanted) {
    if (would_block(errno)) return {wanted};
    problem_ = std::generic_category().message(errno);
    return {IoState::kBroken};
  }

  const int socket_;
  std::string problem_;
};

// OpenSSL's own socket BIO lets a write to a closed connection raise SIGPIPE; this one does not.
int socket_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

int bio_result(BIO* bio, ssize_t bytes, int retry) {
  BIO_clear_retry_flags(bio);
  if (bytes < 0 && (would_block(errno) || errno == EINTR)) BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
  if (bytes == 0 && retry == BIO_FLAGS_READ) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(bytes);
}
int bio_read(BIO* bio, char* into, int size) {
  return bio_result(bio, ::recv(socket_of(bio), into, static_cast<std::size_t>(size), 0), BIO_FLAGS_READ);
}
int bio_write(BIO* bio, const char* from, int size) {
  return bio_result(bio, ::send(socket_of(bio), from, static_cast<std::size_t>(size), MSG_NOSIGNAL),
                    BIO_FLAGS_WRITE);
}
long bio_control(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    case BIO_CTRL_EOF: return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    default: return 0;
  }
}
BIO* new_socket_bio(int socket) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  BIO* bio = BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
  BIO_set_init(bio, 1);
  return bio;
}

// Whether what came is no record of TLS at all.
bool is_no_tls(unsigned long error) {
  const int reason = ERR_GET_REASON(error);
  return ERR_GET_LIB(error) == ERR_LIB_SSL &&
         (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST);
}

struct SslFreer {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using Ssl = std::unique_ptr<SSL, SslFreer>;

class TlsTransport final : public Transport {
 public:
  TlsTransport(int socket, Ssl ssl) : socket_(socket), ssl_(std::move(ssl)) {}

  IoResult handshake() override {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    return result == 1 ? IoResult{IoState::kDone} : state_of(result);
  }

  IoResult read(std::span<char> into) override {
    ERR_clear_error();
    std::size_t bytes = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &bytes);
    return result == 1 ? IoResult{IoState::kDone, bytes} : state_of(result);
  }

  IoResult write(std::span<const std::string_view> pieces) override {
    std::array<char, SSL3_RT_MAX_PLAIN_LENGTH> gathered;
    std::size_t total = 0;
    while (total < kMostBytesPerCall) {
      const std::string_view record = next_record(pieces, total, gathered);
      if (record.empty()) break;
      ERR_clear_error();
      std::size_t bytes = 0;
      const int result = SSL_write_ex(ssl_.get(), record.data(), record.size(), &bytes);
      if (result != 1) {
        const IoResult stopped = state_of(result);
        return total > 0 && stopped.state != IoState::kBroken ? IoResult{IoState::kDone, total} : stopped;
      }
      total += bytes;
    }
    return {IoState::kDone, total};
  }

  void finish_sending() override {
    if (!broken_ && SSL_is_init_finished(ssl_.get()) == 1) {
      ERR_clear_error();
      SSL_shutdown(ssl_.get());
      ERR_clear_error();
    }
    ::shutdown(socket_, SHUT_WR);
  }
  bool has_buffered() const override { return SSL_pending(ssl_.get()) > 0; }
  const std::string& problem() const override { return problem_; }

 private:
  static constexpr std::size_t kMostBytesPerCall = std::size_t{256} << 10;

  // What one record carries of the pieces from `offset` on: a small piece goes together with those behind
  // it.
  static std::string_view next_record(std::span<const std::string_view> pieces, std::size_t offset,
                                      std::span<char> gathered) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (offset >= pieces[i].size()) {
        offset -= pieces[i].size();
        continue;
      }
      const std::string_view rest = pieces[i].substr(offset, gathered.size() - size);
      offset = 0;
      if (size == 0 && (rest.size() == gathered.size() || i + 1 == pieces.size())) return rest;
      std::memcpy(gathered.data() + size, rest.data(), rest.size());
      size += rest.size();
      if (size == gathered.size()) break;
    }
    return {gathered.data(), size};
  }

  IoResult state_of(int result) {
    const int system_error = errno;
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ: return {IoState::kWantRead};
      case SSL_ERROR_WANT_WRITE: return {IoState::kWantWrite};
      case SSL_ERROR_ZERO_RETURN: return {IoState::kEnd};
      default: break;
    }
    broken_ = true;
    if (const long verified = SSL_get_verify_result(ssl_.get()); verified != X509_V_OK)
      problem_ = std::string(kCertificateRefused) + ": " + X509_verify_cert_error_string(verified);
    else if (ERR_peek_error() != 0)
      problem_ = is_no_tls(ERR_peek_error()) ? std::string(kNoTls) : "TLS: " + take_tls_error();
    else
      problem_ = system_error != 0 ? std::generic_category().message(system_error)
                                   : std::string("the connection ended without notice");
    ERR_clear_error();
    return {IoState::kBroken};
  }

  const int socket_;
  const Ssl ssl_;
  bool broken_ = false;
  std::string problem_;
};

// Whom the certificate must be for. An IP address is no name to ask for.
bool expect_host(SSL* ssl, const std::string& host) {
  in6_addr ignored{};
  const bool is_address =
      ::inet_pton(AF_INET, host.c_str(), &ignored) == 1 || ::inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
  if (is_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

}  // namespace

std::unique_ptr<Transport> make_plain_transport(int socket) {
  return std::make_unique<PlainTransport>(socket);
}

Result<std::unique_ptr<Transport>> make_tls_transport(int socket, const TlsContext& context,
                                                      const std::string& host) {
  ERR_clear_error();
  // A session holds on to its context: a later one changes nothing for it.
  Ssl ssl(SSL_new(context.current().get()));
  BIO* const bio = ssl ? new_socket_bio(socket) : nullptr;
  if (bio == nullptr) return fail(Reason::kInternal, "TLS cannot be set up: " + take_tls_error());
  SSL_set_bio(ssl.get(), bio, bio);
  if (context.is_server()) {
    SSL_set_accept_state(ssl.get());
  } else {
    SSL_set_connect_state(ssl.get());
    // Without a name any server with any certificate would do.
    if (host.empty() || !expect_host(ssl.get(), host))
      return fail(Reason::kInvalidArgument, "a server's certificate cannot be checked without its name");
  }
  return std::unique_ptr<Transport>(std::make_unique<TlsTransport>(socket, std::move(ssl)));
}

}  // namespace slate::net
