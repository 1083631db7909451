#include "client/calls.h"

namespace slate::client {

Failure unexpected_answer() {
  return fail(Reason::kInternal, "the server answered something else than what was asked");
}

Result<wire::Answer> decode(const ReceivedFrame& frame) {
  auto answer = wire::decode_answer(frame.frame.message);
  if (!answer)
    return fail(Reason::kInternal, "the server's answer cannot be read: " + answer.error().message());
  if (auto* error = std::get_if<Error>(&*answer)) return fail(std::move(*error));
  return answer;
}

ReadAnswer<void> reads_done() {
  return [](wire::Answer answer, ReceivedFrame) -> Result<void> {
    if (!std::holds_alternative<wire::Done>(answer)) return unexpected_answer();
    return {};
  };
}

}  // namespace slate::client
