// The files behind a folder of manifests.
#pragma once

#include <filesystem>
#include <vector>

#include <slate/error.h>

#include "cli/manifest_folder.h"

namespace slate::cli {

inline constexpr std::uint64_t kLongestManifest = std::uint64_t{16} << 20;  // bytes of one file

// One file, at most kLongestManifest bytes.
Result<std::string> read_manifest_file(const std::filesystem::path& path);

// Every file named *.yaml, *.yml or *.json, in order of name; not hidden ones, nor what is in subfolders. A
// file that cannot be read comes with its error. Errors: not_found, io: the folder itself.
Result<std::vector<ManifestText>> read_manifest_folder(const std::filesystem::path& folder);

// The memory of what came from manifests, in one small JSON file that is replaced as a whole. A missing file
// is an empty memory. Errors: corrupt, io.
Result<ManifestOrigins> load_origins(const std::filesystem::path& file);
Result<void> save_origins(const std::filesystem::path& file, const ManifestOrigins& origins);

}  // namespace slate::cli
