#include "api/metrics.h"

#include <exception>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/try.h"

namespace slate::api {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildHistogram;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Histogram;

const Histogram::BucketBoundaries& seconds_buckets() {
  static const Histogram::BucketBoundaries buckets{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                   0.05,   0.1,     0.25,   0.5,   1,      2.5,   10,   60};
  return buckets;
}

struct Gauges {
  std::string name;
  std::string help;
  std::optional<double> (*read)(const DatasourceStatus&);
};

const std::vector<Gauges>& datasource_gauges() {
  static const std::vector<Gauges> gauges{
      {"slate_datasource_rows", "Records in the live generation.",
       [](const DatasourceStatus& status) { return std::optional(static_cast<double>(status.data.rows)); }},
      {"slate_datasource_bytes", "Size of the live generation's file.",
       [](const DatasourceStatus& status) { return std::optional(static_cast<double>(status.bytes)); }},
      {"slate_datasource_generation", "Number of the live generation.",
       [](const DatasourceStatus& status) {
         return std::optional(static_cast<double>(status.data.generation));
       }},
      {"slate_datasource_data_version", "Commits to the live generation.",
       [](const DatasourceStatus& status) {
         return std::optional(static_cast<double>(status.data.data_version));
       }},
      {"slate_datasource_loaded_at_seconds", "When the load of the live generation began, since 1970.",
       [](const DatasourceStatus& status) -> std::optional<double> {
         if (!status.data.loaded_at) return std::nullopt;
         return static_cast<double>(*status.data.loaded_at) / 1000;
       }},
  };
  return gauges;
}

prometheus::MetricFamily collect(const Gauges& gauge, const std::vector<DatasourceStatus>& datasources) {
  prometheus::MetricFamily family;
  family.name = gauge.name;
  family.help = gauge.help;
  family.type = prometheus::MetricType::Gauge;
  for (const DatasourceStatus& status : datasources) {
    const auto value = gauge.read(status);
    if (!value) continue;
    prometheus::ClientMetric metric;
    metric.label.push_back({"datasource", status.datasource.id});
    metric.gauge.value = *value;
    family.metric.push_back(std::move(metric));
  }
  return family;
}

void add_cache(std::vector<prometheus::MetricFamily>& families, const PageCacheStats& cache) {
  const auto add = [&](const char* name, const char* help, prometheus::MetricType type, std::uint64_t value) {
    prometheus::MetricFamily& family = families.emplace_back();
    family.name = name;
    family.help = help;
    family.type = type;
    prometheus::ClientMetric& metric = family.metric.emplace_back();
    (type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) =
        static_cast<double>(value);
  };
  constexpr auto kCounter = prometheus::MetricType::Counter;
  constexpr auto kGauge = prometheus::MetricType::Gauge;
  add("slate_answer_cache_hits_total", "Answers that were there already.", kCounter, cache.hits);
  add("slate_answer_cache_misses_total", "Answers that had to be made.", kCounter, cache.misses);
  add("slate_answer_cache_bytes", "Bytes of the answers that are kept.", kGauge, cache.bytes);
  add("slate_answer_cache_entries", "Answers that are kept.", kGauge, cache.entries);
}

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  Family<Counter>& requests =
      BuildCounter().Name("slate_http_requests_total").Help("Answered HTTP requests.").Register(registry);
  Family<Histogram>& durations = BuildHistogram()
                                     .Name("slate_http_request_duration_seconds")
                                     .Help("From the first byte of a request to the last of its answer.")
                                     .Register(registry);
  Family<Counter>& bytes = BuildCounter()
                               .Name("slate_http_response_bytes_total")
                               .Help("Bytes of answers, heads included.")
                               .Register(registry);
  Family<Counter>& attempts = BuildCounter()
                                  .Name("slate_load_attempts_total")
                                  .Help("Ended attempts to load a datasource.")
                                  .Register(registry);
  Family<Counter>& rows = BuildCounter()
                              .Name("slate_loaded_rows_total")
                              .Help("Rows of generations that loads published.")
                              .Register(registry);

  void count(const http::Served& served) {
    const std::string route(served.route.empty() ? "none" : served.route);
    const std::string method(served.method);
    requests.Add({{"route", route}, {"method", method}, {"status", std::to_string(served.status)}})
        .Increment();
    durations.Add({{"route", route}, {"method", method}}, seconds_buckets()).Observe(served.seconds);
    bytes.Add({{"route", route}}).Increment(static_cast<double>(served.bytes));
  }
  void count(const EndedAttempt& attempt) {
    const bool published = attempt.end == AttemptEnd::kPublished;
    attempts.Add({{"datasource", attempt.datasource}, {"result", published ? "published" : "given_up"}})
        .Increment();
    if (published)
      rows.Add({{"datasource", attempt.datasource}}).Increment(static_cast<double>(attempt.rows));
  }

  // Numbers are not worth a request: the library's exceptions end here.
  template <typename Event>
  void try_count(const Event& event) noexcept {
    try {
      count(event);
    } catch (const std::exception& problem) {
      log::error("a metric was lost", {{"reason", problem.what()}});
    }
  }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

std::function<void(const http::Served&)> Metrics::request_observer() {
  return [impl = impl_.get()](const http::Served& served) { impl->try_count(served); };
}

DatabaseTarget::Observer Metrics::attempt_observer() {
  return [impl = impl_.get()](const EndedAttempt& attempt) { impl->try_count(attempt); };
}

Result<std::string> Metrics::render(Database& database, const PageCacheStats& cache) const {
  SLATE_TRY(const auto datasources, database.list_datasources());
  try {
    auto families = impl_->registry.Collect();
    for (const Gauges& gauge : datasource_gauges()) families.push_back(collect(gauge, datasources));
    add_cache(families, cache);
    return prometheus::TextSerializer().Serialize(families);
  } catch (const std::exception& problem) {
    return fail(Reason::kInternal, std::string("the metrics could not be collected: ") + problem.what());
  }
}

}  // namespace slate::api
