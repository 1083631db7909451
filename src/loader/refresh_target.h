// Where loads go, seen from the refresher: a database, its own or shared with other processes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <variant>

#include <slate/copy_ref.h>
#include <slate/datasource.h>
#include <slate/error.h>
#include <slate/generation_builder.h>
#include <slate/load.h>
#include <slate/snapshot.h>

#include "loader/load_failure.h"
#include "loader/load_status.h"
#include "loader/loader_client.h"
#include "loader/refresh_policy.h"

namespace slate {

// Asks for the right to refresh a copy, which one process has at a time.
struct RefreshClaim {
  const LoadId& load;            // by which other processes can ask for it
  const Datasource& datasource;  // as it will be loaded. REQUIRES: a loader
  std::string_view scope;
  Trigger trigger = Trigger::kOnDemand;
  std::uint64_t seen_generation = 0;  // kOnDemand: a newer one will do
  std::chrono::milliseconds wait{0};  // for another process' load to end
  const LoadProgress& progress;       // what is told of the load; it outlives the right
  std::stop_token stop{};             // ends the wait, with `cancelled`

  CopyRef copy() const { return {std::string_view(datasource.id), scope}; }
};

// The right, for as long as the builder lives. Destroyed before publish(), it is as if it had never been, and
// whoever waits for it is next.
struct ClaimGranted {
  std::unique_ptr<GenerationBuilder> builder;
  SnapshotInfo live;  // what would be replaced
  // Gives the right up, and tells the other processes why. Empty: there are none.
  std::function<void(const LoadFailure&)> give_up{};
  // Asked to stop when the right is lost, with the connection to the database perhaps: there is no use in
  // going on. The builder's next call fails, and says why.
  std::stop_token lost{};
};
// Another process loads, and the wait is over.
struct ClaimBusy {
  LoadCounts load;
};
// What is live is newer than what was seen, or has become so.
struct ClaimEnded {};
// FailureMemory: the load that was waited for failed, or all processes back off.
using ClaimAnswer = std::variant<ClaimGranted, ClaimBusy, ClaimEnded, FailureMemory>;

// Whether rows that are made for the one declaration fit the other, and come from the same loader.
// failed_precondition otherwise.
Result<void> require_declared_alike(const Datasource& loaded, const Datasource& declared);

// Called from any thread.
class RefreshTarget {
 public:
  virtual ~RefreshTarget() = default;
  // What is live now.
  virtual Result<SnapshotInfo> live(CopyRef copy) = 0;
  // Blocks for as long as it waits. failed_precondition when the datasource is declared otherwise by now.
  virtual Result<ClaimAnswer> claim(const RefreshClaim& claim) = 0;
  // A load of another process. Absent: none of this id is known.
  virtual Result<std::optional<LoadStatus>> find(std::string_view /*load*/) { return std::nullopt; }
};

}  // namespace slate
