// Serves a CSV or NDJSON file as a Slate loader. The file is read anew for every load.
#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <grpcpp/grpcpp.h>
#include <memory>
#include <string>
#include <vector>

#include "records.h"
#include "slate/loader/loader.grpc.pb.h"

namespace {

using namespace std::chrono_literals;
using slate::loader::LoadRequest;
using slate::loader::LoadResponse;

class FileLoader final : public slate::loader::Loader::Service {
 public:
  explicit FileLoader(file_loader::FileOptions options) : options_(std::move(options)) {}

  grpc::Status Load(grpc::ServerContext* context, const LoadRequest* request,
                    grpc::ServerWriter<LoadResponse>* writer) override {
    const auto started = std::chrono::steady_clock::now();
    std::size_t rows = 0;
    bool connected = true;
    // Write() waits while the other side does not take more.
    const auto result = file_loader::read_records(options_, [&](const LoadResponse& row) {
      connected = writer->Write(row);
      rows += connected ? 1 : 0;
      return connected;
    });
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
    std::printf("load %s: %zu rows, %lld ms%s%s\n", request->datasource_id().c_str(), rows,
                static_cast<long long>(took.count()),
                result ? "" : ", failed: ", result ? "" : result.error().c_str());
    std::fflush(stdout);
    if (!connected) return grpc::Status::CANCELLED;
    if (!result)
      return {grpc::StatusCode::DATA_LOSS, options_.path.filename().string() + ": " + result.error()};
    context->AddTrailingMetadata("slate-row-count", std::to_string(rows));
    return grpc::Status::OK;
  }

 private:
  const file_loader::FileOptions options_;
};

// "age=int" into the map; false when it is not of that form.
bool add_type(const std::string& text, file_loader::ColumnTypes& types) {
  const auto equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) return false;
  const auto type = file_loader::parse_column_type(text.substr(equals + 1));
  if (type) types[text.substr(0, equals)] = *type;
  return type.has_value();
}

int serve(const std::string& listen, FileLoader& loader) {
  // Blocked before any thread starts, so that only sigwait() sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&loader);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    std::fprintf(stderr, "cannot listen on %s\n", listen.c_str());
    return 1;
  }
  std::printf("listening on %s:%d\n", listen.substr(0, listen.rfind(':')).c_str(), port);
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown(std::chrono::system_clock::now() + 5s);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  file_loader::FileOptions options;
  std::vector<std::string> types;
  std::string format;
  std::string listen = "127.0.0.1:50052";

  CLI::App app{"Serves a CSV or NDJSON file as a Slate loader"};
  app.add_option("file", options.path, "The file")->required()->check(CLI::ExistingFile);
  app.add_option("--id", options.id_column, "The column of the record ids")->capture_default_str();
  app.add_option("--types", types, "Types of columns: name=int,born=date")->delimiter(',');
  app.add_option("--format", format, "csv or ndjson; by the file's extension when absent")
      ->check(CLI::IsMember({"csv", "ndjson"}));
  app.add_option("--listen", listen, "Address and port")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  if (format.empty()) format = options.path.extension() == ".csv" ? "csv" : "ndjson";
  options.format = format == "csv" ? file_loader::Format::kCsv : file_loader::Format::kNdjson;
  for (const std::string& text : types)
    if (!add_type(text, options.types)) {
      std::fprintf(stderr, "--types: expected column=string|int|float|bool|date, got \"%s\"\n", text.c_str());
      return 2;
    }
  FileLoader loader(std::move(options));
  return serve(listen, loader);
}
