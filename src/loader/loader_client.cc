#include "loader/loader_client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <google/protobuf/arena.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <iterator>
#include <memory>
#include <utility>

#include "base/try.h"
#include "loader/endpoint.h"
#include "loader/row_reader.h"
#include "loader/secrets.h"
#include "model/coerce.h"
#include "slate/loader/loader.pb.h"

namespace slate {
namespace {

using std::chrono::milliseconds;
template <typename T>
using Loaded = std::expected<T, LoadFailure>;

constexpr char kLoadMethod[] = "/slate.loader.Loader/Load";
constexpr char kRowCountKey[] = "slate-row-count";
// The largest record, and room for its field names and framing.
constexpr int kLargestMessage = static_cast<int>(Limits::kRecordBytes) + (1 << 20);
// What a loader may send before the rows are read: bounds memory, and spares a loader small stops.
constexpr int kLookaheadBytes = 1 << 20;
constexpr int kKeepaliveMillis = 30'000;
constexpr int kKeepaliveTimeoutMillis = 10'000;

std::unexpected<LoadFailure> failed(FailureKind kind, Reason reason, std::string message) {
  return std::unexpected(LoadFailure{kind, Error(reason, std::move(message))});
}

gpr_timespec after(milliseconds duration) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(duration.count(), GPR_TIMESPAN));
}

// Empty when it cannot be read.
std::string contents_of(const std::string& path) {
  try {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  } catch (const std::ios_base::failure&) {  // a folder, for one
    return {};
  }
}

Result<std::shared_ptr<grpc::ChannelCredentials>> credentials_for(const Endpoint& endpoint,
                                                                  const std::optional<std::string>& ca_file) {
  if (endpoint.transport == Transport::kPlain) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;  // no roots: gRPC takes the system's
  if (ca_file) {
    options.pem_root_certs = contents_of(*ca_file);
    if (options.pem_root_certs.empty())
      return fail(
          Error(Reason::kLoaderFailed, "loader.caFile cannot be read").with_hint("the file is " + *ca_file));
  }
  return grpc::SslCredentials(options);
}

std::shared_ptr<grpc::Channel> connect_to(const Endpoint& endpoint,
                                          const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kLargestMessage);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kLookaheadBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMillis);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMillis);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // one load is one call of the loader
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY,
                   0);  // forwarded credentials go to the configured endpoint only
  return grpc::CreateCustomChannel("dns:///" + endpoint.address, credentials, arguments);
}

// gRPC ends the process on a value that HTTP/2 cannot carry.
bool fits_grpc_metadata(std::string_view value) {
  return !value.empty() && value.size() <= 1024 &&
         std::ranges::all_of(value, [](char c) { return c >= 0x20 && c <= 0x7E; });
}

enum class Event : std::uint8_t { kDone, kFailed, kTimedOut };

