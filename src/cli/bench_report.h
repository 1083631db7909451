// What `slate bench` prints.
#pragma once

#include <bench/calibrate.h>
#include <bench/run.h>
#include <span>
#include <string>
#include <string_view>

namespace slate::cli {

struct MachineInfo {
  std::string cpu;
  unsigned cores = 1;
  std::string compiler;
  std::string build_type;
  std::string version;
};

// Three significant digits: "0.0123", "1.23", "123", "1234".
std::string three_digits(double number);
// "14.2 MiB".
std::string mebibytes(std::uint64_t bytes);

std::string bench_table(const MachineInfo& machine, std::span<const bench::RunResult> results);
// {"slate","cpu","cores","compiler","build_type","runs":[{"records","file_bytes","resident_bytes","private_bytes",
// "lines":[{"name","what","median_ms","min_ms","runs","rows","keys_examined"?,...}]}]}: members are only ever
// added.
std::string bench_json(const MachineInfo& machine, std::span<const bench::RunResult> results);

// What `slate bench --calibrate` prints.
std::string prices_table(const MachineInfo& machine, std::span<const bench::Price> prices);
// {"slate",...,"prices":[{"name","what","used_ns","measured_ns"}]}: members are only ever added.
std::string prices_json(const MachineInfo& machine, std::span<const bench::Price> prices);

}  // namespace slate::cli
