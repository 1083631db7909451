// What errors say to whom: those who may administer are told everything, readers of lists nothing of what
// lies behind Slate.
#pragma once

#include <cstdint>
#include <string>

#include <slate/error.h>

#include "http/message.h"

namespace slate::api {

enum class Audience : std::uint8_t { kReaders, kAdministration };

// The error as anybody may read it. Of what failed behind the API, in the storage, on the way to a database,
// in Slate itself, only the reason remains, as messages name addresses, files and what the operating system
// said; of a loader the words that it chose for its readers, without the hint, which is for who runs it. What
// is wrong with the request, and what the caller may do about it, stays as it is.
Error for_readers(const Error& error);

// Answers through `respond`, with errors as for_readers() leaves them, those of a stream's first chunk
// included. What it leaves out is logged under the request's id.
http::Respond answering_readers(http::Respond respond, std::string request_id);

}  // namespace slate::api
