// Any bytes as a connection. However they are cut into reads, the same requests must come out, and the same
// end.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/request_parser.h"

namespace {

using slate::http::RequestParser;

// Everything that came out, in one string.
std::string transcript(std::string_view bytes, std::size_t piece) {
  RequestParser parser({.header_bytes = 512, .body_bytes = 256});
  std::string out;
  for (;;) {
    const auto step = parser.advance();
    if (!step) return out + "!";
    switch (*step) {
      case RequestParser::Step::kHead: break;
      case RequestParser::Step::kRequest:
        out += parser.head().method + " " + parser.head().target + " ";
        for (const auto& [name, value] : parser.head().headers) out += name + ":" + value + ";";
        out += parser.take_body() + "\n";
        parser.next_request();
        break;
      case RequestParser::Step::kNeedMore:
        if (bytes.empty()) return out;
        parser.feed(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
        break;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = std::size_t{1} + data[0];
  const auto at_once = transcript(bytes, bytes.size() + 1);
  const auto in_pieces = transcript(bytes, piece);
  // The moment at which broken bytes are seen as broken may differ; the requests before them may not.
  const auto strip = [](std::string text) {
    if (text.ends_with('!')) text.pop_back();
    return text;
  };
  if (strip(at_once) != strip(in_pieces)) std::abort();
  return 0;
}
