#include "cli/bench_report.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <fmt/format.h>

#include "cli/text_table.h"

namespace slate::cli {
namespace {

namespace json = boost::json;

json::object line_json(const bench::LineResult& line) {
  json::object out{{"name", line.name},       {"what", line.what}, {"median_ms", line.median_ms},
                   {"min_ms", line.least_ms}, {"runs", line.runs}, {"rows", line.rows}};
  if (line.counters) {
    out["keys_examined"] = line.counters->keys_examined;
    out["blocks_examined"] = line.counters->blocks_examined;
    out["rows_examined"] = line.counters->rows_examined;
    out["rows_returned"] = line.counters->rows_returned;
    out["runs_spilled"] = line.counters->runs_spilled;
  }
  return out;
}

json::object machine_json(const MachineInfo& machine) {
  return {{"slate", machine.version},
          {"cpu", machine.cpu},
          {"cores", machine.cores},
          {"compiler", machine.compiler},
          {"build_type", machine.build_type}};
}

std::string machine_line(const MachineInfo& machine) {
  return fmt::format("slate {}, {} build, {}, {} x {}\n", machine.version, machine.build_type,
                     machine.compiler, machine.cores, machine.cpu);
}

}  // namespace

std::string three_digits(double number) {
  if (number <= 0) return "0";
  const int before_point = static_cast<int>(std::floor(std::log10(number))) + 1;
  return fmt::format("{:.{}f}", number, std::clamp(3 - before_point, 0, 9));
}

std::string mebibytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / static_cast<double>(1 << 20));
}

std::string bench_table(const MachineInfo& machine, std::span<const bench::RunResult> results) {
  std::string out = machine_line(machine);
  const std::vector<TextColumn> columns{
      {"LINE"},
      {"WHAT"},
      {"MEDIAN ms", Align::kRight},
      {"MIN ms", Align::kRight},
      {"KEYS", Align::kRight},
      {"BLOCKS", Align::kRight},
      {"EXAMINED", Align::kRight},
      {"ROWS", Align::kRight},
  };
  for (const bench::RunResult& result : results) {
    out += fmt::format("\n{} records; file {}; resident {}, of it {} private\n", result.records,
                       mebibytes(result.file_bytes), mebibytes(result.resident_bytes),
                       mebibytes(result.private_bytes));
    std::vector<std::vector<std::string>> rows;
    for (const bench::LineResult& line : result.lines) {
      const auto counter = [&](std::uint64_t QueryCounters::*member) {
        return line.counters ? std::to_string((*line.counters).*member) : std::string();
      };
      rows.push_back({line.name, line.what, three_digits(line.median_ms), three_digits(line.least_ms),
                      counter(&QueryCounters::keys_examined), counter(&QueryCounters::blocks_examined),
                      counter(&QueryCounters::rows_examined), std::to_string(line.rows)});
    }
    out += render_table(columns, rows);
  }
  return out;
}

std::string bench_json(const MachineInfo& machine, std::span<const bench::RunResult> results) {
  json::array runs;
  for (const bench::RunResult& result : results) {
    json::array lines;
    for (const bench::LineResult& line : result.lines) lines.push_back(line_json(line));
    runs.push_back(json::object{{"records", result.records},
                                {"file_bytes", result.file_bytes},
                                {"resident_bytes", result.resident_bytes},
                                {"private_bytes", result.private_bytes},
                                {"lines", std::move(lines)}});
  }
  json::object out = machine_json(machine);
  out["runs"] = std::move(runs);
  return json::serialize(out) + "\n";
}

std::string prices_table(const MachineInfo& machine, std::span<const bench::Price> prices) {
  std::vector<std::vector<std::string>> rows;
  for (const bench::Price& price : prices)
    rows.push_back({price.name, price.what, three_digits(price.used_ns), three_digits(price.measured_ns)});
  return machine_line(machine) + "\n" +
         render_table({{"PRICE"}, {"WHAT"}, {"USED ns", Align::kRight}, {"MEASURED ns", Align::kRight}},
                      rows);
}

std::string prices_json(const MachineInfo& machine, std::span<const bench::Price> prices) {
  json::array list;
  for (const bench::Price& price : prices)
    list.push_back(json::object{{"name", price.name},
                                {"what", price.what},
                                {"used_ns", price.used_ns},
                                {"measured_ns", price.measured_ns}});
  json::object out = machine_json(machine);
  out["prices"] = std::move(list);
  return json::serialize(out) + "\n";
}

}  // namespace slate::cli
