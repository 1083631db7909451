#include "loader/row_reader.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <string>
#include <utility>

#include "base/try.h"
#include "slate/loader/loader.pb.h"

namespace slate {
namespace {

using loader::FieldValue;

// What does not fit, seen from inside the record: the path within the field, and why.
struct Misfit {
  std::string path;
  std::string why;
};
template <typename T>
using Fitting = std::expected<T, Misfit>;

// At most 80 bytes of it, cut between characters.
std::string shortened(std::string_view text) {
  constexpr std::size_t kMost = 80;
  if (text.size() <= kMost) return std::string(text);
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

std::string_view kind_of(const FieldValue& value) {
  switch (value.value_case()) {
    case FieldValue::kStringValue: return "string";
    case FieldValue::kIntValue: return "int";
    case FieldValue::kFloatValue: return "float";
    case FieldValue::kBoolValue: return "bool";
    case FieldValue::kDateValue: return "date";
    case FieldValue::kListValue: return "list";
    case FieldValue::kMapValue: return "map";
    case FieldValue::VALUE_NOT_SET: break;
  }
  return "null";
}

std::unexpected<Misfit> misfit(const FieldValue& value, Type expected) {
  return std::unexpected(Misfit{{}, fmt::format("expected {}, got {}", type_name(expected), kind_of(value))});
}

// Scalars only; lists and maps are misfits here.
Fitting<ValueRef> fit_scalar(const FieldValue& value, Type type) {
  switch (value.value_case()) {
    case FieldValue::VALUE_NOT_SET: return Null{};
    case FieldValue::kStringValue:
      if (type == Type::kString) return std::string_view(value.string_value());
      break;
    case FieldValue::kIntValue:
      if (type == Type::kInt) return value.int_value();
      if (type == Type::kFloat) return static_cast<double>(value.int_value());
      break;
    case FieldValue::kFloatValue:
      if (type != Type::kFloat) break;
      if (!std::isfinite(value.float_value()))
        return std::unexpected(Misfit{{},
                                      fmt::format("expected a finite float, got {}",
                                                  std::isnan(value.float_value()) ? "NaN" : "infinity")});
      return value.float_value() + 0.0;  // turns -0.0 into 0.0
    case FieldValue::kBoolValue:
      if (type == Type::kBool) return value.bool_value();
      break;
    case FieldValue::kDateValue:
      if (type == Type::kDate) return Date{value.date_value()};
      break;
    case FieldValue::kListValue:
    case FieldValue::kMapValue: break;
  }
  return misfit(value, type);
}

Fitting<Value> fit(const FieldValue& value, const Field& field, UnknownFields unknown);

Fitting<Value> fit_list(const FieldValue& value, const Field& field, UnknownFields unknown) {
  if (!value.has_list_value()) return misfit(value, Type::kList);
  ListValue list;
  list.reserve(static_cast<std::size_t>(value.list_value().values_size()));
  for (const FieldValue& element : value.list_value().values()) {
    auto fitted = fit(element, field.items.front(), unknown);
    if (!fitted) {
      fitted.error().path.insert(0, fmt::format("[{}]", list.size()));
      return std::unexpected(std::move(fitted).error());
    }
    list.push_back(*std::move(fitted));
  }
  return Value(std::move(list));
}

Fitting<Value> fit_map(const FieldValue& value, const Field& field, UnknownFields unknown) {
  if (!value.has_map_value()) return misfit(value, Type::kMap);
  const auto& entries = value.map_value().entries();
  MapValue map;
  std::size_t known = 0;
  for (const Field& entry : field.fields) {
    const auto found = entries.find(entry.name);
    if (found == entries.end()) continue;
    ++known;
    if (found->second.value_case() == FieldValue::VALUE_NOT_SET) continue;
    auto fitted = fit(found->second, entry, unknown);
    if (!fitted) {
      fitted.error().path.insert(0, "." + entry.name);
      return std::unexpected(std::move(fitted).error());
    }
    map.emplace_back(entry.name, *std::move(fitted));
  }
  if (unknown == UnknownFields::kReject && known != entries.size())
    for (const auto& [name, entry] : entries)
      if (std::ranges::find(field.fields, name, &Field::name) == field.fields.end())
        return std::unexpected(Misfit{"." + shortened(name),
                                      fmt::format("expected only declared fields, got {}", kind_of(entry))});
  return Value(std::move(map));
}

// The recursion is as deep as the declared type at most.
Fitting<Value> fit(const FieldValue& value, const Field& field, UnknownFields unknown) {
  if (value.value_case() == FieldValue::VALUE_NOT_SET) return Value();
  if (field.type == Type::kList) return fit_list(value, field, unknown);
  if (field.type == Type::kMap) return fit_map(value, field, unknown);
  auto scalar = fit_scalar(value, field.type);
  if (!scalar) return std::unexpected(std::move(scalar).error());
  return std::visit(
      [](const auto& held) {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, const Value*>)
          return *held;
        else
          return Value(held);
      },
      *scalar);
}

Failure bad_row(std::string_view id, std::string_view field, const Misfit& misfit) {
  return fail(Reason::kLoaderFailed, fmt::format("record \"{}\", field \"{}{}\": {}", shortened(id),
                                                 shortened(field), misfit.path, misfit.why));
}

}  // namespace

RowReader::RowReader(const Datasource& datasource)
    : unknown_fields_(datasource.loader ? datasource.loader->unknown_fields : UnknownFields::kIgnore),
      fields_(datasource.fields) {
  positions_.reserve(fields_.size());
  for (std::uint32_t position = 0; position < fields_.size(); ++position)
    positions_.emplace(fields_[position].name, position);
  cells_.reserve(fields_.size());
  values_.reserve(fields_.size());
}

Result<Row> RowReader::read(const loader::LoadResponse& message) {
  const std::string_view id = message.record_id();
  if (id.empty() || id.size() > Limits::kRecordIdBytes)
    return fail(Reason::kLoaderFailed,
                fmt::format("record \"{}\": expected a record_id of 1 to {} bytes, got {} bytes",
                            shortened(id), Limits::kRecordIdBytes, id.size()));
  cells_.clear();
  values_.clear();
  for (const auto& [name, value] : message.fields()) {
    const auto found = positions_.find(name);
    if (found == positions_.end()) {
      if (unknown_fields_ == UnknownFields::kIgnore) continue;
      return bad_row(id, name, {{}, fmt::format("expected only declared fields, got {}", kind_of(value))});
    }
    const Field& field = fields_[found->second];
    if (field.type == Type::kList || field.type == Type::kMap) {
      auto fitted = fit(value, field, unknown_fields_);
      if (!fitted) return bad_row(id, name, fitted.error());
      if (fitted->is_null())
        cells_.push_back({found->second, Null{}});
      else
        cells_.push_back({found->second, &values_.emplace_back(*std::move(fitted))});
    } else {
      auto fitted = fit_scalar(value, field.type);
      if (!fitted) return bad_row(id, name, fitted.error());
      cells_.push_back({found->second, *fitted});
    }
  }
  return Row{id, cells_};
}

}  // namespace slate
