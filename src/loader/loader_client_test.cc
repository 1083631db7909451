#include "loader/loader_client.h"

#include <filesystem>
#include <fstream>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "loader/testing/scripted_loader.h"

namespace slate {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::numbered_datasource;
using testing::numbered_rows;
using testing::ScriptedLoader;

// One load and what came of it.
struct Load {
  explicit Load(std::string endpoint) : datasource(numbered_datasource("people", std::move(endpoint))) {}

  std::expected<LoadSummary, LoadFailure> run() {
    return run_load(
        {.datasource = datasource, .metadata = metadata, .context = context, .timeouts = timeouts},
        [this](std::string_view id, std::span<const CellRef> cells) { return consume(id, cells); }, progress,
        stop.get_token());
  }
  LoadFailure failure() {
    auto result = run();
    EXPECT_FALSE(result.has_value());
    return result ? LoadFailure{FailureKind::kCancelled, Error(Reason::kInternal, "no failure")}
                  : result.error();
  }

  Datasource datasource;
  LoadMetadata metadata;
  RequestContext context;
  LoadTimeouts timeouts;
  LoadProgress progress;
  std::stop_source stop;
  std::vector<std::string> ids;
  std::function<std::expected<void, LoadFailure>(std::string_view, std::span<const CellRef>)> consume =
      [this](std::string_view id, std::span<const CellRef>) -> std::expected<void, LoadFailure> {
    ids.emplace_back(id);
    return {};
  };
};

TEST(LoaderClient, rows_arrive_whole_and_in_order) {
  ScriptedLoader loader({.rows = numbered_rows(1000)});
  Load load(loader.endpoint());
  std::int64_t sum = 0;
  load.consume = [&](std::string_view id,
                     std::span<const CellRef> cells) -> std::expected<void, LoadFailure> {
    EXPECT_EQ(cells.size(), 2u);
    for (const CellRef& cell : cells)
      if (cell.field == 0) {
        EXPECT_EQ(id, "r" + std::to_string(std::get<std::int64_t>(cell.value)));
        sum += std::get<std::int64_t>(cell.value);
      }
    return {};
  };
  const auto summary = load.run();
  ASSERT_TRUE(summary) << summary.error().error.to_string();
  EXPECT_EQ(summary->rows, 1000u);
  EXPECT_FALSE(summary->announced_rows);
  EXPECT_EQ(sum, 999 * 1000 / 2);
  EXPECT_EQ(load.progress.rows, 1000u);
  EXPECT_GT(load.progress.bytes, 20'000u);
}

TEST(LoaderClient, an_empty_stream_is_a_load_of_no_rows) {
  ScriptedLoader loader({.row_count = "0"});
  const auto summary = Load(loader.endpoint()).run();
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->rows, 0u);
  EXPECT_EQ(summary->announced_rows, 0u);
}

TEST(LoaderClient, the_request_carries_the_metadata_and_nothing_else) {
  ScriptedLoader loader({});
  Load load(loader.endpoint());
  load.metadata = {{"Authorization", "Bearer caf\xc3\xa9"}, {"X-SF-Token", ""}};
  load.context = {.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                  .request_id = "req-1"};
  ASSERT_TRUE(load.run());
  const auto seen = loader.last_call().value();
  EXPECT_EQ(seen.datasource, "people");
  EXPECT_EQ(seen.metadata, load.metadata);
  const std::multimap<std::string, std::string> expected{{"traceparent", load.context.traceparent},
                                                         {"x-request-id", "req-1"}};
  EXPECT_EQ(seen.grpc_metadata, expected);
}

TEST(LoaderClient, context_that_http2_cannot_carry_is_left_out) {
  ScriptedLoader loader({});
  Load load(loader.endpoint());
  load.context = {.traceparent = "a\r\nb: c", .request_id = std::string(2000, 'x')};
  ASSERT_TRUE(load.run());
  EXPECT_TRUE(loader.last_call()->grpc_metadata.empty());
}

TEST(LoaderClient, metadata_that_is_not_utf8_is_the_callers_mistake) {
  ScriptedLoader loader({});
  Load load(loader.endpoint());
  load.metadata = {{"X-Name", "caf\xe9"}};
  const auto failure = load.failure();
  EXPECT_EQ(failure.kind, FailureKind::kCredentials);
  EXPECT_EQ(failure.error.reason(), Reason::kInvalidArgument);
  EXPECT_EQ(failure.error.field(), "X-Name");
  EXPECT_THAT(failure.error.to_string(), Not(HasSubstr("caf")));
  EXPECT_EQ(loader.calls(), 0u);
}

TEST(LoaderClient, every_status_is_reported_with_the_loaders_words) {
  for (int number = 1; number <= 16; ++number) {
    const auto code = static_cast<Code>(number);
    ScriptedLoader loader({.rows = numbered_rows(3), .status = code, .message = "upstream says no"});
    Load load(loader.endpoint());
    const auto failure = load.failure();
    const auto expected = failure_of_status(code, "upstream says no");
    EXPECT_EQ(failure.kind, expected.kind) << code_name(code);
    EXPECT_EQ(failure.error.to_string(), expected.error.to_string());
    EXPECT_EQ(load.ids.size(), 3u) << code_name(code);
  }
}

TEST(LoaderClient, a_loader_that_repeats_the_token_does_not_leak_it) {
  ScriptedLoader loader({.refused_tokens = {{"Bearer s3cr3t-t0ken", Code::kUnauthenticated}}});
  Load load(loader.endpoint());
  load.metadata = {{"Authorization", "Bearer s3cr3t-t0ken"}};
  const auto failure = load.failure();
  EXPECT_EQ(failure.error.reason(), Reason::kUnauthenticated);
  EXPECT_THAT(failure.error.message(), HasSubstr("the token [redacted] is not accepted"));
}

TEST(LoaderClient, a_bad_row_ends_the_load_and_names_record_field_expected_and_got) {
  auto rows = numbered_rows(10);
  rows[4].cells = {{"number", Value("four")}};
  ScriptedLoader loader({.rows = rows});
  Load load(loader.endpoint());
  const auto failure = load.failure();
  EXPECT_EQ(failure.kind, FailureKind::kData);
  EXPECT_EQ(failure.error.reason(), Reason::kLoaderFailed);
  EXPECT_EQ(failure.error.message(), "record \"r4\", field \"number\": expected int, got string");
  EXPECT_EQ(load.ids.size(), 4u);
}

TEST(LoaderClient, a_message_that_cannot_be_parsed_never_ends_in_success) {
  auto rows = numbered_rows(5);
  for (const std::size_t bad : {0u, 2u, 4u}) {
    auto broken = rows;
    broken[bad].id = "\xff\xfe";
    ScriptedLoader loader({.rows = broken});
    Load load(loader.endpoint());
    const auto failure = load.failure();
    EXPECT_EQ(failure.kind, FailureKind::kData);
    EXPECT_THAT(failure.error.message(), HasSubstr("message " + std::to_string(bad + 1) + " of the stream"));
    EXPECT_EQ(load.ids.size(), bad);
  }
}

TEST(LoaderClient, a_message_beyond_the_limit_fails) {
  ScriptedLoader loader({.rows = {{.id = "r", .cells = {{"name", Value(std::string(18 << 20, 'x'))}}}}});
  const auto failure = Load(loader.endpoint()).failure();
  EXPECT_EQ(failure.error.reason(), Reason::kLoaderUnavailable);
  EXPECT_THAT(failure.error.message(), HasSubstr("RESOURCE_EXHAUSTED"));
}

TEST(LoaderClient, a_record_of_sixteen_megabytes_passes) {
  ScriptedLoader loader({.rows = {{.id = "r", .cells = {{"name", Value(std::string(16 << 20, 'x'))}}}}});
  Load load(loader.endpoint());
  ASSERT_TRUE(load.run());
  EXPECT_GT(load.progress.bytes, 16u << 20);
}

TEST(LoaderClient, a_row_count_that_is_no_number_fails) {
  for (const char* text : {"", "ten", "-1", "1.0", "0x1", "99999999999999999999"}) {
    ScriptedLoader loader({.rows = numbered_rows(1), .row_count = text});
    const auto failure = Load(loader.endpoint()).failure();
    EXPECT_EQ(failure.kind, FailureKind::kData) << text;
    EXPECT_THAT(failure.error.message(), HasSubstr("slate-row-count")) << text;
  }
}

TEST(LoaderClient, silence_within_the_stream_is_a_timeout) {
  for (const std::size_t rows : {0u, 3u}) {
    ScriptedLoader loader({.rows = numbered_rows(5), .stall_after = rows});
    Load load(loader.endpoint());
    load.timeouts.idle = milliseconds(100);
    const auto failure = load.failure();
    EXPECT_EQ(failure.kind, FailureKind::kUnavailable);
    EXPECT_EQ(failure.error.reason(), Reason::kLoaderTimeout);
    EXPECT_THAT(failure.error.message(),
                HasSubstr("nothing for 100 ms, after " + std::to_string(rows) + " rows"));
    EXPECT_TRUE(loader.wait_for_cancelled_calls(1)) << "the loader must be told to stop";
  }
}

TEST(LoaderClient, the_whole_deadline_ends_a_load_that_never_falls_silent) {
  ScriptedLoader loader({.rows = numbered_rows(3), .stall_after = 3});
  Load load(loader.endpoint());
  load.timeouts.whole = milliseconds(200);
  const auto failure = load.failure();
  EXPECT_EQ(failure.error.reason(), Reason::kLoaderTimeout);
  EXPECT_THAT(failure.error.message(), HasSubstr("DEADLINE_EXCEEDED"));
}

TEST(LoaderClient, a_loader_that_dies_in_mid_stream_is_unavailable) {
  ScriptedLoader loader({.rows = numbered_rows(100), .die_after = 50});
  Load load(loader.endpoint());
  const auto failure = load.failure();
  EXPECT_EQ(failure.kind, FailureKind::kUnavailable) << failure.error.to_string();
  EXPECT_EQ(failure.error.reason(), Reason::kLoaderUnavailable);
  EXPECT_LE(load.ids.size(), 50u);
}

// A port of 127.0.0.1 that is bound; connections to it are refused, or taken and never answered.
class SilentPort {
 public:
  enum class Behaviour { kRefuse, kTakeAndSayNothing };
  explicit SilentPort(Behaviour behaviour) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    if (behaviour == Behaviour::kTakeAndSayNothing) {
      EXPECT_EQ(::listen(socket_, 8), 0);
    }
    endpoint_ = "grpc://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~SilentPort() { ::close(socket_); }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;
  const std::string& endpoint() const { return endpoint_; }

