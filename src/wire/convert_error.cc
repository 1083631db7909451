#include <algorithm>

#include "base/try.h"
#include "slate/wire/wire.pb.h"
#include "wire/convert.h"

namespace slate::wire {
namespace {

// By its name, so that the numbers of reasons may change. A newer peer's is `internal` here.
Reason reason_of(std::string_view name) {
  for (std::size_t i = 0; i < kReasonCount; ++i)
    if (reason_info(static_cast<Reason>(i)).name == name) return static_cast<Reason>(i);
  return Reason::kInternal;
}

}  // namespace

void write(const Error& from, v1::Error& to) {
  to.set_reason(std::string(reason_info(from.reason()).name));
  to.set_message(from.message());
  if (from.field()) to.set_field(*from.field());
  if (from.hint()) to.set_hint(*from.hint());
  if (from.retry_after_seconds())
    to.set_retry_after_seconds(static_cast<std::uint32_t>(std::max(0, *from.retry_after_seconds())));
  if (from.position()) to.set_position(*from.position());
}

Error read(const v1::Error& from) {
  Error error(reason_of(from.reason()), from.message());
  if (from.has_field()) error = std::move(error).with_field(from.field());
  if (from.has_hint()) error = std::move(error).with_hint(from.hint());
  if (from.has_retry_after_seconds())
    error = std::move(error).with_retry_after(
        static_cast<int>(std::min<std::uint32_t>(from.retry_after_seconds(), INT32_MAX)));
  if (from.has_position()) error = std::move(error).with_position(from.position());
  return error;
}

void write(const LoadFailure& from, v1::LoadFailure& to) {
  to.set_kind(static_cast<v1::FailureKind>(static_cast<int>(from.kind) + 1));
  write(from.error, *to.mutable_error());
}

LoadFailure read(const v1::LoadFailure& from) {
  // A kind that a newer peer knows delays the next load, as most do.
  const bool known = from.kind() > v1::FAILURE_KIND_UNSPECIFIED && from.kind() <= v1::FAILURE_KIND_CANCELLED;
  return {.kind = known ? static_cast<FailureKind>(from.kind() - 1) : FailureKind::kStore,
          .error = read(from.error())};
}

void write(const LoadCounts& from, v1::LoadCounts& to) {
  const auto& [rows, bytes, calls] = from;
  to.set_rows(rows);
  to.set_bytes(bytes);
  to.set_calls(calls);
}

LoadCounts read(const v1::LoadCounts& from) {
  return {.rows = from.rows(), .bytes = from.bytes(), .calls = from.calls()};
}

void write(const LoadReport& from, v1::LoadReport& to) {
  const auto& [load_id, datasource, scope, state, counts, duplicates, started_at, finished_at, generation,
               failure] = from;
  to.set_load_id(load_id);
  to.set_datasource(datasource);
  to.set_scope(scope);
  to.set_state(static_cast<v1::LoadState>(static_cast<int>(state)));
  write(counts, *to.mutable_counts());
  to.set_duplicates(duplicates);
  to.set_started_at(started_at);
  if (finished_at) to.set_finished_at(*finished_at);
  to.set_generation(generation);
  if (failure) write(*failure, *to.mutable_failure());
}

Result<LoadReport> read(const v1::LoadReport& from) {
  if (from.state() < v1::LOAD_STATE_RUNNING || from.state() > v1::LOAD_STATE_FAILED)
    return fail(Reason::kUnimplemented, "a load's state that is not known here");
  LoadReport report{.load_id = from.load_id(),
                    .datasource = from.datasource(),
                    .scope = from.scope(),
                    .state = static_cast<LoadState>(from.state()),
                    .counts = read(from.counts()),
                    .duplicates = from.duplicates(),
                    .started_at = from.started_at(),
                    .finished_at = {},
                    .generation = from.generation(),
                    .failure = {}};
  if (from.has_finished_at()) report.finished_at = from.finished_at();
  if (from.has_failure()) report.failure = read(from.failure());
  return report;
}

void write(const ConnectionLimits& from, v1::ConnectionLimits& to) {
  const auto& [frame_bytes, write_frame_bytes, requests, snapshots, snapshot_idle, idle, lease, credit] =
      from;
  to.set_frame_bytes(frame_bytes);
  to.set_write_frame_bytes(write_frame_bytes);
  to.set_requests(requests);
  to.set_snapshots(snapshots);
  to.set_snapshot_idle_ms(static_cast<std::uint32_t>(snapshot_idle.count()));
  to.set_idle_ms(static_cast<std::uint32_t>(idle.count()));
  to.set_lease_ms(static_cast<std::uint32_t>(lease.count()));
  to.set_credit(credit);
}

ConnectionLimits read(const v1::ConnectionLimits& from) {
  using std::chrono::milliseconds;
  return {.frame_bytes = from.frame_bytes(),
          .write_frame_bytes = from.write_frame_bytes(),
          .requests = from.requests(),
          .snapshots = from.snapshots(),
          .snapshot_idle = milliseconds(from.snapshot_idle_ms()),
          .idle = milliseconds(from.idle_ms()),
          .lease = milliseconds(from.lease_ms()),
          .credit = from.credit()};
}

}  // namespace slate::wire
