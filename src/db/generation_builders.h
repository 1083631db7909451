// Generation builders of the embedded database.
#pragma once

#include <memory>

#include <slate/generation_builder.h>
#include <slate/options.h>

#include "db/bulk_builder.h"
#include "db/datasource_state.h"
#include "db/merge_builder.h"

namespace slate {

class StoredDatabase;

// Replaces everything. The builder must not outlive the database.
std::unique_ptr<GenerationBuilder> make_replacing_builder(StoredDatabase& database,
                                                          std::shared_ptr<DatasourceState> state,
                                                          std::shared_ptr<const Schema> schema,
                                                          std::shared_ptr<Generation> generation,
                                                          const DatabaseOptions& options);
// Keeps what the load does not name. Errors: failed_precondition while another merge of the datasource is
// under way.
Result<std::unique_ptr<GenerationBuilder>> make_merging_builder(StoredDatabase& database,
                                                                std::shared_ptr<DatasourceState> state,
                                                                std::uint64_t number,
                                                                const std::filesystem::path& path,
                                                                const Generation::Options& generation_options,
                                                                const DatabaseOptions& options);

}  // namespace slate
