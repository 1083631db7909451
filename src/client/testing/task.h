// A coroutine for the tests of what can be awaited.
#pragma once

#include <coroutine>
#include <exception>
#include <future>

namespace slate::client::testing {

// Runs at once, and its end can be waited for.
struct Task {
  struct promise_type {
    std::promise<void> done;
    Task get_return_object() { return {done.get_future()}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept {
      done.set_value();
      return {};
    }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::future<void> done;
};

}  // namespace slate::client::testing
