#include "client/refresh.h"

#include <string>
#include <utility>

#include "base/try.h"
#include "client/calls.h"

namespace slate::client {

Result<RefreshAnswer> begin_refresh(RemoteClient& client, wire::BeginRefresh request,
                                    const std::stop_token& stop) {
  const auto exchange = client.connection().start(std::move(request), {.stop = stop});
  SLATE_TRY(const ReceivedFrame frame, exchange->next());
  SLATE_TRY(auto answer, decode(frame));
  return std::visit(
      []<typename T>(T& message) -> Result<RefreshAnswer> {
        if constexpr (std::is_constructible_v<RefreshAnswer, T&&>)
          return RefreshAnswer(std::move(message));
        else
          return unexpected_answer();
      },
      answer);
}

Result<std::optional<wire::LoadReport>> find_load(RemoteClient& client, std::string_view load_id) {
  auto report = make_call(client.connection().start(wire::GetLoad{.load_id = std::string(load_id)}, {}),
                          reads<wire::LoadReport>())
                    .get();
  if (report) return *std::move(report);
  if (report.error().reason() == Reason::kNotFound) return std::nullopt;
  return fail(std::move(report).error());
}

}  // namespace slate::client
