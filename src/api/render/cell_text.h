// Cells as JSON text, appended to a string: no value is built in between.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <slate/batch.h>
#include <slate/clock.h>
#include <slate/datasource.h>
#include <slate/result_set.h>
#include <slate/value.h>

#include "api/render/text_appender.h"

namespace slate::api {

// How ints beyond 2^53 are written, which JavaScript cannot hold as numbers.
enum class Int64Form : std::uint8_t { kNumber, kString };

// Between quotes, escaped. `text` is valid UTF-8.
void append_json_string(std::string& out, std::string_view text);
void append_json_string(TextAppender& out, std::string_view text);
void append_integer(std::string& out, std::int64_t number);
// The shortest text that reads back as the same number.
void append_real(std::string& out, double number);
// An RFC 3339 string; seconds as a number where the year is beyond 0000 to 9999.
void append_json_date(std::string& out, std::int64_t seconds);
// Whole seconds, rounded down.
void append_json_time(std::string& out, UnixMillis time);

void append_json_value(std::string& out, const Value& value, Int64Form form);
// A list's cell as an array; `element` is its declared element.
void append_json_list(std::string& out, std::string_view cell, const Field& element, Int64Form form);
// A cell that is not null.
void append_json_cell(TextAppender& out, const ColumnView& cells, std::size_t row, const ResultColumn& column,
                      Int64Form form);

}  // namespace slate::api
