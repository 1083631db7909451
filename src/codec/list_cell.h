// The cell of a list field: its elements one after the other, tagged. Format: docs/formats/block.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <slate/error.h>
#include <slate/value.h>

#include "codec/scalar_bytes.h"

namespace slate {

// Appends the cell's bytes to `out`.
void encode_list(const ListValue& list, std::string& out);
// Any bytes are survived; malformed ones are `corrupt`.
Result<ListValue> decode_list(std::string_view bytes);

// One element, null included.
void encode_element(const Value& element, std::string& out);
// The element that `bytes` begins with, which is taken off. Any bytes are survived; malformed ones, and those
// that nest deeper than a declared type can, are `corrupt`.
Result<Value> take_element(std::string_view& bytes);

// Walks the scalar elements of a cell without a copy. What follows a nested list or map, a null or malformed
// bytes, is left out.
class ListReader {
 public:
  explicit ListReader(std::string_view bytes);
  std::optional<ListElement> next();

 private:
  std::string_view rest_;
  std::uint32_t left_ = 0;
};

}  // namespace slate
