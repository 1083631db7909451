// Text that is written piece by piece to the end of a string.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace slate::api {

// Appends to a string whose length it sets only when it goes, so that a piece of a few bytes costs a few
// instructions. Meanwhile nobody else may touch the string, except for what append_by() calls. One thread at
// a time.
class TextAppender {
 public:
  // `out` outlives it.
  explicit TextAppender(std::string& out) : out_(out), used_(out.size()) {}
  ~TextAppender() { finish(); }
  TextAppender(const TextAppender&) = delete;
  TextAppender& operator=(const TextAppender&) = delete;

  // Sets the length now, after which nothing more is appended.
  void finish() { out_.resize(used_); }
  std::size_t size() const { return used_; }

  // Room for so many bytes; those that are written there count once passed() says so.
  char* room(std::size_t bytes) {
    if (out_.size() - used_ < bytes) grow(bytes);
    return out_.data() + used_;
  }
  void passed(std::size_t bytes) { used_ += bytes; }

  void append(char c) {
    *room(1) = c;
    passed(1);
  }
  void append(std::string_view text) {
    char* const to = room(text.size());
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    passed(text.size());
  }
  // Calls append(string), which may append to it.
  template <typename Append>
  void append_by(Append&& append) {
    out_.resize(used_);
    append(out_);
    used_ = out_.size();
  }

 private:
  // All of the capacity is used: what stands there beyond `used_` is anything.
  void grow(std::size_t bytes) {
    const std::size_t least = used_ + bytes;
    if (out_.capacity() < least) out_.reserve(std::max(least, out_.capacity() * 2));
    const std::size_t size = out_.capacity();
    out_.resize_and_overwrite(size, [size](char*, std::size_t) { return size; });
  }

  std::string& out_;
  std::size_t used_;
};

}  // namespace slate::api
