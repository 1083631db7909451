// What a statement's body says that an answer holds, in the form that answers are compared in.
#pragma once

#include <string>
#include <vector>

#include <slate/datasource.h>
#include <slate/error.h>

#include "scenario/questions.h"
#include "scenario/script.h"

namespace slate::scenario {

// The rows of a query below their header: a table, `ids a b c`, or `no rows`.
Result<Rows> expected_rows(const std::vector<Line>& body, const Datasource& datasource);

// The last row of values that more remain behind.
inline constexpr const char* kMoreValues = "...";
// Values of a field and their counts below their header: a table, or `no values`.
Result<Rows> expected_values(const std::vector<Line>& body, const Datasource& datasource,
                             const std::string& field);

}  // namespace slate::scenario
