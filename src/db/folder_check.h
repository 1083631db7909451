// Checking a data folder that nobody has open: reads everything and changes nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <slate/error.h>

#include "db/audit.h"

namespace slate {

struct CheckFinding {
  enum class Kind : std::uint8_t {
    kDamage,  // what is stored is not what was written, or contradicts itself
    kLitter,  // a file that the next start removes, or that is not Slate's: harmless
  };
  Kind kind = Kind::kDamage;
  std::string datasource;  // empty: none in particular
  std::optional<std::uint64_t> generation;
  std::string problem;  // names the segment, index, record or file
};

// A generation that the catalog calls live.
struct LiveGeneration {
  std::string datasource;
  std::uint64_t number = 0;
};

struct CatalogCheck {
  std::vector<LiveGeneration> generations;  // in the order of the datasources' names
  std::size_t lists = 0;
  std::vector<CheckFinding> findings;
};

// The catalog, whether its lists make sense over its datasources, and what lies in the folder beside it.
// REQUIRES of both: that the caller holds the folder (FolderLock). Damage is what they find; an error is what
// kept them from looking: not_found for a folder without a catalog, io, unsupported_format, and corrupt when
// nothing of the catalog, or of the generation, can be read.
Result<CatalogCheck> check_catalog(const std::filesystem::path& folder);

// One generation, from end to end. Damaged bytes of the tree itself can make the store's library end the
// process: run it in one of its own. Time and memory as of audit().
Result<AuditReport> check_generation(const std::filesystem::path& folder, const LiveGeneration& generation,
                                     const AuditProgress& progress);

}  // namespace slate
