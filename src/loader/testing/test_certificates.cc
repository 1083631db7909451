#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string>

#include "base/check.h"
#include "loader/testing/scripted_loader.h"

namespace slate::testing {
namespace {

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* thing) const {
    kFree(thing);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Memory = std::unique_ptr<BIO, Freer<BIO_free_all>>;

constexpr long kHour = 3600;

Key make_key() {
  Key key(EVP_EC_gen("P-256"));
  check(key != nullptr, "a key for tests");
  return key;
}

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  check(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1,
        "an extension for tests");
}

// Signed by `issuer`, or by itself when that is null.
Certificate make_certificate(const char* name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key,
                             long serial) {
  Certificate certificate(X509_new());
  check(certificate != nullptr, "a certificate for tests");
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -kHour);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 24 * kHour);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509* const signer = issuer != nullptr ? issuer : certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
  if (issuer == nullptr) {
    add_extension(certificate.get(), signer, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate.get(), signer, NID_key_usage, "critical,keyCertSign,cRLSign");
  } else {
    add_extension(certificate.get(), signer, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  }
  check(X509_sign(certificate.get(), issuer_key, EVP_sha256()) > 0, "a signature for tests");
  return certificate;
}

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}
std::string pem_of(X509* certificate) {
  const Memory memory(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_X509(memory.get(), certificate) == 1, "a certificate as PEM");
  return text_of(memory.get());
}
std::string pem_of(EVP_PKEY* key) {
  const Memory memory(BIO_new(BIO_s_mem()));
  check(PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
        "a key as PEM");
  return text_of(memory.get());
}

}  // namespace

TestCertificates make_certificates() {
  const Key authority_key = make_key();
  const Certificate authority =
      make_certificate("Slate test authority", authority_key.get(), nullptr, authority_key.get(), 1);
  const Key server_key = make_key();
  const Certificate server =
      make_certificate("localhost", server_key.get(), authority.get(), authority_key.get(), 2);
  return {.authority = pem_of(authority.get()),
          .certificate = pem_of(server.get()),
          .private_key = pem_of(server_key.get())};
}

}  // namespace slate::testing
