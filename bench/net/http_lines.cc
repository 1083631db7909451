#include "bench/net/http_lines.h"

#include <algorithm>
#include <fmt/format.h>
#include <ranges>
#include <utility>

#include "base/try.h"
#include "bench/net/servers.h"
#include "bench/run.h"
#include "http/client.h"

namespace slate::bench::network {
namespace {

constexpr std::size_t kConnections = 32;
constexpr std::chrono::milliseconds kWarmUp{300};

struct Contender {
  std::string what;
  LoadTarget target;
  int status = 200;  // of all answers
  std::vector<LoadResult> turns{};
  HttpLine line{};
};

Result<LoadResult> measure(const Contender& contender, double rate, std::chrono::milliseconds duration) {
  SLATE_TRY(auto result,
            run_load(contender.target, {.connections = kConnections, .rate = rate, .duration = duration}));
  for (const auto& [status, count] : result.answers)
    if (status != contender.status)
      return fail(Reason::kInternal, fmt::format("{}: {} answers were {}, not {}", contender.what, count,
                                                 status, contender.status));
  return result;
}

template <typename Of>
auto median_of(std::vector<LoadResult>& turns, Of of) {
  const auto middle = turns.begin() + static_cast<std::ptrdiff_t>(turns.size() / 2);
  std::ranges::nth_element(turns, middle, {}, of);
  return middle;
}

auto quantile(double share) {
  return [share](const LoadResult& turn) { return turn.latencies.quantile(share); };
}

}  // namespace

Result<Fetched> fetch_page(std::uint16_t port, std::string_view path) {
  SLATE_TRY(auto answer, http::request(http::Method::kGet, fmt::format("http://127.0.0.1:{}{}", port, path)));
  if (answer.status != 200)
    return fail(Reason::kInternal, fmt::format("GET {}: {} {}", path, answer.status, answer.body));
  std::string etag(answer.headers.get("ETag").value_or(""));
  return Fetched{.body = std::move(answer.body), .etag = std::move(etag)};
}

Result<HttpResult> compare_http(const HttpOptions& options, const Placement& placement) {
  const auto start = [&](std::string name, std::vector<std::string> arguments) {
    return start_slate({.program = options.slate,
                        .verb = "serve",
                        .data = options.data,
                        .name = std::move(name),
                        .arguments = std::move(arguments)},
                       placement.server);
  };
  SLATE_TRY(const auto slate, start("serve", {}));
  SLATE_TRY(const auto uncached, start("serve-uncached", {"--answer-cache", "0"}));
  SLATE_TRY(const Fetched page, fetch_page(slate.port, kPagePath));
  SLATE_TRY(const Fetched same, fetch_page(uncached.port, kPagePath));
  if (page.body != same.body) return fail(Reason::kInternal, "with and without a cache the pages differ");
  SLATE_TRY(const auto nginx, start_nginx(options.nginx, options.scratch, page.body, placement.server));
  SLATE_TRY(const Fetched served, fetch_page(nginx.port, kPagePath));
  if (page.body != served.body) return fail(Reason::kInternal, "nginx serves other bytes");

  const std::string plain = get_request(kPagePath);
  const std::string again = get_request(kPagePath, fmt::format("If-None-Match: {}\r\n", page.etag));
  std::vector<Contender> contenders{
      {"nginx, the same bytes", {nginx.port, {plain}}},
      {"slate, page of 200", {slate.port, {plain}}},
      {"slate, not changed (304)", {slate.port, {again}}, 304},
      {"slate, no answer kept", {uncached.port, {plain}}},
  };
  const Processors before = own_processors();
  SLATE_TRY(run_on(placement.client));
  for (std::size_t turn = 0; turn < options.turns; ++turn) {
    options.progress(fmt::format("HTTP: capacity, turn {} of {}", turn + 1, options.turns));
    for (Contender& each : contenders) {
      SLATE_TRY(measure(each, 0, kWarmUp));
      SLATE_TRY(auto measured, measure(each, 0, options.turn));
      each.turns.push_back(std::move(measured));
    }
  }
  for (Contender& each : contenders) {
    const auto middle = median_of(each.turns, &LoadResult::good_per_second);
    const double capacity = middle->good_per_second();
    each.line = {.what = each.what, .capacity = capacity, .busy = middle->busy, .half_rate = capacity / 2};
    each.turns.clear();
  }
  for (std::size_t turn = 0; turn < options.turns; ++turn) {
    options.progress(fmt::format("HTTP: half load, turn {} of {}", turn + 1, options.turns));
    for (Contender& each : contenders) {
      SLATE_TRY(auto measured, measure(each, each.line.half_rate, options.turn));
      each.turns.push_back(std::move(measured));
    }
  }
  HttpResult result{.body_bytes = page.body.size()};
  for (Contender& each : contenders) {
    each.line.median = quantile(0.5)(*median_of(each.turns, quantile(0.5)));
    each.line.p99 = quantile(0.99)(*median_of(each.turns, quantile(0.99)));
    each.line.worst_p99 = std::ranges::max(each.turns | std::views::transform(quantile(0.99)));
    result.lines.push_back(std::move(each.line));
  }
  SLATE_TRY(run_on(before));
  return result;
}

}  // namespace slate::bench::network
