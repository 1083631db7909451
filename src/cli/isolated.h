// Work that may end its process: a library that reads damaged bytes can.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <slate/error.h>

namespace slate::cli {

// A line, without its end.
using Say = std::function<void(std::string_view line)>;

// Runs `work` in a copy of this process, whose standard error goes nowhere, and hands on what it says, a line
// at a time and in order, until it has ended. Answers with how it ended: nothing when `work` returned,
// otherwise "ended by signal 11 (Segmentation fault)" or "ended with status 1". REQUIRES: no other thread
// runs. Errors: io when the process could not be made.
Result<std::optional<std::string>> run_isolated(const std::function<void(const Say& say)>& work,
                                                const Say& heard);

}  // namespace slate::cli
