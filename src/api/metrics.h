// What /metrics tells.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <slate/database.h>
#include <slate/pool.h>

#include "api/metric_families.h"
#include "api/page_cache.h"
#include "http/server.h"
#include "loader/refresher.h"
#include "net/blocking_pool.h"
#include "net/tls_context.h"

namespace slate::api {

// How the program was built.
struct BuildInfo {
  std::string version = "unknown";
  std::string build_type = "unknown";
  std::string compiler = "unknown";
};

// What is read when somebody asks. A member that is not there tells nothing.
struct MetricSources {
  Database* database = nullptr;
  const Refresher* refresher = nullptr;
  const net::BlockingPool* pool = nullptr;
  std::function<std::size_t()> connections{};  // of HTTP, that are open now
  const PageCache* pages = nullptr;
  std::function<ClientPoolStats()> clients{};  // connections to a database elsewhere
  const net::TlsContext* certificate = nullptr;
  std::function<void(MetricFamilies&)> more{};  // adds what this room does not know of
};

// Every metric, with its labels, is in the table of docs/metrics.md, which a test compares with what is told.
// Safe from any thread.
class Metrics {
 public:
  explicit Metrics(BuildInfo build = {});
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // For http::ServerOptions::observer and RefresherOptions; this must outlive them.
  std::function<void(const http::Served&)> request_observer();
  std::function<void(const EndedAttempt&)> attempt_observer();
  std::function<void(const LoadStatus&)> refresh_observer();

  // All of it in Prometheus' text format. While the database cannot be reached, all but what it tells of
  // datasources.
  Result<std::string> render(const MetricSources& sources) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slate::api
