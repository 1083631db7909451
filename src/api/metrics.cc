#include "api/metrics.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "api/metric_families.h"
#include "api/process_facts.h"
#include "base/try.h"

namespace slate::api {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildHistogram;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Histogram;
using enum MetricKind;

// Loads take from milliseconds to half an hour, which is the default of their deadline.
const Histogram::BucketBoundaries& refresh_buckets() {
  static const Histogram::BucketBoundaries buckets{0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800};
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
      {"slate_datasource_scopes", "Copies by scope that there are.",
       [](const DatasourceStatus& status) -> std::optional<double> {
         if (!status.datasource.is_scoped()) return std::nullopt;
         return static_cast<double>(status.scopes);
       }},
      {"slate_datasource_generation", "Number of the live generation.",
       [](const DatasourceStatus& status) {
         return std::optional(static_cast<double>(status.data.generation));
       }},
      {"slate_datasource_data_version", "Commits to the live generation.",
       [](const DatasourceStatus& status) {
         return std::optional(static_cast<double>(status.data.data_version));
       }},
      {"slate_datasource_index_builds", "Indexes that are being built.",
       [](const DatasourceStatus& status) {
         return std::optional(static_cast<double>(std::ranges::count_if(
             status.indexes, [](const IndexStatus& index) { return index.state != IndexState::kReady; })));
       }},
      {"slate_datasource_loaded_timestamp_seconds", "When the load of the live generation began, since 1970.",
       [](const DatasourceStatus& status) -> std::optional<double> {
         if (!status.data.loaded_at) return std::nullopt;
         return static_cast<double>(*status.data.loaded_at) / 1000;
       }},
  };
  return gauges;
}

void add_rooms(MetricFamilies& families, const MetricSources& sources) {
  const auto add = adder(families);
  if (sources.connections)
    add("slate_http_connections", "Open connections of HTTP clients.", kGauge, sources.connections());
  if (sources.refresher != nullptr) {
    const RefresherStats stats = sources.refresher->stats();
    add("slate_refreshes_running", "Loads that run.", kGauge, stats.running);
    add("slate_refreshes_queued", "Loads that wait for others to end.", kGauge, stats.queued);
  }
  if (sources.pool != nullptr) {
    const auto stats = sources.pool->stats();
    add("slate_pool_calls_running", "Calls that the pool for queries and writes runs.", kGauge,
        stats.running);
    add("slate_pool_calls_queued", "Calls that wait for a thread of the pool.", kGauge, stats.queued);
    add("slate_pool_calls_refused_total", "Calls that were refused as the pool's queue was full.", kCounter,
        stats.refused);
  }
}

