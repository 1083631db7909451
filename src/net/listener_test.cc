#include "net/listener.h"

#include <arpa/inet.h>
#include <condition_variable>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "net/client_stream.h"

namespace slate::net {
namespace {

using namespace std::chrono_literals;

ClientStream::TimePoint soon() { return std::chrono::steady_clock::now() + 30s; }

// Takes connections and keeps them.
class ListenerTest : public ::testing::Test {
 protected:
  struct Guest {
    int socket;
    ConnectionPermit permit;
  };

  ~ListenerTest() override {
    listener_.reset();
    group_->finish(0ms);
    drop_all();
  }

  void start(const ConnectionLimits& limits = {}) {
    auto opened = Listener::open("127.0.0.1", 0, io_, group_);
    ASSERT_TRUE(opened) << opened.error().to_string();
    listener_ = *std::move(opened);
    listener_->start(std::make_shared<ConnectionLimiter>(limits),
                     [this](int socket, ConnectionPermit permit) {
                       const std::scoped_lock lock(mutex_);
                       guests_.push_back({socket, std::move(permit)});
                       changed_.notify_all();
                     });
  }
  std::unique_ptr<ClientStream> connect() {
    auto client = ClientStream::connect("127.0.0.1", listener_->port(), soon());
    EXPECT_TRUE(client) << client.error().to_string();
    return *std::move(client);
  }
  void wait_for(std::size_t guests) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 30s, [&] { return guests_.size() >= guests; }));
  }
  bool is_refused(std::size_t guest) {
    const std::scoped_lock lock(mutex_);
    return guests_.at(guest).permit.refusal().has_value();
  }
  void drop_all() {
    const std::scoped_lock lock(mutex_);
    for (const Guest& guest : guests_) ::close(guest.socket);
    guests_.clear();
  }

  IoThreads io_{2};
  std::shared_ptr<ConnectionGroup> group_ = std::make_shared<ConnectionGroup>();
  std::unique_ptr<Listener> listener_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Guest> guests_;
};

TEST_F(ListenerTest, a_connection_is_handed_on_with_its_client_and_without_delay) {
  start();
  const auto client = connect();
  wait_for(1);
  const std::scoped_lock lock(mutex_);
  const Guest& guest = guests_.front();
  EXPECT_EQ(guest.permit.client(), (ClientAddress{.bytes = {127, 0, 0, 1}}));
  EXPECT_FALSE(guest.permit.refusal().has_value());
  int no_delay = 0;
  socklen_t size = sizeof no_delay;
  ::getsockopt(guest.socket, IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
  EXPECT_NE(no_delay, 0);
  EXPECT_NE(::fcntl(guest.socket, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(guest.socket, F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(ListenerTest, beyond_the_limit_some_are_refused_and_the_rest_is_closed) {
  start({.connections = 1, .refusals = 1});
  const auto served = connect();
  wait_for(1);
  const auto refused = connect();
  wait_for(2);
  EXPECT_FALSE(is_refused(0));
  EXPECT_TRUE(is_refused(1));
  const auto closed = connect();
  char byte = 0;
  const auto read = closed->read_some({&byte, 1}, soon());
  EXPECT_TRUE(!read || *read == 0);
  drop_all();
  const auto again = connect();
  wait_for(1);
  EXPECT_FALSE(is_refused(0));
}

TEST_F(ListenerTest, an_address_that_is_none_and_a_port_that_is_taken_are_refused) {
  start();
  EXPECT_TRUE(listener_->is_loopback());
  EXPECT_EQ(Listener::open("localhost", 0, io_, group_).error().reason(), Reason::kInvalidArgument);
  EXPECT_EQ(Listener::open("127.0.0.1", listener_->port(), io_, group_).error().reason(),
            Reason::kFailedPrecondition);
  const auto everywhere = Listener::open("0.0.0.0", 0, io_, group_);
  ASSERT_TRUE(everywhere.has_value());
  EXPECT_FALSE((*everywhere)->is_loopback());
}

TEST_F(ListenerTest, connections_that_come_before_the_start_are_taken_then) {
  auto opened = Listener::open("127.0.0.1", 0, io_, group_);
  ASSERT_TRUE(opened.has_value());
  listener_ = *std::move(opened);
  const auto early = connect();
  listener_->start(std::make_shared<ConnectionLimiter>(ConnectionLimits{}),
                   [this](int socket, ConnectionPermit permit) {
                     const std::scoped_lock lock(mutex_);
                     guests_.push_back({socket, std::move(permit)});
                     changed_.notify_all();
                   });
  wait_for(1);
}

TEST_F(ListenerTest, after_its_end_nothing_is_accepted_and_nothing_is_left) {
  auto opened = Listener::open("127.0.0.1", 0, io_, group_);
  ASSERT_TRUE(opened.has_value());
  const auto port = (*opened)->port();
  auto held = std::make_shared<int>(0);
  const std::weak_ptr<int> watched = held;
  (*opened)->start(std::make_shared<ConnectionLimiter>(ConnectionLimits{}),
                   [held = std::move(held)](int, const ConnectionPermit&) {});
  (*opened)->close();
  opened->reset();
  group_->finish(0ms);
  EXPECT_TRUE(watched.expired());
  EXPECT_FALSE(ClientStream::connect("127.0.0.1", port, soon()).has_value());
}

TEST_F(ListenerTest, running_out_of_descriptors_only_puts_connections_off) {
  start();
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  const int next = ::dup(client);
  ::close(next);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = static_cast<rlim_t>(next), .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(listener_->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  // One that another thread of the process makes would have the same fate.
  EXPECT_LT(::dup(client), 0);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  wait_for(1);
  ::close(client);
}

}  // namespace
}  // namespace slate::net
