#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace slate::http {

// Where a handler runs.
enum class Run : std::uint8_t {
  kPool,        // on the blocking pool, unless too many calls wait there
  kPoolAlways,  // on the pool in every case: for the few calls that tell how it goes when it is overloaded
  kInline,      // at once on the I/O thread: for answers that take microseconds and never block
};

struct Route {
  Method method = Method::kGet;
  std::string pattern;  // "/v1/lists/{id}/data"
  std::vector<std::string> segments;
  Handler handler;
  Run run = Run::kPool;
  AtOnce at_once{};  // asked first, for requests without a body to decode; may be empty
};

// Finds the handler for a path. Filled before the server starts, then only read, by any number of threads.
class Router {
 public:
  struct Match {
    const Route* route = nullptr;  // null: see `allow`; lives as long as the router
    NamedValues params;
    std::string allow;  // "GET, HEAD, OPTIONS": what the path takes; empty when there is no such path
  };

  // A pattern is literal segments and {names} that stand for one segment each, never an empty one.
  // REQUIRES: the pattern begins with / and is not taken: neither for that method nor by another set of
  // names.
  void add(Method method, std::string pattern, Handler handler, Run run = Run::kPool, AtOnce at_once = {});
  // Literal segments win over names, from the left; GET routes serve HEAD. An empty method is one that Slate
  // does not know. O(routes).
  Match match(std::optional<Method> method, std::span<const std::string> segments) const;
  // In the order they were added.
  std::span<const Route> routes() const { return routes_; }
  // For "OPTIONS *".
  std::string all_methods() const;

 private:
  std::vector<Route> routes_;
};

}  // namespace slate::http
