#include "wire/message_arena.h"

#include <google/protobuf/arena.h>

namespace slate::wire {

google::protobuf::ArenaOptions beginning_in(FirstBlock& first) {
  google::protobuf::ArenaOptions options;
  options.initial_block = first.bytes.data();
  options.initial_block_size = first.bytes.size();
  return options;
}

}  // namespace slate::wire
