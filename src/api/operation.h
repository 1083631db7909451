// What a call of the API is, said once: requests are read by it, and the OpenAPI document is made from it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <slate/error.h>

#include "api/access.h"
#include "http/message.h"

namespace slate::api {

enum class In : std::uint8_t { kPath, kQuery, kHeader };
enum class ParameterType : std::uint8_t {
  kText,
  kNumber,  // whole, from `least` to `most`
  kFlag,    // true or false; without a value true
  kWord,    // one of `words`
};

struct Parameter {
  std::string_view name;
  std::string_view doc;  // one sentence or two
  In in = In::kQuery;
  ParameterType type = ParameterType::kText;
  std::uint64_t least = 0;
  std::uint64_t most = UINT64_MAX;
  std::string_view words{};   // separated by blanks
  std::string_view absent{};  // what it is when it does not come; empty: the doc says
};

// A body: its media type, and its schema by name among those of openapi/schemas.h; empty: text.
struct Content {
  std::string_view media_type;
  std::string_view schema{};
};

struct Reply {
  int status = 200;
  std::string_view doc;
  std::vector<Content> content{};
  std::vector<std::string_view> headers{};    // always there
  std::vector<std::string_view> sometimes{};  // headers that may be there
};

// Whether parameters that are not declared are conditions on fields: query/url_query.h.
enum class Conditions : std::uint8_t { kRefused, kTaken };

struct Operation {
  http::Method method = http::Method::kGet;
  std::string_view path;  // as a route's pattern
  std::string_view id;    // unique, camelCase
  std::string_view group;
  std::string_view summary;
  Access access = Access::kLists;
  Conditions conditions = Conditions::kRefused;
  std::vector<const Parameter*> parameters{};
  std::vector<Content> body{};
  std::vector<Reply> replies{};
  std::vector<Reason> problems{};  // beside those that every call may have
};

}  // namespace slate::api
