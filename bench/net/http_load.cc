#include "bench/net/http_load.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <ctime>
#include <deque>
#include <fmt/format.h>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <random>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "base/try.h"
#include "bench/net/response_meter.h"

namespace slate::bench::network {
namespace {

using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;

constexpr std::chrono::milliseconds kTick{100};
// A connection that broke or was refused is made anew no sooner than this.
constexpr std::chrono::milliseconds kReconnect{100};
// The generator rests in the kernel only when nothing is due for longer.
constexpr std::chrono::milliseconds kSpin{2};
constexpr std::uint32_t kFirstAddress = INADDR_LOOPBACK;

double thread_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// When requests are due that do not depend on each other.
class Arrivals {
 public:
  Arrivals(double rate, TimePoint from) : gap_(rate), next_(from) { advance(); }
  TimePoint next() const { return next_; }
  void advance() {
    next_ += std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(gap_(random_)));
  }

 private:
  std::mt19937_64 random_{1};  // the same in every run
  std::exponential_distribution<double> gap_;
  TimePoint next_;
};

struct Connection {
  int socket = -1;
  std::uint32_t address = kFirstAddress;
  enum class State : std::uint8_t { kClosed, kConnecting, kFree, kWaiting } state = State::kClosed;
  TimePoint again{};          // kClosed: when to connect
  TimePoint due{};            // kWaiting: when the time of its request came
  TimePoint sent{};           // kWaiting
  std::string_view unsent{};  // of the request
  ResponseMeter meter{};
};

class Generator {
 public:
  Generator(const LoadTarget& target, const LoadOptions& options)
      : target_(target), options_(options), connections_(options.connections) {}
  ~Generator() {
    for (Connection& each : connections_)
      if (each.socket >= 0) ::close(each.socket);
    if (epoll_ >= 0) ::close(epoll_);
  }
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  Result<LoadResult> run() {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) return fail(Reason::kIo, std::string("epoll_create1: ") + std::strerror(errno));
    began_ = SteadyClock::now();
    if (options_.rate > 0) arrivals_.emplace(options_.rate, began_);
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      connections_[i].address = kFirstAddress + static_cast<std::uint32_t>(i % options_.addresses);
      SLATE_TRY(connect(connections_[i]));
    }
    const double used = thread_seconds();
    const TimePoint end = began_ + options_.duration;
    TimePoint tick = began_ + kTick;
    for (TimePoint now = began_; now < end; now = SteadyClock::now()) {
      SLATE_TRY(send_due(now));
      poll(now, std::min(end, tick));
      if (now < tick) continue;
      tick = now + kTick;
      SLATE_TRY(look_after(now));
      if (options_.on_tick && !options_.on_tick()) break;
    }
    result_.time = SteadyClock::now() - began_;
    result_.busy = (thread_seconds() - used) / result_.time.count();
    if (result_.answers.empty() && result_.refused > 0)
      return fail(Reason::kUnavailable, "no connection could be made");
    return std::move(result_);
  }

 private:
  Result<void> connect(Connection& connection) {
    connection.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection.socket < 0) return fail(Reason::kIo, std::string("socket: ") + std::strerror(errno));
    const int on = 1;
    ::setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    if (connection.address != kFirstAddress) {
      ::setsockopt(connection.socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
      address.sin_addr.s_addr = htonl(connection.address);
      if (::bind(connection.socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail(Reason::kIo, std::string("bind: ") + std::strerror(errno));
    }
    address.sin_port = htons(target_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection.state = Connection::State::kConnecting;
    const bool failed =
        ::connect(connection.socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
        errno != EINPROGRESS;
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.ptr = &connection}};
    if (failed || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &event) != 0) {
      ++result_.refused;
      close(connection);
    }
    return {};
  }

  void close(Connection& connection) {
    if (connection.socket >= 0) ::close(connection.socket);
    connection.socket = -1;
    connection.state = Connection::State::kClosed;
    connection.again = SteadyClock::now() + kReconnect;
    connection.meter = {};
  }

  void broke(Connection& connection) {
    if (connection.state == Connection::State::kConnecting) ++result_.refused;
    if (connection.state == Connection::State::kWaiting) ++result_.broken;
    close(connection);
  }

  // Gives requests that are due to connections that are free.
  Result<void> send_due(TimePoint now) {
    if (arrivals_) {
      for (; arrivals_->next() <= now; arrivals_->advance()) {
        waiting_.push_back(arrivals_->next());
        ++result_.due;
      }
      for (; !waiting_.empty() && waiting_.front() + options_.send_within < now; waiting_.pop_front())
        ++result_.unsent;
    }
    while (!free_.empty() && (!arrivals_ || !waiting_.empty())) {
      Connection& connection = *free_.front();
      free_.pop_front();
      if (connection.state != Connection::State::kFree) continue;  // it broke meanwhile
      connection.due = now;
      if (arrivals_) {
        connection.due = waiting_.front();
        waiting_.pop_front();
      } else {
        ++result_.due;
      }
      connection.sent = now;
      connection.state = Connection::State::kWaiting;
      connection.unsent = target_.requests[next_request_++ % target_.requests.size()];
      write(connection);
    }
    return {};
  }

  void write(Connection& connection) {
    while (!connection.unsent.empty()) {
      const auto sent =
          ::send(connection.socket, connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EAGAIN) return;
      if (sent < 0) return broke(connection);
      connection.unsent.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void poll(TimePoint now, TimePoint until) {
    if (arrivals_) until = std::min(until, arrivals_->next());
    const bool is_soon = until - now < kSpin || (!free_.empty() && !arrivals_);
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(until - now);
    std::array<epoll_event, 256> events;
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                   is_soon ? 0 : static_cast<int>(wait.count()));
    for (int i = 0; i < count; ++i) {
      auto& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      on_event(connection, events[static_cast<std::size_t>(i)].events);
    }
  }

  void on_event(Connection& connection, std::uint32_t events) {
    if (connection.state == Connection::State::kClosed) return;
    if (connection.state == Connection::State::kConnecting && (events & EPOLLOUT) != 0 &&
        (events & (EPOLLERR | EPOLLHUP)) == 0) {
      connection.state = Connection::State::kFree;
      free_.push_back(&connection);
    }
    if (connection.state == Connection::State::kWaiting && !connection.unsent.empty()) write(connection);
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read(connection);
  }

  void read(Connection& connection) {
    static thread_local std::array<char, std::size_t{64} << 10> buffer;
    while (connection.state != Connection::State::kClosed) {
      const bool in_body = connection.meter.state() == ResponseMeter::State::kBody;
      const auto got = ::recv(connection.socket, buffer.data(), buffer.size(), 0);
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return broke(connection);
      result_.bytes += static_cast<std::uint64_t>(got);
      std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
      connection.meter.feed(bytes);
      if (connection.meter.state() == ResponseMeter::State::kBroken || !bytes.empty())
        return broke(connection);
      if (connection.meter.state() == ResponseMeter::State::kDone) return answered(connection);
      // A read that left room has emptied the socket.
      if (in_body && static_cast<std::size_t>(got) < buffer.size()) return;
    }
  }

  void answered(Connection& connection) {
    // A server may say why it does not serve before anything was asked.
    const bool was_asked = connection.state == Connection::State::kWaiting;
    const int status = connection.meter.status();
    if (was_asked || status >= 400) ++result_.answers[status];
    if (was_asked && (status == 200 || status == 304)) {
      const TimePoint now = SteadyClock::now();
      result_.latencies.add(now - connection.due);
      if (now - connection.due > options_.patience) ++result_.late;
    }
    if (connection.meter.closes()) return close(connection);
    connection.meter.next();
    if (!was_asked) return;
    connection.state = Connection::State::kFree;
    free_.push_back(&connection);
  }

  // Connections that are to be made anew, and those whose answer does not come.
  Result<void> look_after(TimePoint now) {
    for (Connection& each : connections_) {
      if (each.state == Connection::State::kClosed && now >= each.again) SLATE_TRY(connect(each));
      if (each.state == Connection::State::kWaiting && now >= each.sent + 2 * options_.patience) broke(each);
    }
    return {};
  }

  const LoadTarget& target_;
  const LoadOptions& options_;
  std::vector<Connection> connections_;
  std::deque<Connection*> free_;
  std::deque<TimePoint> waiting_;  // requests that are due and not sent
  std::optional<Arrivals> arrivals_;
  std::size_t next_request_ = 0;
  TimePoint began_{};
  int epoll_ = -1;
  LoadResult result_;
};

}  // namespace

std::uint64_t LoadResult::good() const {
  std::uint64_t count = 0;
  for (const int status : {200, 304})
    if (const auto found = answers.find(status); found != answers.end()) count += found->second;
  return count - late;
}

double LoadResult::good_per_second() const {
  return time.count() > 0 ? static_cast<double>(good()) / time.count() : 0;
}

Result<LoadResult> run_load(const LoadTarget& target, const LoadOptions& options) {
  return Generator(target, options).run();
}

std::string get_request(std::string_view path, std::string_view headers) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\r\n", path, headers);
}

}  // namespace slate::bench::network
