// Work behind an open database: building indexes that were added later, syncing what was only handed to the
// operating system, sweeping expired cells.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <slate/clock.h>
#include <slate/options.h>

#include "db/copy_state.h"

namespace slate {

// One thread. Each step takes a copy's write lock for a few milliseconds at most.
class Maintenance {
 public:
  // `copies` gives those that there are now, of all datasources.
  Maintenance(const DatabaseOptions& options,
              std::function<std::vector<std::shared_ptr<CopyState>>()> copies);
  // Ends the thread and waits for it.
  ~Maintenance();

  // An index waits to be built.
  void wake();

 private:
  void run(const std::stop_token& stop);
  // True when an index is still to be built.
  bool build_some(const std::stop_token& stop);
  void sync_all();
  void sweep_all(const std::stop_token& stop);

  const DatabaseOptions& options_;
  std::function<std::vector<std::shared_ptr<CopyState>>()> copies_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool work_ = true;  // indexes may wait to be built; guarded by mutex_
  std::jthread thread_;
};

}  // namespace slate
