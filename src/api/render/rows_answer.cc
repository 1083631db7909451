#include "api/render/rows_answer.h"

#include <fmt/format.h>
#include <utility>
#include <vector>

#include "api/render/json_rows.h"
#include "api/render/row_stream.h"
#include "api/render/status_json.h"
#include "base/try.h"

namespace slate::api {
namespace {

using SteadyClock = std::chrono::steady_clock;

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

// Adds the time of its life to a sum.
class Timed {
 public:
  explicit Timed(std::chrono::nanoseconds& sum) : sum_(sum) {}
  ~Timed() { sum_ += SteadyClock::now() - began_; }
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;

 private:
  std::chrono::nanoseconds& sum_;
  const SteadyClock::time_point began_ = SteadyClock::now();
};

struct Times {
  std::chrono::nanoseconds exec{0};
  std::chrono::nanoseconds render{0};
};

Result<void> append_records(std::string& out, ResultSet& rows, Int64Form form, Times& times) {
  const JsonRows writer(rows.columns(), form);
  bool first = true;
  for (;;) {
    Result<const Batch*> batch = nullptr;
    {
      const Timed timed(times.exec);
      batch = rows.next();
    }
    if (!batch) return fail(std::move(batch).error());
    if (*batch == nullptr) return {};
    const Timed timed(times.render);
    for (std::size_t i = 0; i < (*batch)->size(); ++i) {
      if (!first) out += ',';
      first = false;
      writer.append(out, **batch, i);
    }
  }
}

Result<void> append_page(std::string& out, RowsAnswer& answer, Times& times) {
  const Timed timed(times.exec);
  SLATE_TRY(const bool has_more, answer.rows->has_more());
  out += fmt::format("{{\"skip\":{},\"take\":", answer.query.skip);
  out += answer.query.take ? std::to_string(*answer.query.take) : "null";
  out += has_more ? ",\"has_more\":true" : ",\"has_more\":false";
  const auto append_cursor = [&](std::string_view member,
                                 Result<std::optional<std::string>> cursor) -> Result<void> {
    SLATE_TRY(const auto token, std::move(cursor));
    out += token ? fmt::format(",\"{}\":\"{}\"", member, *token) : fmt::format(",\"{}\":null", member);
    return {};
  };
  SLATE_TRY(append_cursor("next", answer.rows->next_cursor()));
  SLATE_TRY(append_cursor("previous", answer.rows->previous_cursor()));
  if (answer.count.kind != CountMode::Kind::kNone) {
    SLATE_TRY(const Count count,
              answer.snapshot->count(answer.query.filter, answer.count.limit(), answer.options));
    out += fmt::format(",\"count\":{{\"value\":{},\"relation\":\"{}\"}}", count.value,
                       count.exact ? "eq" : "gte");
  }
  out += '}';
  return {};
}

Result<http::Response> render_json(RowsAnswer& answer, Int64Form form) {
  Times times;
  std::string body;
  body.reserve(16 * 1024);
  body += fmt::format("{{\"{}\":", answer.owner_kind);
  append_json_string(body, answer.owner);
  body += ",\"records\":[";
  SLATE_TRY(append_records(body, *answer.rows, form, times));
  body += "],\"page\":";
  SLATE_TRY(append_page(body, answer, times));
  if (answer.freshness) {
    body += ",\"freshness\":";
    append_freshness(body, *answer.freshness);
  }
  body += '}';
  auto response = http::Response::json(200, std::move(body));
  response.headers.set("Server-Timing", fmt::format("plan;dur={:.3f}, exec;dur={:.3f}, render;dur={:.3f}",
                                                    milliseconds(answer.plan_time), milliseconds(times.exec),
                                                    milliseconds(times.render)));
  return response;
}

Result<http::Response> render_stream(RowsAnswer& answer, Format format, Int64Form form) {
  if (answer.count.kind != CountMode::Kind::kNone)
    return fail(
        Error(Reason::kInvalidArgument, "a count is part of a JSON page; this format carries rows only")
            .with_field("count")
            .with_hint("ask for application/json"));
  http::Response response;
  response.headers.set("Content-Type", format == Format::kCsv ? "text/csv; charset=utf-8; header=present"
                                                              : std::string(media_type(format)));
  response.headers.set("Server-Timing", fmt::format("plan;dur={:.3f}", milliseconds(answer.plan_time)));
  response.stream =
      std::make_unique<RowStream>(std::move(answer.snapshot), std::move(answer.rows), format, form);
  return response;
}

}  // namespace

Result<http::Response> render_rows(RowsAnswer answer, Format format, Int64Form form) {
  const SnapshotInfo info = answer.snapshot->info();
  const Datasource& datasource = answer.snapshot->datasource();
  const auto scope_headers =
      datasource.is_scoped() ? datasource.loader->scope_headers : std::vector<std::string>();
  auto response = format == Format::kJson ? render_json(answer, form) : render_stream(answer, format, form);
  if (!response) return response;
  if (answer.freshness)
    response->headers.set("Slate-Freshness", std::string(freshness_word(answer.freshness->state)));
  response->headers.set("Slate-Generation", std::to_string(info.generation));
  std::string vary = "Accept";
  for (const std::string& header : scope_headers) vary += ", " + header;
  response->headers.set("Vary", std::move(vary));
  if (!scope_headers.empty()) response->headers.set("Cache-Control", "private");
  return response;
}

}  // namespace slate::api
