// What a datasource declares: its fields, its indexes, and where its records come from.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <slate/error.h>
#include <slate/value.h>

namespace slate {

struct Limits {
  static constexpr std::size_t kRecordIdBytes = 1024;
  static constexpr std::size_t kStringBytes = 16u << 20;
  static constexpr std::size_t kRecordBytes = 16u << 20;
  static constexpr std::size_t kFields = 1024;  // scalars and lists of one datasource, nested ones included
  static constexpr std::size_t kNameBytes = 63;
  static constexpr std::size_t kNesting = 8;  // maps within maps, lists within lists
  static constexpr std::size_t kIndexFields = 8;
};

// How the texts of a field compare with each other and with the constants of queries: in sorts, in indexes,
// and under eq, ne, in, nin, gt, gte, lt, lte and between. Other operators say by their names whether case
// matters.
enum class Collation : std::uint8_t {
  kBinary,  // by code point
  kNocase,  // by code point once both are folded (Unicode simple case folding): texts equal then are ties
};

struct Field {
  std::string name;  // [A-Za-z][A-Za-z0-9_-]*, at most 63 bytes
  Type type = Type::kString;
  bool indexed = false;
  Collation collation = Collation::kBinary;  // kNocase: type string only, and not inside lists
  std::optional<std::int64_t> ttl_seconds;   // cells expire this long after they were written
  std::vector<Field> items;                  // type list: exactly one, the element; its name is empty
  std::vector<Field> fields;                 // type map: the entries

  bool operator==(const Field&) const = default;
};

enum class Direction : std::uint8_t { kAscending, kDescending };

struct IndexField {
  std::string field;  // dotted path of a scalar field
  Direction direction = Direction::kAscending;
  bool operator==(const IndexField&) const = default;
};

struct CompoundIndex {
  std::vector<IndexField> fields;  // 1 to 8
  bool operator==(const CompoundIndex&) const = default;
};

enum class LoadMode : std::uint8_t {
  kReplace,  // a refresh is the whole truth
  kMerge,    // records that the loader did not send are kept
};
enum class UnknownFields : std::uint8_t { kIgnore, kReject };

// Where records come from. Times are seconds.
struct LoaderConfig {
  std::string endpoint;                      // grpc://host:port or grpcs://host:port
  std::optional<std::int64_t> ttl;           // absent: loaded once
  std::vector<std::string> forward_headers;  // sent to the loader in LoadRequest.metadata
  // Every tuple of these headers' values has a copy of the records of its own; empty: all callers share one.
  std::vector<std::string> scope_headers;
  std::int64_t max_scopes = 100;  // copies that are kept; the least recently used one makes room
  std::optional<std::int64_t> max_scope_bytes;  // of all copies together; the one loaded last always stays
  std::optional<std::string> ca_file;           // PEM roots for grpcs://; absent: the system's
  std::int64_t stale_while_revalidate = 0;      // stale rows are served at once while a refresh runs
  std::int64_t stale_if_error = 86400;          // stale rows are served this long after a failure
  std::int64_t deadline = 1800;                 // of the whole load
  std::int64_t idle_timeout = 60;               // without a message
  LoadMode mode = LoadMode::kReplace;
  UnknownFields unknown_fields = UnknownFields::kIgnore;
  std::optional<std::int64_t> min_rows;  // a load with fewer rows fails
  std::optional<double> max_shrink;      // 0..1: a load that loses a larger share of the rows fails
  bool operator==(const LoaderConfig&) const = default;
};

// When a commit is acknowledged.
enum class Durability : std::uint8_t {
  kSync,  // on stable storage: survives power loss
  kOs,    // handed to the operating system: survives a killed process; synced in the background
};

struct Datasource {
  std::string id;     // the name in manifests and URLs
  std::string title;  // for people; may be empty
  std::vector<Field> fields;
  std::vector<CompoundIndex> indexes;
  std::optional<LoaderConfig> loader;
  std::optional<Durability> durability;  // default: kOs with a loader, kSync without

  Durability effective_durability() const {
    return durability.value_or(loader ? Durability::kOs : Durability::kSync);
  }
  // Whether there is a copy of the records for each scope, and none that all callers share.
  bool is_scoped() const { return loader && !loader->scope_headers.empty(); }
  bool operator==(const Datasource&) const = default;
};

// Checks everything that page "datasources" of the book promises, before anything is stored: names, types,
// TTLs, indexes on what cannot be indexed, the loader, limits. invalid_argument whose field is the path of
// what is wrong: "id", "fields.address.city", "fields.tags.items" (a list's element),
// "fields.address[1].name" (a bad or double name, by position), "indexes[0].fields[1]",
// "loader.forwardHeaders[0]".
Result<void> validate(const Datasource& datasource);

}  // namespace slate
