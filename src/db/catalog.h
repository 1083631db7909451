// The catalog: datasources, lists, and which generation of each datasource is live. Its commits are the
// points at which anything becomes true.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <slate/clock.h>
#include <slate/error.h>
#include <slate/list_view.h>

#include "model/schema.h"
#include "storage/environment.h"

namespace slate {

struct CatalogCopy {
  std::uint64_t generation = 0;
  std::optional<UnixMillis> loaded_at;
};

struct CatalogEntry {
  std::shared_ptr<const Schema> schema;
  std::uint64_t live_generation = 0;    // of the copy that all callers share
  std::optional<UnixMillis> loaded_at;  // of the live generation; absent: never loaded
  std::map<std::string, CatalogCopy> scopes;

  std::uint64_t highest_generation() const;
};

// Format: docs/formats/data-folder.md. Every change is durable when the call returns. Safe for any number of
// threads.
class Catalog {
 public:
  // Errors: unsupported_format, corrupt, io.
  static Result<std::unique_ptr<Catalog>> open(const std::filesystem::path& path, std::uint64_t map_bytes);
  // One that is there, to be read and left as it is. REQUIRES: that nobody writes it meanwhile; no call that
  // changes anything. Errors: those of open(); not_found.
  static Result<std::unique_ptr<Catalog>> open_to_read(const std::filesystem::path& path);

  Result<std::vector<CatalogEntry>> datasources();
  Result<std::vector<ListView>> lists();

  Result<void> put_datasource(const CatalogEntry& entry);
  // The highest that was ever live: numbers are not used again.
  Result<std::uint64_t> last_generation();
  // With lists of it, in one commit.
  Result<void> remove_datasource(std::string_view id, std::span<const std::string> lists);
  Result<void> put_list(const ListView& list);
  Result<void> remove_list(std::string_view id);

  // A word that the next open() finds, for what must survive a restart of the process.
  Result<std::optional<std::string>> note(std::string_view key);
  Result<void> set_note(std::string_view key, std::string_view value);

 private:
  Catalog() = default;
  std::unique_ptr<storage::Environment> environment_;
  storage::Table meta_;
  storage::Table datasources_;
  storage::Table lists_;
};

}  // namespace slate
