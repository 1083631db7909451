// The calls of a refresh.
#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "base/try.h"
#include "client/remote_client.h"
#include "wire/row_payload.h"

namespace slate::client {
namespace {

std::string random_load_id() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

// As far as a message can say it.
std::chrono::milliseconds sendable(std::chrono::milliseconds duration) {
  constexpr std::chrono::milliseconds kMost{std::numeric_limits<std::uint32_t>::max()};
  return std::clamp(duration, std::chrono::milliseconds(0), kMost);
}

Result<RefreshAnswer> read_begun(wire::Answer answer, const ReceivedFrame&) {
  return std::visit(
      []<typename T>(T message) -> Result<RefreshAnswer> {
        if constexpr (requires { RefreshAnswer(std::in_place_type<T>, std::move(message)); })
          return RefreshAnswer(std::move(message));
        else
          return unexpected_answer();
      },
      std::move(answer));
}

ValueRef reference_to(const Value& value) {
  return std::visit(
      [&value]<typename T>(const T& held) -> ValueRef {
        if constexpr (std::is_same_v<T, ListValue> || std::is_same_v<T, MapValue>)
          return &value;
        else if constexpr (std::is_same_v<T, std::string>)
          return std::string_view(held);
        else
          return held;
      },
      value.variant());
}

// Records with the names of fields, as rows with their positions.
Result<std::string> encode_rows(std::span<const Record> rows, const std::vector<Field>& fields) {
  std::unordered_map<std::string_view, std::uint32_t> positions;
  for (std::uint32_t i = 0; i < fields.size(); ++i) positions.emplace(fields[i].name, i);
  std::string payload;
  std::vector<CellRef> cells;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    cells.clear();
    for (const auto& [name, value] : rows[i].cells) {
      const auto position = positions.find(name);
      if (position == positions.end())
        return fail(Error(Reason::kInvalidArgument, fmt::format("there is no field \"{}\"", name))
                        .with_field(name)
                        .with_position(i));
      cells.push_back({.field = position->second, .value = reference_to(value)});
    }
    wire::append_row(rows[i].id, cells, payload);
  }
  return payload;
}

}  // namespace

Call<RefreshAnswer> RemoteClient::begin_refresh(CopyRef copy, const RefreshOptions& refresh,
                                                const CallOptions& options) {
  return make_call<RefreshAnswer>(
      start(wire::BeginRefresh{.datasource = std::string(copy.datasource),
                               .scope = std::string(copy.scope),
                               .mode = refresh.mode,
                               .load_id =
                                   refresh.load_id.empty() ? random_load_id() : std::string(refresh.load_id),
                               .trigger = refresh.trigger,
                               .seen_generation = refresh.seen_generation,
                               .wait = sendable(refresh.wait),
                               .lease = sendable(refresh.lease)},
            options),
      read_begun);
}

Call<void> RemoteClient::load_rows(const RefreshGranted& refresh, std::span<const Record> rows,
                                   const std::optional<LoadCounts>& progress, const CallOptions& options) {
  auto payload = encode_rows(rows, refresh.datasource.fields);
  if (!payload) return Call<void>(std::make_unique<RefusedCall<void>>(std::move(payload).error()));
  return load_encoded(refresh, static_cast<std::uint32_t>(rows.size()), *payload, progress, options);
}

Call<void> RemoteClient::load_encoded(const RefreshGranted& refresh, std::uint32_t count,
                                      std::string_view payload, const std::optional<LoadCounts>& progress,
                                      const CallOptions& options) {
  return make_call(start(wire::LoadRows{.refresh = refresh.handle, .count = count, .progress = progress},
                         options, payload),
                   reads_done());
}

Call<BuildCounts> RemoteClient::finish_refresh(const RefreshGranted& refresh, const CallOptions& options) {
  return make_call(start(wire::FinishRefresh{.refresh = refresh.handle}, options), reads<BuildCounts>());
}

Call<std::uint64_t> RemoteClient::commit_refresh(const RefreshGranted& refresh, UnixMillis loaded_at,
                                                 const CallOptions& options) {
  return make_call(
      start(wire::CommitRefresh{.refresh = refresh.handle, .loaded_at = loaded_at}, options),
      reads<std::uint64_t, wire::RefreshPublished>([](const auto& from) { return from.generation; }));
}

Call<void> RemoteClient::abort_refresh(const RefreshGranted& refresh,
                                       const std::optional<LoadFailure>& failure,
                                       const CallOptions& options) {
  return make_call(start(wire::AbortRefresh{.refresh = refresh.handle, .failure = failure}, options),
                   reads_done());
}

Call<void> RemoteClient::renew_refresh(const RefreshGranted& refresh,
                                       const std::optional<LoadCounts>& progress,
                                       const CallOptions& options) {
  return make_call(start(wire::RenewRefresh{.refresh = refresh.handle, .progress = progress}, options),
                   reads_done());
}

Call<LoadReport> RemoteClient::get_load(std::string_view load_id, const CallOptions& options) {
  return make_call(start(wire::GetLoad{.load_id = std::string(load_id)}, options), reads<LoadReport>());
}

}  // namespace slate::client
