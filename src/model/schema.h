// A datasource as the store sees it: columns with stable ids, and indexes over them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <slate/datasource.h>
#include <slate/error.h>
#include <slate/result_set.h>

namespace slate {

// Stable across schema changes; 0 is the record id. Never reused within a datasource.
using FieldId = std::uint32_t;
inline constexpr FieldId kRecordIdField = 0;
// Position of the record id in Schema::columns, and its path.
inline constexpr std::uint32_t kRecordIdColumn = 0;
inline constexpr std::string_view kRecordIdPath = "_id";

// A leaf: a scalar or list field, or one inside maps. Its path joins the names with dots.
struct Column {
  FieldId id = 0;
  std::string path;
  Type type = Type::kString;
  Collation collation = Collation::kBinary;
  std::vector<Field> items;                 // type list: the element
  std::optional<std::int64_t> ttl_seconds;  // its own, or that of the map around it
  std::uint32_t field = 0;                  // position in Datasource::fields of the field it belongs to
  bool operator==(const Column&) const = default;
};

struct IndexComponent {
  std::uint32_t column = 0;  // position in Schema::columns
  Direction direction = Direction::kAscending;
  Collation collation = Collation::kBinary;  // that its keys are made by: kNocase: of folded texts
  bool operator==(const IndexComponent&) const = default;
};

struct Index {
  std::uint32_t id =
      0;             // names its sub-database; never reused within a datasource. 0 is the index of record ids
  std::string name;  // "status"; "status,-contacts_count" for a compound one
  std::vector<IndexComponent> components;
  bool operator==(const Index&) const = default;
};

// Immutable once made; share it by shared_ptr<const Schema>.
struct Schema {
  Datasource datasource;
  std::vector<Column> columns;  // [0] is `_id`; then leaves in declared order
  std::vector<Index> indexes;   // [0] is that of `_id`
  FieldId next_field_id = 1;
  std::uint32_t next_index_id = 1;
  // Filled by make_schema(): positions in `columns`, sorted by path; and all columns but `_id`, as answers
  // have them.
  std::vector<std::uint32_t> columns_by_path;
  std::vector<ResultColumn> result_columns;

  // Position in `columns` of a path, or nothing. O(log columns); O(columns) in a schema put together by hand.
  std::optional<std::uint32_t> find_column(std::string_view path) const;
  // Null when there is none. O(indexes).
  const Index* find_index(std::string_view name) const;
};

// REQUIRES: validate(datasource) succeeded. Columns of the same path, type and element keep the id they have
// in `previous`, and indexes over the same columns, in the same directions and collations, theirs; everything
// else gets a new id.
Schema make_schema(const Datasource& datasource, const Schema* previous);

// The name that an index over these fields has: "status", "-revenue", "status,-contacts_count".
std::string index_name(const std::vector<IndexField>& fields);

}  // namespace slate
