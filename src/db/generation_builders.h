// Generation builders of the embedded database.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <slate/generation_builder.h>
#include <slate/options.h>

#include "db/bulk_builder.h"
#include "db/datasource_state.h"
#include "db/merge_builder.h"

namespace slate {

class StoredDatabase;

// Where a generation goes live.
struct Destination {
  std::shared_ptr<DatasourceState> datasource;
  std::string scope;
};

// Replaces everything. The builder must not outlive the database.
std::unique_ptr<GenerationBuilder> make_replacing_builder(StoredDatabase& database, Destination destination,
                                                          std::shared_ptr<const Schema> schema,
                                                          std::shared_ptr<Generation> generation,
                                                          const DatabaseOptions& options);
// Keeps what is in `copy`, that of the destination, and is not named by the load. Errors: failed_precondition
// while another merge into the copy is under way.
Result<std::unique_ptr<GenerationBuilder>> make_merging_builder(
    StoredDatabase& database, Destination destination, std::shared_ptr<CopyState> copy, std::uint64_t number,
    const std::filesystem::path& path, const Generation::Options& generation_options,
    const DatabaseOptions& options);

}  // namespace slate
