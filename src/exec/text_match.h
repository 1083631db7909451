// The text operators.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "query/bound_query.h"

namespace slate {

// REQUIRES: needle is folded when case_rule is kFolded. The result may be called from any thread; it folds
// texts that are not ASCII and compares ASCII ones in place.
std::function<bool(std::string_view)> text_matcher(TextMatch match, CaseRule case_rule, std::string needle);

}  // namespace slate
