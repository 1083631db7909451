// Saving a datasource together with the lists that would stand in its way.
#pragma once

#include <span>

#include <slate/database.h>

namespace slate {

// Saves the datasource. Lists that use it and do not fit its new form make way when `declared`, which is
// about to be saved, has a new form of each that fits. Otherwise nothing changes. Errors: those of
// save_datasource().
Result<Saved> save_with_lists(Database& database, const Datasource& datasource,
                              std::span<const ListView> declared);

}  // namespace slate
