// Probes and metrics, which every process that serves has.
#pragma once

#include <functional>
#include <string>

#include <slate/error.h>

#include "http/message.h"
#include "http/router.h"

namespace slate::api {

http::Response alive_response();
// Errors: unavailable, with why it is not.
Result<http::Response> ready_response(const Result<void>& ready);
http::Response metrics_response(std::string text);

// What a process tells that serves no other HTTP. Must outlive the server.
struct HealthSources {
  std::function<Result<void>()> ready;           // called on I/O threads: must not block
  std::function<Result<std::string>()> metrics;  // in Prometheus' text format; called on the pool
};

// /healthz, /readyz and /metrics, for everybody.
http::Router make_health_router(HealthSources sources);

}  // namespace slate::api