// Under the names that Prometheus' own clients give them.
void add_process(MetricFamilies& families) {
  const ProcessFacts facts = read_process_facts();
  const auto add = [&](const char* name, const char* help, MetricKind kind,
                       const std::optional<double>& value) {
    if (value) add_metric(families, name, help, kind, *value);
  };
  add("process_cpu_seconds_total", "Processor time of user and system.", kCounter, facts.cpu_seconds);
  add("process_resident_memory_bytes", "Memory in use, pages of the store that are in memory included.",
      kGauge, facts.resident_bytes);
  add("process_virtual_memory_bytes", "Address space, maps of the store included.", kGauge,
      facts.virtual_bytes);
  add("process_open_fds", "Open file descriptors.", kGauge, facts.open_files);
  add("process_max_fds", "The most file descriptors that may be open.", kGauge, facts.most_open_files);
  add("process_start_time_seconds", "When the process started, since 1970.", kGauge, facts.started_at);
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

void add_clients(MetricFamilies& families, const ClientPoolStats& clients) {
  const auto add = adder(families);
  add("slate_db_connections_in_use", "Connections to the database that requests and loads have.", kGauge,
      clients.open - clients.idle);
  add("slate_db_connections_idle", "Connections to the database that nobody uses.", kGauge, clients.idle);
  add("slate_db_checkouts_waiting", "Who waits for a connection to the database.", kGauge, clients.waiting);
  add("slate_db_checkouts_total", "Connections that were asked for.", kCounter, clients.checkouts);
  add("slate_db_checkouts_waited_total", "Of these, those that had to wait.", kCounter, clients.waited);
  add("slate_db_checkouts_timed_out_total", "Of these, those that waited in vain.", kCounter,
      clients.timeouts);
  add("slate_db_checkouts_refused_total", "Of these, those that failed at once, with the database away.",
      kCounter, clients.refused);
  add("slate_db_connects_total", "Connections that were made.", kCounter, clients.connects);
  add("slate_db_connect_failures_total", "Connections that could not be made.", kCounter,
      clients.connect_failures);
  add("slate_db_connections_dropped_total", "Broken connections that were closed.", kCounter,
      clients.dropped);
  add("slate_db_instances_total", "Databases that were met.", kCounter, clients.instances);
}

void add_certificate(MetricFamilies& families, const net::TlsContext& tls) {
  adder(families)("slate_tls_certificate_not_after_timestamp_seconds",
                  "When the served certificate ends, since 1970.", kGauge, tls.not_after());
}

void add_cache(MetricFamilies& families, const PageCacheStats& cache) {
  const auto add = adder(families);
  add("slate_answer_cache_hits_total", "Answers that were there already.", kCounter, cache.hits);
  add("slate_answer_cache_misses_total", "Answers that had to be made.", kCounter, cache.misses);
  add("slate_answer_cache_bytes", "Bytes of the answers that are kept.", kGauge, cache.bytes);
  add("slate_answer_cache_entries", "Answers that are kept.", kGauge, cache.entries);
}

// What one answered request adds to.
struct RequestSeries {
  Counter* requests;
  Histogram* durations;
  Counter* bytes;
};

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  std::shared_mutex series_mutex;
  // By route, method and status; guarded by series_mutex.
  std::map<std::tuple<std::string, std::string, int>, RequestSeries, std::less<>> series;
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

  Family<Histogram>& refreshes =
      BuildHistogram()
          .Name("slate_refresh_duration_seconds")
          .Help("Loads that called their loader, from the wait for a thread to the end.")
          .Register(registry);
  Family<Counter>& failures = BuildCounter()
                                  .Name("slate_refresh_failures_total")
                                  .Help("Loads that failed, by what failed.")
                                  .Register(registry);

  explicit Impl(const BuildInfo& build) {
    prometheus::BuildGauge()
        .Name("slate_build_info")
        .Help("1; how the program was built is in the labels.")
        .Register(registry)
        .Add({{"version", build.version}, {"build_type", build.build_type}, {"compiler", build.compiler}})
        .Set(1);
  }

  void count(const LoadStatus& status) {
    const bool succeeded = status.state == LoadState::kSucceeded;
    refreshes
        .Add({{"datasource", status.datasource}, {"result", succeeded ? "succeeded" : "failed"}},
             refresh_buckets())
        .Observe(static_cast<double>(status.elapsed.count()) / 1000);
    if (status.failure)
      failures
          .Add({{"datasource", status.datasource}, {"kind", std::string(failure_kind_name(*status.failure))}})
          .Increment();
  }
  void count(const http::Served& served) {
    const RequestSeries of = series_of(served);
    of.requests->Increment();
    of.durations->Observe(served.seconds);
    of.bytes->Increment(static_cast<double>(served.bytes));
  }
  // Found by its labels once: that costs as much as a short answer.
  RequestSeries series_of(const http::Served& served) {
    const std::string_view route = served.route.empty() ? "none" : served.route;
    const std::tuple key(route, served.method, served.status);
    {
      const std::shared_lock lock(series_mutex);
      if (const auto found = series.find(key); found != series.end()) return found->second;
    }
    const std::string route_label(route);
    const std::string method_label(served.method);
    const RequestSeries made{
        .requests = &requests.Add(
            {{"route", route_label}, {"method", method_label}, {"status", std::to_string(served.status)}}),
        .durations = &durations.Add({{"route", route_label}, {"method", method_label}}, request_buckets()),
        .bytes = &bytes.Add({{"route", route_label}})};
    const std::lock_guard lock(series_mutex);
    series.emplace(std::tuple(route_label, method_label, served.status), made);
    return made;
  }
  void count(const EndedAttempt& attempt) {
    const bool published = attempt.end == AttemptEnd::kPublished;
    attempts.Add({{"datasource", attempt.datasource}, {"result", published ? "published" : "given_up"}})
        .Increment();
    if (published)
      rows.Add({{"datasource", attempt.datasource}}).Increment(static_cast<double>(attempt.rows));
  }
};

Metrics::Metrics(BuildInfo build) : impl_(std::make_unique<Impl>(build)) {}
Metrics::~Metrics() = default;

std::function<void(const http::Served&)> Metrics::request_observer() {
  return [impl = impl_.get()](const http::Served& served) { try_count([&] { impl->count(served); }); };
}

std::function<void(const EndedAttempt&)> Metrics::attempt_observer() {
  return [impl = impl_.get()](const EndedAttempt& attempt) { try_count([&] { impl->count(attempt); }); };
}

std::function<void(const LoadStatus&)> Metrics::refresh_observer() {
  return [impl = impl_.get()](const LoadStatus& status) { try_count([&] { impl->count(status); }); };
}

Result<std::string> Metrics::render(const MetricSources& sources) const {
  std::optional<Result<std::vector<DatasourceStatus>>> datasources;
  if (sources.database != nullptr) datasources = sources.database->list_datasources();
  if (datasources && !*datasources && datasources->error().reason() != Reason::kUnavailable)
    return fail(datasources->error());
  try {
    auto families = impl_->registry.Collect();
    if (datasources && *datasources)
      for (const Gauges& gauge : datasource_gauges()) families.push_back(collect(gauge, **datasources));
    add_rooms(families, sources);
    if (sources.pages != nullptr) add_cache(families, sources.pages->stats());
    if (sources.clients) add_clients(families, sources.clients());
    if (sources.certificate != nullptr) add_certificate(families, *sources.certificate);
    add_process(families);
    if (sources.more) sources.more(families);
    return prometheus::TextSerializer().Serialize(families);
  } catch (const std::exception& problem) {
    return fail(Reason::kInternal, std::string("the metrics could not be collected: ") + problem.what());
  }
}

}  // namespace slate::api
