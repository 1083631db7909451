#include "net/io_threads.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/thread_name.h"

namespace slate::net {
namespace {

// A callback that throws must not take the loop's thread with it.
void run_loop(boost::asio::io_context& context) {
  for (;;) {
    try {
      context.run();
      return;
    } catch (const std::exception& error) {
      log::error("a network callback threw", {{"what", error.what()}});
    }
  }
}

}  // namespace

struct IoThreads::Impl {
  explicit Impl(std::size_t count)
      : context(static_cast<int>(count)), work(boost::asio::make_work_guard(context)) {}

  boost::asio::io_context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  std::mutex stop_mutex;
  std::vector<std::thread> threads;
};

IoThreads::IoThreads(std::size_t threads, std::string name)
    : impl_(std::make_unique<Impl>(std::max<std::size_t>(threads, 1))) {
  for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) {
    impl_->threads.emplace_back([context = &impl_->context, name, i] {
      name_this_thread(name, i);
      run_loop(*context);
    });
  }
}

IoThreads::~IoThreads() { stop(); }

boost::asio::io_context& IoThreads::context() { return impl_->context; }

void IoThreads::stop() {
  const std::scoped_lock lock(impl_->stop_mutex);
  impl_->context.stop();
  for (auto& thread : impl_->threads) thread.join();
  impl_->threads.clear();
}

}  // namespace slate::net
