// What a server answers, as values. Their form on the wire: proto/slate/wire/wire.proto.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <slate/client.h>
#include <slate/database.h>

#include "wire/requests.h"
#include "wire/result_columns.h"

namespace slate::wire {

struct ConnectionLimits {
  std::uint32_t frame_bytes = 0;
  std::uint32_t write_frame_bytes = 0;  // of WriteBatch and LoadRows
  std::uint32_t requests = 0;           // under way at once
  std::uint32_t snapshots = 0;          // open at once
  std::chrono::milliseconds snapshot_idle{0};
  std::chrono::milliseconds idle{0};
  std::chrono::milliseconds lease{0};
  std::uint64_t credit = 0;  // of a query that asks for none
  bool operator==(const ConnectionLimits&) const = default;
};
struct Welcome {
  std::uint32_t version = kVersion;
  std::string server;    // its version
  std::string instance;  // new with every empty store
  ConnectionLimits limits;
  std::optional<std::string> scope_key;
};
struct Done {};
struct Pong {};
struct ServerStatus {
  std::string server;
  std::string instance;
  std::chrono::milliseconds uptime{0};
  std::uint32_t datasources = 0;
  std::uint32_t lists = 0;
  std::uint32_t connections = 0;
  std::uint32_t requests = 0;
  std::uint32_t snapshots = 0;
  std::uint32_t refreshes = 0;
};

struct SnapshotOpened {
  Handle snapshot = 0;
  SnapshotInfo info;
  Datasource datasource;
};
struct ListOpened {
  ListView list;
  std::optional<SnapshotOpened> snapshot;  // absent: the datasource has no copy for this scope to take one of
};
struct RowsHead {
  SnapshotInfo info;
  ResultColumns columns;
};
struct RowsEnd {
  std::optional<bool> has_more;  // when the request had Paging::kPage, as the cursors
  std::optional<std::string> next_cursor;
  std::optional<std::string> previous_cursor;
  QueryCounters counters;
  std::chrono::microseconds server{0};  // from the request's arrival
};
// A part of a query's answer; its blocks are the payload: wire/block_payload.h.
struct Rows {
  std::optional<RowsHead> head;  // of the first part
  std::optional<RowsEnd> end;    // of the last part
};
struct CountAnswer {
  Count count;
  SnapshotInfo info;
};
struct DistinctAnswer {
  DistinctValues values;
  SnapshotInfo info;
};
// The record is a block of one row in the payload; no payload: there is none of that id.
struct RecordFound {
  SnapshotInfo info;
  ResultColumns columns;
};

struct DatasourceSaved {
  Saved saved = Saved::kCreated;
};
struct DatasourceStatuses {
  std::vector<DatasourceStatus> datasources;
};
struct Lists {
  std::vector<ListView> lists;
};
struct Reconciled {
  std::vector<ReconciledResource> resources;
};

struct RefreshPublished {
  std::uint64_t generation = 0;
};

using Answer =
    std::variant<Error, Welcome, Done, Pong, ServerStatus, SnapshotOpened, ListOpened, Rows, CountAnswer,
                 DistinctAnswer, Explanation, RecordFound, WriteCounts, DatasourceSaved, DatasourceStatus,
                 DatasourceStatuses, SavedList, ListView, Lists, Reconciled, RefreshGranted, RefreshBusy,
                 RefreshEnded, RefreshFailed, BuildCounts, RefreshPublished, LoadReport>;

// The message of a frame.
std::string encode(const Answer& answer);
// Whatever the bytes. invalid_argument for those that are no answer of this protocol.
Result<Answer> decode_answer(std::string_view message);

}  // namespace slate::wire
