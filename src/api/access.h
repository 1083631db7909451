// Who may call what.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "http/message.h"

namespace slate::api {

// What a call is for.
enum class Access : std::uint8_t {
  kOpen,     // everybody: probes
  kLists,    // readers of lists
  kMetrics,  // the same, but where operators look for it
  kAdministration,
};

enum class Served : std::uint8_t { kNo, kYes };

// Whom administration is open to where it asks for no token. A web page that is open in a browser on this
// machine reaches loopback, too: it is told by its Origin, or by a Host that is a name and not an address.
enum class OpenTo : std::uint8_t { kThisMachine, kHoldersOfCertificates };

// Of one port. Tokens come in `Slate-Token: <token>` or `Authorization: Bearer <token>`. A token for
// administration opens everything else, too.
struct AccessRules {
  // Whether a token is one of those that open. Must take as long for every text of one length. Empty: none is
  // asked for.
  using Tokens = std::function<bool(std::string_view token)>;

  Tokens list_tokens{};
  Tokens admin_tokens{};  // empty: administration is open, which only loopback or mutual TLS should let it be
  OpenTo open_to = OpenTo::kThisMachine;
  Served metrics = Served::kYes;
  Served administration = Served::kYes;
};

// The refusal of a request that may not go on: unauthenticated without a token that opens anything,
// permission_denied with one that does not open this, and for web pages of others, invalid_argument for a
// header of credentials that comes twice. Tokens of ours are taken out: what goes on must not have them.
std::optional<http::Response> check_access(const AccessRules& rules, Access access, http::Headers& headers);
// Whether it would not refuse. Leaves the headers as they are.
bool has_access(const AccessRules& rules, Access access, const http::Headers& headers);
// Whether a header of this name may be a token of ours, which only check_access() tells from one of others.
bool may_be_token(const AccessRules& rules, std::string_view header);

}  // namespace slate::api
