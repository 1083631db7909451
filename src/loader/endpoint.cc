#include "loader/endpoint.h"

namespace slate {
namespace {

constexpr std::string_view kPlainScheme = "grpc://";
constexpr std::string_view kTlsScheme = "grpcs://";

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  Endpoint endpoint;
  if (text.starts_with(kTlsScheme)) {
    endpoint = {Transport::kTls, std::string(text.substr(kTlsScheme.size()))};
  } else if (text.starts_with(kPlainScheme)) {
    endpoint = {Transport::kPlain, std::string(text.substr(kPlainScheme.size()))};
  }
  const auto colon = endpoint.address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == endpoint.address.size() ||
      endpoint.address.find('/') != std::string::npos)
    return fail(Reason::kLoaderFailed, "loader.endpoint: expected grpc://host:port or grpcs://host:port");
  return endpoint;
}

}  // namespace slate
