// What a client asks, as values. Their form on the wire: proto/slate/wire/wire.proto.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <slate/database.h>
#include <slate/load.h>

namespace slate::wire {

inline constexpr std::uint32_t kVersion = 1;

// Names an open snapshot or a refresh within its connection. 0: none.
using Handle = std::uint64_t;

// What a question is put to: an open snapshot, or (snapshot 0) one that is taken for it alone.
struct Target {
  Handle snapshot = 0;
  std::string datasource;
  std::string scope;
};

struct Hello {
  std::uint32_t version = kVersion;
  std::string token;
  std::string client;
};
struct Cancel {};  // of the request with the frame's id
struct Grant {     // to the query with the frame's id
  std::uint64_t bytes = 0;
};
struct Ping {};
struct GetStatus {};

struct OpenSnapshot {
  std::string datasource;
  std::string scope;
};
struct OpenList {
  std::string list;
  std::string scope;
};
struct CloseSnapshot {
  Handle snapshot = 0;
};

// Whether the end of an answer says if rows remain, and the cursors: it looks for one more row.
enum class Paging : std::uint8_t { kNone, kPage };

// Of options below deadline and stop are not sent: a deadline is the request's, and Cancel stops.
struct RunQuery {
  Target target;
  Query query;
  QueryOptions options{};
  std::uint64_t credit = 0;  // bytes of blocks before the first Grant; 0: the server's choice
  Paging paging = Paging::kPage;
};
struct CountRows {
  Target target;
  std::optional<Filter> filter;
  std::optional<std::uint64_t> limit;
  QueryOptions options{};
};
struct GetDistinct {
  Target target;
  DistinctQuery query;
  QueryOptions options{};
};
struct ExplainQuery {
  Target target;
  Query query;
  ExplainMode mode = ExplainMode::kPlan;
  QueryOptions options{};
};
struct GetRecord {
  Target target;
  std::string id;
};
// The writes are the payload: wire/row_payload.h.
struct WriteBatch {
  std::string datasource;
  std::uint32_t count = 0;
};
struct DeleteAll {
  std::string datasource;
};

struct SaveDatasource {
  Datasource datasource;
  Existing existing = Existing::kReplace;
};
struct GetDatasource {
  std::string id;
};
struct ListDatasources {};
struct DeleteDatasource {
  std::string id;
  Dependents dependents = Dependents::kRefuse;
};
struct SaveList {
  ListView list;
};
struct GetList {
  std::string id;
};
struct ListLists {};
struct DeleteList {
  std::string id;
};
struct Reconcile {
  std::vector<Datasource> datasources;
  std::vector<ListView> lists;
};

inline constexpr std::size_t kLoadIdBytes = 128;

struct BeginRefresh {
  std::string datasource;
  std::string scope;
  std::optional<LoadMode> mode;  // absent: as the datasource's loader says
  std::string load_id;           // of kLoadIdBytes at most
  Trigger trigger = Trigger::kOnDemand;
  std::uint64_t seen_generation = 0;
  std::chrono::milliseconds wait{0};
  std::chrono::milliseconds lease{0};  // 0: the server's choice
};
// The rows are the payload: wire/row_payload.h.
struct LoadRows {
  Handle refresh = 0;
  std::uint32_t count = 0;
  std::optional<LoadCounts> progress;  // absent: the server counts what comes
};
struct FinishRefresh {
  Handle refresh = 0;
};
struct CommitRefresh {
  Handle refresh = 0;
  UnixMillis loaded_at = 0;
};
struct AbortRefresh {
  Handle refresh = 0;
  std::optional<LoadFailure> failure;
};
struct RenewRefresh {
  Handle refresh = 0;
  std::optional<LoadCounts> progress;
};
struct GetLoad {
  std::string load_id;
};

using RequestBody = std::variant<Hello, Cancel, Grant, Ping, GetStatus, OpenSnapshot, OpenList, CloseSnapshot,
                                 RunQuery, CountRows, GetDistinct, ExplainQuery, GetRecord, WriteBatch,
                                 DeleteAll, SaveDatasource, GetDatasource, ListDatasources, DeleteDatasource,
                                 SaveList, GetList, ListLists, DeleteList, Reconcile, BeginRefresh, LoadRows,
                                 FinishRefresh, CommitRefresh, AbortRefresh, RenewRefresh, GetLoad>;

struct Request {
  RequestBody body;
  std::optional<std::chrono::milliseconds> deadline{};  // how long the client waits, 1 ms at least
};

// "run_query", "get_record", ...: for logs and metrics.
std::string_view request_name(const RequestBody& request);

// The message of a frame. Errors: invalid_argument for a filter or a value that nests deeper than any can.
Result<std::string> encode(const Request& request);
// invalid_argument for bytes that are no request of this protocol, which ends the connection.
Result<Request> decode_request(std::string_view message);

}  // namespace slate::wire
