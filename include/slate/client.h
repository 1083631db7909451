// One connection to a Slate server (`slate db`): each call of its protocol, to wait for or to co_await.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <slate/database.h>

namespace slate {

// Files are PEM. The server's certificate and name are always verified.
struct ClientTls {
  std::filesystem::path ca{};           // authorities to trust; empty: the system's
  std::filesystem::path certificate{};  // to show to servers that ask for one; with its key
  std::filesystem::path key{};
};

struct ClientOptions {
  std::string address = "127.0.0.1:9600";            // "host:port", "[::1]:9600"
  std::string token{};                               // empty: none
  std::filesystem::path token_file{};                // instead: its first line, read anew for each connection
  std::string name = "slate client";                 // for the server's log and metrics; at most 128 bytes
  std::optional<ClientTls> tls{};                    // absent: plain TCP
  std::chrono::milliseconds connect_timeout{5'000};  // of connecting and the handshake together
  // While an answer is awaited and no byte has come for so long, the server is asked for a sign of life. As
  // long again without one, and the connection is broken.
  std::chrono::milliseconds silence_timeout{10'000};
  // Bytes of a query's rows that may wait here to be read: a slow reader holds back its own query, no other.
  std::uint64_t query_window_bytes = std::uint64_t{1} << 20;
};

struct CallOptions {
  // When to give up, with deadline_exceeded. The server stops the call then.
  std::optional<std::chrono::steady_clock::time_point> deadline{};
  std::stop_token stop{};  // stops it, with cancelled
};

// What a Call waits for. Private to Slate.
template <typename T>
class PendingCall {
 public:
  virtual ~PendingCall() = default;
  virtual Result<T> take() = 0;  // blocks until it is there
  virtual bool is_ready() = 0;   // take() would not block
  // False: it is ready, and `waiting` will not be resumed.
  virtual bool resume_when_ready(std::coroutine_handle<> waiting) = 0;
};

// A call under way: it was sent when it was made, and others may be under way beside it. Use it once, either
// way:
//
//   auto record = client.get("leads", "r1").get();       // this thread waits, and reads the connection
//   itself auto record = co_await client.get("leads", "r1");    // resumed on the client's own thread
//
// What is resumed should not block: it holds back what else is awaited on this client. Destroyed before its
// end, a call is cancelled; a write may then have happened or not. It may outlive the client.
template <typename T>
class [[nodiscard]] Call {
 public:
  explicit Call(std::unique_ptr<PendingCall<T>> pending) : pending_(std::move(pending)) {}

  Result<T> get() { return std::exchange(pending_, nullptr)->take(); }

  bool await_ready() { return pending_->is_ready(); }
  bool await_suspend(std::coroutine_handle<> waiting) { return pending_->resume_when_ready(waiting); }
  Result<T> await_resume() { return get(); }

 private:
  std::unique_ptr<PendingCall<T>> pending_;
};

struct ServerStatus {
  std::string version;
  std::string instance;  // new with every empty store
  std::chrono::milliseconds uptime{0};
  std::uint32_t datasources = 0;
  std::uint32_t lists = 0;
  std::uint32_t connections = 0;
  std::uint32_t requests = 0;
  std::uint32_t snapshots = 0;
  std::uint32_t refreshes = 0;
};

// One moment of a datasource, kept by the server for this connection until close_snapshot(), the connection's
// end, or the server's limit on idle ones.
struct OpenedSnapshot {
  std::uint64_t handle = 0;
  SnapshotInfo info;
  Datasource datasource;
};
struct OpenedList {
  ListView list;
  std::optional<OpenedSnapshot> snapshot;  // absent: there is no copy to take one of
};

// What a question is put to: an open snapshot, or the copy as it is when the question arrives. Refers to its
// texts.
struct Source {
  std::uint64_t snapshot = 0;
  CopyRef copy = std::string_view();

  Source(CopyRef of) : copy(of) {}
  Source(const std::string& datasource) : copy(datasource) {}
  Source(const char* datasource) : copy(datasource) {}
  Source(std::string_view datasource) : copy(datasource) {}
  Source(const OpenedSnapshot& of) : snapshot(of.handle) {}
};

// Rows on their way from a server: next() blocks, next_batch() can be awaited. The batch is valid until the
// next call of either. Destroyed before the end, the server is told to stop. One thread at a time. counters()
// are the server's, known at the end. Errors beside ResultSet's: unavailable when the connection breaks.
class RemoteRows : public ResultSet {
 public:
  virtual const SnapshotInfo& info() const = 0;  // of the snapshot that they are of
  virtual Call<const Batch*> next_batch() = 0;
};

enum class ResourceKind : std::uint8_t { kDatasource, kList };
enum class Reconciliation : std::uint8_t { kCreated, kChanged, kUnchanged, kRemoved, kFailed };
struct ReconciledResource {
  ResourceKind kind = ResourceKind::kDatasource;
  std::string id;
  Reconciliation outcome = Reconciliation::kCreated;
  std::vector<std::string> warnings;  // of a list
  std::optional<Error> error;         // kFailed
};

// One connection. Every call is safe from any thread, and any number may be under way: answers find their
// calls. No call blocks but for sending, which may wait for a full socket. When the connection breaks, all
// calls under way and later ones fail with `unavailable` and the reason; it is not made anew: ClientPool does
// that. Errors are those of Database, with the same words.
class Client {
 public:
  // Connects and introduces itself. Errors: unavailable when there is no server or it does not answer in
  // time; unauthenticated; invalid_argument for options; what a certificate is refused for.
  static Result<std::unique_ptr<Client>> connect(ClientOptions options);
  // Ends the connection: calls under way fail.
  virtual ~Client() = default;

  virtual const std::string& address() const = 0;
  virtual const std::string& server_version() const = 0;
  virtual const std::string& instance() const = 0;
  // Whether calls can be made, without asking the server; the error says why not.
  virtual Result<void> usable() = 0;

  virtual Call<void> ping(const CallOptions& options = {}) = 0;
  virtual Call<ServerStatus> status(const CallOptions& options = {}) = 0;

  virtual Call<OpenedSnapshot> open_snapshot(CopyRef copy, const CallOptions& options = {}) = 0;
  // A list and a snapshot of its datasource at once.
  virtual Call<OpenedList> open_list(CopyRef list, const CallOptions& options = {}) = 0;
  virtual Call<void> close_snapshot(std::uint64_t handle, const CallOptions& options = {}) = 0;

  // Comes when the first rows do.
  virtual Call<std::unique_ptr<RemoteRows>> query(const Source& source, const Query& query,
                                                  const QueryOptions& options = {}) = 0;
  virtual Call<Count> count(const Source& source, const std::optional<Filter>& filter,
                            std::optional<std::uint64_t> limit = {}, const QueryOptions& options = {}) = 0;
  virtual Call<DistinctValues> distinct(const Source& source, const DistinctQuery& query,
                                        const QueryOptions& options = {}) = 0;
  virtual Call<Explanation> explain(const Source& source, const Query& query, ExplainMode mode,
                                    const QueryOptions& options = {}) = 0;
  virtual Call<std::optional<Record>> get(const Source& source, std::string_view id,
                                          const CallOptions& options = {}) = 0;

  // One transaction, of at most what the server takes in one frame (16 MiB unless it says otherwise):
  // payload_too_large beyond.
  virtual Call<WriteCounts> write_batch(std::string_view datasource, std::span<const RecordWrite> writes,
                                        const CallOptions& options = {}) = 0;
  virtual Call<void> delete_all(std::string_view datasource, const CallOptions& options = {}) = 0;

  virtual Call<Saved> save_datasource(const Datasource& datasource, Existing existing = Existing::kReplace,
                                      const CallOptions& options = {}) = 0;
  virtual Call<DatasourceStatus> get_datasource(std::string_view id, const CallOptions& options = {}) = 0;
  virtual Call<std::vector<DatasourceStatus>> list_datasources(const CallOptions& options = {}) = 0;
  virtual Call<void> delete_datasource(std::string_view id, Dependents dependents = Dependents::kRefuse,
                                       const CallOptions& options = {}) = 0;
  virtual Call<SavedList> save_list(const ListView& list, const CallOptions& options = {}) = 0;
  virtual Call<ListView> get_list(std::string_view id, const CallOptions& options = {}) = 0;
  virtual Call<std::vector<ListView>> list_lists(const CallOptions& options = {}) = 0;
  virtual Call<void> delete_list(std::string_view id, const CallOptions& options = {}) = 0;
  // Makes the catalog exactly these: what is not among them is removed.
  virtual Call<std::vector<ReconciledResource>> reconcile(std::span<const Datasource> datasources,
                                                          std::span<const ListView> lists,
                                                          const CallOptions& options = {}) = 0;
};

}  // namespace slate
