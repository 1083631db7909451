#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <slate/error.h>

namespace slate::cli {

struct ListenAddress {
  std::string host;        // IPv4 or IPv6, without brackets
  std::uint16_t port = 0;  // 0: any that is free
  bool is_loopback = false;

  // "127.0.0.1:8080", "[::1]:8080".
  std::string to_string() const;
  bool operator==(const ListenAddress&) const = default;
};

// "127.0.0.1:8080", "[::1]:8080", "localhost:8080", ":8080" (every IPv4 address). Other host names are
// refused: what they stand for may change. Errors: invalid_argument.
Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace slate::cli
