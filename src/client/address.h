#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>

namespace slate::client {

// Where a server is: a name or an IP address, IPv6 without brackets.
struct Address {
  std::string host;
  std::uint16_t port = 0;

  // "db:9600", "[::1]:9600".
  std::string to_string() const;
  bool operator==(const Address&) const = default;
};

inline constexpr std::uint16_t kDefaultPort = 9600;

// "db:9600", "db" (port 9600), "[::1]:9600". Errors: invalid_argument.
Result<Address> parse_address(std::string_view text);
// Several, between commas; at least one.
Result<std::vector<Address>> parse_addresses(std::string_view text);

}  // namespace slate::client
