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
#include <variant>
#include <vector>

#include <slate/database.h>
#include <slate/load.h>

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

// What the right to refresh a copy is asked for. Refers to its text.
struct RefreshOptions {
  std::optional<LoadMode> mode{};  // absent: as the datasource's loader says; kReplace without one
  // What get_load() asks for: unique, and hard to guess; at most 128 bytes. Empty: one is made, of which
  // those hear who are told that this load runs.
  std::string_view load_id{};
  Trigger trigger = Trigger::kForced;
  std::uint64_t seen_generation = 0;   // kOnDemand: what was found too old; a newer one is RefreshEnded
  std::chrono::milliseconds wait{0};   // for a refresh that runs; first come, first served
  std::chrono::milliseconds lease{0};  // 0: the server's choice, which also is the most
};
// The right, until it is committed, aborted or lost. Nothing to destroy: a copy is the same right.
struct RefreshGranted {
  std::uint64_t handle = 0;
  Datasource datasource;               // as it is declared now
  std::chrono::milliseconds lease{0};  // it is lost when the server hears nothing of it for so long
  SnapshotInfo live;                   // what would be replaced
};
// Another one runs, and the wait is over.
struct RefreshBusy {
  LoadReport load;
};
// kOnDemand: what is live is newer than what was seen. Else: the one that was waited for has ended well.
struct RefreshEnded {
  std::uint64_t generation = 0;  // that is live
};
// The one that was waited for failed; or, kOnDemand, so did the last ones, and it is too early for the next.
struct RefreshFailed {
  LoadFailure failure;      // the latest
  std::uint32_t count = 0;  // in a row
  UnixMillis first_at = 0;
  UnixMillis latest_at = 0;
  UnixMillis retry_at = 0;
};
using RefreshAnswer = std::variant<RefreshGranted, RefreshBusy, RefreshEnded, RefreshFailed>;

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

  // A refresh: begin_refresh(), load_rows() any number of times, finish_refresh(), commit_refresh(). Readers
  // see what was live until the commit, and all that is new from then on. One connection at a time has the
  // right to refresh a copy (another one is told RefreshBusy), and 16 copies at most. Each of the calls below
  // renews its lease; without rows to send, renew_refresh() does, every third of the lease. The right is lost
  // when the lease ends, and with the connection: then nothing of the refresh is left, and the next who waits
  // has the right. A call made before another is carried out before it. Errors of all: failed_precondition
  // when the right is lost, is another client's, or when the call is out of turn.
  //
  // (What make_remote_database() gives has a builder, which does all of this and renews the lease itself.)

  // Errors: not_found for the datasource; quota_exceeded for more than 16; those of
  // Database::begin_generation. Given up by its deadline or stop it may have been granted all the same: that
  // right ends with its lease.
  virtual Call<RefreshAnswer> begin_refresh(CopyRef copy, const RefreshOptions& refresh = {},
                                            const CallOptions& options = {}) = 0;
  // Cells by the names of the datasource's fields; a map is one cell. Later rows of an id replace earlier
  // ones. All of `rows` go in one frame: payload_too_large as write_batch(). A few calls may be under way at
  // once. `progress`: what others are told of the whole load so far; absent: the rows that came. Errors:
  // invalid_argument with the position() of a bad row, before which the rows are taken and behind which they
  // are not, and the refresh goes on; a field that there is not refuses all rows of the call.
  virtual Call<void> load_rows(const RefreshGranted& refresh, std::span<const Record> rows,
                               const std::optional<LoadCounts>& progress = {},
                               const CallOptions& options = {}) = 0;
  // Builds the indexes: no more rows. The counts are for whoever loads to judge whether this may go live;
  // the server does not look at LoaderConfig::min_rows and max_shrink.
  virtual Call<BuildCounts> finish_refresh(const RefreshGranted& refresh,
                                           const CallOptions& options = {}) = 0;
  // Makes it live, in one commit, as loaded at that moment (of the load's begin, as no row is younger for
  // certain). The generation's number. Errors: failed_precondition when the datasource was dropped or its
  // fields changed meanwhile.
  virtual Call<std::uint64_t> commit_refresh(const RefreshGranted& refresh, UnixMillis loaded_at,
                                             const CallOptions& options = {}) = 0;
  // What was live stays. A failure that says something of the loader (kUnavailable, kConfiguration, kData,
  // kStore) is told to all who wait, and holds back refreshes kOnDemand, from one second doubling to five
  // minutes; any other, and none, leaves the right to the next who waits.
  virtual Call<void> abort_refresh(const RefreshGranted& refresh,
                                   const std::optional<LoadFailure>& failure = {},
                                   const CallOptions& options = {}) = 0;
  virtual Call<void> renew_refresh(const RefreshGranted& refresh,
                                   const std::optional<LoadCounts>& progress = {},
                                   const CallOptions& options = {}) = 0;
  // Of any client's load; of one that waited for another's it is that one's. Errors: not_found for an id that
  // was never one, or is long over: the last 1,000 are known.
  virtual Call<LoadReport> get_load(std::string_view load_id, const CallOptions& options = {}) = 0;
};

}  // namespace slate
