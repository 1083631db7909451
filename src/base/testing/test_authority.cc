#include "base/testing/test_authority.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/check.h"

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

// Without an issuer and a signature yet.
Certificate make_blank(const std::string& name, EVP_PKEY* key, long serial, long from_hours,
                       long until_hours) {
  Certificate certificate(X509_new());
  check(certificate != nullptr, "a certificate for tests");
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from_hours * kHour);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until_hours * kHour);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
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

struct TestAuthority::Impl {
  Key key = make_key();
  Certificate certificate;
  long last_serial = 1;
};

TestAuthority::TestAuthority(const std::string& name) : impl_(std::make_unique<Impl>()) {
  impl_->certificate = make_blank(name, impl_->key.get(), 1, -1, 24);
  X509* const self = impl_->certificate.get();
  X509_set_issuer_name(self, X509_get_subject_name(self));
  add_extension(self, self, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign");
  check(X509_sign(self, impl_->key.get(), EVP_sha256()) > 0, "a signature for tests");
  certificate_ = pem_of(self);
}

TestAuthority::~TestAuthority() = default;

TestCertificate TestAuthority::issue(const TestCertificateOptions& options) {
  const Key key = make_key();
  const Certificate made = make_blank(options.name, key.get(), ++impl_->last_serial, options.valid_from_hours,
                                      options.valid_until_hours);
  X509* const authority = impl_->certificate.get();
  X509_set_issuer_name(made.get(), X509_get_subject_name(authority));
  if (!options.alternatives.empty())
    add_extension(made.get(), authority, NID_subject_alt_name, options.alternatives.c_str());
  add_extension(made.get(), authority, NID_ext_key_usage,
                options.usage == TestUsage::kServer ? "serverAuth" : "clientAuth");
  check(X509_sign(made.get(), impl_->key.get(), EVP_sha256()) > 0, "a signature for tests");
  return {.certificate = pem_of(made.get()), .key = pem_of(key.get())};
}

}  // namespace slate::testing
