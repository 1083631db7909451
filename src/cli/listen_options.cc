#include "cli/listen_options.h"

#include <fmt/format.h>
#include <utility>

#include "base/log.h"

namespace slate::cli {

Failure refuse_flag(std::string flag, std::string message, std::string hint) {
  return fail(Error(Reason::kInvalidArgument, std::move(message))
                  .with_field(std::move(flag))
                  .with_hint(std::move(hint)));
}

void add_tls_options(CommandLine& command_line, std::string_view what, TlsOptions& options) {
  const auto file = [&](const char* flag, std::string help, std::string& target) {
    command_line.option({.flags = flag, .value = "FILE", .help = std::move(help), .default_text = "none"},
                        target);
  };
  file("--tls-cert",
       fmt::format("Certificate (PEM), with those that lead to its authority: {}. Read again\n"
                   "when it changes, as all of these files",
                   what),
       options.certificate);
  file("--tls-key", "Its private key (PEM)", options.key);
  file("--tls-client-ca", "Authorities (PEM) of clients' certificates, which every client must then show",
       options.client_ca);
}

Result<void> check_tls(const TlsOptions& options) {
  if (options.certificate.empty() != options.key.empty())
    return refuse_flag(options.certificate.empty() ? "--tls-cert" : "--tls-key",
                       "a certificate and its key go together", "give --tls-cert and --tls-key");
  if (options.is_mutual() && !options.is_on())
    return refuse_flag("--tls-client-ca", "certificates of clients are asked for under TLS only",
                       "give --tls-cert and --tls-key");
  return {};
}

Result<std::shared_ptr<net::TlsContext>> open_tls(const TlsOptions& options, std::string_view protocol) {
  if (!options.is_on()) return std::shared_ptr<net::TlsContext>();
  return net::TlsContext::server({.certificate = options.certificate,
                                  .key = options.key,
                                  .client_ca = options.client_ca,
                                  .protocols = {std::string(protocol)}});
}

void add_connection_options(CommandLine& command_line, std::string_view beyond,
                            std::string_view beyond_client, ConnectionOptions& options) {
  command_line.option(
      {.flags = "--max-connections", .value = "N", .help = fmt::format("Open connections; more {}", beyond)},
      options.most, 1, 1'000'000);
  command_line.option(
      {.flags = "--max-client-connections",
       .value = "N",
       .help = fmt::format("Open connections of one client's address; more {}. 0: no limit", beyond_client)},
      options.most_of_client, 0, 1'000'000);
}

Result<std::unique_ptr<net::TokenFile>> open_tokens(const std::string& file) {
  if (file.empty()) return std::unique_ptr<net::TokenFile>();
  return net::TokenFile::open(file);
}

std::function<bool(std::string_view)> accepted_by(const std::unique_ptr<net::TokenFile>& tokens) {
  if (!tokens) return {};
  return [tokens = tokens.get()](std::string_view token) { return tokens->accepts(token); };
}

void warn_of_open_tokens() {
  log::warning("tokens cross the network in the clear: give --tls-cert, or put TLS in front");
}

}  // namespace slate::cli
