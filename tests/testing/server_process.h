// A `slate serve` of a test's own, and the program's verbs against it.
#pragma once

#include <csignal>
#include <filesystem>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "testing/child_process.h"

namespace slate::testing {

class ServerProcess {
 public:
  // `program` is `slate`. Listens on a free port of loopback when it returns.
  ServerProcess(std::string program, const std::filesystem::path& data)
      : program_(std::move(program)),
        process_({program_, "serve", "--data", data.string(), "--listen", "127.0.0.1:0"}) {
    const auto ready = process_.read_until("slate is serving on ");
    EXPECT_TRUE(ready) << process_.seen();
    if (!ready) return;
    const auto begin = ready->find("http://");
    url_ = ready->substr(begin, ready->find(',') - begin);
  }

  const std::string& url() const { return url_; }
  // Asks it to end, and waits.
  void stop() {
    process_.signal(SIGTERM);
    EXPECT_EQ(process_.wait(), 0) << process_.seen();
  }
  Finished slate(std::vector<std::string> arguments, const std::string& input = {}) const {
    arguments.insert(arguments.begin(), program_);
    arguments.insert(arguments.end(), {"--server", url_});
    return run_program(std::move(arguments), input);
  }

 private:
  std::string program_;
  ChildProcess process_;
  std::string url_;
};

}  // namespace slate::testing
