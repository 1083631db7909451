// Where one message of the protocol is built or taken apart.
#pragma once

#include <array>
#include <cstddef>
#include <google/protobuf/arena.h>

namespace slate::wire {

// An arena that begins on the stack, where most messages end as well.
template <typename Message>
class OnArena {
 public:
  OnArena() = default;
  OnArena(const OnArena&) = delete;
  OnArena& operator=(const OnArena&) = delete;

  Message& operator*() { return *message_; }
  Message* operator->() { return message_; }

 private:
  google::protobuf::ArenaOptions options() {
    google::protobuf::ArenaOptions options;
    options.initial_block = first_.data();
    options.initial_block_size = first_.size();
    return options;
  }

  alignas(std::max_align_t) std::array<char, 2'048> first_;
  google::protobuf::Arena arena_{options()};
  Message* const message_ = google::protobuf::Arena::CreateMessage<Message>(&arena_);
};

}  // namespace slate::wire
