// What /metrics tells.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <slate/database.h>

#include "api/page_cache.h"
#include "http/server.h"
#include "lists/refresh_target.h"

namespace slate::api {

// slate_http_requests_total{route,method,status}        counter
// slate_http_request_duration_seconds{route,method}     histogram
// slate_http_response_bytes_total{route}                counter
// slate_load_attempts_total{datasource,result}          counter; result: published or given_up
// slate_loaded_rows_total{datasource}                   counter
// slate_datasource_rows, _bytes, _generation, _data_version, _loaded_at_seconds {datasource}
//                                                       gauges, read from the database when asked
// slate_answer_cache_hits_total, _misses_total          counters
// slate_answer_cache_bytes, _entries                    gauges
// Safe from any thread.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // For ServerOptions::observer and DatabaseTarget; this must outlive both.
  std::function<void(const http::Served&)> request_observer();
  DatabaseTarget::Observer attempt_observer();

  // All of it in Prometheus' text format.
  Result<std::string> render(Database& database, const PageCacheStats& cache) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slate::api
