#include "bench/net/report.h"

#include <chrono>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>
#include <vector>

#include "cli/bench_report.h"
#include "cli/text_table.h"

namespace slate::bench::network {
namespace {

using cli::Align;
using cli::three_digits;
using Rows = std::vector<std::vector<std::string>>;

constexpr double kNginxShare = 0.5;
constexpr double kSpread = 5;
constexpr double kGoodput = 0.8;
constexpr double kGeneratorIsBusy = 0.95;

std::string table(const std::vector<cli::TextColumn>& columns, const Rows& rows, Format format) {
  return (format == Format::kTable ? cli::render_table(columns, rows) : cli::render_markdown(columns, rows)) +
         "\n";
}

std::string met(bool is_met) { return is_met ? "yes" : "no"; }

std::string microseconds(Latencies::Duration time) {
  return three_digits(std::chrono::duration<double, std::micro>(time).count());
}

std::string mebibytes(std::uint64_t bytes) {
  return fmt::format("{:.0f} MiB", static_cast<double>(bytes) / (1 << 20));
}

std::string machine(const Header& header) {
  return fmt::format("{} x {}, {}, load average {:.2f} before the run; {} records.\n\n", header.cores,
                     header.cpu, header.kernel, header.load, header.records);
}

std::string tcp_table(const TcpResult& result, Format format) {
  Rows rows;
  for (const TcpLine& line : result.lines) {
    std::vector<std::string> row{line.what, line.embedded > 0 ? three_digits(line.embedded) : "",
                                 three_digits(line.tcp)};
    if (line.goal > 0) {
      row.push_back(three_digits(line.goal));
      row.push_back(line.goal_text);
      row.push_back(met(line.tcp <= line.goal));
    }
    rows.push_back(std::move(row));
  }
  return fmt::format("TCP, {}: medians in microseconds; the bare round trip takes {}.\n\n", result.placement,
                     three_digits(result.round_trip)) +
         table({{"what"},
                {"embedded", Align::kRight},
                {"TCP", Align::kRight},
                {"at most", Align::kRight},
                {"goal"},
                {"met"}},
               rows, format);
}

std::string http_table(const HttpResult& result, Format format) {
  Rows rows;
  const double nginx = result.lines.empty() ? 0 : result.lines.front().capacity;
  bool is_generator_busy = false;
  for (const HttpLine& line : result.lines) {
    const bool is_nginx = &line == &result.lines.front();
    const double share = nginx > 0 ? line.capacity / nginx : 0;
    const bool is_even = line.p99 < kSpread * line.median;
    is_generator_busy = is_generator_busy || line.busy > kGeneratorIsBusy;
    rows.push_back({line.what, fmt::format("{:.0f}", line.capacity),
                    is_nginx ? "" : fmt::format("{:.2f}", share), is_nginx ? "" : met(share >= kNginxShare),
                    fmt::format("{:.0f}", line.half_rate), microseconds(line.median), microseconds(line.p99),
                    is_nginx ? "" : met(is_even), microseconds(line.worst_p99),
                    fmt::format("{:.0f} %", line.busy * 100)});
  }
  std::string text = fmt::format(
      "HTTP, a page of {} bytes: requests a second at full load, and microseconds at half of that, from when "
      "a "
      "request's time had come. Goals: at least {} of nginx; p99 below {} x median.\n\n",
      result.body_bytes, kNginxShare, kSpread);
  text += table({{"what"},
                 {"requests/s", Align::kRight},
                 {"of nginx", Align::kRight},
                 {"met"},
                 {"at half", Align::kRight},
                 {"median", Align::kRight},
                 {"p99", Align::kRight},
                 {"met"},
                 {"worst turn", Align::kRight},
                 {"generator", Align::kRight}},
                rows, format);
  if (is_generator_busy)
    text += "Where the generator computes all the time, the server could do more than is told here.\n\n";
  return text;
}

std::string counts(const std::map<int, std::uint64_t>& answers) {
  std::vector<std::string> parts;
  for (const auto& [status, count] : answers) parts.push_back(fmt::format("{} x {}", count, status));
  return parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

std::string net_report(const Header& header, std::span<const TcpResult> tcp, const HttpResult& http,
                       Format format) {
  std::string text = machine(header);
  for (const TcpResult& each : tcp) text += tcp_table(each, format);
  text += http_table(http, format);
  text.pop_back();
  return text;
}

std::string overload_report(const Header& header, const OverloadResult& result, Format format) {
  const auto per_second = [](double rate) { return fmt::format("{:.0f}/s", rate); };
  Rows rows{
      {"capacity before, and after",
       fmt::format("{}, {}", per_second(result.capacity), per_second(result.capacity_after))},
      {"offered", fmt::format("{} for {:.1f} minutes", per_second(result.offered), result.time.count() / 60)},
      {"goodput",
       fmt::format("{}, {:.0f} % of capacity (goal: {:.0f} %, {})", per_second(result.good),
                   result.goodput() * 100, kGoodput * 100, result.goodput() >= kGoodput ? "met" : "missed")},
      {"connections", fmt::format("{} of 4 addresses; {} broke, {} could not be made", result.connections,
                                  result.broken, result.refused_connections)},
      {"requests", fmt::format("{} due, {} found no connection free", result.due, result.unsent)},
      {"answers", fmt::format("{}; {} of them too late", counts(result.answers), result.late)},
      {"time to a 200",
       fmt::format("median {:.0f} ms, p99 {:.0f} ms, from when the request was due",
                   std::chrono::duration<double, std::milli>(result.latencies.quantile(0.5)).count(),
                   std::chrono::duration<double, std::milli>(result.latencies.quantile(0.99)).count())},
      {"slow, broken and greedy clients",
       fmt::format("{} connections, answered {}", result.nuisance_connections,
                   counts(result.nuisance_answers))},
      {"memory",
       fmt::format("{} of its own at most, {} with the mapped store; limit {}: of its own by RLIMIT_DATA, "
                   "in all by looking ten times a second",
                   mebibytes(result.most_anonymous), mebibytes(result.most_resident),
                   mebibytes(result.memory_limit))},
      {"load generator", fmt::format("computed {:.0f} % of the time", result.busy * 100)},
      {"problems", result.problems.empty() ? "none" : fmt::format("{}", fmt::join(result.problems, "; "))},
  };
  std::string text = machine(header) + table({{"what"}, {"measured"}}, rows, format);
  text.pop_back();
  return text;
}

}  // namespace slate::bench::network
