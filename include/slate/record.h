// Records on their way in and out of a datasource.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <slate/value.h>

namespace slate {

// A record as a caller holds it: an id and cells by field name (or dotted path of a map's entry). Absent:
// null.
struct Record {
  std::string id;
  std::vector<std::pair<std::string, Value>> cells;

  // Null when the record has no such cell. O(cells).
  const Value* find(std::string_view field) const {
    for (const auto& [name, value] : cells)
      if (name == field) return &value;
    return nullptr;
  }
};

enum class WriteKind : std::uint8_t {
  kMerge,    // named cells are replaced, a null removes, other cells stay; creates the record
  kUpdate,   // as kMerge, of a record that exists: not_found otherwise
  kReplace,  // the record is exactly these cells; creates the record
  kDelete,   // the record goes; absent is not an error
};

struct RecordWrite {
  WriteKind kind = WriteKind::kMerge;
  std::string id;
  std::vector<std::pair<std::string, Value>> cells;
};

struct WriteCounts {
  std::uint64_t inserted = 0;
  std::uint64_t updated = 0;
  std::uint64_t deleted = 0;
  bool operator==(const WriteCounts&) const = default;
};

// A value that its owner keeps alive during a call: what a bulk load passes, without a copy or an allocation.
// Lists and maps point at a Value.
using ValueRef = std::variant<Null, std::string_view, std::int64_t, double, bool, Date, const Value*>;

// A cell of a bulk load: `field` is a position in Datasource::fields.
struct CellRef {
  std::uint32_t field = 0;
  ValueRef value;
};

}  // namespace slate
