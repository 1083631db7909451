// A query that is being answered: blocks go out as long as the client has granted bytes for them and takes
// them. In between it holds its snapshot and no thread. Private to the server.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "server/call.h"
#include "server/held_snapshot.h"
#include "wire/block_appender.h"

namespace slate::server {

class QueryStream : public std::enable_shared_from_this<QueryStream> {
 public:
  // `held` null: it takes a snapshot of its own. REQUIRES: the call is a RunQuery.
  QueryStream(std::shared_ptr<Call> call, std::shared_ptr<HeldSnapshot> held);

  // Answers on the calling thread if that is short: true. False: nothing has happened.
  bool run_at_once();
  // Begins on the pool.
  void start();
  // So many more bytes may be sent. Any thread.
  void grant(std::uint64_t bytes);
  // Something that it may be waiting for has changed. Any thread.
  void poke();
  // Since when it has waited for the client; nothing while it runs.
  std::optional<Call::TimePoint> waiting_since() const;

 private:
  Result<void> open(const QueryOptions& options);
  // What ended it, or nothing when it has to wait.
  void step();
  bool may_go_on() const;  // REQUIRES: mutex_
  void run_on_pool(net::Admission admission);
  std::size_t collected() const { return blocks_.size() + appender_.bytes(); }
  Result<void> flush();
  // The last part. An error takes the place of what was not sent yet.
  void finish();
  void fail_with(slate::Error error);
  Result<wire::RowsEnd> make_end();
  void release();

  const std::shared_ptr<Call> call_;
  const wire::RunQuery& request_;
  std::shared_ptr<HeldSnapshot> held_;
  // Of whoever runs it; nobody does while it waits.
  std::unique_ptr<ResultSet> result_;
  std::optional<wire::RowsHead> head_;  // until it was sent
  std::string blocks_;
  wire::BlockAppender appender_;  // of rows that are not in blocks yet

  mutable std::mutex mutex_;  // guards what follows
  std::int64_t credit_;
  bool is_running_ = false;
  bool is_started_ = false;
  Call::TimePoint since_{};
};

}  // namespace slate::server
