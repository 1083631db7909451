// Every engine of the comparison, by the function that sets it up and fills it. Workloads outlive what is
// opened. `folder`: a new one, for the engine's files; it is removed after the engines.
#pragma once

#include <filesystem>

#include "bench/compare/engine.h"

namespace slate::bench::compare {

// Embedded, through the public API: with the workload's two indexes, and once more with a compound one.
Result<EngineFamily> open_slate(const std::filesystem::path& folder, const Workload& workload);
// V: a std::vector of structs and hand-written loops.
Result<EngineFamily> open_vector(const Workload& workload);
// L: LMDB with a row a record, and index tables.
Result<EngineFamily> open_lmdb(const std::filesystem::path& folder, const Workload& workload);

Result<EngineFamily> open_sqlite(const std::filesystem::path& folder, const Workload& workload);
// `programs`: the folder of initdb and postgres.
Result<EngineFamily> open_postgres(const std::filesystem::path& programs, const Workload& workload);
// `library`: libduckdb.so.
Result<EngineFamily> open_duckdb(const std::filesystem::path& folder, const std::filesystem::path& library,
                                 const Workload& workload);

}  // namespace slate::bench::compare
