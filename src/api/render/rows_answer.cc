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

constexpr std::size_t kUsualPage = std::size_t{64} << 10;  // bytes; larger ones grow

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

// Adds what has passed since the last call to a sum. The clock is read once where one thing ends and the next
// begins.
class Laps {
 public:
  void add_to(std::chrono::nanoseconds& sum) {
    const auto now = SteadyClock::now();
    sum += now - std::exchange(last_, now);
  }

 private:
  SteadyClock::time_point last_ = SteadyClock::now();
};

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

// How many there were.
Result<std::uint64_t> append_records(std::string& out, ResultSet& rows, Int64Form form, Times& times) {
  const JsonRows writer(rows.columns(), form);
  std::uint64_t written = 0;
  for (Laps laps;;) {
    SLATE_TRY(const Batch* batch, rows.next());
    laps.add_to(times.exec);
    if (batch == nullptr) return written;
    TextAppender text(out);
    for (std::size_t i = 0; i < batch->size(); ++i) {
      if (written++ > 0) text.append(',');
      writer.append(text, *batch, i);
    }
    laps.add_to(times.render);
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

http::Response timed_json(std::string body, std::chrono::nanoseconds plan_time, const Times& times) {
  auto response = http::Response::json(200, std::move(body));
  response.headers.set("Server-Timing", fmt::format("plan;dur={:.3f}, exec;dur={:.3f}, render;dur={:.3f}",
                                                    milliseconds(plan_time), milliseconds(times.exec),
                                                    milliseconds(times.render)));
  return response;
}

Result<http::Response> render_json(RowsAnswer& answer, Int64Form form) {
  Times times;
  std::string body;
  body.reserve(kUsualPage);
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
  return timed_json(std::move(body), answer.plan_time, times);
}

// How many rows there are in all, where that is known; null keeps a grid asking.
Result<std::optional<std::uint64_t>> grid_row_count(RowsAnswer& answer, std::uint64_t returned) {
  SLATE_TRY(const bool has_more, answer.rows->has_more());
  if (!has_more && (returned > 0 || answer.query.skip == 0)) return answer.query.skip + returned;
  auto limit = answer.count.limit();
  if (!has_more) {
    // It asked for rows behind the last one: there are at most so many.
    limit = answer.query.skip;
  } else if (answer.count.kind == CountMode::Kind::kNone) {
    return std::nullopt;
  }
  SLATE_TRY(const Count count, answer.snapshot->count(answer.query.filter, limit, answer.options));
  return count.exact || !has_more ? std::optional(count.value) : std::nullopt;
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
  std::string vary = vary_of(answer.snapshot->datasource());
  auto response = format == Format::kJson ? render_json(answer, form) : render_stream(answer, format, form);
  if (!response) return response;
  if (answer.freshness)
    response->headers.set("Slate-Freshness", std::string(freshness_word(answer.freshness->state)));
  response->headers.set("Slate-Generation", std::to_string(info.generation));
  response->headers.set("Vary", std::move(vary));
  return response;
}

Result<http::Response> render_grid(RowsAnswer answer, Int64Form form) {
  const SnapshotInfo info = answer.snapshot->info();
  Times times;
  std::string body = "{\"rowData\":[";
  SLATE_TRY(const auto returned, append_records(body, *answer.rows, form, times));
  body += "],\"rowCount\":";
  std::optional<std::uint64_t> count;
  {
    const Timed timed(times.exec);
    SLATE_TRY(count, grid_row_count(answer, returned));
  }
  body += count ? std::to_string(*count) : "null";
  if (answer.freshness) {
    body += ",\"freshness\":";
    append_freshness(body, *answer.freshness);
  }
  body += '}';
  auto response = timed_json(std::move(body), answer.plan_time, times);
  if (answer.freshness)
    response.headers.set("Slate-Freshness", std::string(freshness_word(answer.freshness->state)));
  response.headers.set("Slate-Generation", std::to_string(info.generation));
  return response;
}

}  // namespace slate::api
