// What a question costs over TCP, next to the same question in this process and to the bare round trip:
// wire_bench [RECORDS]. The client is a blocking socket in this process; both sides read every cell.
#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <slate/database.h>

#include "bench/workload.h"
#include "net/blocking_pool.h"
#include "net/io_threads.h"
#include "server/server.h"
#include "wire/answers.h"
#include "wire/block_payload.h"
#include "wire/frame.h"
#include "wire/row_payload.h"

namespace {

using namespace slate;
using Clock = std::chrono::steady_clock;

template <typename T>
T must(Result<T> result) {
  if (result) {
    if constexpr (!std::is_void_v<T>)
      return *std::move(result);
    else
      return;
  }
  fmt::print(stderr, "wire_bench: {}\n", result.error().to_string());
  std::exit(1);
}

// Folds every cell of a batch to a number.
std::uint64_t fold(const Batch& batch) {
  std::uint64_t sum = 0;
  const auto add = [&](const ColumnView& column) {
    for (const auto row : batch.rows) {
      if (column.is_null(row)) continue;
      if (column.type == Type::kString) {
        const auto text = column.text(row);
        sum +=
            text.size() + static_cast<unsigned char>(text.front()) + static_cast<unsigned char>(text.back());
      } else {
        sum += static_cast<std::uint64_t>(column.integer(row));
      }
    }
  };
  add(batch.id);
  for (const auto& column : batch.columns) add(column);
  return sum;
}

class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::abort();
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) std::abort();
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void send(wire::RequestId id, wire::RequestBody body, std::string_view payload = {}) {
    wire::FrameWriter frame(id, must(wire::encode({.body = std::move(body)})));
    if (!payload.empty()) frame.payload().append(payload);
    send(frame.finish());
  }
  // The next frame; valid until the next call.
  wire::Frame receive() {
    begin_ = end_of_last_;
    for (;;) {
      const std::string_view there{reinterpret_cast<const char*>(buffer_.data()) + begin_, filled_ - begin_};
      const auto header = must(wire::read_frame_header(there, wire::kAnswerFrameBytes));
      if (header && there.size() >= header->size && begin_ % 8 == 0) {
        end_of_last_ = begin_ + header->size;
        return wire::split_frame(there.substr(0, header->size), *header);
      }
      // Frames begin at multiples of 8, so that blocks are read in place.
      if (begin_ > 0) {
        std::memmove(buffer_.data(), there.data(), there.size());
        filled_ = there.size();
        begin_ = 0;
        continue;
      }
      const std::size_t need = header ? header->size : 1 << 16;
      if (buffer_.size() * 8 < need + (1 << 16)) buffer_.resize((need + (1 << 16)) / 8 + 1);
      const auto bytes =
          ::recv(socket_, reinterpret_cast<char*>(buffer_.data()) + filled_, buffer_.size() * 8 - filled_, 0);
      if (bytes <= 0) std::abort();
      filled_ += static_cast<std::size_t>(bytes);
    }
  }
  std::uint64_t query(const wire::RunQuery& request) {
    send(7, request);
    std::uint64_t sum = 0;
    std::vector<ResultColumn> columns;
    for (;;) {
      const auto frame = receive();
      auto answer = must(wire::decode_answer(frame.message));
      auto* rows = std::get_if<wire::Rows>(&answer);
      if (rows == nullptr) std::abort();
      if (rows->head) columns = std::move(rows->head->columns);
      const std::size_t bytes = frame.payload.size();
      wire::BlockReader blocks(frame.payload, columns);
      while (const Batch* batch = must(blocks.next())) sum += fold(*batch);
      if (rows->end) return sum;
      send(7, wire::Grant{.bytes = bytes});
    }
  }

 private:
  int socket_;
  std::vector<std::uint64_t> buffer_ = std::vector<std::uint64_t>(1 << 14);
  std::size_t filled_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_of_last_ = 0;
};

