// What the TCP protocol costs beside the embedded database.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>

#include "bench/net/placement.h"

namespace slate::bench::network {

// Medians, in microseconds.
struct TcpLine {
  std::string what;
  double embedded = 0;  // 0: there is no such
  double tcp = 0;
  double goal = 0;  // what `tcp` may be at most; 0: none is set
  std::string goal_text{};
};

struct TcpResult {
  std::string placement;  // for people
  double round_trip = 0;
  std::vector<TcpLine> lines;
};

struct TcpOptions {
  std::string program;         // slate
  std::filesystem::path data;  // filled
  std::size_t records = 0;
  std::size_t turns = 15;
  std::function<void(std::string_view)> progress;
};

// The client, and the embedded database, on `client`; `slate db` and the other end of the round trip on
// `server`. All take turns: round trip, embedded, TCP, and again. Every cell is read, and both answers are
// the same.
Result<TcpResult> compare_tcp(const TcpOptions& options, std::string placement, const Processors& server,
                              const Processors& client);

}  // namespace slate::bench::network
