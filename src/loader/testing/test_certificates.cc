#include "base/testing/test_authority.h"
#include "loader/testing/scripted_loader.h"

namespace slate::testing {

TestCertificates make_certificates() {
  TestAuthority authority;
  TestCertificate server = authority.issue();
  return {.authority = authority.certificate(),
          .certificate = std::move(server.certificate),
          .private_key = std::move(server.key)};
}

}  // namespace slate::testing
