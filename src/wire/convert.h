// Public values to and from the protocol's messages. Private to the room. write() fills an empty message;
// read() survives any message and answers invalid_argument, naming what is wrong with it, or unimplemented
// for a word of an enum that it does not know.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <slate/database.h>

#include "wire/answers.h"
#include "wire/requests.h"

namespace slate::wire {
namespace v1 {
class BuildCounts;
class ConnectionLimits;
class Datasource;
class DatasourceStatus;
class DistinctValues;
class Error;
class Explanation;
class Field;
class Filter;
class ListView;
class LoadCounts;
class LoadFailure;
class LoadReport;
class Query;
class QueryCounters;
class QuerySettings;
class ReconciledResource;
class ResultColumn;
class RowsEnd;
class SnapshotInfo;
class SortKey;
}  // namespace v1

// convert_error.cc
void write(const Error& from, v1::Error& to);
Error read(const v1::Error& from);
void write(const LoadFailure& from, v1::LoadFailure& to);
LoadFailure read(const v1::LoadFailure& from);
void write(const LoadCounts& from, v1::LoadCounts& to);
LoadCounts read(const v1::LoadCounts& from);
void write(const LoadReport& from, v1::LoadReport& to);
Result<LoadReport> read(const v1::LoadReport& from);
void write(const ConnectionLimits& from, v1::ConnectionLimits& to);
ConnectionLimits read(const v1::ConnectionLimits& from);

// convert_query.cc
void write(const Filter& from, v1::Filter& to);
Result<Filter> read(const v1::Filter& from);
void write(const SortKey& from, v1::SortKey& to);
SortKey read(const v1::SortKey& from);
void write(const Query& from, v1::Query& to);
Result<Query> read(const v1::Query& from);
// Without deadline and stop.
void write(const QueryOptions& from, v1::QuerySettings& to);
QueryOptions read(const v1::QuerySettings& from);
// invalid_argument for a filter that no server would read: nested too deeply.
Result<void> check_nesting(const std::optional<Filter>& filter);

// convert_result.cc
void write(const SnapshotInfo& from, v1::SnapshotInfo& to);
SnapshotInfo read(const v1::SnapshotInfo& from);
void write(const QueryCounters& from, v1::QueryCounters& to);
QueryCounters read(const v1::QueryCounters& from);
void write(const ResultColumn& from, v1::ResultColumn& to);
Result<ResultColumn> read(const v1::ResultColumn& from);
void write(const RowsEnd& from, v1::RowsEnd& to);
RowsEnd read(const v1::RowsEnd& from);
void write(const DistinctValues& from, v1::DistinctValues& to);
Result<DistinctValues> read(const v1::DistinctValues& from);
void write(const Explanation& from, v1::Explanation& to);
Result<Explanation> read(const v1::Explanation& from);
void write(const BuildCounts& from, v1::BuildCounts& to);
BuildCounts read(const v1::BuildCounts& from);

// convert_declaration.cc
void write(const Field& from, v1::Field& to);
Result<Field> read(const v1::Field& from);
void write(const Datasource& from, v1::Datasource& to);
Result<Datasource> read(const v1::Datasource& from);
void write(const ListView& from, v1::ListView& to);
Result<ListView> read(const v1::ListView& from);
void write(const DatasourceStatus& from, v1::DatasourceStatus& to);
Result<DatasourceStatus> read(const v1::DatasourceStatus& from);
void write(const ReconciledResource& from, v1::ReconciledResource& to);
Result<ReconciledResource> read(const v1::ReconciledResource& from);

}  // namespace slate::wire
