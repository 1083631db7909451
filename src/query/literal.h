// From what a filter compares with to what its column holds.
#pragma once

#include <cstdint>
#include <optional>

#include <slate/error.h>
#include <slate/query.h>

#include "query/bound_query.h"

namespace slate {

// Where a literal lies among the values that a column can hold. Numbers compare by value, so 1.5 lies between
// the ints 1 and 2, and 9007199254740993 between two neighbouring doubles.
struct Place {
  enum class Side : std::uint8_t {
    kOn,     // the literal is `value`
    kBelow,  // below `value`, and no value of the type lies between
    kAbove,  // above `value`, and no value of the type lies between
  };
  Scalar value;
  Side side = Side::kOn;
};

// The literal's place among values of a scalar type. Text from a URL is read as the type; strings are taken
// for an int when they are digits, and for a date when they are RFC 3339. invalid_argument without a field,
// saying what was expected and what came: another kind, null, a number that is not finite.
Result<Place> place_literal(const Literal& literal, Type type);
// The truth that `isnull` and `empty` take.
Result<bool> truth_of(const Literal& literal);

// "a string", "an int": for messages.
std::string_view with_article(Type type);

}  // namespace slate
