// Every parameter and header that a call reads, declared once.
#pragma once

#include <slate/distinct.h>

#include "api/operation.h"

namespace slate::api {

inline constexpr std::uint64_t kLongestWait = 60;  // seconds
inline constexpr std::uint64_t kLargestBatch = 1'000'000;
inline constexpr std::uint64_t kMostValues = 10'000;  // distinct values of one answer
inline constexpr std::uint64_t kUsualValues = 1'000;

inline constexpr Parameter kListId{.name = "id", .doc = "The list.", .in = In::kPath};
inline constexpr Parameter kDatasourceId{.name = "id", .doc = "The datasource.", .in = In::kPath};
inline constexpr Parameter kRecordId{.name = "rid", .doc = "The record's id.", .in = In::kPath};
inline constexpr Parameter kLoadId{.name = "id", .doc = "The load.", .in = In::kPath};
inline constexpr Parameter kValuesField{
    .name = "field", .doc = "The field, by its dotted path.", .in = In::kPath};

inline constexpr Parameter kSkip{
    .name = "skip", .doc = "Rows to leave out.", .type = ParameterType::kNumber, .absent = "0"};
inline constexpr Parameter kTake{
    .name = "take",
    .doc =
        "Rows of the page. By default a list's page size, at most its maximum; of a "
        "datasource 200, at most 10,000. Streams give every row unless told.",
    .type = ParameterType::kNumber};
inline constexpr Parameter kCursor{
    .name = "cursor", .doc = "`page.next` or `page.previous` of an answer to the same filter and sort."};
inline constexpr Parameter kSort{
    .name = "sort",
    .doc =
        "Fields separated by commas, `-` in front for descending, `:nulls_first` or `:nulls_last` behind. "
        "In the place of a list's own sort."};
inline constexpr Parameter kColumns{.name = "columns",
                                    .doc = "Which columns, separated by commas; `_id` always comes along."};
inline constexpr Parameter kCount{
    .name = "count",
    .doc =
        "How far to count what matches: none, exact, bounded (to 10,000), bounded:N or N. A page is counted "
        "by bounded unless told; streams are not counted."};
inline constexpr Parameter kFilter{.name = "filter", .doc = "A filter in JSON; it may come several times."};
inline constexpr Parameter kInt64{.name = "int64",
                                  .doc = "How ints beyond 2^53 are written.",
                                  .type = ParameterType::kWord,
                                  .words = "number string",
                                  .absent = "number"};

inline constexpr Parameter kOrder{.name = "order",
                                  .doc = "By the values, null last; or by their counts, the largest first.",
                                  .type = ParameterType::kWord,
                                  .words = "value count",
                                  .absent = "value"};
inline constexpr Parameter kValuesTake{.name = "take",
                                       .doc = "The first so many values of the order.",
                                       .type = ParameterType::kNumber,
                                       .least = 1,
                                       .most = kMostValues,
                                       .absent = "1000"};
inline constexpr Parameter kSearch{
    .name = "search", .doc = "Only values that contain this text, case aside; of fields of type string."};

inline constexpr Parameter kCascade{.name = "cascade",
                                    .doc = "Whether the lists over it go, too.",
                                    .type = ParameterType::kFlag,
                                    .absent = "false"};
inline constexpr Parameter kAnalyze{
    .name = "analyze",
    .doc = "Whether the query is run, for what it touched and how long it took.",
    .type = ParameterType::kFlag,
    .absent = "false"};
inline constexpr Parameter kWait{.name = "wait",
                                 .doc = "Seconds to wait for the end of the load; without a value 60.",
                                 .type = ParameterType::kNumber,
                                 .most = kLongestWait,
                                 .absent = "0"};
inline constexpr Parameter kBatch{.name = "batch",
                                  .doc = "Records a transaction, of NDJSON. By default all are one.",
                                  .type = ParameterType::kNumber,
                                  .least = 1,
                                  .most = kLargestBatch};
inline constexpr Parameter kMode{
    .name = "mode",
    .doc = "What happens to records that exist: named cells are replaced, or all.",
    .type = ParameterType::kWord,
    .words = "merge replace",
    .absent = "merge"};

inline constexpr Parameter kAccept{
    .name = "Accept", .doc = "The representation, of those that the answer has.", .in = In::kHeader};
inline constexpr Parameter kIfNoneMatch{
    .name = "If-None-Match",
    .doc = "The `ETag` of an answer that the caller has: 304 when it is still right.",
    .in = In::kHeader};
inline constexpr Parameter kPrefer{
    .name = "Prefer",
    .doc =
        "`wait=N`: how many seconds, 0 to 60, to wait for a load without which "
        "nothing may be served. By default 10.",
    .in = In::kHeader};
inline constexpr Parameter kLastEventId{
    .name = "Last-Event-ID",
    .doc = "Of the last event that the caller has seen: after `end` the answer is 204.",
    .in = In::kHeader};

}  // namespace slate::api
