#include "loader/testing/scripted_loader.h"

#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <condition_variable>
#include <fcntl.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/server_posix.h>
#include <mutex>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "base/check.h"
#include "slate/loader/loader.grpc.pb.h"

namespace slate::testing {
namespace {

constexpr std::chrono::seconds kPatience{30};

void set_value(loader::FieldValue& out, const Value& value) {
  if (const auto* text = value.get_if<std::string>()) out.set_string_value(*text);
  if (const auto* number = value.get_if<std::int64_t>()) out.set_int_value(*number);
  if (const auto* real = value.get_if<double>()) out.set_float_value(*real);
  if (const auto* truth = value.get_if<bool>()) out.set_bool_value(*truth);
  if (const auto* date = value.get_if<Date>()) out.set_date_value(date->seconds);
  if (const auto* list = value.get_if<slate::ListValue>()) {
    out.mutable_list_value();
    for (const Value& element : *list) set_value(*out.mutable_list_value()->add_values(), element);
  }
  if (const auto* map = value.get_if<slate::MapValue>()) {
    out.mutable_map_value();
    for (const auto& [name, entry] : *map)
      set_value((*out.mutable_map_value()->mutable_entries())[name], entry);
  }
}

std::multimap<std::string, std::string> own_metadata(const grpc::ServerContext& context) {
  std::multimap<std::string, std::string> metadata;
  for (const auto& [key, value] : context.client_metadata()) {
    const std::string name(key.data(), key.size());
    if (name == "user-agent" || name.starts_with("grpc-")) continue;
    metadata.emplace(name, std::string(value.data(), value.size()));
  }
  return metadata;
}

grpc::Status status_of(const std::optional<Code>& code, const std::string& message) {
  return code ? grpc::Status(static_cast<grpc::StatusCode>(*code), message) : grpc::Status::OK;
}

// Accepts connections on a free port of 127.0.0.1, gives them to a gRPC server, and can break them like the
// end of a process would.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    check(socket_ >= 0 && ::bind(socket_, generic, size) == 0 && ::listen(socket_, 128) == 0 &&
              ::getsockname(socket_, generic, &size) == 0,
          "a port to listen on");
    port_ = ntohs(address.sin_port);
  }
  ~Listener() {
    stop();
    ::close(socket_);
    for (const int connection : connections_) ::close(connection);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void serve(grpc::Server& server) {
    thread_ = std::thread([this, &server] {
      for (;;) {
        const int connection = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (connection < 0) return;
        {
          const std::lock_guard lock(mutex_);
          connections_.push_back(::fcntl(connection, F_DUPFD_CLOEXEC, 0));
        }
        grpc::AddInsecureChannelFromFd(&server, connection);
      }
    });
  }
  void stop() {
    ::shutdown(socket_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }
  void break_connections() {
    const std::lock_guard lock(mutex_);
    for (const int connection : connections_) ::shutdown(connection, SHUT_RDWR);
  }
  int port() const { return port_; }

 private:
  int socket_;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<int> connections_;
  std::thread thread_;
};

}  // namespace

class ScriptedLoader::Server final : public loader::Loader::Service {
 public:
  using Answer = std::function<Script(const SeenCall&)>;

  Server(Script script, const TestCertificates* tls) {
    set_script(std::move(script));
    grpc::ServerBuilder builder;
    builder.RegisterService(this);
    builder.SetMaxSendMessageSize(-1);
    int port = 0;
    if (tls != nullptr) {
      grpc::SslServerCredentialsOptions options;
      options.pem_key_cert_pairs.push_back({tls->private_key, tls->certificate});
      builder.AddListeningPort("localhost:0", grpc::SslServerCredentials(options), &port);
    }
    server_ = builder.BuildAndStart();
    check(server_ != nullptr, "the scripted loader starts");
    if (tls != nullptr) {
      endpoint = fmt::format("grpcs://localhost:{}", port);
    } else {
      listener_.serve(*server_);
      endpoint = fmt::format("grpc://127.0.0.1:{}", listener_.port());
    }
  }
  ~Server() override {
    {
      const std::lock_guard lock(mutex);
      stopping_ = true;
    }
    changed.notify_all();
    listener_.stop();
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
  }

  grpc::Status Load(grpc::ServerContext* context, const loader::LoadRequest* request,
                    grpc::ServerWriter<loader::LoadResponse>* writer) override {
    const Script script = begin(*context, *request);
    const auto status = play(script, *context, *request, *writer);
    if (context->IsCancelled()) {
      const std::lock_guard lock(mutex);
      ++cancelled;
      changed.notify_all();
    }
    return status;
  }

  void set_script(Script script) {
    set_scripts([script = std::move(script)](const SeenCall&) { return script; });
  }
  void set_scripts(Answer answer) {
    const std::lock_guard lock(mutex);
    answer_ = std::make_shared<Answer>(std::move(answer));
  }

