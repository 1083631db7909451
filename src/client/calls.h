// Calls made of exchanges: what is sent, and how its answer is read.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <slate/client.h>

#include "base/try.h"
#include "client/connection.h"
#include "wire/answers.h"

namespace slate::client {

// Reads the frame of an answer that is not an error.
template <typename T>
using ReadAnswer = std::function<Result<T>(wire::Answer answer, ReceivedFrame frame)>;

Failure unexpected_answer();

// The answer of a frame, or the error that it is.
Result<wire::Answer> decode(const ReceivedFrame& frame);

template <typename T>
class AnswerCall final : public PendingCall<T> {
 public:
  AnswerCall(std::unique_ptr<Exchange> exchange, ReadAnswer<T> read)
      : exchange_(std::move(exchange)), read_(std::move(read)) {}

  Result<T> take() override {
    SLATE_TRY(ReceivedFrame frame, exchange_->next());
    SLATE_TRY(wire::Answer answer, decode(frame));
    return read_(std::move(answer), std::move(frame));
  }
  bool is_ready() override { return exchange_->is_ready(); }
  bool resume_when_ready(std::coroutine_handle<> waiting) override {
    return exchange_->when_ready([waiting] { waiting.resume(); });
  }

 private:
  std::unique_ptr<Exchange> exchange_;
  ReadAnswer<T> read_;
};

template <typename T>
Call<T> make_call(std::unique_ptr<Exchange> exchange, ReadAnswer<T> read) {
  return Call<T>(std::make_unique<AnswerCall<T>>(std::move(exchange), std::move(read)));
}

// Fails without having been sent.
template <typename T>
class RefusedCall final : public PendingCall<T> {
 public:
  explicit RefusedCall(Error error) : error_(std::move(error)) {}

  Result<T> take() override { return fail(std::move(error_)); }
  bool is_ready() override { return true; }
  bool resume_when_ready(std::coroutine_handle<>) override { return false; }

 private:
  Error error_;
};

// For an answer that is one of the protocol's messages as it is, or is made into a T.
template <typename T, typename Message = T, typename Convert = std::identity>
ReadAnswer<T> reads(Convert convert = {}) {
  return [convert](wire::Answer answer, ReceivedFrame) -> Result<T> {
    auto* message = std::get_if<Message>(&answer);
    if (message == nullptr) return unexpected_answer();
    return convert(std::move(*message));
  };
}
ReadAnswer<void> reads_done();

}  // namespace slate::client
