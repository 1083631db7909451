#include "cli/tcp_metrics.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <shared_mutex>
#include <string>
#include <tuple>

namespace slate::cli {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Histogram;

struct TcpMetrics::Impl {
  // What one answered request adds to.
  struct Series {
    Counter* requests;
    Histogram* durations;
  };

  prometheus::Registry registry;
  std::shared_mutex series_mutex;
  // By request and outcome; guarded by series_mutex.
  std::map<std::tuple<std::string, std::string>, Series, std::less<>> series;
  Family<Counter>& requests = prometheus::BuildCounter()
                                  .Name("slate_tcp_requests_total")
                                  .Help("Answered TCP requests.")
                                  .Register(registry);
  Family<Histogram>& durations = prometheus::BuildHistogram()
                                     .Name("slate_tcp_request_duration_seconds")
                                     .Help("From the arrival of a request to its last answer.")
                                     .Register(registry);

  void count(const server::Answered& answer) {
    const Series of = series_of(answer);
    of.requests->Increment();
    of.durations->Observe(answer.seconds);
  }
  // Found by its labels once: that costs as much as a short answer.
  Series series_of(const server::Answered& answer) {
    const std::tuple key(answer.request, answer.outcome);
    {
      const std::shared_lock lock(series_mutex);
      if (const auto found = series.find(key); found != series.end()) return found->second;
    }
    const std::string request(answer.request);
    const std::string outcome(answer.outcome);
    const Series made{.requests = &requests.Add({{"request", request}, {"outcome", outcome}}),
                      .durations = &durations.Add({{"request", request}}, api::request_buckets())};
    const std::lock_guard lock(series_mutex);
    series.emplace(std::tuple(request, outcome), made);
    return made;
  }
};

TcpMetrics::TcpMetrics() : impl_(std::make_unique<Impl>()) {}
TcpMetrics::~TcpMetrics() = default;

std::function<void(const server::Answered&)> TcpMetrics::observer() {
  return
      [impl = impl_.get()](const server::Answered& answer) { api::try_count([&] { impl->count(answer); }); };
}

void TcpMetrics::add(api::MetricFamilies& families, const server::ServerStats& now) const {
  using enum api::MetricKind;
  std::ranges::move(impl_->registry.Collect(), std::back_inserter(families));
  const auto add = api::adder(families);
  add("slate_tcp_connections", "Open connections of TCP clients.", kGauge, now.connections);
  add("slate_tcp_connections_accepted_total", "Connections that were taken.", kCounter, now.accepted);
  add("slate_tcp_connections_refused_total", "Connections beyond the limits.", kCounter, now.refused);
  add("slate_tcp_connections_broken_total", "Connections that an error of TLS, token or protocol ended.",
      kCounter, now.broken);
  add("slate_tcp_received_bytes_total", "Bytes of requests.", kCounter, now.bytes_received);
  add("slate_tcp_sent_bytes_total", "Bytes of answers.", kCounter, now.bytes_sent);
  add("slate_tcp_requests_running", "Requests under way.", kGauge, now.requests);
  add("slate_tcp_snapshots", "Snapshots that clients hold.", kGauge, now.snapshots);
  add("slate_tcp_refreshes", "Loads that clients run.", kGauge, now.refreshes);
  add("slate_tcp_queued_bytes", "Bytes of answers that clients have not taken yet.", kGauge,
      now.queued_bytes);
  add("slate_tcp_held_bytes", "Bytes of requests that are received or carried out.", kGauge, now.held_bytes);
}

}  // namespace slate::cli
