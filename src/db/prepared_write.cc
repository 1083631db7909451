#include "db/prepared_write.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <optional>

#include "base/try.h"
#include "model/coerce.h"
#include "model/field_path.h"

namespace slate {
namespace {

// Ids are shown whole up to this length in messages.
constexpr std::size_t kShownIdBytes = 80;

std::string shown(std::string_view id) {
  if (id.size() <= kShownIdBytes) return std::string(id);
  return std::string(id.substr(0, kShownIdBytes)) + "...";
}

// A scalar that needs no converting, in place; nothing when coerce() has to look at it.
std::optional<ValueRef> unconverted(const Value& value, Type type) {
  if (value.is_null()) return Null();
  switch (type) {
    case Type::kString: {
      const auto* text = value.get_if<std::string>();
      if (text == nullptr || text->size() > Limits::kStringBytes || !is_valid_utf8(*text))
        return std::nullopt;
      return std::string_view(*text);
    }
    case Type::kInt:
      if (const auto* integer = value.get_if<std::int64_t>()) return *integer;
      return std::nullopt;
    case Type::kFloat:
      if (const auto* real = value.get_if<double>(); real != nullptr && std::isfinite(*real))
        return *real == 0.0 ? 0.0 : *real;
      return std::nullopt;
    case Type::kBool:
      if (const auto* truth = value.get_if<bool>()) return *truth;
      return std::nullopt;
    case Type::kDate:
      if (const auto* date = value.get_if<Date>()) return *date;
      return std::nullopt;
    default: return std::nullopt;
  }
}

std::size_t value_bytes(const Value& value) {
  if (const auto* text = value.get_if<std::string>()) return text->size();
  std::size_t bytes = 8;
  if (const auto* list = value.get_if<ListValue>())
    for (const Value& element : *list) bytes += value_bytes(element);
  if (const auto* map = value.get_if<MapValue>())
    for (const auto& [name, entry] : *map) bytes += name.size() + value_bytes(entry);
  return bytes;
}

std::size_t cell_bytes(const ValueRef& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return text->size();
  if (const auto* list = std::get_if<const Value*>(&value)) return value_bytes(**list);
  return 8;
}

}  // namespace

Value to_value(const ValueRef& reference) {
  return std::visit(
      [](const auto& held) -> Value {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, const Value*>)
          return *held;
        else
          return Value(held);
      },
      reference);
}

Error position_error(std::string_view record_id, std::size_t position, std::size_t fields) {
  return {Reason::kInvalidArgument, fmt::format("record \"{}\": no field has position {}, there are {}",
                                                shown(record_id), position, fields)};
}

Error cell_error(std::string_view record_id, std::string_view field, const Error& cause) {
  const std::string inner = cause.field() ? *cause.field() + ": " : "";
  Error error = Error(cause.reason(), fmt::format("record \"{}\", field {}: {}{}", shown(record_id), field,
                                                  inner, cause.message()))
                    .with_field(std::string(field));
  if (cause.hint()) return std::move(error).with_hint(*cause.hint());
  return error;
}

Result<void> PreparedBatch::add(const RecordWrite& write, const Schema& schema) {
  if (auto valid = validate_record_id(write.id); !valid)
    return fail(std::move(valid).error().with_field(std::string(kRecordIdPath)));
  cells_.clear();
  for (std::size_t i = 0; i < write.cells.size(); ++i)
    SLATE_TRY(add_cell(i, write.id, write.cells[i].first, write.cells[i].second, schema));
  std::size_t bytes = write.id.size();
  for (const PreparedCell& cell : cells_) bytes += cell_bytes(cell.value);
  if (bytes > Limits::kRecordBytes)
    return fail(Error(Reason::kInvalidArgument, fmt::format("record \"{}\": {} bytes, at most {} are allowed",
                                                            shown(write.id), bytes, Limits::kRecordBytes))
                    .with_field(std::string(kRecordIdPath)));
  const bool copied = texts_ == Texts::kCopied;
  finish({.kind = write.kind, .id = copied ? keep_text(write.id) : write.id, .cells = {}, .bytes = bytes});
  return {};
}

void PreparedBatch::add_copy(const PreparedWrite& write) {
  cells_.assign(write.cells.begin(), write.cells.end());
  for (PreparedCell& cell : cells_) {
    if (auto* text = std::get_if<std::string_view>(&cell.value)) *text = keep_text(*text);
    if (auto* list = std::get_if<const Value*>(&cell.value)) *list = &lists_.emplace_back(**list);
  }
  finish({.kind = write.kind, .id = keep_text(write.id), .cells = {}, .bytes = write.bytes});
}

