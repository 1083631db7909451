#include "bench/net/tcp_lines.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <utility>

#include <slate/client.h>
#include <slate/database.h>

#include "base/try.h"
#include "bench/net/round_trip.h"
#include "bench/net/servers.h"
#include "bench/run.h"
#include "bench/workload.h"

namespace slate::bench::network {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Work = std::function<Result<std::uint64_t>()>;  // what the cells that were read fold to

constexpr std::chrono::milliseconds kTurn{20};  // at least one run, however long
constexpr double kPageFactor = 1.3;
constexpr double kScanFactor = 1.5;
constexpr double kGetFactor = 1.5;

// All that takes part in a turn, with its times in microseconds.
struct Contender {
  Work work;
  std::vector<double> times{};

  Result<void> turn() {
    SLATE_TRY(work());  // others have filled the caches
    const auto until = SteadyClock::now() + kTurn;
    do {
      const auto began = SteadyClock::now();
      SLATE_TRY(work());
      times.push_back(std::chrono::duration<double, std::micro>(SteadyClock::now() - began).count());
    } while (SteadyClock::now() < until);
    return {};
  }
};

Result<std::uint64_t> read_all(ResultSet& rows, const Query& query) {
  std::uint64_t folded = 0;
  for (;;) {
    SLATE_TRY(const Batch* batch, rows.next());
    if (batch == nullptr) break;
    folded += read_cells(*batch);
  }
  if (!query.take) return folded;
  // A page is told where it goes on.
  SLATE_TRY(const bool has_more, rows.has_more());
  SLATE_TRY(const auto next, rows.next_cursor());
  SLATE_TRY(const auto previous, rows.previous_cursor());
  return folded + (has_more ? 1 : 0) + (next ? 1 : 0) + (previous ? 1 : 0);
}

std::uint64_t fold_record(const Record& record) { return fold_text(record.id) + record.cells.size(); }

class TcpComparison {
 public:
  TcpComparison(const TcpOptions& options, Database& embedded, Client& client, RoundTrip& round_trip)
      : options_(options), embedded_(embedded), client_(client), round_trip_(round_trip) {}

  Result<TcpLine> query(std::string what, const Query& query) {
    SLATE_TRY(const Times times, compare(
                                     what,
                                     [&]() -> Result<std::uint64_t> {
                                       SLATE_TRY(const auto snapshot, embedded_.snapshot(kDatasource));
                                       SLATE_TRY(const auto rows, snapshot->query(query));
                                       return read_all(*rows, query);
                                     },
                                     [&]() -> Result<std::uint64_t> {
                                       SLATE_TRY(const auto rows, client_.query(kDatasource, query).get());
                                       return read_all(*rows, query);
                                     }));
    TcpLine line{.what = std::move(what), .embedded = times.embedded, .tcp = times.tcp};
    if (query.take) {
      line.goal = kPageFactor * times.embedded + times.round_trip;
      line.goal_text = fmt::format("{} x embedded + round trip", kPageFactor);
    } else {
      line.goal = kScanFactor * times.embedded;
      line.goal_text = fmt::format("{} x embedded", kScanFactor);
    }
    return line;
  }

