#include "net/stream.h"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/wait_traits.hpp>
#include <unistd.h>
#include <utility>

#include "base/log.h"

namespace slate::net {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;
using Strand = asio::strand<asio::io_context::executor_type>;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Strand>;
using Timer = asio::basic_waitable_timer<SteadyClock, asio::wait_traits<SteadyClock>, Strand>;

// A callback on the loop. What the callback holds goes before its owner does.
struct Kept {
  std::shared_ptr<void> owner;
  Stream::Task task;

  void operator()() {
    Stream::Task running = std::move(task);
    running();
  }
};

}  // namespace

struct Stream::Impl {
  Impl(IoThreads& io, int descriptor, const TlsContext* tls)
      : strand(asio::make_strand(io.context())), socket(strand), timer(strand) {
    ErrorCode error;
    // The protocol matters only for opening and for addresses, neither of which happens here.
    socket.assign(asio::ip::tcp::v4(), descriptor, error);
    if (error) {
      ::close(descriptor);
      return;
    }
    if (tls == nullptr) {
      transport = make_plain_transport(descriptor);
    } else if (auto made = make_tls_transport(descriptor, *tls); made) {
      transport = *std::move(made);
    } else {
      log::error("a connection cannot be served", {{"error", made.error().to_string()}});
      socket.close(error);
    }
  }

  // Runs the task once the socket is ready for what was wanted; drops it when the stream closes before.
  void wait_for(IoState wanted, Task task) {
    const auto what = wanted == IoState::kWantWrite ? Socket::wait_write : Socket::wait_read;
    socket.async_wait(what, [this, kept = Kept{owner.lock(), std::move(task)}](const ErrorCode&) mutable {
      if (socket.is_open()) kept();
    });
  }

  void post(Task task) {
    asio::post(strand, [this, kept = Kept{owner.lock(), std::move(task)}]() mutable {
      if (socket.is_open()) kept();
    });
  }

  void handshake(Done done) {
    const IoResult result = transport->handshake();
    if (result.state != IoState::kWantRead && result.state != IoState::kWantWrite) return done(result);
    wait_for(result.state, [this, done = std::move(done)]() mutable { handshake(std::move(done)); });
  }

  // Nothing: the socket is full, and `done` runs once it has taken something.
  std::optional<IoResult> write(std::span<const std::string_view> pieces, Done& done) {
    const IoResult result = transport->write(pieces);
    if (result.state != IoState::kWantRead && result.state != IoState::kWantWrite) return result;
    wait_for(result.state, [this, pieces, done = std::move(done)]() mutable {
      if (const auto written = write(pieces, done)) done(*written);
    });
    return std::nullopt;
  }

  void arm() {
    armed_for = deadline;
    timer.expires_at(armed_for);
    timer.async_wait([this, alive = owner.lock()](const ErrorCode& error) {
      if (error || !socket.is_open()) return;
      armed_for = TimePoint::max();
      if (SteadyClock::now() >= deadline) {
        deadline = TimePoint::max();
        on_deadline();
      } else if (deadline != TimePoint::max()) {
        arm();
      }
    });
  }

  const Strand strand;
  Socket socket;
  Timer timer;
  std::unique_ptr<Transport> transport;  // null: there is no connection
  std::weak_ptr<void> owner;
  Task on_deadline;
  IoState read_wants = IoState::kWantRead;
  TimePoint deadline = TimePoint::max();
  TimePoint armed_for = TimePoint::max();
};

Stream::Stream(IoThreads& io, int socket, const TlsContext* tls)
    : impl_(std::make_unique<Impl>(io, socket, tls)) {}
Stream::~Stream() = default;

void Stream::start(std::weak_ptr<void> owner, Task on_deadline) {
  impl_->owner = std::move(owner);
  impl_->on_deadline = std::move(on_deadline);
}

void Stream::post(Task task) { asio::post(impl_->strand, Kept{impl_->owner.lock(), std::move(task)}); }
void Stream::dispatch(Task task) {
  asio::dispatch(impl_->strand, Kept{impl_->owner.lock(), std::move(task)});
}

bool Stream::is_open() const { return impl_->socket.is_open(); }

void Stream::async_handshake(Done done) { impl_->handshake(std::move(done)); }

void Stream::when_readable(Task task) {
  if (impl_->transport->has_buffered()) return impl_->post(std::move(task));
  impl_->wait_for(impl_->read_wants, std::move(task));
}

IoResult Stream::read(std::span<char> into) {
  const IoResult result = impl_->transport->read(into);
  impl_->read_wants = result.state == IoState::kWantWrite ? IoState::kWantWrite : IoState::kWantRead;
  return result;
}

void Stream::async_write_some(std::span<const std::string_view> pieces, Done done) {
  if (const auto written = impl_->write(pieces, done))
    impl_->post([result = *written, done = std::move(done)]() mutable { done(result); });
}

std::optional<IoResult> Stream::write_some(std::span<const std::string_view> pieces, Done done) {
  return impl_->write(pieces, done);
}

void Stream::finish_sending() { impl_->transport->finish_sending(); }
const std::string& Stream::problem() const { return impl_->transport->problem(); }

void Stream::set_deadline(TimePoint deadline) {
  impl_->deadline = deadline;
  if (deadline < impl_->armed_for) impl_->arm();
}
Stream::TimePoint Stream::deadline() const { return impl_->deadline; }

void Stream::close(Farewell farewell) {
  if (!is_open()) return;
  ErrorCode ignored;
  if (farewell == Farewell::kReset)
    impl_->socket.set_option(asio::socket_base::linger(true, 0), ignored);
  else
    impl_->transport->finish_sending();
  impl_->socket.close(ignored);
  impl_->timer.cancel();
}

}  // namespace slate::net
