// Filling the next generation of a datasource on a server, under a lease.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include <slate/generation_builder.h>

#include "client/remote_client.h"
#include "client/remote_database.h"

namespace slate::client {

// Rows go in frames of some hundred kilobytes, a few of which are on their way at once: that is all the
// memory it takes. While none goes, a thread of its own tells the server of progress (client/load_pulse.h)
// and that the load is alive, and hears when the right is lost.
class RemoteBuilder final : public GenerationBuilder {
 public:
  // Errors: failed_precondition while another refresh of the copy is under way; those of
  // Database::begin_generation.
  static Result<std::unique_ptr<GenerationBuilder>> begin(Lease lease, CopyRef copy, LoadMode mode);
  // `progress`: what the server is told of the load; called from two threads. Empty: what was appended.
  RemoteBuilder(Lease lease, RefreshGranted granted, std::function<LoadCounts()> progress = {});
  ~RemoteBuilder() override;

  Result<void> append(std::string_view id, std::span<const CellRef> cells) override;
  Result<BuildCounts> finish() override;
  Result<std::uint64_t> publish(UnixMillis loaded_at) override;
  // The end, unless it is published: the server remembers why, and tells those who wait. Without a failure,
  // as when it is destroyed, it is as if it had never been.
  void abort(const std::optional<LoadFailure>& failure);
  // Asked to stop when the right is lost, or the server: what is called next tells why.
  std::stop_token lost() const { return lost_.get_token(); }

 private:
  struct Sent {
    std::uint64_t first_row = 0;
    Call<void> answer;
  };

  Result<void> send(std::uint32_t count, std::string_view payload);
  Result<void> settle(std::size_t most_under_way);
  LoadCounts progress() const;
  void tell_progress();
  void keep_alive(const std::stop_token& stop);

  const Lease lease_;
  const RefreshGranted refresh_;
  const std::function<LoadCounts()> progress_;
  std::string payload_;
  std::uint32_t count_ = 0;  // rows in it
  std::deque<Sent> sent_;    // not answered yet
  bool is_over_ = false;     // published or given up
  std::uint64_t sent_rows_ = 0;
  std::atomic<std::uint64_t> rows_ = 0;    // appended
  std::atomic<std::uint64_t> bytes_ = 0;   // of them, as they are sent
  std::atomic<std::uint64_t> frames_ = 0;  // of rows, so that the thread knows when none went
  std::stop_source lost_;
  std::jthread keeper_;  // last: it uses the others
};

}  // namespace slate::client
