#include "cli/progress_line.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace slate::cli {
namespace {

constexpr std::size_t kBarWidth = 20;
constexpr std::chrono::milliseconds kBetweenDraws{100};
constexpr std::string_view kEraseLine = "\r\x1b[K";

std::string bar(std::uint64_t done, std::uint64_t all) {
  const double part = all == 0 ? 1.0 : std::min(1.0, static_cast<double>(done) / static_cast<double>(all));
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(kBarWidth));
  std::string text(filled, '=');
  if (filled < kBarWidth) text += '>';
  text.resize(kBarWidth, ' ');
  return fmt::format("[{}] {:>3} %  ", text, static_cast<int>(part * 100));
}

}  // namespace

std::string counted(std::uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", grouped(number), noun, number == 1 ? "" : "s");
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string progress_text(const Progress& progress, std::chrono::milliseconds elapsed) {
  std::string text = progress.all ? bar(progress.done, *progress.all) : "";
  text += fmt::format("{} {}", grouped(progress.count), progress.unit);
  if (elapsed.count() > 0) {
    const double rate = static_cast<double>(progress.count) * 1000 / static_cast<double>(elapsed.count());
    text += fmt::format("  {} {}/s", grouped(static_cast<std::uint64_t>(rate)), progress.unit);
  }
  const auto seconds = elapsed.count() / 1000;
  return text + fmt::format("  {}:{:02}", seconds / 60, seconds % 60);
}

ProgressLine::ProgressLine(Terminal& terminal, std::string title, Clock now)
    : terminal_(terminal), title_(std::move(title)), now_(std::move(now)), begun_(now_()) {}
ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::show(const Progress& progress) {
  if (terminal_.screen == Screen::kNo) return;
  const auto now = now_();
  if (shown_ && now - *shown_ < kBetweenDraws) return;
  shown_ = now;
  is_there_ = true;
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - begun_);
  terminal_.err << kEraseLine << title_ << "  " << progress_text(progress, elapsed) << std::flush;
}

void ProgressLine::clear() {
  if (!is_there_) return;
  terminal_.err << kEraseLine << std::flush;
  is_there_ = false;
}

}  // namespace slate::cli
