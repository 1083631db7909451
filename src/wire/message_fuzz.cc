// Any bytes: a message is refused, or what was read of it is read again from what is written of it.
#include <cstddef>
#include <cstdint>

#include "wire/answers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slate::wire;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto request = decode_request(bytes)) {
    const auto written = encode(*request);
    if (written && !decode_request(*written)) __builtin_trap();
  }
  if (const auto answer = decode_answer(bytes))
    if (!decode_answer(encode(*answer))) __builtin_trap();
  return 0;
}
