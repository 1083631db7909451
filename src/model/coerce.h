// From what a caller sent to what a field holds.
#pragma once

#include <string_view>

#include <slate/datasource.h>
#include <slate/error.h>
#include <slate/record.h>
#include <slate/value.h>

#include "model/schema.h"

namespace slate {

// The value in the form its field stores, or invalid_argument with expected and got (no field name: the
// caller adds record and field; inside lists and maps the message says where). Null is null for every field.
// string: valid UTF-8 of at most 16 MiB. int: an int, a whole float below 2^53, or a string of digits. float:
// a finite float or an int; -0.0 becomes 0.0. bool: a bool. date: a date, an int of seconds, or RFC 3339
// text. list: element by element, none of them null. map: entries in declared order, null ones kept so that a
// merge can remove them; unknown and doubled entries are refused. In maps inside lists null entries are left
// out.
Result<Value> coerce(Value value, const Field& field);

// Valid UTF-8, shortest forms, no surrogates.
bool is_valid_utf8(std::string_view text);
// 1 to 1,024 bytes of valid UTF-8.
Result<void> validate_record_id(std::string_view id);

}  // namespace slate