// A bare echo: the round trip that everything else stands on.
class Echo {
 public:
  Echo() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 1) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      std::abort();
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] {
      const int socket = ::accept(listener_, nullptr, nullptr);
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      char bytes[4096];
      for (ssize_t got = 0; (got = ::recv(socket, bytes, sizeof bytes, 0)) > 0;)
        if (::send(socket, bytes, static_cast<std::size_t>(got), MSG_NOSIGNAL) != got) break;
      ::close(socket);
    });
  }
  ~Echo() { ::close(listener_); }
  std::uint16_t port() const { return port_; }

 private:
  int listener_;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

template <typename Work>
double median_micros(int times, Work work) {
  for (int i = 0; i < times / 10 + 1; ++i) work();
  std::vector<double> took;
  for (int i = 0; i < times; ++i) {
    const auto begin = Clock::now();
    work();
    took.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  std::ranges::nth_element(took, took.begin() + times / 2);
  return took[static_cast<std::size_t>(times / 2)];
}

std::uint64_t embedded(Database& database, const Query& query) {
  const auto snapshot = must(database.snapshot("w"));
  const auto rows = must(snapshot->query(query));
  std::uint64_t sum = 0;
  while (const Batch* batch = must(rows->next())) sum += fold(*batch);
  if (query.take) {
    (void)must(rows->has_more());
    (void)must(rows->next_cursor());
    (void)must(rows->previous_cursor());
  }
  return sum;
}

void load(Database& database, const bench::Workload& workload) {
  must(database.save_datasource(bench::workload_datasource("w", Durability::kOs)));
  const auto builder = must(database.begin_generation("w", LoadMode::kReplace));
  std::array<CellRef, bench::kWorkloadFields> room;
  for (std::size_t i = 0; i < workload.size(); ++i)
    must(builder->append(workload.id(i), workload.cells(i, room)));
  must(builder->finish());
  must(builder->publish(1));
}

// Rows into a generation: in this process, as rows of the wire only (made and taken apart), and over TCP.
void measure_load(Client& client, Database& database, const bench::Workload& workload) {
  const double here = median_micros(3, [&] { load(database, workload); });
  std::array<CellRef, bench::kWorkloadFields> room;
  const double coded = median_micros(3, [&] {
    std::string payload;
    for (std::size_t i = 0; i < workload.size(); ++i)
      wire::append_row(workload.id(i), workload.cells(i, room), payload);
    must(wire::read_rows(payload, static_cast<std::uint32_t>(workload.size()),
                         [](std::string_view, std::span<const CellRef>) -> Result<void> { return {}; }));
  });
  const double tcp = median_micros(3, [&] {
    const auto answer = [&] { return must(wire::decode_answer(client.receive().message)); };
    client.send(9, wire::BeginRefresh{.datasource = "w", .load_id = "l", .trigger = Trigger::kForced});
    const auto refresh = std::get<wire::RefreshGranted>(answer()).refresh;
    std::string payload;
    std::uint32_t count = 0;
    int under_way = 0;
    const auto flush = [&] {
      client.send(static_cast<wire::RequestId>(10 + under_way),
                  wire::LoadRows{.refresh = refresh, .count = count}, payload);
      payload.clear();
      count = 0;
      if (++under_way < 4) return;
      for (; under_way > 0; --under_way) (void)std::get<wire::Done>(answer());
    };
    for (std::size_t i = 0; i < workload.size(); ++i) {
      wire::append_row(workload.id(i), workload.cells(i, room), payload);
      ++count;
      if (payload.size() > 256 << 10) flush();
    }
    flush();
    for (; under_way > 0; --under_way) (void)std::get<wire::Done>(answer());
    client.send(9, wire::FinishRefresh{.refresh = refresh});
    (void)std::get<BuildCounts>(answer());
    client.send(9, wire::CommitRefresh{.refresh = refresh, .loaded_at = 1});
    (void)std::get<wire::RefreshPublished>(answer());
  });
  fmt::print("{:<34}{:>12.1f}{:>12.1f}{:>10.2f}   rows made and taken apart: {:.1f}\n", "load", here, tcp,
             tcp / here, coded);
}

}  // namespace

