// How far something long has come, for a person who watches.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cli/terminal.h"

namespace slate::cli {

struct Progress {
  std::uint64_t count = 0;             // of what is counted
  std::string_view unit;               // "rows"
  std::uint64_t done = 0;              // of `all`
  std::optional<std::uint64_t> all{};  // absent: nobody knows, and there is no bar
};

// "[=======>            ]  37 %  1,204,000 rows  86,000 rows/s  0:14"
std::string progress_text(const Progress& progress, std::chrono::milliseconds elapsed);

// One line on `err`, drawn over at most ten times a second; nothing unless that is a screen. Not thread-safe.
class ProgressLine {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  // `title` stands in front. `terminal` must outlive this.
  ProgressLine(Terminal& terminal, std::string title, Clock now = std::chrono::steady_clock::now);
  // clear().
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const Progress& progress);
  // Takes the line away, for something else to be printed.
  void clear();

 private:
  Terminal& terminal_;
  std::string title_;
  Clock now_;
  std::chrono::steady_clock::time_point begun_;
  std::optional<std::chrono::steady_clock::time_point> shown_;
  bool is_there_ = false;
};

// "1,204,000"
std::string grouped(std::uint64_t number);
// "1 record", "1,204,000 records"
std::string counted(std::uint64_t number, std::string_view noun);

}  // namespace slate::cli
