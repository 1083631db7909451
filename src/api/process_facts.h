// What the operating system says of this process.
#pragma once

#include <cstdint>
#include <optional>

namespace slate::api {

// Absent: it would not say.
struct ProcessFacts {
  std::optional<double> cpu_seconds;  // of user and system, since the start
  std::optional<double> resident_bytes;
  std::optional<double> virtual_bytes;
  std::optional<double> open_files;
  std::optional<double> most_open_files;
  std::optional<double> started_at;  // seconds since 1970
};

// Reads /proc. O(open files). Safe from any thread.
ProcessFacts read_process_facts();

}  // namespace slate::api
