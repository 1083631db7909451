// What a request to a list means: resolve it, see whether the data is fresh, refresh, run, page.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <slate/database.h>

#include "lists/count_mode.h"
#include "loader/refresher.h"
#include "query/list_query.h"

namespace slate {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

struct ListRequest {
  std::string list;
  NamedTexts parameters{};  // of the URL, decoded: query/url_query.h
  NamedTexts
      headers{};  // those in `forwardHeaders` are for the loader, those in `scopeHeaders` choose the copy
  RequestContext context{};
  std::chrono::milliseconds wait{10'000};  // for a refresh without which there is nothing to serve
  Paging paging = Paging::kPage;
  std::stop_token stop{};  // the caller has left
};

enum class FreshnessState : std::uint8_t {
  kFresh,
  kStale,   // beyond its time to live: served while a refresh runs, or after one failed
  kStatic,  // there is no loader
};

struct Freshness {
  FreshnessState state = FreshnessState::kStatic;
  std::uint64_t generation = 0;
  std::optional<UnixMillis> loaded_at;
  std::optional<UnixMillis> expires_at;
  std::optional<Error> error;  // kStale: why the last refresh failed, if it did
};

// Everything is of one snapshot: rows, count and freshness.
struct ListRows {
  ListView list;
  Query query;  // what runs
  CountMode count;
  std::unique_ptr<Snapshot> snapshot;
  std::unique_ptr<ResultSet> rows;
  Freshness freshness;
  std::chrono::nanoseconds plan_time{0};  // from resolving the list to the first row
};

// Rows, or the load that was not done when the wait was over.
using ListAnswer = std::variant<ListRows, LoadStatus>;

// Safe from any thread; no thread is held while a request waits for a refresh.
class ListService {
 public:
  using Task = std::move_only_function<void()>;
  // Runs a task where blocking is allowed, soon, on another thread; an error means that it never will.
  using Executor = std::function<Result<void>(Task)>;
  // Called exactly once. Rows come in a task of the executor or within open(), where they may be read at
  // once; anything else may come on a thread of the refresher, which must not be blocked.
  using Done = std::move_only_function<void(Result<ListAnswer>)>;

  // All of them must outlive this, and this the last task of the executor and the refresher's shutdown().
  ListService(Database& database, Refresher& refresher, Executor executor)
      : database_(database), refresher_(refresher), executor_(std::move(executor)) {}

  // Reads the store in the calling thread. A request that is wrong is refused before anything is loaded for
  // it. Errors: not_found; invalid_argument naming the parameter or the missing header; cursor_expired; those
  // of the loader when there is nothing that may be served; overloaded when the executor is; cancelled.
  void open(ListRequest request, Done done);

 private:
  struct Resolved {
    ListView list;
    std::string scope;  // of the caller; empty where all callers share one copy
    std::unique_ptr<Snapshot> snapshot;
    Query query;
    CountMode count;
    std::chrono::steady_clock::time_point began;
  };
  struct Waiting {
    ListRequest request;
    Done done;
    LoadStatus load{};
  };

  Result<Resolved> resolve(const ListRequest& request) const;
  FreshnessDecision decide(const Resolved& resolved) const;
  static RefreshRequest refresh_request(const ListRequest& request, const Resolved& resolved);
  Result<ListAnswer> read(Resolved resolved, const ListRequest& request, FreshnessDecision decision);
  void wait_for_load(Resolved resolved, ListRequest request, Done done);
  void after_load(std::shared_ptr<Waiting> waiting);
  Result<ListAnswer> answer_after_load(const Waiting& waiting);

  Database& database_;
  Refresher& refresher_;
  Executor executor_;
};

}  // namespace slate
