#include "cli/listen_address.h"

#include <arpa/inet.h>
#include <charconv>
#include <netinet/in.h>

#include "model/name.h"

namespace slate::cli {
namespace {

constexpr std::string_view kHint = "use ADDRESS:PORT, such as 127.0.0.1:8080 or [::1]:8080";

Failure refuse(std::string_view text, std::string_view why) {
  return fail(Error(Reason::kInvalidArgument,
                    slate::quoted(text) + " is no address to listen on: " + std::string(why))
                  .with_hint(std::string(kHint)));
}

bool is_loopback_v4(const in_addr& address) { return (ntohl(address.s_addr) >> 24) == 127; }

bool is_loopback_v6(const in6_addr& address) {
  if (IN6_IS_ADDR_LOOPBACK(&address)) return true;
  return IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127;
}

}  // namespace

std::string ListenAddress::to_string() const {
  const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return shown + ":" + std::to_string(port);
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse(text, "it has no port");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);

  ListenAddress address;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size())
    return refuse(text, "the port is not 0 to 65535");

  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    address.host = host.substr(1, host.size() - 2);
    in6_addr v6{};
    if (::inet_pton(AF_INET6, address.host.c_str(), &v6) != 1)
      return refuse(text, "the brackets hold no IPv6 address");
    address.is_loopback = is_loopback_v6(v6);
    return address;
  }
  if (host.empty()) host = "0.0.0.0";
  if (host == "localhost") host = "127.0.0.1";
  if (host.find(':') != std::string_view::npos) return refuse(text, "an IPv6 address stands in brackets");
  address.host = host;
  in_addr v4{};
  if (::inet_pton(AF_INET, address.host.c_str(), &v4) != 1) return refuse(text, "the host is no IP address");
  address.is_loopback = is_loopback_v4(v4);
  return address;
}

}  // namespace slate::cli