// A stream with one operation under way at a time, each with a time limit, and no thread of its own.
class Stream {
 public:
  Stream(std::shared_ptr<grpc::Channel> channel, const LoadCall& call) : stub_(std::move(channel)) {
    context_.set_deadline(after(call.timeouts.whole));
    if (fits_grpc_metadata(call.context.traceparent))
      context_.AddMetadata("traceparent", call.context.traceparent);
    if (fits_grpc_metadata(call.context.request_id))
      context_.AddMetadata("x-request-id", call.context.request_id);
    stream_ = stub_.PrepareCall(&context_, kLoadMethod, &queue_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  // REQUIRES: start() was not called, or finish() was.
  ~Stream() {
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  // From any thread.
  void cancel() { context_.TryCancel(); }

  Event start(milliseconds limit) {
    stream_->StartCall(this);
    return outcome(limit);
  }
  Event send(const grpc::ByteBuffer& message, milliseconds limit) {
    stream_->WriteLast(message, grpc::WriteOptions(), this);
    return outcome(limit);
  }
  Event read(grpc::ByteBuffer& message, milliseconds limit) {
    stream_->Read(&message, this);
    return outcome(limit);
  }
  // What the stream ended with. Prompt after cancel(); otherwise bounded by the call's own deadline.
  grpc::Status finish() {
    grpc::Status status;
    stream_->Finish(&status, this);
    void* tag = nullptr;
    bool ok = false;
    queue_.Next(&tag, &ok);
    return status;
  }
  // After finish(): whether the loader ended it, and not gRPC itself, which could not reach it or lost it.
  bool was_ended_by_loader() const {
    return context_.debug_error_string().find("Error received from peer") != std::string::npos;
  }
  // After finish().
  std::optional<std::string> trailing(const char* key) const {
    const auto& metadata = context_.GetServerTrailingMetadata();
    const auto found = metadata.find(key);
    if (found == metadata.end()) return std::nullopt;
    return std::string(found->second.data(), found->second.size());
  }

 private:
  // An operation that takes too long is cancelled and waited for: nothing stays under way.
  Event outcome(milliseconds limit) {
    void* tag = nullptr;
    bool ok = false;
    if (queue_.AsyncNext(&tag, &ok, after(limit)) == grpc::CompletionQueue::GOT_EVENT)
      return ok ? Event::kDone : Event::kFailed;
    cancel();
    queue_.Next(&tag, &ok);
    return Event::kTimedOut;
  }

  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

Loaded<grpc::ByteBuffer> request_for(const LoadCall& call) {
  loader::LoadRequest request;
  request.set_datasource_id(call.datasource.id);
  for (const auto& [name, value] : call.metadata) {
    if (!is_valid_utf8(value))
      return std::unexpected(LoadFailure{
          FailureKind::kCredentials,
          Error(Reason::kInvalidArgument, "a header that is forwarded to the loader must be UTF-8")
              .with_field(name)});
    (*request.mutable_metadata())[name] = value;
  }
  const grpc::Slice slice(request.SerializeAsString());
  return grpc::ByteBuffer(&slice, 1);
}

// Parses messages into memory that is used again for the next one.
class MessageParser {
 public:
  MessageParser() : arena_(block_.data(), block_.size()) {}

  // Null when the bytes are not a LoadResponse. Valid until the next call.
  const loader::LoadResponse* parse(grpc::ByteBuffer& buffer) {
    arena_.Reset();
    auto* message = google::protobuf::Arena::CreateMessage<loader::LoadResponse>(&arena_);
    grpc::ProtoBufferReader reader(&buffer);
    return reader.status().ok() && message->ParseFromZeroCopyStream(&reader) ? message : nullptr;
  }

 private:
  alignas(std::max_align_t) std::array<char, 32 * 1024> block_;
  google::protobuf::Arena arena_;
};

Loaded<std::optional<std::uint64_t>> announced_rows(const Stream& stream) {
  const auto text = stream.trailing(kRowCountKey);
  if (!text) return std::nullopt;
  std::uint64_t count = 0;
  const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), count);
  if (problem != std::errc() || end != text->data() + text->size())
    return failed(FailureKind::kData, Reason::kLoaderFailed,
                  fmt::format("trailing metadata {}: expected decimal digits", kRowCountKey));
  return count;
}

// Everything between the request and the end of the stream. Nothing: read to the end.
std::optional<LoadFailure> receive(Stream& stream, const LoadCall& call, const RowConsumer& consume,
                                   LoadProgress& progress, const std::stop_token& stop) {
  RowReader reader(call.datasource);
  MessageParser parser;
  std::uint64_t rows = 0;
  for (;;) {
    grpc::ByteBuffer buffer;
    const Event event = stream.read(buffer, call.timeouts.idle);
    if (event == Event::kTimedOut)
      return LoadFailure{
          FailureKind::kUnavailable,
          Error(Reason::kLoaderTimeout, fmt::format("the loader sent nothing for {} ms, after {} rows",
                                                    call.timeouts.idle.count(), rows))};
    if (event == Event::kFailed || stop.stop_requested()) return std::nullopt;
    const std::size_t bytes = buffer.Length();
    const auto* message = parser.parse(buffer);
    if (message == nullptr)
      return LoadFailure{
          FailureKind::kData,
          Error(Reason::kLoaderFailed,
                fmt::format("message {} of the stream is not a LoadResponse in UTF-8", rows + 1))};
    const auto row = reader.read(*message);
    if (!row) return LoadFailure{FailureKind::kData, row.error()};
    if (auto consumed = consume(row->id, row->cells); !consumed) return std::move(consumed).error();
    progress.rows.store(++rows, std::memory_order_relaxed);
    progress.bytes.fetch_add(bytes, std::memory_order_relaxed);
  }
}

}  // namespace

LoadTimeouts timeouts_of(const LoaderConfig& config) {
  constexpr std::int64_t kLongest = std::int64_t{366} * 24 * 3600;  // keeps the arithmetic of clocks in range
  const auto bounded = [=](std::int64_t seconds) {
    return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 1, kLongest));
  };
  return {.idle = bounded(config.idle_timeout), .whole = bounded(config.deadline)};
}