  std::string endpoint;
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  bool held = false;
  std::size_t calls = 0;
  std::size_t cancelled = 0;
  std::optional<SeenCall> last;

 private:
  Script begin(const grpc::ServerContext& context, const loader::LoadRequest& request) {
    const SeenCall call{.datasource = request.datasource_id(),
                        .metadata = {request.metadata().begin(), request.metadata().end()},
                        .grpc_metadata = own_metadata(context)};
    std::shared_ptr<const Answer> answer;
    {
      const std::lock_guard lock(mutex);
      ++calls;
      last = call;
      changed.notify_all();
      answer = answer_;
    }
    return (*answer)(call);
  }

  // Waits until the condition holds, the client has gone, or the server stops. A cancelled call wakes nobody,
  // so it is looked for.
  template <typename Condition>
  void wait(const grpc::ServerContext& context, Condition condition) {
    std::unique_lock lock(mutex);
    while (!condition() && !stopping_ && !context.IsCancelled())
      changed.wait_for(lock, std::chrono::milliseconds(2));
  }

  grpc::Status play(const Script& script, grpc::ServerContext& context, const loader::LoadRequest& request,
                    grpc::ServerWriter<loader::LoadResponse>& writer) {
    wait(context, [this] { return !held; });
    if (const auto token = request.metadata().find("Authorization"); token != request.metadata().end())
      if (const auto refused = script.refused_tokens.find(token->second);
          refused != script.refused_tokens.end())
        return status_of(refused->second, "the token " + token->second + " is not accepted");
    loader::LoadResponse row;
    for (std::size_t sent = 0; sent <= script.rows.size(); ++sent) {
      if (script.stall_after == sent) wait(context, [] { return false; });
      if (script.die_after == sent) {
        listener_.break_connections();
        wait(context, [] { return false; });
      }
      if (sent == script.rows.size()) break;
      row.Clear();
      row.set_record_id(script.rows[sent].id);
      for (const auto& [name, value] : script.rows[sent].cells)
        set_value((*row.mutable_fields())[name], value);
      if (!writer.Write(row)) return grpc::Status::CANCELLED;
    }
    if (script.row_count) context.AddTrailingMetadata("slate-row-count", *script.row_count);
    return status_of(script.status, script.message);
  }

  std::shared_ptr<const Answer> answer_;
  bool stopping_ = false;
  Listener listener_;
  std::unique_ptr<grpc::Server> server_;
};

ScriptedLoader::ScriptedLoader(Script script, const TestCertificates* tls)
    : server_(std::make_unique<Server>(std::move(script), tls)) {}
ScriptedLoader::~ScriptedLoader() = default;

std::string ScriptedLoader::endpoint() const { return server_->endpoint; }
void ScriptedLoader::set_script(Script script) { server_->set_script(std::move(script)); }

void ScriptedLoader::set_scripts(std::function<Script(const SeenCall&)> answer) {
  server_->set_scripts(std::move(answer));
}

void ScriptedLoader::hold() {
  const std::lock_guard lock(server_->mutex);
  server_->held = true;
}
void ScriptedLoader::release() {
  const std::lock_guard lock(server_->mutex);
  server_->held = false;
  server_->changed.notify_all();
}

std::size_t ScriptedLoader::calls() const {
  const std::lock_guard lock(server_->mutex);
  return server_->calls;
}
std::size_t ScriptedLoader::cancelled_calls() const {
  const std::lock_guard lock(server_->mutex);
  return server_->cancelled;
}
std::optional<SeenCall> ScriptedLoader::last_call() const {
  const std::lock_guard lock(server_->mutex);
  return server_->last;
}
bool ScriptedLoader::wait_for_calls(std::size_t count) const {
  std::unique_lock lock(server_->mutex);
  return server_->changed.wait_for(lock, kPatience, [&] { return server_->calls >= count; });
}
bool ScriptedLoader::wait_for_cancelled_calls(std::size_t count) const {
  std::unique_lock lock(server_->mutex);
  return server_->changed.wait_for(lock, kPatience, [&] { return server_->cancelled >= count; });
}

std::vector<Record> numbered_rows(std::size_t count) {
  std::vector<Record> rows;
  rows.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    rows.push_back(
        {fmt::format("r{}", i),
         {{"number", Value(static_cast<std::int64_t>(i))}, {"name", Value(fmt::format("row {}", i))}}});
  return rows;
}

Datasource numbered_datasource(std::string id, std::string endpoint) {
  Datasource datasource;
  datasource.id = std::move(id);
  datasource.fields = {Field{.name = "number", .type = Type::kInt, .indexed = true},
                       Field{.name = "name", .type = Type::kString}};
  datasource.loader = LoaderConfig{.endpoint = std::move(endpoint)};
  return datasource;
}

}  // namespace slate::testing
