// Keeps forwarded credentials out of what people read.
#pragma once

#include <string>
#include <string_view>

#include "loader/loader_client.h"

namespace slate {

// A loader's own message, fit for logs and answers: valid UTF-8, at most 1 KiB, and with every value of
// `metadata`, and every word of 6 bytes or more in one ("Bearer <token>"), replaced by "[redacted]". A value
// shorter than that is replaced where it is a word: within others its gaps would tell what it is.
std::string presentable(std::string_view message, const LoadMetadata& metadata);

}  // namespace slate
