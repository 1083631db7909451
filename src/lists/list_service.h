// What a request to a list means: resolve it, see whether the data is fresh, refresh, run, page.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <slate/database.h>

#include "lists/count_mode.h"
#include "loader/refresher.h"
#include "query/list_query.h"

namespace slate {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

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

// What decides, together with the request, what its answer is.
struct AnswerBasis {
  const ListView& list;
  const Datasource& datasource;
  const SnapshotInfo& data;
  const Freshness& freshness;
  std::string_view scope{};  // that the data is of; empty: shared by all
};

// Which values of a column are asked for, instead of rows.
struct ValuesAsked {
  std::string field;  // a column of the list, what is inside one, or `_id`
  DistinctOrder order = DistinctOrder::kValue;
  std::uint64_t take = 0;
  std::optional<std::string> search{};  // lists/value_search.h
};

// Whether the caller needs no answer to its request, as it has one for this basis. It had that for the same
// request, so that the request is right.
using HasAnswer = std::function<bool(const AnswerBasis&)>;

struct ListRequest {
  std::string list;
  NamedTexts parameters{};  // of the URL, decoded: query/url_query.h
  // What a body asks for: its filter narrows as the parameters do, and its rows and sort are in the place of
  // theirs, which must not be there.
  std::optional<Query> body{};
  std::optional<ValuesAsked> values{};
  // Those in `forwardHeaders` are for the loader, those in `scopeHeaders` choose the copy.
  NamedTexts headers{};
  RequestContext context{};
  std::chrono::milliseconds wait{10'000};  // for a refresh without which there is nothing to serve
  Paging paging = Paging::kPage;
  std::stop_token stop{};  // the caller has left
  HasAnswer has_answer{};  // asked, where the data may be served, before anything is read; may be empty
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

struct ListValues {
  std::string list;
  std::string field;
  Datasource datasource;
  DistinctValues values;
  SnapshotInfo data;
  Freshness freshness;
  std::chrono::nanoseconds plan_time{0};  // from resolving the list to running the query
  std::chrono::nanoseconds exec_time{0};
};

// ListRequest::has_answer said so.
struct ListUnchanged {
  std::shared_ptr<const Datasource> datasource;
  SnapshotInfo data;
  Freshness freshness;
};

// Rows, or values where those were asked for; or the load that was not done when the wait was over.
using ListAnswer = std::variant<ListRows, ListValues, ListUnchanged, LoadStatus>;

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
  // What open() would say where `has_answer` says yes, without waiting for anything: only of data that is
  // fresh, and that the database knows the state of without reading. Otherwise nothing has happened.
  std::optional<ListUnchanged> peek(std::string_view list,
                                    std::span<const std::pair<std::string, std::string>> headers,
                                    const HasAnswer& has_answer) const;

 private:
  // The list, and its data of this moment.
  struct Found {
    ListView list;
    std::string scope;  // of the caller; empty where all callers share one copy
    std::unique_ptr<Snapshot> snapshot;
    std::chrono::steady_clock::time_point began;
  };
  // What is to be run on it.
  struct Question {
    Query query;
    CountMode count;
  };
  struct Waiting {
    ListRequest request;
    Done done;
    LoadStatus load{};
  };

  Result<Found> find(const ListRequest& request) const;
  static Result<Question> question(const ListRequest& request, const Found& found);
  FreshnessDecision decide(const Found& found) const;
  static RefreshRequest refresh_request(const ListRequest& request, const Found& found);
  Result<ListAnswer> read(Found found, const ListRequest& request, FreshnessDecision decision);
  static Result<ListAnswer> read_rows(Found found, Question question, const ListRequest& request,
                                      Freshness freshness);
  static Result<ListAnswer> read_values(Found found, const Question& question, const ListRequest& request,
                                        Freshness freshness);
  static Result<void> check(const ListRequest& request, const Found& found);
  void wait_for_load(Found found, ListRequest request, Done done);
  void after_load(std::shared_ptr<Waiting> waiting);
  Result<ListAnswer> answer_after_load(const Waiting& waiting);

  Database& database_;
  Refresher& refresher_;
  Executor executor_;
};

}  // namespace slate
