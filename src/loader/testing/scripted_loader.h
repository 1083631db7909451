// A loader for tests: a real gRPC server in this process that does what its script says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <slate/datasource.h>
#include <slate/error.h>
#include <slate/record.h>

namespace slate::testing {

// What one call of Load does, in this order: waits while held, sends rows, stops where told, ends with the
// status.
struct Script {
  std::vector<Record> rows;
  std::optional<Code> status;            // of the end; absent: OK
  std::string message;                   // of the status
  std::optional<std::string> row_count;  // trailing metadata slate-row-count
  std::optional<std::size_t>
      stall_after;                       // after so many rows: sends nothing more until the call is cancelled
  std::optional<std::size_t> die_after;  // after so many rows: its connections break, as of a killed process
  std::map<std::string, Code> refused_tokens;  // by the value of the metadata entry "Authorization"
};

// PEM texts made for one test run: an authority and a server certificate for "localhost" and 127.0.0.1.
struct TestCertificates {
  std::string authority;
  std::string certificate;
  std::string private_key;
};
TestCertificates make_certificates();

// What a call of Load was asked with.
struct SeenCall {
  std::string datasource;
  std::map<std::string, std::string> metadata;            // LoadRequest.metadata
  std::multimap<std::string, std::string> grpc_metadata;  // without gRPC's own headers
};

// Every call is safe from any thread.
class ScriptedLoader {
 public:
  explicit ScriptedLoader(Script script, const TestCertificates* tls = nullptr);
  // Cancels what runs.
  ~ScriptedLoader();
  ScriptedLoader(const ScriptedLoader&) = delete;
  ScriptedLoader& operator=(const ScriptedLoader&) = delete;

  // grpc://127.0.0.1:<port>, or grpcs://localhost:<port>.
  std::string endpoint() const;
  // For calls that begin later.
  void set_script(Script script);
  // The same, with a script for each call: `answer` is called on threads of the server.
  void set_scripts(std::function<Script(const SeenCall&)> answer);

  // Calls that begin from now on send nothing until release().
  void hold();
  void release();

  std::size_t calls() const;            // begun
  std::size_t cancelled_calls() const;  // that ended because the client went away
  std::optional<SeenCall> last_call() const;
  // Block until so many have happened; false after 30 seconds without.
  bool wait_for_calls(std::size_t count) const;
  bool wait_for_cancelled_calls(std::size_t count) const;

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

// `count` records "r0", "r1", ... with an int `number` and a string `name`.
std::vector<Record> numbered_rows(std::size_t count);
// A datasource with those fields, loaded from `endpoint`.
Datasource numbered_datasource(std::string id, std::string endpoint);

}  // namespace slate::testing
