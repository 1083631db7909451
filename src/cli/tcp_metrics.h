// What /metrics tells of a TCP server, on top of what api::Metrics does: slate_tcp_... of docs/metrics.md.
#pragma once

#include <functional>
#include <memory>

#include "api/metric_families.h"
#include "server/server.h"

namespace slate::cli {

// Safe from any thread.
class TcpMetrics {
 public:
  TcpMetrics();
  ~TcpMetrics();
  TcpMetrics(const TcpMetrics&) = delete;
  TcpMetrics& operator=(const TcpMetrics&) = delete;

  // For server::ServerOptions; this must outlive the server.
  std::function<void(const server::Answered&)> observer();
  // For api::MetricSources: `now` of the server, and the requests that were answered so far.
  void add(api::MetricFamilies& families, const server::ServerStats& now) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slate::cli
