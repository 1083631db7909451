// Who may come in, of verbs that listen: TLS, tokens, connections.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <slate/error.h>

#include "cli/command_line.h"
#include "cli/listen_address.h"
#include "net/client_limiter.h"
#include "net/tls_context.h"
#include "net/token_file.h"

namespace slate::cli {

// invalid_argument for what a flag was given. `hint`: what to give instead.
Failure refuse_flag(std::string flag, std::string message, std::string hint);

// Files are PEM.
struct TlsOptions {
  std::string certificate, key;  // empty: no TLS
  std::string client_ca;         // empty: clients need no certificate

  bool is_on() const { return !certificate.empty(); }
  bool is_mutual() const { return !client_ca.empty(); }
  bool operator==(const TlsOptions&) const = default;
};

// --tls-cert, --tls-key and --tls-client-ca. `what` is served under TLS: "HTTPS instead of HTTP".
void add_tls_options(CommandLine& command_line, std::string_view what, TlsOptions& options);
// invalid_argument, naming the flag, when one of what goes together is missing.
Result<void> check_tls(const TlsOptions& options);
// Null without TLS. `protocol`: its name in ALPN. Errors: those of the files.
Result<std::shared_ptr<net::TlsContext>> open_tls(const TlsOptions& options, std::string_view protocol);

struct ConnectionOptions {
  std::uint64_t most = 10'000;
  std::uint64_t most_of_client = 2'000;  // of one address; 0: no limit

  bool operator==(const ConnectionOptions&) const = default;
};

// --max-connections and --max-client-connections. `beyond`: what becomes of the others, as in "more get 503".
void add_connection_options(CommandLine& command_line, std::string_view beyond,
                            std::string_view beyond_client, ConnectionOptions& options);

// Null for an empty name. Errors: those of TokenFile.
Result<std::unique_ptr<net::TokenFile>> open_tokens(const std::string& file);
// Empty where there are none. The tokens must outlive it.
std::function<bool(std::string_view)> accepted_by(const std::unique_ptr<net::TokenFile>& tokens);
void warn_of_open_tokens();

}  // namespace slate::cli