int main(int count, char** values) {
  const std::size_t records = count > 1 ? std::strtoull(values[1], nullptr, 10) : 100'000;
  const auto folder =
      std::filesystem::temp_directory_path() / ("slate_wire_bench_" + std::to_string(::getpid()));
  {
    const bench::Workload workload(records);
    const auto database =
        must(Database::open({.path = folder, .generation_map_bytes = std::uint64_t{4} << 30}));
    load(*database, workload);
    net::IoThreads io(1);
    net::BlockingPool pool({.threads = 4});
    const auto server = must(server::Server::start({}, *database, io, pool));
    Client client(server->port());
    client.send(wire::kPreamble);
    client.send(1, wire::Hello{});
    (void)client.receive();

    const Echo echo;
    Client bare(echo.port());
    const std::string ping = wire::make_frame(1, must(wire::encode({.body = wire::Ping{}})));
    const double trip = median_micros(5000, [&] {
      bare.send(ping);
      (void)bare.receive();
    });
    const double ping_trip = median_micros(5000, [&] {
      client.send(ping);
      (void)client.receive();
    });
    fmt::print("{} records; microseconds, medians\n", records);
    fmt::print("{:<34}{:>12.1f}\n{:<34}{:>12.1f}{:>12.2f} x echo\n", "echo of a small frame", trip, "ping",
               ping_trip, ping_trip / trip);

    std::size_t next = 0;
    const auto some_id = [&] { return std::string(workload.id(next = (next + 7919) % records)); };
    const double get_here = median_micros(5000, [&] {
      const auto snapshot = must(database->snapshot("w"));
      (void)fold(*must(snapshot->find(some_id())));
    });
    const double get = median_micros(5000, [&] {
      client.send(2, wire::GetRecord{.target = {.datasource = "w"}, .id = some_id()});
      const auto frame = client.receive();
      auto answer = must(wire::decode_answer(frame.message));
      const auto& found = std::get<wire::RecordFound>(answer);
      wire::BlockReader blocks(frame.payload, found.columns);
      (void)fold(*must(blocks.next()));
    });
    fmt::print("{:<34}{:>12.1f}{:>12.1f}{:>10.2f} x echo\n", "get (embedded, tcp)", get_here, get,
               get / trip);

    const auto is = [](const char* field, const char* value) {
      return Filter::condition(field, Op::kEq, value);
    };
    const struct {
      const char* name;
      Query query;
      int times;
    } kQueries[] = {{"Q7 status, take 200", {.filter = is("status", "active"), .take = 200}, 2000},
                    {"Q8 status, sort, take 200",
                     {.filter = is("status", "active"), .sort = {{.field = "contacts_count"}}, .take = 200},
                     2000},
                    {"Q9 sort, take 200", {.sort = {{.field = "contacts_count"}}, .take = 200}, 2000},
                    {"Q1 all", {}, 20},
                    {"Q2 status = active", {.filter = is("status", "active")}, 20},
                    {"Q3 rec1 = ProductA", {.filter = is("product_recommendation1", "ProductA")}, 20},
                    {"Q15 name, status", {.columns = std::vector<std::string>{"name", "status"}}, 20}};
    fmt::print("{:<34}{:>12}{:>12}{:>10}\n", "", "embedded", "tcp", "ratio");
    for (const auto& [name, query, times] : kQueries) {
      const wire::RunQuery request{.target = {.datasource = "w"},
                                   .query = query,
                                   .paging = query.take ? wire::Paging::kPage : wire::Paging::kNone};
      if (embedded(*database, query) != client.query(request)) {
        fmt::print(stderr, "wire_bench: the answers to {} differ\n", name);
        return 1;
      }
      const double here = median_micros(times, [&] { (void)embedded(*database, query); });
      const double tcp = median_micros(times, [&] { (void)client.query(request); });
      if (query.take)
        fmt::print("{:<34}{:>12.1f}{:>12.1f}{:>10.2f} without one echo\n", name, here, tcp,
                   (tcp - trip) / here);
      else
        fmt::print("{:<34}{:>12.1f}{:>12.1f}{:>10.2f}\n", name, here, tcp, tcp / here);
    }
    measure_load(client, *database, workload);
    server->stop(std::chrono::seconds(1));
  }
  std::filesystem::remove_all(folder);
  return 0;
}