  Result<TcpLine> get() {
    const Workload workload(options_.records);
    const auto positions = random_positions(1'000, options_.records);
    std::size_t here = 0, there = 0;
    const auto next = [&](std::size_t& at) {
      return std::string(workload.id(positions[at++ % positions.size()]));
    };
    SLATE_TRY(const Times times, compare(
                                     "get",
                                     [&]() -> Result<std::uint64_t> {
                                       SLATE_TRY(const auto snapshot, embedded_.snapshot(kDatasource));
                                       SLATE_TRY(const Batch* batch, snapshot->find(next(here)));
                                       if (batch == nullptr) return fail(Reason::kInternal, "no record");
                                       read_cells(*batch);
                                       return 1;
                                     },
                                     [&]() -> Result<std::uint64_t> {
                                       SLATE_TRY(const auto record,
                                                 client_.get(kDatasource, next(there)).get());
                                       if (!record) return fail(Reason::kInternal, "no record");
                                       fold_record(*record);
                                       return 1;
                                     }));
    return TcpLine{.what = "one get",
                   .embedded = times.embedded,
                   .tcp = times.tcp,
                   .goal = kGetFactor * times.round_trip,
                   .goal_text = fmt::format("{} x round trip", kGetFactor)};
  }

  Result<TcpLine> ping() {
    SLATE_TRY(const Times times, compare("ping", {}, [&]() -> Result<std::uint64_t> {
                SLATE_TRY(client_.ping().get());
                return 0;
              }));
    return TcpLine{.what = "ping", .tcp = times.tcp};
  }

  double round_trip() const { return median(round_trips_); }

 private:
  struct Times {
    double round_trip = 0, embedded = 0, tcp = 0;
  };

  // `here` may be empty.
  Result<Times> compare(std::string_view what, Work here, Work there) {
    options_.progress(fmt::format("TCP: {}", what));
    if (here) {
      SLATE_TRY(const auto one, here());
      SLATE_TRY(const auto other, there());
      if (one != other)
        return fail(Reason::kInternal, fmt::format("{}: embedded and over TCP the answers differ", what));
    }
    Contender bare{.work = [&]() -> Result<std::uint64_t> {
      SLATE_TRY(round_trip_.go());
      return 0;
    }};
    Contender embedded{.work = std::move(here)};
    Contender tcp{.work = std::move(there)};
    for (std::size_t turn = 0; turn < options_.turns; ++turn) {
      SLATE_TRY(bare.turn());
      if (embedded.work) SLATE_TRY(embedded.turn());
      SLATE_TRY(tcp.turn());
    }
    round_trips_.insert(round_trips_.end(), bare.times.begin(), bare.times.end());
    return Times{.round_trip = median(bare.times),
                 .embedded = embedded.work ? median(embedded.times) : 0,
                 .tcp = median(tcp.times)};
  }

  const TcpOptions& options_;
  Database& embedded_;
  Client& client_;
  RoundTrip& round_trip_;
  std::vector<double> round_trips_;
};

}  // namespace

Result<TcpResult> compare_tcp(const TcpOptions& options, std::string placement, const Processors& server,
                              const Processors& client) {
  SLATE_TRY(
      const auto running,
      start_slate({.program = options.program, .verb = "db", .data = options.data, .name = "db"}, server));
  const Processors before = own_processors();
  SLATE_TRY(run_on(client));
  SLATE_TRY(const auto embedded, Database::open({.path = options.data}));
  SLATE_TRY(const auto connected, Client::connect({.address = fmt::format("127.0.0.1:{}", running.port)}));
  SLATE_TRY(const auto round_trip, RoundTrip::open(server));
  TcpResult result{.placement = std::move(placement)};
  TcpComparison comparison(options, *embedded, *connected, *round_trip);
  const auto queries = workload_queries();
  const auto query_of = [&](std::string_view name) {
    return std::ranges::find(queries, name, &WorkloadQuery::name)->query;
  };
  for (const auto& [name, what] :
       {std::pair("Q7", "page of 200 as stored (Q7)"), std::pair("Q8", "page of 200 sorted (Q8)"),
        std::pair("Q1", "full scan (Q1)")}) {
    SLATE_TRY(auto line, comparison.query(what, query_of(name)));
    result.lines.push_back(std::move(line));
  }
  SLATE_TRY(auto get, comparison.get());
  result.lines.push_back(std::move(get));
  SLATE_TRY(auto ping, comparison.ping());
  result.lines.push_back(std::move(ping));
  result.round_trip = comparison.round_trip();
  SLATE_TRY(run_on(before));
  return result;
}

}  // namespace slate::bench::network
