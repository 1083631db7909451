// Certificates for tests, made when they run: no key is in the repository.
#pragma once

#include <memory>
#include <string>

namespace slate::testing {

// PEM texts.
struct TestCertificate {
  std::string certificate;
  std::string key;
};

enum class TestUsage { kServer, kClient };

struct TestCertificateOptions {
  std::string name = "localhost";                           // common name
  std::string alternatives = "DNS:localhost,IP:127.0.0.1";  // subjectAltName; empty: none
  TestUsage usage = TestUsage::kServer;
  long valid_from_hours = -1;  // from now
  long valid_until_hours = 24;
};

// An authority of its own: what it issues is trusted by who trusts its certificate.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name = "Slate test authority");
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  const std::string& certificate() const { return certificate_; }
  TestCertificate issue(const TestCertificateOptions& options = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string certificate_;
};

}  // namespace slate::testing
