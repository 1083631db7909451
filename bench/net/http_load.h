// A load generator for one HTTP server: one thread, many connections.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <slate/error.h>

#include "bench/net/latencies.h"

namespace slate::bench::network {

// From this process's loopback: 127.0.0.1 and its neighbours are clients of their own to a server.
struct LoadTarget {
  std::uint16_t port = 0;
  std::vector<std::string> requests;  // whole ones, that want the connection kept; sent in turn
};

struct LoadOptions {
  std::size_t connections = 32;
  // Addresses that they come from: 127.0.0.1, 127.0.0.2, ... in turn.
  std::size_t addresses = 1;
  // Requests a second, at random times that do not depend on the answers, as from many people who know
  // nothing of each other; each is sent on a connection that is free, or waits for one. 0: each connection
  // sends its next request when it has its answer.
  double rate = 0;
  std::chrono::milliseconds duration{1'000};
  // How long a request may wait for a connection that is free, and all in all for its answer.
  std::chrono::milliseconds send_within{5'000};
  std::chrono::milliseconds patience{5'000};
  // Called about ten times a second; false ends the run.
  std::function<bool()> on_tick{};
};

struct LoadResult {
  std::uint64_t due = 0;                 // requests whose time came
  std::uint64_t unsent = 0;              // of them, those that no connection became free for in time
  std::map<int, std::uint64_t> answers;  // by status
  std::uint64_t late = 0;                // 200s among them that came after the patience was over
  std::uint64_t broken = 0;              // connections that ended without the answer that was due
  std::uint64_t refused = 0;             // connections that could not be made
  std::uint64_t bytes = 0;               // received
  std::chrono::duration<double> time{0};
  double busy = 0;      // share of the time that this thread computed: near 1 it is what is measured
  Latencies latencies;  // of 200s (or 304s), from when their time came

  std::uint64_t good() const;  // 200s and 304s in time
  double good_per_second() const;
};

// Errors: io when there are too few descriptors or ports; unavailable when no connection can be made at all.
Result<LoadResult> run_load(const LoadTarget& target, const LoadOptions& options);

// A GET as it is sent, with more header lines, each with its line end.
std::string get_request(std::string_view path, std::string_view headers = {});

}  // namespace slate::bench::network
