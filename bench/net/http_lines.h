// The HTTP API beside nginx, which serves the same bytes.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>

#include "bench/net/http_load.h"
#include "bench/net/placement.h"

namespace slate::bench::network {

struct HttpLine {
  std::string what;
  double capacity = 0;  // requests a second, the median of the turns
  double busy = 0;      // of the load generator, in the turn of the median
  // At half of the capacity, from when a request's time has come: medians of the turns' quantiles.
  double half_rate = 0;
  Latencies::Duration median{0};
  Latencies::Duration p99{0};
  Latencies::Duration worst_p99{0};  // of a turn
};

struct HttpResult {
  std::size_t body_bytes = 0;
  std::vector<HttpLine> lines;  // nginx first, then the page as most callers get it
};

struct HttpOptions {
  std::string slate;  // programs
  std::string nginx;
  std::filesystem::path data;  // filled
  std::filesystem::path scratch;
  std::size_t turns = 7;
  std::chrono::milliseconds turn{2'000};
  std::function<void(std::string_view)> progress;
};

// Servers on one half of the processors, the load generator on the other. They take turns at their capacity,
// and then at half of it each. Errors: internal when an answer is another than it should be.
Result<HttpResult> compare_http(const HttpOptions& options, const Placement& placement);

// The whole answer to a GET. Errors: internal unless it is 200.
struct Fetched {
  std::string body;
  std::string etag;
};
Result<Fetched> fetch_page(std::uint16_t port, std::string_view path);

}  // namespace slate::bench::network
