// Rows as they come from a server.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <slate/client.h>

#include "client/connection.h"
#include "wire/answers.h"
#include "wire/block_payload.h"

namespace slate::client {

class StreamedRows final : public RemoteRows {
 public:
  // `keep`: what has to live as long as the rows do.
  StreamedRows(std::unique_ptr<Exchange> exchange, std::shared_ptr<void> keep);

  // Takes in the first frame. Call it before anything else.
  Result<void> begin();

  const SnapshotInfo& info() const override { return head_.info; }
  const std::vector<ResultColumn>& columns() const override { return head_.columns.list(); }
  Result<const Batch*> next() override;
  Call<const Batch*> next_batch() override;
  Result<bool> has_more() override;
  Result<std::optional<std::string>> next_cursor() override;
  Result<std::optional<std::string>> previous_cursor() override;
  const QueryCounters& counters() const override { return end_ ? end_->counters : no_counters_; }

  Exchange& exchange() { return *exchange_; }
  // Whether next() needs no frame that has not come.
  bool is_ready();

 private:
  Result<void> take_frame();
  Result<const wire::RowsEnd*> end() const;

  const std::shared_ptr<void> keep_;
  const std::unique_ptr<Exchange> exchange_;
  wire::RowsHead head_;
  std::optional<wire::RowsEnd> end_;
  std::optional<Error> failure_;
  QueryCounters no_counters_;
  ReceivedFrame frame_;  // that is being read
  std::optional<wire::BlockReader> blocks_;
  std::optional<const Batch*> ahead_;  // read to see whether there is one
};

// A record as a batch of one row, or nothing; owns its bytes.
class FoundRecord {
 public:
  // Errors: internal for an answer that is none.
  static Result<FoundRecord> read(wire::Answer answer, ReceivedFrame frame);

  const SnapshotInfo& info() const { return found_.info; }
  const std::vector<ResultColumn>& columns() const { return found_.columns.list(); }
  // Null: there is none. Valid as long as this.
  Result<const Batch*> batch();

 private:
  FoundRecord(wire::RecordFound found, ReceivedFrame frame)
      : found_(std::move(found)), frame_(std::move(frame)) {}

  wire::RecordFound found_;
  ReceivedFrame frame_;
  std::optional<wire::BlockReader> blocks_;
};

}  // namespace slate::client