 private:
  int socket_;
  std::string endpoint_;
};

TEST(LoaderClient, a_refused_connection_is_unavailable_at_once) {
  const SilentPort port(SilentPort::Behaviour::kRefuse);
  Load load(port.endpoint());
  const auto failure = load.failure();
  EXPECT_EQ(failure.kind, FailureKind::kUnavailable);
  EXPECT_EQ(failure.error.reason(), Reason::kLoaderUnavailable);
  EXPECT_EQ(failure.error.message(), "the loader is not available (UNAVAILABLE)");
  EXPECT_THAT(failure.error.hint().value_or(""), HasSubstr("Connection refused"));
}

TEST(LoaderClient, a_peer_that_does_not_speak_is_given_up_after_the_connect_timeout) {
  const SilentPort port(SilentPort::Behaviour::kTakeAndSayNothing);
  Load load(port.endpoint());
  load.timeouts.connect = milliseconds(100);
  const auto failure = load.failure();
  EXPECT_EQ(failure.error.reason(), Reason::kLoaderUnavailable);
  EXPECT_EQ(failure.error.message(), "no connection to the loader within 100 ms");
}

TEST(LoaderClient, an_endpoint_that_cannot_be_read_is_a_configuration_error) {
  Load load("ftp://host:1");
  EXPECT_EQ(load.failure().kind, FailureKind::kConfiguration);
}

TEST(LoaderClient, stopping_ends_a_waiting_load) {
  ScriptedLoader loader({.rows = numbered_rows(5), .stall_after = 2});
  Load load(loader.endpoint());
  std::promise<LoadFailure> ended;
  std::thread thread([&] { ended.set_value(load.failure()); });
  ASSERT_TRUE(loader.wait_for_calls(1));
  load.stop.request_stop();
  EXPECT_EQ(ended.get_future().get().kind, FailureKind::kCancelled);
  thread.join();
  EXPECT_TRUE(loader.wait_for_cancelled_calls(1));
}

TEST(LoaderClient, a_load_that_was_stopped_before_it_began_ends) {
  ScriptedLoader loader({.rows = numbered_rows(5)});
  Load load(loader.endpoint());
  load.stop.request_stop();
  EXPECT_EQ(load.failure().kind, FailureKind::kCancelled);
}

TEST(LoaderClient, what_the_consumer_refuses_ends_the_load) {
  ScriptedLoader loader({.rows = numbered_rows(5), .stall_after = 4});
  Load load(loader.endpoint());
  load.consume = [](std::string_view id, std::span<const CellRef>) -> std::expected<void, LoadFailure> {
    if (id == "r2") return std::unexpected(LoadFailure{FailureKind::kStore, Error(Reason::kIo, "disk full")});
    return {};
  };
  const auto failure = load.failure();
  EXPECT_EQ(failure.kind, FailureKind::kStore);
  EXPECT_EQ(failure.error.message(), "disk full");
  EXPECT_TRUE(loader.wait_for_cancelled_calls(1));
}

TEST(LoaderClient, configured_times_are_seconds_and_stay_in_range) {
  const auto times = timeouts_of({.endpoint = "", .deadline = 20, .idle_timeout = 3});
  EXPECT_EQ(times.connect, milliseconds(5'000));
  EXPECT_EQ(times.idle, milliseconds(3'000));
  EXPECT_EQ(times.whole, milliseconds(20'000));
  const auto extreme = timeouts_of({.endpoint = "", .deadline = INT64_MAX, .idle_timeout = INT64_MIN});
  EXPECT_GE(extreme.idle, milliseconds(1));
  EXPECT_GT(extreme.whole, std::chrono::hours(24 * 365));
}

// A file in the test's own folder, removed at the end.
class CaFile {
 public:
  explicit CaFile(const std::string& pem)
      : path_(std::filesystem::temp_directory_path() / ("slate-ca-" + std::to_string(::getpid()) + ".pem")) {
    std::ofstream(path_) << pem;
  }
  ~CaFile() { std::filesystem::remove(path_); }
  CaFile(const CaFile&) = delete;
  CaFile& operator=(const CaFile&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

TEST(LoaderClientTls, a_configured_authority_is_trusted) {
  const auto certificates = testing::make_certificates();
  ScriptedLoader loader({.rows = numbered_rows(10)}, &certificates);
  const CaFile authority(certificates.authority);
  Load load(loader.endpoint());
  load.datasource.loader->ca_file = authority.path();
  const auto summary = load.run();
  ASSERT_TRUE(summary) << summary.error().error.to_string();
  EXPECT_EQ(summary->rows, 10u);
}

TEST(LoaderClientTls, another_authority_is_not_trusted) {
  const auto certificates = testing::make_certificates();
  ScriptedLoader loader({.rows = numbered_rows(10)}, &certificates);
  const CaFile authority(testing::make_certificates().authority);
  Load load(loader.endpoint());
  load.datasource.loader->ca_file = authority.path();
  load.metadata = {{"Authorization", "Bearer abcdef"}};
  EXPECT_EQ(load.failure().error.reason(), Reason::kLoaderUnavailable);
  EXPECT_EQ(loader.calls(), 0u) << "no credentials may go to a peer that is not trusted";
}

TEST(LoaderClientTls, the_systems_authorities_do_not_trust_a_private_one) {
  const auto certificates = testing::make_certificates();
  ScriptedLoader loader({.rows = numbered_rows(10)}, &certificates);
  EXPECT_EQ(Load(loader.endpoint()).failure().error.reason(), Reason::kLoaderUnavailable);
  EXPECT_EQ(loader.calls(), 0u);
}

TEST(LoaderClientTls, a_ca_file_that_cannot_be_read_is_a_configuration_error) {
  for (const char* path : {"/nonexistent/ca.pem", "/", "/dev/null"}) {
    Load load("grpcs://localhost:1");
    load.datasource.loader->ca_file = path;
    const auto failure = load.failure();
    EXPECT_EQ(failure.kind, FailureKind::kConfiguration) << path;
    EXPECT_THAT(failure.error.hint().value_or(""), HasSubstr(path));
  }
}

}  // namespace
}  // namespace slate
