// slate_net_bench: what the network costs, and what becomes of a server under too much load. ./dev bench
// --net and
// --overload build and run it.
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fmt/format.h>
#include <iostream>

#include "base/try.h"
#include "bench/bench_folder.h"
#include "bench/machine.h"
#include "bench/net/http_lines.h"
#include "bench/net/overload.h"
#include "bench/net/placement.h"
#include "bench/net/report.h"
#include "bench/net/servers.h"
#include "bench/net/tcp_lines.h"
#include "bench/page_marks.h"
#include "cli/command_line.h"

namespace slate::bench::network {
namespace {

struct Options {
  std::string slate;
  std::string nginx = "/usr/sbin/nginx";
  std::uint64_t records = 100'000;
  std::uint64_t turns = 7;
  std::string overload;  // minutes; empty: the other measurements
  Format format = Format::kTable;
  std::string into;  // page that gets the markdown between its marks; empty: none
};

Result<std::chrono::milliseconds> parse_minutes(const std::string& text) {
  double minutes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), minutes);
  if (error != std::errc() || end != text.data() + text.size() || minutes < 0.01 || minutes > 1'440)
    return fail(Reason::kInvalidArgument, "--overload: expected minutes from 0.01 to 1440, got " + text);
  return std::chrono::milliseconds(static_cast<std::int64_t>(minutes * 60'000));
}

class Program {
 public:
  explicit Program(const Options& options) : options_(options) {}

  Result<void> run() {
    SLATE_TRY(const auto folder, BenchFolder::make(""));
    const auto data = folder.path() / "data";
    say(fmt::format("filling {} records", options_.records));
    SLATE_TRY(fill(data, options_.records));
    return options_.overload.empty() ? run_net(folder.path(), data) : run_overload(data);
  }

 private:
  static void say(std::string_view what) { std::cerr << what << std::endl; }

  Header header() const {
    return {.cpu = cpu_model(),
            .cores = core_count(),
            .kernel = kernel_version(),
            .load = load_,
            .records = options_.records};
  }

  Result<void> run_net(const std::filesystem::path& folder, const std::filesystem::path& data) {
    const Processors all = own_processors();
    const TcpOptions tcp{.program = options_.slate,
                         .data = data,
                         .records = options_.records,
                         .turns = options_.turns * 2,
                         .progress = say};
    std::vector<TcpResult> results;
    const Processors first{all.front()};
    SLATE_TRY(auto on_one, compare_tcp(tcp, "both ends on one processor", first, first));
    results.push_back(std::move(on_one));
    if (all.size() > 1) {
      const Placement placed = halves(all);
      SLATE_TRY(auto apart,
                compare_tcp(tcp, "each end on processors of its own", placed.server, placed.client));
      results.push_back(std::move(apart));
    }
    SLATE_TRY(const auto http, compare_http({.slate = options_.slate,
                                             .nginx = options_.nginx,
                                             .data = data,
                                             .scratch = folder / "nginx",
                                             .turns = options_.turns,
                                             .progress = say},
                                            halves(all)));
    return print("net", [&](Format format) { return net_report(header(), results, http, format); });
  }

  Result<void> run_overload(const std::filesystem::path& data) {
    SLATE_TRY(const auto duration, parse_minutes(options_.overload));
    SLATE_TRY(const auto result,
              overload({.slate = options_.slate,
                        .data = data,
                        .duration = duration,
                        .capacity_run = std::min(std::chrono::milliseconds(5'000), duration),
                        .progress = say},
                       halves(own_processors())));
    SLATE_TRY(print("overload", [&](Format format) { return overload_report(header(), result, format); }));
    if (result.problems.empty()) return {};
    return fail(Reason::kInternal, "it did not come through the overload: " + result.problems.front());
  }

  template <typename Report>
  Result<void> print(std::string_view marks, Report report) const {
    std::cout << report(options_.format) << std::flush;
    if (options_.into.empty()) return {};
    return replace_in_page(options_.into, marks, report(Format::kMarkdown));
  }

  const Options& options_;
  const double load_ = load_average();
};

std::optional<cli::Exit> parse(std::span<const std::string> arguments, cli::Terminal& terminal,
                               Options& options) {
  cli::CommandLine command_line(
      "net", "Measures TCP beside the embedded database, HTTP beside nginx, and a server under overload",
      "slate_net_bench");
  command_line.option(
      {.flags = "--slate", .value = "FILE", .help = "The program slate", .variable = "SLATE_NET_SLATE"},
      options.slate);
  command_line.option(
      {.flags = "--nginx", .value = "FILE", .help = "The program nginx", .variable = "SLATE_NET_NGINX"},
      options.nginx);
  command_line.option({.flags = "--records",
                       .value = "N",
                       .help = "Records of the workload",
                       .variable = "SLATE_NET_RECORDS"},
                      options.records, 1'000, 10'000'000);
  command_line.option({.flags = "--turns",
                       .value = "N",
                       .help = "Turns of each contender; twice as many over TCP",
                       .variable = "SLATE_NET_TURNS"},
                      options.turns, 1, 1'000);
  command_line.option({.flags = "--overload",
                       .value = "MINUTES",
                       .help = "Instead: asks slate serve for ten times what it can do, so long",
                       .variable = "SLATE_NET_OVERLOAD",
                       .default_text = "unset"},
                      options.overload);
  command_line.choice<Format>({.flags = "--format", .help = "How to print", .variable = "SLATE_NET_FORMAT"},
                              options.format, {{"table", Format::kTable}, {"markdown", Format::kMarkdown}});
  command_line.option({.flags = "--into",
                       .value = "FILE",
                       .help = "A page that gets the markdown, too, between its marks",
                       .variable = "SLATE_NET_INTO",
                       .default_text = "none"},
                      options.into);
  return command_line.parse(arguments, terminal);
}

int run(int count, char** values) {
  cli::Terminal terminal{.in = std::cin, .out = std::cout, .err = std::cerr};
  const std::vector<std::string> arguments(values + (count > 0 ? 1 : 0), values + count);
  Options options;
  if (const auto over = parse(arguments, terminal, options)) return static_cast<int>(*over);
  if (const auto done = Program(options).run(); !done) {
    std::cerr << "slate_net_bench: " << done.error().to_string() << "\n";
    return static_cast<int>(cli::Exit::kFailed);
  }
  return static_cast<int>(cli::Exit::kOk);
}

}  // namespace
}  // namespace slate::bench::network

int main(int count, char** values) {
  try {
    return slate::bench::network::run(count, values);
  } catch (const std::exception& error) {
    std::cerr << "slate_net_bench: internal: " << error.what() << "\n";
    return static_cast<int>(slate::cli::Exit::kFailed);
  }
}