Loaded<LoadSummary> run_load(const LoadCall& call, const RowConsumer& consume, LoadProgress& progress,
                             std::stop_token stop) {
  const LoaderConfig& config = *call.datasource.loader;
  const auto endpoint = parse_endpoint(config.endpoint);
  if (!endpoint) return std::unexpected(LoadFailure{FailureKind::kConfiguration, endpoint.error()});
  const auto credentials = credentials_for(*endpoint, config.ca_file);
  if (!credentials) return std::unexpected(LoadFailure{FailureKind::kConfiguration, credentials.error()});
  const auto request = request_for(call);
  if (!request) return std::unexpected(request.error());

  progress.rows.store(0, std::memory_order_relaxed);
  progress.bytes.store(0, std::memory_order_relaxed);
  Stream stream(connect_to(*endpoint, *credentials), call);
  const std::stop_callback on_stop(stop, [&stream] { stream.cancel(); });

  const milliseconds connect_limit = std::min(call.timeouts.connect, call.timeouts.whole);
  std::optional<LoadFailure> failure;
  if (stream.start(connect_limit) == Event::kTimedOut)
    failure =
        LoadFailure{FailureKind::kUnavailable,
                    Error(Reason::kLoaderUnavailable,
                          fmt::format("no connection to the loader within {} ms", connect_limit.count()))};
  else if (stream.send(*request, call.timeouts.idle) == Event::kTimedOut)
    failure = LoadFailure{FailureKind::kUnavailable,
                          Error(Reason::kLoaderTimeout, "the loader did not take the request")};
  else
    failure = receive(stream, call, consume, progress, stop);

  if (failure) stream.cancel();
  const grpc::Status status = stream.finish();
  if (stop.stop_requested())
    return failed(FailureKind::kCancelled, Reason::kCancelled, "the load was stopped");
  if (failure) return std::unexpected(*std::move(failure));
  if (!status.ok()) {
    const auto number = static_cast<int>(status.error_code());
    const Code code = number >= 1 && number <= 16 ? static_cast<Code>(number) : Code::kUnknown;
    std::string message = presentable(status.error_message(), call.metadata);
    if (stream.was_ended_by_loader()) return std::unexpected(failure_of_status(code, message));
    // gRPC's words name hosts and addresses: they are for who can do something about it.
    LoadFailure unreached = failure_of_status(code, "");
    unreached.error = std::move(unreached.error).with_hint("gRPC says: " + std::move(message));
    return std::unexpected(std::move(unreached));
  }
  const auto announced = announced_rows(stream);
  if (!announced) return std::unexpected(announced.error());
  return LoadSummary{.rows = progress.rows.load(std::memory_order_relaxed), .announced_rows = *announced};
}

}  // namespace slate
