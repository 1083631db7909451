#include "api/metric_families.h"

#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>
#include <utility>

namespace slate::api {

void add_metric(MetricFamilies& families, const char* name, const char* help, MetricKind kind, double value) {
  prometheus::ClientMetric metric;
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  if (kind == MetricKind::kCounter) {
    family.type = prometheus::MetricType::Counter;
    metric.counter.value = value;
  } else {
    family.type = prometheus::MetricType::Gauge;
    metric.gauge.value = value;
  }
  family.metric.push_back(std::move(metric));
  families.push_back(std::move(family));
}

const std::vector<double>& request_buckets() {
  static const std::vector<double> buckets{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                           0.05,   0.1,     0.25,   0.5,   1,      2.5,   10,   60};
  return buckets;
}

}  // namespace slate::api
