// What classes that tell of metrics have in common.
#pragma once

#include <cstdint>
#include <exception>
#include <vector>

#include "base/log.h"

namespace prometheus {
struct MetricFamily;
}

namespace slate::api {

using MetricFamilies = std::vector<prometheus::MetricFamily>;

enum class MetricKind : std::uint8_t { kCounter, kGauge };

// Adds a family of one metric without labels.
void add_metric(MetricFamilies& families, const char* name, const char* help, MetricKind kind, double value);

// The same for any number, as add(name, help, kind, value). `families` must outlive it.
inline auto adder(MetricFamilies& families) {
  return [&families](const char* name, const char* help, MetricKind kind, auto value) {
    add_metric(families, name, help, kind, static_cast<double>(value));
  };
}

// Numbers are not worth a request: the library's exceptions end here.
template <typename Count>
void try_count(const Count& count) noexcept {
  try {
    count();
  } catch (const std::exception& problem) {
    log::error("a metric was lost", {{"reason", problem.what()}});
  }
}

// Of histograms of how long requests take, in seconds.
const std::vector<double>& request_buckets();

}  // namespace slate::api