void PreparedBatch::clear() {
  writes_.clear();
  lists_.clear();
  room_.release();
}

void PreparedBatch::finish(PreparedWrite write) {
  if (!cells_.empty()) {
    auto* cells = static_cast<PreparedCell*>(
        room_.allocate(cells_.size() * sizeof(PreparedCell), alignof(PreparedCell)));
    std::uninitialized_copy(cells_.begin(), cells_.end(), cells);
    write.cells = {cells, cells_.size()};
  }
  writes_.push_back(write);
}

std::string_view PreparedBatch::keep_text(std::string_view text) {
  if (text.empty()) return {};
  auto* copy = static_cast<char*>(room_.allocate(text.size(), 1));
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

ValueRef PreparedBatch::keep(Value value) {
  if (value.is_null()) return Null();
  if (const auto* text = value.get_if<std::string>()) return keep_text(*text);
  if (const auto* integer = value.get_if<std::int64_t>()) return *integer;
  if (const auto* real = value.get_if<double>()) return *real;
  if (const auto* truth = value.get_if<bool>()) return *truth;
  if (const auto* date = value.get_if<Date>()) return *date;
  return &lists_.emplace_back(std::move(value));
}

// The scalar field of that name, which is noted for its place; null when there is none.
const PreparedBatch::NamedField* PreparedBatch::find_scalar(std::size_t place, const std::string& name,
                                                            const Schema& schema) {
  if (named_.size() <= place) named_.resize(place + 1);
  NamedField& named = named_[place];
  const auto& fields = schema.datasource.fields;
  const auto field = std::ranges::find(fields, name, &Field::name);
  if (field == fields.end() || field->type == Type::kList || field->type == Type::kMap) return nullptr;
  const auto column = schema.find_column(name);
  if (!column) return nullptr;
  named = {.field = &*field, .column = *column};
  return &named;
}

Result<void> PreparedBatch::add_cell(std::size_t place, std::string_view record_id, const std::string& name,
                                     const Value& value, const Schema& schema) {
  // Records of a batch mostly have the same names in the same places.
  const NamedField* named = place < named_.size() ? &named_[place] : nullptr;
  if (named == nullptr || named->field == nullptr || named->field->name != name)
    named = find_scalar(place, name, schema);
  if (named != nullptr) {
    if (auto scalar = unconverted(value, named->field->type)) {
      if (auto* text = std::get_if<std::string_view>(&*scalar); text != nullptr && texts_ == Texts::kCopied)
        *text = keep_text(*text);
      set(named->column, *scalar);
      return {};
    }
  }
  const Field* field = find_field(schema.datasource.fields, name);
  if (field == nullptr)
    return fail(cell_error(record_id, name, Error(Reason::kInvalidArgument, "there is no such field")));
  auto coerced = value.is_null() ? Result<Value>(Value()) : coerce(value, *field);
  if (!coerced) return fail(cell_error(record_id, name, coerced.error()));
  spread(name, *field, *std::move(coerced), schema);
  return {};
}

void PreparedBatch::spread(const std::string& path, const Field& field, Value value, const Schema& schema) {
  if (field.type != Type::kMap) {
    if (const auto column = schema.find_column(path)) set(*column, keep(std::move(value)));
    return;
  }
  MapValue* entries = value.get_if<MapValue>();
  for (const Field& entry : field.fields) {
    Value inner;
    if (entries != nullptr) {
      const auto found = std::ranges::find(*entries, entry.name, &MapValue::value_type::first);
      if (found != entries->end()) inner = std::move(found->second);
    }
    spread(path + "." + entry.name, entry, std::move(inner), schema);
  }
}

void PreparedBatch::set(std::uint32_t column, ValueRef value) {
  // Most records name their fields in the order of the columns: then none can have been named before.
  if (!cells_.empty() && column <= highest_column_) {
    const auto found = std::ranges::find(cells_, column, &PreparedCell::column);
    if (found != cells_.end()) {
      found->value = value;
      return;
    }
  }
  highest_column_ = cells_.empty() ? column : std::max(highest_column_, column);
  cells_.push_back({.column = column, .value = value});
}

}  // namespace slate
