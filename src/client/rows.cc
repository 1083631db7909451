#include "client/rows.h"

#include <utility>

#include "base/try.h"
#include "client/calls.h"

namespace slate::client {
namespace {

Failure unreadable(const Error& error) {
  return fail(Reason::kInternal, "the server's rows cannot be read: " + error.message());
}

class BatchCall final : public PendingCall<const Batch*> {
 public:
  explicit BatchCall(StreamedRows& rows) : rows_(rows) {}

  Result<const Batch*> take() override { return rows_.next(); }
  bool is_ready() override { return rows_.is_ready(); }
  bool resume_when_ready(std::coroutine_handle<> waiting) override {
    return rows_.exchange().when_ready([waiting] { waiting.resume(); });
  }

 private:
  StreamedRows& rows_;
};

}  // namespace

StreamedRows::StreamedRows(std::unique_ptr<Exchange> exchange, std::shared_ptr<void> keep)
    : keep_(std::move(keep)), exchange_(std::move(exchange)) {}

Result<void> StreamedRows::begin() { return take_frame(); }

// The next frame becomes the one that is read.
Result<void> StreamedRows::take_frame() {
  const bool is_first = !blocks_;
  // What has been read makes room for more.
  if (const std::size_t read = frame_.frame.payload.size(); read != 0) exchange_->grant(read);
  frame_.frame = {};
  SLATE_TRY(frame_, exchange_->next());
  SLATE_TRY(wire::Answer answer, decode(frame_));
  auto* rows = std::get_if<wire::Rows>(&answer);
  if (rows == nullptr || rows->head.has_value() != is_first) return unexpected_answer();
  if (rows->head) head_ = std::move(*rows->head);
  if (rows->end) {
    end_ = std::move(*rows->end);
    exchange_->finish();
  }
  blocks_.emplace(frame_.frame.payload, columns());
  return {};
}

Result<const Batch*> StreamedRows::next() {
  if (ahead_) return *std::exchange(ahead_, std::nullopt);
  for (;;) {
    if (failure_) return fail(*failure_);
    auto batch = blocks_->next();
    if (!batch) {
      failure_ = unreadable(batch.error()).error();
      continue;
    }
    if (*batch != nullptr || end_) return *batch;
    if (auto taken = take_frame(); !taken) failure_ = std::move(taken).error();
  }
}

bool StreamedRows::is_ready() {
  if (ahead_ || failure_ || end_) return true;
  auto batch = blocks_->next();
  if (!batch) {
    failure_ = unreadable(batch.error()).error();
    return true;
  }
  if (*batch == nullptr) return exchange_->is_ready();
  ahead_ = *batch;
  return true;
}

Call<const Batch*> StreamedRows::next_batch() {
  return Call<const Batch*>(std::make_unique<BatchCall>(*this));
}

Result<const wire::RowsEnd*> StreamedRows::end() const {
  if (failure_) return fail(*failure_);
  if (!end_) return fail(Reason::kFailedPrecondition, "whether rows remain is known when all have been read");
  return &*end_;
}

Result<bool> StreamedRows::has_more() {
  SLATE_TRY(const wire::RowsEnd* end, this->end());
  return end->has_more.value_or(false);
}

Result<std::optional<std::string>> StreamedRows::next_cursor() {
  SLATE_TRY(const wire::RowsEnd* end, this->end());
  return end->next_cursor;
}

Result<std::optional<std::string>> StreamedRows::previous_cursor() {
  SLATE_TRY(const wire::RowsEnd* end, this->end());
  return end->previous_cursor;
}

Result<FoundRecord> FoundRecord::read(wire::Answer answer, ReceivedFrame frame) {
  auto* found = std::get_if<wire::RecordFound>(&answer);
  if (found == nullptr) return unexpected_answer();
  return FoundRecord(std::move(*found), std::move(frame));
}

Result<const Batch*> FoundRecord::batch() {
  blocks_.emplace(frame_.frame.payload, columns());
  auto batch = blocks_->next();
  if (!batch) return unreadable(batch.error());
  if (*batch != nullptr && (*batch)->size() != 1)
    return fail(Reason::kInternal, "the server answered with several records");
  return *batch;
}

}  // namespace slate::client
