#include "bench/compare/report.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <optional>

#include "cli/bench_report.h"
#include "cli/text_table.h"

namespace slate::bench::compare {
namespace {

namespace json = boost::json;
using cli::three_digits;

constexpr double kScanFactor = 3;
constexpr double kWorthNaming = 0.9;
constexpr std::string_view kCompoundSuffix = " c";

bool is_compound(const Timing& timing) { return timing.indexes == Indexes::kTwoAndCompound; }

// The fastest of those that `wanted` takes, or null.
template <typename Wanted>
const Timing* best(const LineComparison& line, Wanted wanted) {
  const Timing* found = nullptr;
  for (const Timing& timing : line.timings)
    if (wanted(timing) && (found == nullptr || timing.median_ms < found->median_ms)) found = &timing;
  return found;
}

const Timing* slate_of(const LineComparison& line, bool compound) {
  return best(line, [&](const Timing& t) { return t.role == Role::kSlate && is_compound(t) == compound; });
}

const Timing* best_of(const LineComparison& line, Role role) {
  return best(line, [&](const Timing& t) { return t.role == role; });
}

// How many times as long the best peer takes as Slate, each in its best setup.
std::optional<double> peer_to_slate(const LineComparison& line) {
  const Timing* slate = best_of(line, Role::kSlate);
  const Timing* peer = best_of(line, Role::kPeer);
  if (slate == nullptr || peer == nullptr || slate->median_ms <= 0) return std::nullopt;
  return peer->median_ms / slate->median_ms;
}

std::string ratio_text(double ratio) {
  return ratio < 10 ? fmt::format("{:.2f}", ratio) : fmt::format("{:.0f}", ratio);
}

std::string goal_text(const Goal& goal) {
  std::string text = fmt::format("{}", goal.ms);
  if (goal.compound_ms) text += fmt::format("; {}{}", *goal.compound_ms, kCompoundSuffix);
  return text;
}

std::string met_text(const LineComparison& line) {
  const Timing* slate = slate_of(line, false);
  const Timing* compound = slate_of(line, true);
  if (slate == nullptr) return "";
  const Goal& goal = line.line->goal;
  const bool met = slate->median_ms <= goal.ms &&
                   (!goal.compound_ms || compound == nullptr || compound->median_ms <= *goal.compound_ms);
  return met ? "yes" : "no";
}

// Names of engines of a role, in the order of their first timing.
std::vector<std::string> names_of(const RecordsComparison& result, Role role) {
  std::vector<std::string> names;
  for (const LineComparison& line : result.lines)
    for (const Timing& timing : line.timings)
      if (timing.role == role && std::ranges::find(names, timing.engine) == names.end())
        names.push_back(timing.engine);
  return names;
}

// A peer's best setup. The compound index has to be worth more than noise to be named.
std::string peer_cell(const LineComparison& line, std::string_view peer) {
  const auto with = [&](Indexes indexes) {
    return best(line, [&](const Timing& t) { return t.engine == peer && t.indexes == indexes; });
  };
  const Timing* two = with(Indexes::kTwo);
  const Timing* compound = with(Indexes::kTwoAndCompound);
  const Timing* fastest = best(line, [&](const Timing& t) { return t.engine == peer; });
  if (fastest == nullptr) return "-";
  const bool named =
      fastest == compound && (two == nullptr || compound->median_ms < kWorthNaming * two->median_ms);
  return three_digits(fastest->median_ms) + std::string(named ? kCompoundSuffix : "");
}

std::string cell(const Timing* timing, std::string_view none) {
  return timing == nullptr ? std::string(none) : three_digits(timing->median_ms);
}

// The table of one number of records, as rows of cells; the first row is the header.
struct Grid {
  std::vector<cli::TextColumn> columns;
  std::vector<std::vector<std::string>> rows;
};

Grid grid_of(const RecordsComparison& result) {
  using enum cli::Align;
  const auto peers = names_of(result, Role::kPeer);
  const auto limits = names_of(result, Role::kLimit);
  const bool has_goals = result.records == kGoalRecords;
  const bool has_compound =
      std::ranges::any_of(result.lines, [](const auto& line) { return slate_of(line, true) != nullptr; });
  Grid grid{.columns = {{"line"}, {"what"}, {"Slate", kRight}}};
  if (has_compound) grid.columns.push_back({fmt::format("Slate{}", kCompoundSuffix), kRight});
  for (const std::string& peer : peers) grid.columns.push_back({peer, kRight});
  for (const std::string& limit : limits) grid.columns.push_back({limit, kRight});
  grid.columns.push_back({"peer / Slate", kRight});
  if (has_goals) {
    grid.columns.push_back({"goal", kRight});
    grid.columns.push_back({"met"});
  }
  for (const LineComparison& line : result.lines) {
    std::vector<std::string> row{std::string(line.line->name), std::string(line.line->what),
                                 cell(slate_of(line, false), "-")};
    if (has_compound) row.push_back(cell(slate_of(line, true), ""));
    for (const std::string& peer : peers) row.push_back(peer_cell(line, peer));
    for (const std::string& limit : limits)
      row.push_back(cell(best(line, [&](const Timing& t) { return t.engine == limit; }), ""));
    const auto ratio = peer_to_slate(line);
    row.push_back(ratio ? ratio_text(*ratio) : "");
    if (has_goals) {
      row.push_back(goal_text(line.line->goal));
      row.push_back(met_text(line));
    }
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

// "Q5 (0.81), Q8 (0.92)", or "none".
std::string below(const RecordsComparison& result, double least, bool only_scans) {
  std::string names;
  for (const LineComparison& line : result.lines) {
    const auto ratio = peer_to_slate(line);
    if (!ratio || *ratio >= least || (only_scans && !line.line->is_scan)) continue;
    names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", line.line->name, ratio_text(*ratio));
  }
  return names.empty() ? "none" : names;
}

std::string verdicts(const RecordsComparison& result) {
  return fmt::format(
      "Lines on which the best peer is faster than Slate: {}.\n"
      "Scans on which Slate is less than {:.0f} times as fast as the best peer: {}.\n",
      below(result, 1, false), kScanFactor, below(result, kScanFactor, true));
}

std::string legend(const RecordsComparison& result) {
  std::string text =
      "Medians in milliseconds, every returned cell read by the caller. \"c\": with a compound index on "
      "(status, contacts_count), where that is faster.\n\"peer / Slate\": the best peer's time by "
      "Slate's, each in its best setup.";
  if (!names_of(result, Role::kLimit).empty())
    text += " V and L are limits, not databases: a vector of structs, and LMDB by hand.";
  return text + "\n";
}

std::string machine_line(const Header& header, std::string_view times) {
  return fmt::format("{} {} {}, {}, load average {:.1f} before the run; {} turns", header.cores, times,
                     header.cpu, header.kernel, header.load, header.repeat);
}

std::string_view role_name(Role role) {
  switch (role) {
    case Role::kSlate: return "slate";
    case Role::kPeer: return "peer";
    case Role::kLimit: break;
  }
  return "limit";
}

json::object line_json(const LineComparison& line, bool has_goals) {
  json::array timings;
  for (const Timing& timing : line.timings)
    timings.push_back(json::object{{"engine", timing.engine},
                                   {"setup", timing.setup},
                                   {"role", role_name(timing.role)},
                                   {"median_ms", timing.median_ms},
                                   {"min_ms", timing.least_ms},
                                   {"runs", timing.runs}});
  json::object made{{"name", line.line->name}, {"what", line.line->what}, {"rows", line.rows}};
  if (has_goals) {
    made["goal_ms"] = line.line->goal.ms;
    if (line.line->goal.compound_ms) made["goal_compound_ms"] = *line.line->goal.compound_ms;
  }
  if (const auto ratio = peer_to_slate(line)) made["peer_to_slate"] = *ratio;
  made["engines"] = std::move(timings);
  return made;
}

}  // namespace

std::string table_report(const Header& header, std::span<const RecordsComparison> results) {
  std::string out = machine_line(header, "x") + "\n";
  for (const std::string& engine : header.engines) out += engine + "\n";
  for (const RecordsComparison& result : results) {
    const Grid grid = grid_of(result);
    out += fmt::format("\n{} records\n{}", result.records, cli::render_table(grid.columns, grid.rows));
    out += verdicts(result);
  }
  return results.empty() ? out : out + "\n" + legend(results.front());
}

std::string markdown_report(const Header& header, std::span<const RecordsComparison> results) {
  std::string out = machine_line(header, "×") + ". ";
  if (!results.empty()) out += legend(results.front());
  out += "\n";
  for (const std::string& engine : header.engines) out += fmt::format("- {}\n", engine);
  for (const RecordsComparison& result : results) {
    const Grid grid = grid_of(result);
    out += fmt::format("\n{} records:\n\n", result.records) + cli::render_markdown(grid.columns, grid.rows);
    out += "\n" + verdicts(result);
  }
  return out;
}

std::string json_report(const Header& header, std::span<const RecordsComparison> results) {
  json::array engines(header.engines.begin(), header.engines.end());
  json::array runs;
  for (const RecordsComparison& result : results) {
    json::array lines;
    for (const LineComparison& line : result.lines)
      lines.push_back(line_json(line, result.records == kGoalRecords));
    runs.push_back(json::object{{"records", result.records}, {"lines", std::move(lines)}});
  }
  return json::serialize(json::object{{"cpu", header.cpu},
                                      {"cores", header.cores},
                                      {"kernel", header.kernel},
                                      {"load", header.load},
                                      {"engines", std::move(engines)},
                                      {"repeat", header.repeat},
                                      {"runs", std::move(runs)}}) +
         "\n";
}

}  // namespace slate::bench::compare
