// Where a message of the protocol is built or taken apart.
#pragma once

#include <array>
#include <cstddef>

namespace google::protobuf {
struct ArenaOptions;
}

namespace slate::wire {

// Room for most messages, on the stack. REQUIRES: it outlives the arena.
struct FirstBlock {
  alignas(std::max_align_t) std::array<char, 2'048> bytes;
};

// An arena that begins there and goes on elsewhere.
google::protobuf::ArenaOptions beginning_in(FirstBlock& first);

}  // namespace slate::wire
