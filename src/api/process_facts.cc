#include "api/process_facts.h"

#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

namespace slate::api {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// The start in clock ticks since the machine's, which is the 22nd word of the file; the second one is the
// program's name in brackets and may hold blanks.
std::optional<double> start_ticks() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const auto bracket = line.rfind(')');
  if (bracket == std::string::npos) return std::nullopt;
  std::istringstream words(line.substr(bracket + 1));
  std::string word;
  for (int i = 3; i <= 22; ++i)
    if (!(words >> word)) return std::nullopt;
  std::istringstream number(word);
  double ticks = 0;
  if (!(number >> ticks)) return std::nullopt;
  return ticks;
}

std::optional<double> boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return std::nullopt;
}

std::optional<double> count_open_files() {
  std::error_code error;
  std::filesystem::directory_iterator item("/proc/self/fd", error);
  double count = -1;  // the one that reads the folder
  for (; !error && item != std::filesystem::directory_iterator(); item.increment(error)) ++count;
  if (error) return std::nullopt;
  return count;
}

}  // namespace

ProcessFacts read_process_facts() {
  ProcessFacts facts;
  if (rusage usage{}; ::getrusage(RUSAGE_SELF, &usage) == 0)
    facts.cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  std::ifstream pages("/proc/self/statm");
  double all = 0;
  double resident = 0;
  if (pages >> all >> resident) {
    const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    facts.virtual_bytes = all * page;
    facts.resident_bytes = resident * page;
  }
  facts.open_files = count_open_files();
  if (rlimit limit{}; ::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    facts.most_open_files = static_cast<double>(limit.rlim_cur);
  const auto ticks = start_ticks();
  const auto boot = boot_time();
  if (ticks && boot) facts.started_at = *boot + *ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return facts;
}

}  // namespace slate::api
