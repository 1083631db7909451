// The programs that are measured.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>

#include "bench/child_process.h"
#include "bench/net/placement.h"

namespace slate::bench::network {

// What they all serve: workload W's records, and the list whose page is asked for.
inline constexpr std::string_view kDatasource = "w";
inline constexpr std::string_view kList = "page";
inline constexpr std::string_view kPagePath = "/v1/lists/page/data";
// Fills a data folder: Q8's page is the list, 200 rows of 8 columns of those that are active, in the order of
// contacts_count.
Result<void> fill(const std::filesystem::path& folder, std::size_t records);

struct RunningServer {
  std::unique_ptr<ChildProcess> process;
  std::uint16_t port = 0;
};

struct SlateOptions {
  std::string program;
  std::string verb;            // "serve", "db"
  std::filesystem::path data;  // a copy of it is served, made beside it, as one process may have it open
  std::string name;            // of that copy and of the log
  std::vector<std::string> arguments{};
  std::optional<std::uint64_t> data_bytes{};  // ChildOptions
};
// On these processors, on a port of loopback, once it serves.
Result<RunningServer> start_slate(const SlateOptions& options, const Processors& processors);

// nginx with a worker for each processor, without an access log, serving `content` at kPagePath from a file
// that is in memory. `folder` gets its files.
Result<RunningServer> start_nginx(const std::string& program, const std::filesystem::path& folder,
                                  std::string_view content, const Processors& processors);

}  // namespace slate::bench::network
