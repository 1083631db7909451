#pragma once

#include <cstddef>
#include <string_view>

namespace slate::net {

// Names the calling thread "<name>-<number>" for debuggers and /proc; cut to the 15 bytes that Linux keeps.
void name_this_thread(std::string_view name, std::size_t number);

}  // namespace slate::net
