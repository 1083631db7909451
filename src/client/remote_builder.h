// Filling the next generation of a datasource on a server, under a lease.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>

#include <slate/generation_builder.h>

#include "client/remote_database.h"

namespace slate::client {

// Rows go in frames of some hundred kilobytes, a few of which are on their way at once: that is all the
// memory it takes. While nothing is sent, a thread of its own tells the server that it is alive.
class RemoteBuilder final : public GenerationBuilder {
 public:
  // Errors: failed_precondition while another refresh of the copy is under way; those of
  // Database::begin_generation.
  static Result<std::unique_ptr<GenerationBuilder>> begin(Lease lease, CopyRef copy, LoadMode mode);
  RemoteBuilder(Lease lease, const wire::RefreshGranted& granted);
  ~RemoteBuilder() override;

  Result<void> append(std::string_view id, std::span<const CellRef> cells) override;
  Result<BuildCounts> finish() override;
  Result<std::uint64_t> publish(UnixMillis loaded_at) override;

 private:
  struct Sent {
    std::uint64_t first_row = 0;
    Call<void> answer;
  };

  Result<void> send(std::string_view payload, std::uint32_t count);
  Result<void> settle(std::size_t most_under_way);
  void keep_alive(const std::stop_token& stop);

  const Lease lease_;
  const wire::Handle refresh_;
  const std::chrono::milliseconds sign_of_life_;  // how often there is one
  std::string payload_;
  std::uint32_t count_ = 0;  // rows in it
  std::deque<Sent> sent_;    // not answered yet
  bool is_published_ = false;
  std::atomic<std::uint64_t> rows_ = 0;        // sent
  std::atomic<std::uint64_t> bytes_ = 0;       // of them, as they were sent
  std::atomic<std::uint64_t> life_signs_ = 0;  // frames of rows, so that the thread knows when none went
  std::jthread keeper_;                        // last: it uses the others
};

}  // namespace slate::client
