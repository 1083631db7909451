#include "net/tls_context.h"

#include <algorithm>
#include <ctime>
#include <mutex>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <optional>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/try.h"

namespace slate::net {
namespace {

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* thing) const {
    kFree(thing);
  }
};
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Memory = std::unique_ptr<BIO, Freer<BIO_free_all>>;

// TLS 1.3 has only such ciphers; these are those of TLS 1.2.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr std::string_view kSessionContext = "slate";

struct TextFile {
  std::filesystem::path path;
  std::string text;  // empty when there is no path
  bool operator==(const TextFile&) const = default;
};

struct Texts {
  TextFile certificate, key, authorities;
  bool operator==(const Texts&) const = default;
};

Error broken(const TextFile& file, std::string_view what) {
  return {Reason::kInvalidArgument,
          "'" + file.path.string() + "' " + std::string(what) + ": " + take_tls_error()};
}

// A key with a passphrase must fail, not ask on a terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

Memory memory_of(const std::string& text) {
  return Memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Result<std::vector<Certificate>> parse_certificates(const TextFile& file) {
  const Memory memory = memory_of(file.text);
  std::vector<Certificate> certificates;
  while (Certificate next{PEM_read_bio_X509(memory.get(), nullptr, no_passphrase, nullptr)})
    certificates.push_back(std::move(next));
  // The end of the text is an error, too: no further certificate begins.
  const auto error = ERR_peek_last_error();
  const bool at_end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (!at_end || certificates.empty()) return fail(broken(file, "holds no PEM certificates"));
  ERR_clear_error();
  return certificates;
}

std::string text_of(const ASN1_TIME* time) {
  const Memory memory(BIO_new(BIO_s_mem()));
  ASN1_TIME_print_ex(memory.get(), time, ASN1_DTFLGS_ISO8601);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

// Days from one time to another.
double days_between(const ASN1_TIME* from, const ASN1_TIME* to) {
  int days = 0;
  int seconds = 0;
  ASN1_TIME_diff(&days, &seconds, from, to);
  return days + seconds / 86'400.0;
}

// Seconds since 1970.
std::int64_t unix_seconds(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? ::timegm(&parts) : 0;
}

// A certificate with less than a tenth of its life ahead should have been replaced.
void tell_validity(const TextFile& file, X509* certificate) {
  const ASN1_TIME* end = X509_get0_notAfter(certificate);
  const double life = days_between(X509_get0_notBefore(certificate), end);
  const double left = days_between(nullptr, end);  // from now
  const log::Fields fields{{"file", file.path.string()}, {"valid_until", text_of(end)}};
  if (left < life / 10)
    log::warning("certificate read that ends soon, or has ended", fields);
  else
    log::info("certificate read", fields);
}

Result<void> use_certificate(SSL_CTX* context, const Texts& texts) {
  SLATE_TRY(auto chain, parse_certificates(texts.certificate));
  const Memory memory = memory_of(texts.key.text);
  const Key key(PEM_read_bio_PrivateKey(memory.get(), nullptr, no_passphrase, nullptr));
  if (!key) return fail(broken(texts.key, "holds no private key without a passphrase"));
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1)
    return fail(broken(texts.certificate, "cannot be used"));
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return fail(broken(texts.key, "is not the key of '" + texts.certificate.path.string() + "'"));
  for (auto each = chain.begin() + 1; each != chain.end(); ++each) {
    if (SSL_CTX_add1_chain_cert(context, each->get()) != 1)
      return fail(broken(texts.certificate, "cannot be used"));
  }
  tell_validity(texts.certificate, chain.front().get());
  return {};
}

Result<void> trust(SSL_CTX* context, const TextFile& authorities, bool is_server) {
  SLATE_TRY(const auto certificates, parse_certificates(authorities));
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const auto& each : certificates) {
    if (X509_STORE_add_cert(store, each.get()) != 1) return fail(broken(authorities, "cannot be used"));
    if (is_server && SSL_CTX_add_client_CA(context, each.get()) != 1)
      return fail(broken(authorities, "cannot be used"));
  }
  return {};
}

