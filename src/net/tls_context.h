// Certificates and what is asked of the other side's, from files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <slate/error.h>

#include "net/secret_file.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace slate::net {

// Files are PEM.
struct TlsServerOptions {
  std::filesystem::path certificate;  // the server's own, then those that lead to its authority
  std::filesystem::path key;          // of the certificate; without a passphrase
  // When set, every client must show a certificate that one of these authorities issued (mutual TLS).
  std::filesystem::path client_ca{};
  std::vector<std::string> protocols{};  // ALPN: what is spoken here; empty: not negotiated
};

struct TlsClientOptions {
  std::filesystem::path ca{};           // authorities to trust, instead of the system's
  std::filesystem::path certificate{};  // to show to servers that ask for one; with its key
  std::filesystem::path key{};
  std::vector<std::string> protocols{};  // ALPN: what is offered
};

// What handshakes of one side are made with: TLS 1.2 or later, ciphers with forward secrecy and
// authentication only, no renegotiation. A client always verifies the server's certificate and name: there is
// no switch against it. When its files change, new handshakes use the new ones; connections that are open
// stay. New files that do not fit each other, or are broken, are logged, and those of before go on. Safe from
// any thread.
class TlsContext {
 public:
  // Errors: not_found and io of files; invalid_argument for what is in them, naming the file.
  static Result<std::shared_ptr<TlsContext>> server(TlsServerOptions options,
                                                    Reload reload = Reload::kWhenChanged);
  static Result<std::shared_ptr<TlsContext>> client(TlsClientOptions options,
                                                    Reload reload = Reload::kWhenChanged);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // For the next handshake. Belongs to this room.
  std::shared_ptr<ssl_ctx_st> current() const;
  bool is_server() const;
  // When the certificate that new handshakes show ends, in seconds since 1970; 0 for a client without one.
  std::int64_t not_after() const;
  // Whether clients must show a certificate.
  bool verifies_clients() const;

 private:
  struct Impl;
  explicit TlsContext(std::unique_ptr<Impl> impl);
  static Result<std::shared_ptr<TlsContext>> open(std::unique_ptr<Impl> impl, Reload reload);
  std::unique_ptr<Impl> impl_;
};

// What OpenSSL has to say about the last call that failed on this thread; empties its queue.
std::string take_tls_error();

}  // namespace slate::net
