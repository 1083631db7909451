// What the text of a cell means.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "slate/loader/loader.pb.h"

namespace file_loader {

enum class ColumnType : std::uint8_t { kString, kInt, kFloat, kBool, kDate };

using ColumnTypes = std::map<std::string, ColumnType, std::less<>>;

// "string", "int", "float", "bool" or "date".
std::optional<ColumnType> parse_column_type(std::string_view name);

// The narrowest type that holds the text. "007" and "+1" are strings: as numbers they would not come back the
// same.
ColumnType guess_type(std::string_view text);
// The narrowest type that holds what both hold.
ColumnType common_type(ColumnType a, ColumnType b);

// Seconds since 1970-01-01 UTC from digits, "2024-05-01" or "2024-05-01T12:00:00Z".
std::optional<std::int64_t> parse_seconds(std::string_view text);

// Empty text is null. Errors: a sentence with what was expected.
std::expected<slate::loader::FieldValue, std::string> to_value(std::string_view text, ColumnType type);

}  // namespace file_loader