// As the handshake has it: each name with its length before it.
std::string alpn_form(const std::vector<std::string>& protocols) {
  std::string form;
  for (const std::string& name : protocols) {
    form += static_cast<char>(name.size());
    form += name;
  }
  return form;
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
                    unsigned offered_length, void* form) {
  const auto& ours = *static_cast<const std::string*>(form);
  // The library calls its output not const, and writes nothing through it.
  auto* out = const_cast<unsigned char**>(chosen);
  const int found = SSL_select_next_proto(out, length, reinterpret_cast<const unsigned char*>(ours.data()),
                                          static_cast<unsigned>(ours.size()), offered, offered_length);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

std::string take_tls_error() {
  const auto error = ERR_peek_last_error();
  ERR_clear_error();
  if (error == 0) return "no reason is known";
  const char* text = ERR_reason_error_string(error);
  return text != nullptr ? text : "error " + std::to_string(error);
}

struct TlsContext::Impl {
  bool is_server = false;
  bool verifies_clients = false;
  Texts files;  // paths; the texts are those that were read last
  bool tried = false;
  std::string protocols;  // in the form of the handshake

  mutable std::mutex mutex;  // guards context
  std::shared_ptr<ssl_ctx_st> context;
  std::mutex reading;                 // guards files and tried: one reads at a time
  std::optional<WatchedFiles> watch;  // last: its threads end first

  Result<std::shared_ptr<ssl_ctx_st>> make(const Texts& texts) const {
    ERR_clear_error();
    std::shared_ptr<SSL_CTX> made(SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method()),
                                  SSL_CTX_free);
    SSL_CTX* const raw = made.get();
    if (raw == nullptr || SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(raw, kCiphers) != 1)
      return fail(Reason::kInternal, "TLS cannot be set up: " + take_tls_error());
    SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    // Buffers of idle connections are given back; a write that was cut short may come again from elsewhere.
    SSL_CTX_set_mode(
        raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // Tickets resume sessions; the server keeps nothing of them.
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    if (!texts.certificate.path.empty()) {
      SLATE_TRY(use_certificate(raw, texts));
    }
    if (!texts.authorities.path.empty()) {
      SLATE_TRY(trust(raw, texts.authorities, is_server));
    } else if (!is_server && SSL_CTX_set_default_verify_paths(raw) != 1) {
      return fail(Reason::kIo, "the system's authorities cannot be read: " + take_tls_error());
    }
    if (is_server)
      set_up_server(raw);
    else
      set_up_client(raw);
    ERR_clear_error();
    return made;
  }

  void set_up_server(SSL_CTX* raw) const {
    if (verifies_clients) SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_session_id_context(raw, reinterpret_cast<const unsigned char*>(kSessionContext.data()),
                                   kSessionContext.size());
    if (!protocols.empty())
      SSL_CTX_set_alpn_select_cb(raw, choose_protocol, const_cast<std::string*>(&protocols));
  }

  void set_up_client(SSL_CTX* raw) const {
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
    if (!protocols.empty())
      SSL_CTX_set_alpn_protos(raw, reinterpret_cast<const unsigned char*>(protocols.data()),
                              static_cast<unsigned>(protocols.size()));
  }

  Result<void> read() {
    const std::scoped_lock lock(reading);
    Texts texts = files;
    for (TextFile* file : {&texts.certificate, &texts.authorities})
      if (!file->path.empty()) {
        SLATE_TRY(file->text, read_public_file(file->path));
      }
    if (!texts.key.path.empty()) {
      SLATE_TRY(texts.key.text, read_secret_file(texts.key.path));
    }
    if (std::exchange(tried, true) && texts == files) return {};
    files = std::move(texts);
    SLATE_TRY(auto made, make(files));
    const std::scoped_lock swap(mutex);
    context = std::move(made);
    return {};
  }

  void read_again() {
    if (const auto done = read(); !done)
      log::error("the certificates of before stay", {{"error", done.error().to_string()}});
  }
};

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() { impl_->watch.reset(); }

Result<std::shared_ptr<TlsContext>> TlsContext::open(std::unique_ptr<Impl> impl, Reload reload) {
  Impl& opened = *impl;
  std::shared_ptr<TlsContext> context(new TlsContext(std::move(impl)));
  std::vector<std::filesystem::path> paths;
  for (const TextFile* file : {&opened.files.certificate, &opened.files.key, &opened.files.authorities})
    if (!file->path.empty()) paths.push_back(file->path);
  // Watched before they are read, so that no change falls between the two.
  if (reload == Reload::kWhenChanged && !paths.empty()) {
    SLATE_TRY(opened.watch, WatchedFiles::watch(paths, [&opened] { opened.read_again(); }));
  }
  SLATE_TRY(opened.read());
  // A change may have come before the first reading, which then did nothing more.
  if (context->current() == nullptr)
    return fail(Reason::kInvalidArgument, "the certificates changed while they were read");
  return context;
}

Result<std::shared_ptr<TlsContext>> TlsContext::server(TlsServerOptions options, Reload reload) {
  auto impl = std::make_unique<Impl>();
  impl->is_server = true;
  impl->verifies_clients = !options.client_ca.empty();
  impl->files = {.certificate = {std::move(options.certificate), {}},
                 .key = {std::move(options.key), {}},
                 .authorities = {std::move(options.client_ca), {}}};
  impl->protocols = alpn_form(options.protocols);
  return open(std::move(impl), reload);
}

Result<std::shared_ptr<TlsContext>> TlsContext::client(TlsClientOptions options, Reload reload) {
  auto impl = std::make_unique<Impl>();
  impl->files = {.certificate = {std::move(options.certificate), {}},
                 .key = {std::move(options.key), {}},
                 .authorities = {std::move(options.ca), {}}};
  impl->protocols = alpn_form(options.protocols);
  return open(std::move(impl), reload);
}

std::int64_t TlsContext::not_after() const {
  const auto context = current();
  const X509* certificate = SSL_CTX_get0_certificate(context.get());
  return certificate == nullptr ? 0 : unix_seconds(X509_get0_notAfter(certificate));
}

std::shared_ptr<ssl_ctx_st> TlsContext::current() const {
  const std::scoped_lock lock(impl_->mutex);
  return impl_->context;
}
bool TlsContext::is_server() const { return impl_->is_server; }
bool TlsContext::verifies_clients() const { return impl_->verifies_clients; }

}  // namespace slate::net
