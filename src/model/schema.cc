#include "model/schema.h"

#include <algorithm>
#include <numeric>

namespace slate {
namespace {

struct Leaf {
  Column column;
  bool indexed = false;
};

void append_leaves(const Field& field, const std::string& prefix, std::optional<std::int64_t> ttl_around,
                   std::uint32_t top_field, std::vector<Leaf>& leaves) {
  const std::string path = prefix + field.name;
  const auto ttl_seconds = field.ttl_seconds ? field.ttl_seconds : ttl_around;
  if (field.type == Type::kMap) {
    for (const auto& entry : field.fields) append_leaves(entry, path + '.', ttl_seconds, top_field, leaves);
    return;
  }
  leaves.push_back({.column = {.id = 0,
                               .path = path,
                               .type = field.type,
                               .collation = field.collation,
                               .items = field.items,
                               .ttl_seconds = ttl_seconds,
                               .field = top_field},
                    .indexed = field.indexed});
}

// The id that a column of the same path, type and element had before.
std::optional<FieldId> previous_id(const Column& column, const Schema* previous) {
  if (previous == nullptr) return std::nullopt;
  const auto position = previous->find_column(column.path);
  if (!position) return std::nullopt;
  const Column& old = previous->columns[*position];
  if (old.type != column.type || old.items != column.items) return std::nullopt;
  return old.id;
}

// The id that an index over the same columns, in the same directions and collations, had before.
std::optional<std::uint32_t> previous_id(const Index& index, const std::vector<Column>& columns,
                                         const Schema* previous) {
  if (previous == nullptr) return std::nullopt;
  const Index* old = previous->find_index(index.name);
  if (old == nullptr) return std::nullopt;
  const bool same = std::ranges::equal(
      old->components, index.components, [&](const IndexComponent& before, const IndexComponent& now) {
        return before.direction == now.direction && before.collation == now.collation &&
               previous->columns[before.column].id == columns[now.column].id;
      });
  return same ? std::optional(old->id) : std::nullopt;
}

void add_index(Schema& schema, const std::vector<IndexField>& fields, const Schema* previous) {
  Index index;
  index.name = index_name(fields);
  for (const auto& field : fields)
    if (const auto column = schema.find_column(field.field))
      index.components.push_back(
          {.column = *column, .direction = field.direction, .collation = schema.columns[*column].collation});
  const auto id = previous_id(index, schema.columns, previous);
  index.id = id ? *id : schema.next_index_id++;
  schema.indexes.push_back(std::move(index));
}

}  // namespace

std::optional<std::uint32_t> Schema::find_column(std::string_view path) const {
  if (columns_by_path.size() != columns.size()) {
    const auto found = std::ranges::find(columns, path, &Column::path);
    if (found == columns.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - columns.begin());
  }
  const auto path_of = [this](std::uint32_t position) -> std::string_view { return columns[position].path; };
  const auto found = std::ranges::lower_bound(columns_by_path, path, {}, path_of);
  if (found == columns_by_path.end() || path_of(*found) != path) return std::nullopt;
  return *found;
}

const Index* Schema::find_index(std::string_view name) const {
  const auto found = std::ranges::find(indexes, name, &Index::name);
  return found == indexes.end() ? nullptr : &*found;
}

Schema make_schema(const Datasource& datasource, const Schema* previous) {
  Schema schema;
  schema.datasource = datasource;
  if (previous != nullptr) {
    schema.next_field_id = previous->next_field_id;
    schema.next_index_id = previous->next_index_id;
  }

  std::vector<Leaf> leaves;
  for (std::uint32_t i = 0; i < datasource.fields.size(); ++i)
    append_leaves(datasource.fields[i], "", std::nullopt, i, leaves);

  schema.columns.reserve(leaves.size() + 1);
  schema.columns.push_back({.id = kRecordIdField,
                            .path = std::string(kRecordIdPath),
                            .type = Type::kString,
                            .collation = Collation::kBinary,
                            .items = {},
                            .ttl_seconds = std::nullopt,
                            .field = 0});
  for (auto& leaf : leaves) {
    const auto id = previous_id(leaf.column, previous);
    leaf.column.id = id ? *id : schema.next_field_id++;
    schema.result_columns.push_back(
        {.field = leaf.column.path, .type = leaf.column.type, .items = leaf.column.items});
    schema.columns.push_back(leaf.column);
  }
  schema.columns_by_path.resize(schema.columns.size());
  std::iota(schema.columns_by_path.begin(), schema.columns_by_path.end(), 0u);
  std::ranges::sort(schema.columns_by_path, {}, [&](std::uint32_t position) -> std::string_view {
    return schema.columns[position].path;
  });

  schema.indexes.push_back(
      {.id = 0, .name = std::string(kRecordIdPath), .components = {{.column = kRecordIdColumn}}});
  for (const auto& leaf : leaves)
    if (leaf.indexed) add_index(schema, {{.field = leaf.column.path}}, previous);
  for (const auto& index : datasource.indexes) add_index(schema, index.fields, previous);
  return schema;
}

std::string index_name(const std::vector<IndexField>& fields) {
  std::string name;
  for (const auto& field : fields) {
    if (!name.empty()) name += ',';
    if (field.direction == Direction::kDescending) name += '-';
    name += field.field;
  }
  return name;
}

}  // namespace slate
