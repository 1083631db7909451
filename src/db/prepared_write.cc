#include "db/prepared_write.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/try.h"
#include "model/coerce.h"

namespace slate {
namespace {

// Ids are shown whole up to this length in messages.
constexpr std::size_t kShownIdBytes = 80;

std::string shown(std::string_view id) {
  if (id.size() <= kShownIdBytes) return std::string(id);
  return std::string(id.substr(0, kShownIdBytes)) + "...";
}

class Preparer {
 public:
  Preparer(const Schema& schema, PreparedWrite& write) : schema_(schema), write_(write) {}

  Result<void> add(const std::string& name, const Value& value) {
    const auto& fields = schema_.datasource.fields;
    const auto field = std::ranges::find(fields, name, &Field::name);
    if (field != fields.end()) {
      auto coerced = value.is_null() ? Result<Value>(Value()) : coerce(value, *field);
      if (!coerced) return fail(cell_error(write_.id, name, coerced.error()));
      spread(name, *field, *std::move(coerced));
      return {};
    }
    const auto column = schema_.find_column(name);
    if (!column || *column == kRecordIdColumn)
      return fail(cell_error(write_.id, name, Error(Reason::kInvalidArgument, "there is no such field")));
    const Column& leaf = schema_.columns[*column];
    auto coerced = value.is_null()
                       ? Result<Value>(Value())
                       : coerce(value, Field{.name = leaf.path, .type = leaf.type, .items = leaf.items});
    if (!coerced) return fail(cell_error(write_.id, name, coerced.error()));
    set(*column, *std::move(coerced));
    return {};
  }

 private:
  void spread(const std::string& path, const Field& field, Value value) {
    if (field.type != Type::kMap) {
      if (const auto column = schema_.find_column(path)) set(*column, std::move(value));
      return;
    }
    MapValue* entries = value.get_if<MapValue>();
    for (const Field& entry : field.fields) {
      Value inner;
      if (entries != nullptr) {
        const auto found = std::ranges::find(*entries, entry.name, &MapValue::value_type::first);
        if (found != entries->end()) inner = std::move(found->second);
      }
      spread(path + "." + entry.name, entry, std::move(inner));
    }
  }

  void set(std::uint32_t column, Value value) {
    const auto found = std::ranges::find(write_.cells, column, &PreparedCell::column);
    if (found != write_.cells.end())
      found->value = std::move(value);
    else
      write_.cells.push_back({.column = column, .value = std::move(value)});
  }

  const Schema& schema_;
  PreparedWrite& write_;
};

std::size_t value_bytes(const Value& value) {
  if (const auto* text = value.get_if<std::string>()) return text->size();
  std::size_t bytes = 8;
  if (const auto* list = value.get_if<ListValue>())
    for (const Value& element : *list) bytes += value_bytes(element);
  if (const auto* map = value.get_if<MapValue>())
    for (const auto& [name, entry] : *map) bytes += name.size() + value_bytes(entry);
  return bytes;
}

}  // namespace

Error cell_error(std::string_view record_id, std::string_view field, const Error& cause) {
  const std::string inner = cause.field() ? *cause.field() + ": " : "";
  Error error = Error(cause.reason(), fmt::format("record \"{}\", field {}: {}{}", shown(record_id), field,
                                                  inner, cause.message()))
                    .with_field(std::string(field));
  if (cause.hint()) return std::move(error).with_hint(*cause.hint());
  return error;
}

Result<PreparedWrite> prepare(const RecordWrite& write, const Schema& schema) {
  if (auto valid = validate_record_id(write.id); !valid)
    return fail(std::move(valid).error().with_field(std::string(kRecordIdPath)));
  PreparedWrite prepared{.kind = write.kind, .id = write.id};
  Preparer preparer(schema, prepared);
  for (const auto& [name, value] : write.cells) SLATE_TRY(preparer.add(name, value));
  prepared.bytes = prepared.id.size();
  for (const PreparedCell& cell : prepared.cells) prepared.bytes += value_bytes(cell.value);
  if (prepared.bytes > Limits::kRecordBytes)
    return fail(
        Error(Reason::kInvalidArgument, fmt::format("record \"{}\": {} bytes, at most {} are allowed",
                                                    shown(write.id), prepared.bytes, Limits::kRecordBytes))
            .with_field(std::string(kRecordIdPath)));
  return prepared;
}

Result<std::vector<PreparedWrite>> prepare(std::span<const RecordWrite> writes, const Schema& schema) {
  std::vector<PreparedWrite> prepared;
  prepared.reserve(writes.size());
  for (const RecordWrite& write : writes) {
    SLATE_TRY(PreparedWrite one, prepare(write, schema));
    prepared.push_back(std::move(one));
  }
  return prepared;
}

}  // namespace slate
