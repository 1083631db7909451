// What a load generator has to know of an HTTP/1.1 answer: its status, and where it ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace slate::bench::network {

// Takes the bytes of one answer after the other. No I/O.
class ResponseMeter {
 public:
  enum class State : std::uint8_t {
    kHead,    // more of the head is to come
    kBody,    // missing() bytes of the body are
    kDone,    // next() begins the next answer
    kBroken,  // not HTTP, or its end cannot be told
  };

  // Takes what belongs to this answer off the front of `bytes`.
  State feed(std::string_view& bytes);
  // Bytes of the body went elsewhere. REQUIRES: at most missing() in kBody.
  State skip(std::uint64_t bytes);
  void next();

  State state() const { return state_; }
  std::uint64_t missing() const { return missing_; }
  // Once the head is there:
  int status() const { return status_; }
  std::uint64_t length() const { return length_; }  // of the body
  bool closes() const { return closes_; }           // the connection ends with it

 private:
  void read_head();

  State state_ = State::kHead;
  std::string head_;
  int status_ = 0;
  std::uint64_t length_ = 0;
  std::uint64_t missing_ = 0;
  bool closes_ = false;
};

}  // namespace slate::bench::network
