#include <boost/json/object.hpp>
#include <fmt/format.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/negotiate.h"
#include "api/parameters.h"
#include "api/record_lines.h"
#include "api/render/json_rows.h"
#include "api/request.h"
#include "api/routes/routes.h"
#include "base/try.h"
#include "http/url.h"
#include "model/field_path.h"
#include "model/json.h"
#include "model/name.h"
#include "model/schema.h"

namespace slate::api {
namespace {

namespace json = boost::json;

Failure no_record(std::string_view id) {
  return fail(Reason::kNotFound, "there is no record " + slate::quoted(id));
}

// The record of the path, as JSON; nothing when it is not there.
Result<std::optional<std::string>> read_record(ApiContext& context, const http::Request& request) {
  SLATE_TRY(const std::string_view form, word_parameter(request, kInt64));
  SLATE_TRY(const CallerCopy copy, caller_copy(context.database, request.param("id"), request));
  SLATE_TRY(const Batch* batch, copy.snapshot->find(request.param("rid")));
  if (batch == nullptr) return std::nullopt;
  const JsonRows writer(copy.snapshot->columns(), form == "string" ? Int64Form::kString : Int64Form::kNumber);
  return writer.object(*batch, 0);
}

Result<http::Response> get_record(ApiContext& context, http::Request& request) {
  SLATE_TRY(auto record, read_record(context, request));
  if (!record) return no_record(request.param("rid"));
  return http::Response::json(200, *std::move(record));
}

using Cells = std::vector<std::pair<std::string, Value>>;

// What a merge patch (RFC 7396) of these fields replaces: a map that it has a map for is gone into. `prefix`
// is the path of what they are in, with its dot.
void add_merge_patch(std::span<const Field> fields, const std::string& prefix, const json::object& patch,
                     Cells& cells) {
  for (const auto& entry : patch) {
    const Field* field = find_field(fields, entry.key());
    std::string path = prefix + std::string(entry.key());
    if (field != nullptr && field->type == Type::kMap && entry.value().is_object())
      add_merge_patch(field->fields, path + '.', entry.value().get_object(), cells);
    else if (path != kRecordIdPath)
      cells.emplace_back(std::move(path), value_from_json(entry.value()));
  }
}

Result<Cells> merge_patch_cells(ApiContext& context, const http::Request& request,
                                const json::object& patch) {
  SLATE_TRY(const DatasourceStatus status, context.database.get_datasource(request.param("id")));
  Cells cells;
  add_merge_patch(status.datasource.fields, "", patch, cells);
  return cells;
}

// An `_id` among the body's cells must be that of the path. What fails here does so before anything is
// written.
Result<void> check_write(const http::Request& request, const json::object& body) {
  SLATE_TRY(word_parameter(request, kInt64));
  const std::string& id = request.param("rid");
  if (const auto* sent = body.if_contains("_id")) {
    const auto* text = sent->if_string();
    if (text == nullptr || std::string_view(*text) != id)
      return fail(Error(Reason::kInvalidArgument,
                        "the path says " + slate::quoted(id) + ", the body " +
                            (text != nullptr ? slate::quoted(*text) : "something that is no string"))
                      .with_field("_id"));
  }
  return {};
}

// The record as it is now: somebody may have changed it since.
Result<http::Response> answer_record(ApiContext& context, const http::Request& request, int status) {
  SLATE_TRY(auto record, read_record(context, request));
  if (!record) return fail(Reason::kConflict, "the record was deleted by another request");
  return http::Response::json(status, *std::move(record));
}

Result<http::Response> put_record(ApiContext& context, http::Request& request) {
  const std::string& datasource = request.param("id");
  SLATE_TRY(const json::object body, json_object_body(request));
  SLATE_TRY(check_write(request, body));
  SLATE_TRY(auto cells, cells_from_json(body));
  const RecordWrite write{.kind = WriteKind::kReplace, .id = request.param("rid"), .cells = std::move(cells)};
  SLATE_TRY(const WriteCounts counts, context.database.write_batch(datasource, {&write, 1}));
  SLATE_TRY(auto response, answer_record(context, request, counts.inserted > 0 ? 201 : 200));
  if (counts.inserted > 0)
    response.headers.set("Location", "/v1/datasources/" + http::escape(datasource) + "/records/" +
                                         http::escape(request.param("rid")));
  return response;
}

Result<http::Response> patch_record(ApiContext& context, http::Request& request) {
  SLATE_TRY(const json::object body, patch_body(request));
  SLATE_TRY(check_write(request, body));
  SLATE_TRY(auto cells,
            is_merge_patch(request) ? merge_patch_cells(context, request, body) : cells_from_json(body));
  const RecordWrite write{.kind = WriteKind::kUpdate, .id = request.param("rid"), .cells = std::move(cells)};
  SLATE_TRY(context.database.write_batch(request.param("id"), {&write, 1}));
  return answer_record(context, request, 200);
}

Result<http::Response> delete_record(ApiContext& context, http::Request& request) {
  const RecordWrite write{.kind = WriteKind::kDelete, .id = request.param("rid")};
  SLATE_TRY(const WriteCounts counts, context.database.write_batch(request.param("id"), {&write, 1}));
  if (counts.deleted == 0) return no_record(write.id);
  return http::Response::empty(204);
}

Result<http::Response> delete_records(ApiContext& context, http::Request& request) {
  const std::string& datasource = request.param("id");
  SLATE_TRY(context.database.delete_all(datasource));
  context.refresher.forget(datasource);
  return http::Response::empty(204);
}

Result<WriteKind> read_mode(const http::Request& request) {
  SLATE_TRY(const std::string_view mode, word_parameter(request, kMode));
  return mode == "merge" ? WriteKind::kMerge : WriteKind::kReplace;
}

std::string counts_json(const WriteCounts& counts, std::uint64_t records, std::uint64_t transactions) {
  return fmt::format(R"({{"records":{},"inserted":{},"updated":{},"transactions":{}}})", records,
                     counts.inserted, counts.updated, transactions);
}

Result<http::Response> post_records(ApiContext& context, http::Request& request) {
  SLATE_TRY(const WriteKind kind, read_mode(request));
  SLATE_TRY(const auto batch, number_parameter(request, kBatch));
  SLATE_TRY(auto reader, RecordReader::open(content_type(request.headers), request.body, kind));
  if (batch && !reader.is_lines())
    return fail(Error(Reason::kInvalidArgument, "only NDJSON can be split into several transactions")
                    .with_field("batch"));
  const std::string& datasource = request.param("id");
  WriteCounts total;
  std::uint64_t records = 0;
  std::uint64_t transactions = 0;
  // What an error leaves behind: whole transactions.
  const auto so_far = [&](Error error) {
    if (!batch || records == 0) return error;
    Error more(error.reason(),
               fmt::format("{}; {} records before it were written", error.message(), records));
    if (error.field()) more = std::move(more).with_field(*error.field());
    if (error.hint()) more = std::move(more).with_hint(*error.hint());
    return more;
  };
  for (;;) {
    auto lines = reader.next(batch);
    if (!lines) return fail(so_far(std::move(lines).error()));
    if (lines->writes.empty() && records > 0) break;
    const auto counts = context.database.write_batch(datasource, lines->writes);
    if (!counts) {
      const Error& error = counts.error();
      return fail(so_far(error.position() ? at_place(lines->place(*error.position()), error) : error));
    }
    total.inserted += counts->inserted;
    total.updated += counts->updated;
    records += lines->writes.size();
    if (lines->writes.empty()) break;
    ++transactions;
  }
  return http::Response::json(200, counts_json(total, records, transactions));
}

}  // namespace

void add_record_routes(Routes& routes, ApiContext&) {
  using http::Method;
  const Content record{"application/json", "Record"};
  const Content cells{"application/json", "Cells"};
  constexpr auto kAccess = Access::kAdministration;
  routes.add({.method = Method::kPost,
              .path = "/v1/datasources/{id}/records",
              .id = "writeRecords",
              .group = "records",
              .summary = "Writes many records, in one transaction or in several.",
              .access = kAccess,
              .parameters = {&kDatasourceId, &kBatch, &kMode},
              .body = {{"application/json", "Records"}, {"application/x-ndjson"}},
              .replies = {{200, "All are written.", {{"application/json", "WriteCounts"}}}},
              .problems = {Reason::kNotFound, Reason::kConflict, Reason::kUnsupportedMediaType,
                           Reason::kPayloadTooLarge}},
             post_records);
  routes.add({.method = Method::kDelete,
              .path = "/v1/datasources/{id}/records",
              .id = "deleteRecords",
              .group = "records",
              .summary = "Drops every record, and the memory of having loaded.",
              .access = kAccess,
              .parameters = {&kDatasourceId},
              .replies = {{204, "They are gone."}},
              .problems = {Reason::kNotFound}},
             delete_records);
  routes.add({.path = "/v1/datasources/{id}/records/{rid}",
              .id = "getRecord",
              .group = "records",
              .summary = "One record.",
              .access = kAccess,
              .parameters = {&kDatasourceId, &kRecordId, &kInt64},
              .replies = {{200, "The record.", {record}}},
              .problems = {Reason::kNotFound}},
             get_record);
  routes.add({.method = Method::kPut,
              .path = "/v1/datasources/{id}/records/{rid}",
              .id = "putRecord",
              .group = "records",
              .summary = "Makes the record exactly these cells.",
              .access = kAccess,
              .parameters = {&kDatasourceId, &kRecordId, &kInt64},
              .body = {cells},
              .replies = {{200, "Replaced.", {record}}, {201, "Created.", {record}, {"Location"}}},
              .problems = {Reason::kNotFound, Reason::kConflict, Reason::kUnsupportedMediaType}},
             put_record);
  routes.add({.method = Method::kPatch,
              .path = "/v1/datasources/{id}/records/{rid}",
              .id = "patchRecord",
              .group = "records",
              .summary = "Replaces named cells; null removes. A merge patch (RFC 7396) goes into maps.",
              .access = kAccess,
              .parameters = {&kDatasourceId, &kRecordId, &kInt64},
              .body = {cells, {"application/merge-patch+json", "MergePatch"}},
              .replies = {{200, "The record as it is now.", {record}}},
              .problems = {Reason::kNotFound, Reason::kConflict, Reason::kUnsupportedMediaType}},
             patch_record);
  routes.add({.method = Method::kDelete,
              .path = "/v1/datasources/{id}/records/{rid}",
              .id = "deleteRecord",
              .group = "records",
              .summary = "Removes one record.",
              .access = kAccess,
              .parameters = {&kDatasourceId, &kRecordId},
              .replies = {{204, "It is gone."}},
              .problems = {Reason::kNotFound, Reason::kConflict}},
             delete_record);
}

}  // namespace slate::api
