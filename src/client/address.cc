#include "client/address.h"

#include <charconv>

#include "base/try.h"
#include "model/name.h"

namespace slate::client {
namespace {

Failure bad_address(std::string_view text, const char* problem) {
  return fail(Error(Reason::kInvalidArgument, quoted(text) + " is no address of a server: " + problem)
                  .with_hint("write it as db:9600 or [::1]:9600"));
}

}  // namespace

std::string Address::to_string() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> parse_address(std::string_view text) {
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return bad_address(text, "a bracket is not closed");
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && !rest.starts_with(':')) return bad_address(text, "after the bracket comes :PORT");
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    if (text.find(':', colon + 1) != std::string_view::npos)
      return bad_address(text, "an IPv6 address stands in brackets");
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  if (host.empty()) return bad_address(text, "the host is missing");
  if (host.find_first_of(" \t/") != std::string_view::npos) return bad_address(text, "the host is malformed");
  Address address{.host = std::string(host), .port = kDefaultPort};
  if (!has_port) return address;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size() || address.port == 0)
    return bad_address(text, "the port is a number from 1 to 65535");
  return address;
}

Result<std::vector<Address>> parse_addresses(std::string_view text) {
  std::vector<Address> addresses;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string_view one = text.substr(begin, end - begin);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    SLATE_TRY(Address address, parse_address(one));
    addresses.push_back(std::move(address));
    begin = end + 1;
  }
  return addresses;
}

}  // namespace slate::client
