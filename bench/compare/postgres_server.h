// A PostgreSQL server of our own, for the time of a comparison.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <slate/error.h>

#include "bench/bench_folder.h"
#include "bench/child_process.h"

namespace slate::bench::compare {

// A cluster in a temporary folder, served on a Unix socket in it. The server ends and the folder goes with
// the object; should this process be killed, the kernel ends the server.
class PostgresServer {
 public:
  // `programs`: the folder of initdb and postgres, which refuse to run as root: for root they run as the user
  // postgres, or nobody. `records`: how many rows it will hold, for the size of its buffers.
  static Result<std::unique_ptr<PostgresServer>> start(const std::filesystem::path& programs,
                                                       std::size_t records);
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // For PQconnectdb().
  std::string connection_string() const;

 private:
  explicit PostgresServer(BenchFolder folder) : folder_(std::move(folder)) {}

  BenchFolder folder_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace slate::bench::compare
