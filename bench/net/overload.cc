#include "bench/net/overload.h"

#include <algorithm>
#include <fmt/format.h>
#include <sys/resource.h>
#include <utility>

#include "base/try.h"
#include "bench/net/http_lines.h"
#include "bench/net/http_load.h"
#include "bench/net/nuisance.h"
#include "bench/net/servers.h"

namespace slate::bench::network {
namespace {

constexpr std::size_t kCapacityConnections = 64;
constexpr std::size_t kAddresses = 4;
constexpr std::size_t kOtherFiles = 2'500;  // of nuisances and of this process
// Callers who find no connection go away: had they waited for one, all that is sent would be late already.
constexpr std::chrono::milliseconds kSendWithin{50};
constexpr std::chrono::seconds kTell{30};

// Raises the limit on open files as far as may be; how many connections it has room for.
std::size_t room_for_connections(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t room = limit.rlim_max > kOtherFiles ? limit.rlim_max - kOtherFiles : 1;
  return std::min(wanted, room);
}

class Overload {
 public:
  Overload(const OverloadOptions& options, RunningServer server)
      : options_(options),
        server_(std::move(server)),
        target_{.port = server_.port, .requests = {get_request(kPagePath)}} {}

  Result<OverloadResult> run() {
    result_.memory_limit = options_.memory_bytes;
    result_.connections = room_for_connections(options_.connections);
    SLATE_TRY(result_.capacity, capacity());
    if (result_.capacity <= 0) return fail(Reason::kInternal, "the server answers nothing");
    result_.offered = result_.capacity * options_.factor;
    SLATE_TRY(load());
    if (!server_.process->has_ended()) {
      SLATE_TRY(result_.capacity_after, capacity());
    }
    end();
    return std::move(result_);
  }

 private:
  Result<double> capacity() const {
    options_.progress("overload: what it can do");
    SLATE_TRY(
        run_load(target_, {.connections = kCapacityConnections, .duration = options_.capacity_run / 5}));
    SLATE_TRY(const auto measured,
              run_load(target_, {.connections = kCapacityConnections, .duration = options_.capacity_run}));
    return measured.good_per_second();
  }

  Result<void> load() {
    Nuisance nuisance({.port = server_.port, .request = target_.requests.front()});
    told_ = std::chrono::steady_clock::now();
    SLATE_TRY(auto load, run_load(target_, {.connections = result_.connections,
                                            .addresses = kAddresses,
                                            .rate = result_.offered,
                                            .duration = options_.duration,
                                            .send_within = kSendWithin,
                                            .on_tick = [this] { return look(); }}));
    auto counts = nuisance.stop();
    result_.time = load.time;
    result_.good = load.good_per_second();
    result_.due = load.due;
    result_.unsent = load.unsent;
    result_.answers = std::move(load.answers);
    result_.late = load.late;
    result_.broken = load.broken;
    result_.refused_connections = load.refused;
    result_.latencies = load.latencies;
    result_.busy = load.busy;
    result_.nuisance_connections = counts.connections;
    result_.nuisance_answers = std::move(counts.answers);
    return {};
  }

  // False: there is nothing left to measure.
  bool look() {
    const MemoryUse use = memory_of(server_.process->pid());
    result_.most_resident = std::max(result_.most_resident, use.resident);
    result_.most_anonymous = std::max(result_.most_anonymous, use.anonymous);
    if (const auto now = std::chrono::steady_clock::now(); now >= told_ + kTell) {
      told_ = now;
      options_.progress(fmt::format("overload: {} MiB resident", use.resident >> 20));
    }
    return !server_.process->has_ended();
  }

  void end() {
    const bool is_gone = server_.process->has_ended();
    const std::string how = server_.process->stop();
    if (is_gone)
      result_.problems.push_back("the server ended: " + how);
    else if (how != "0")
      result_.problems.push_back("asked to end, the server ended otherwise: " + how);
    for (std::string& problem : problems_of(result_)) result_.problems.push_back(std::move(problem));
  }

  const OverloadOptions& options_;
  RunningServer server_;
  const LoadTarget target_;
  std::chrono::steady_clock::time_point told_;
  OverloadResult result_;
};

}  // namespace

std::vector<std::string> problems_of(const OverloadResult& result) {
  std::vector<std::string> problems;
  for (const auto& [status, count] : result.answers)
    if (status != 200 && status != 429 && status != 503)
      problems.push_back(fmt::format("{} answers were {}", count, status));
  for (const auto& [status, count] : result.nuisance_answers)
    if (status >= 500 && status != 503)
      problems.push_back(fmt::format("{} answers to clients that misbehave were {}", count, status));
  if (result.broken > 0)
    problems.push_back(fmt::format("{} connections ended without their answer", result.broken));
  if (result.good <= 0) problems.emplace_back("nothing was answered in time");
  if (result.capacity_after <= 0) problems.emplace_back("nothing was answered afterwards");
  if (result.most_resident > result.memory_limit)
    problems.push_back(fmt::format("{} MiB were resident", result.most_resident >> 20));
  return problems;
}

Result<OverloadResult> overload(const OverloadOptions& options, const Placement& placement) {
  SLATE_TRY(auto server, start_slate({.program = options.slate,
                                      .verb = "serve",
                                      .data = options.data,
                                      .name = "overload",
                                      .arguments = {"--answer-cache", "0"},
                                      .data_bytes = options.memory_bytes},
                                     placement.server));
  const Processors before = own_processors();
  SLATE_TRY(run_on(placement.client));
  auto result = Overload(options, std::move(server)).run();
  SLATE_TRY(run_on(before));
  return result;
}

}  // namespace slate::bench::network
