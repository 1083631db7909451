// What benchmarks are told on the command line.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>

namespace slate::bench {

// The values of --records: whole numbers from 10 to 100,000,000.
Result<std::vector<std::size_t>> parse_records(std::span<const std::string> texts);
// Whether all `names`, the values of `flag`, are among the known ones.
Result<void> check_names(std::string_view flag, std::span<const std::string> names,
                         std::span<const std::string> known);

}  // namespace slate::bench
