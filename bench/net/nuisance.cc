#include "bench/net/nuisance.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <netinet/in.h>
#include <stop_token>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "bench/net/response_meter.h"

namespace slate::bench::network {
namespace {

constexpr std::chrono::milliseconds kRound{100};
constexpr std::size_t kSlowBytes = 64;  // that a slow reader takes in a round
constexpr std::size_t kGreedyARound = 200;
constexpr std::uint32_t kGreedyAddress = INADDR_LOOPBACK + 8;
constexpr std::array<std::string_view, 4> kNonsense{
    "\x16\x03\x01\x02", "GET / HTTP/9.9\r\n\r\n",
    "POST /v1/lists/page/rows HTTP/1.1\r\nContent-Length: 99\r\n\r\n{",
    "GET /v1/lists/page/data HTTP/1.1\r\nHost"};

struct Client {
  int socket = -1;
  std::size_t sent = 0;
  ResponseMeter meter{};

  void close(bool with_reset = false) {
    if (socket < 0) return;
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    if (with_reset) ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(std::exchange(socket, -1));
    sent = 0;
    meter = {};
  }
};

}  // namespace

class Nuisance::Impl {
 public:
  explicit Impl(NuisanceOptions options)
      : options_(std::move(options)),
        senders_(options_.slow_senders),
        readers_(options_.slow_readers),
        breakers_(options_.breakers),
        greedy_(options_.greedy),
        thread_([this](const std::stop_token& stop) { work(stop); }) {}

  Counts stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    return counts_;
  }

 private:
  void work(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      for (Client& each : senders_) send_slowly(each);
      for (Client& each : readers_) read_slowly(each);
      for (std::size_t i = 0; i < breakers_.size(); ++i) leave_in_the_middle(breakers_[i], i);
      hoard();
      wake.wait_for(lock, stop, kRound, [] { return false; });
    }
    for (auto* group : {&senders_, &readers_, &breakers_, &greedy_})
      for (Client& each : *group) each.close(true);
  }

  bool connect(Client& client, std::uint32_t from = INADDR_LOOPBACK, int receive_bytes = 0) {
    client.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client.socket < 0) return false;
    if (receive_bytes != 0)
      ::setsockopt(client.socket, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(from);
    const bool bound =
        ::bind(client.socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(options_.port);
    if (!bound ||
        (::connect(client.socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
         errno != EINPROGRESS)) {
      client.close();
      return false;
    }
    ++counts_.connections;
    return true;
  }

  // Closes it when it has been answered or has ended.
  void read(Client& client, std::size_t most) {
    std::array<char, 4096> buffer;
    const auto got = ::recv(client.socket, buffer.data(), std::min(most, buffer.size()), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINPROGRESS)) return;
    if (got <= 0) return client.close();
    std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    const auto state = client.meter.feed(bytes);
    if (state == ResponseMeter::State::kDone) ++counts_.answers[client.meter.status()];
    if (state == ResponseMeter::State::kDone || state == ResponseMeter::State::kBroken) client.close();
  }

  void send_slowly(Client& client) {
    if (client.socket < 0 && !connect(client)) return;
    // Never the last byte.
    if (client.sent + 1 < options_.request.size() &&
        ::send(client.socket, options_.request.data() + client.sent, 1, MSG_NOSIGNAL) == 1)
      ++client.sent;
    read(client, SIZE_MAX);
  }

  void read_slowly(Client& client) {
    if (client.socket < 0 && !connect(client, INADDR_LOOPBACK, 2048)) return;
    if (client.sent == 0) {
      const auto sent = ::send(client.socket, options_.request.data(), options_.request.size(), MSG_NOSIGNAL);
      if (sent > 0) client.sent = static_cast<std::size_t>(sent);
    } else {
      read(client, kSlowBytes);
    }
  }

  // One round to come, and one to leave without a word.
  void leave_in_the_middle(Client& client, std::size_t which) {
    if (client.socket >= 0) {
      read(client, SIZE_MAX);
      return client.close(which % 2 == 0);
    }
    if (!connect(client)) return;
    const std::string_view bytes =
        which % 5 == 4 ? std::string_view(options_.request) : kNonsense[which % kNonsense.size()];
    static_cast<void>(::send(client.socket, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }

  void hoard() {
    std::size_t made = 0;
    for (Client& each : greedy_) {
      if (each.socket >= 0)
        read(each, SIZE_MAX);
      else if (made < kGreedyARound && connect(each, kGreedyAddress))
        ++made;
    }
  }

  const NuisanceOptions options_;
  std::vector<Client> senders_, readers_, breakers_, greedy_;
  Counts counts_;  // of the thread, until it has ended
  std::jthread thread_;
};

Nuisance::Nuisance(NuisanceOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Nuisance::~Nuisance() { impl_->stop(); }
Nuisance::Counts Nuisance::stop() { return impl_->stop(); }

}  // namespace slate::bench::network
