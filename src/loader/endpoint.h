// Where a loader listens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <slate/error.h>

namespace slate {

enum class Transport : std::uint8_t { kPlain, kTls };

struct Endpoint {
  Transport transport = Transport::kPlain;
  std::string address;  // "host:port"; an IPv6 host in brackets
};

// Splits what validate(Datasource) accepts: grpc://host:port or grpcs://host:port.
// Errors: loader_failed for another scheme or no host and port.
Result<Endpoint> parse_endpoint(std::string_view text);

}  // namespace slate
