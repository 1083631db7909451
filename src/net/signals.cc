#include "net/signals.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <thread>
#include <utility>

#include "net/thread_name.h"

namespace slate::net {

struct Signals::Impl {
  explicit Impl(Callback on_signal) : callback(std::move(on_signal)) {}

  void wait() {
    set.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      callback(std::exchange(next, Shutdown::kInsist));
      wait();
    });
  }

  Callback callback;
  Shutdown next = Shutdown::kAsk;
  boost::asio::io_context context{1};
  boost::asio::signal_set set{context};
  std::thread thread;
};

Signals::Signals(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<Signals>> Signals::listen(Callback callback) {
  auto impl = std::make_unique<Impl>(std::move(callback));
  for (const int number : {SIGINT, SIGTERM}) {
    boost::system::error_code error;
    impl->set.add(number, error);
    if (error) return fail(Reason::kInternal, "cannot listen for signals: " + error.message());
  }
  impl->wait();
  impl->thread = std::thread([context = &impl->context] {
    name_this_thread("signals", 0);
    context->run();
  });
  return std::unique_ptr<Signals>(new Signals(std::move(impl)));
}

Signals::~Signals() {
  impl_->context.stop();
  impl_->thread.join();
}

}  // namespace slate::net
