// Taking a generation's statistics: a sample of its records, and what that says of each column.
#pragma once

#include <slate/error.h>

#include "db/generation.h"
#include "model/schema.h"
#include "storage/environment.h"

namespace slate {

// Whether so much has changed since they were last taken that they should be taken again.
bool are_statistics_due(const GenerationState& state);

// Takes them from what the transaction sees and writes them with it. Deterministic for one state. About 1,000
// segments are read, whatever the number of records: some hundred microseconds when they are in memory.
Result<void> take_statistics(Generation& generation, storage::WriteTransaction& transaction,
                             const Schema& schema, GenerationState& state);

}  // namespace slate
