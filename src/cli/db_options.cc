#include "cli/db_options.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>

#include "base/try.h"

namespace slate::cli {
namespace {

constexpr std::size_t kLeastTokenBytes = 16;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

}  // namespace

DbOptions DbOptions::for_cores(unsigned cores) {
  DbOptions options;
  // Short requests are answered by the threads of the connections, the others by the pool.
  options.io_threads = std::clamp(cores / 2, 1U, 8U);
  options.pool_threads = std::clamp(2 * cores, 4U, 8U);
  options.scan_helpers = std::clamp(cores, 1U, 257U) - 1;
  return options;
}

std::optional<Durability> DbOptions::default_durability() const {
  if (durability == "sync") return Durability::kSync;
  if (durability == "os") return Durability::kOs;
  return std::nullopt;
}

void add_db_options(CommandLine& command_line, DbOptions& options) {
  command_line.option(
      {.flags = "--data", .value = "DIR", .help = "Folder of the database; made when missing"}, options.data);
  command_line.option(
      {.flags = "--listen",
       .value = "ADDRESS:PORT",
       .help = "Where to listen; port 0 takes one that is free. An address beyond loopback needs\n"
               "--token-file"},
      options.listen);
  command_line.option({.flags = "--token-file",
                       .value = "FILE",
                       .help = "Tokens that clients may show, one a line, of 16 characters at least",
                       .default_text = "none"},
                      options.token_file);
  command_line.choice(
      {.flags = "--durability",
       .help = "For datasources that do not say: sync survives power loss, os a killed process.\n"
               "Stored with the datasource when it is saved",
       .default_text = "os with a loader, else sync"},
      options.durability, {"sync", "os"});
  command_line.choice({.flags = "--log-level", .help = "The least that is logged, on stderr"},
                      options.log_level,
                      {{"debug", log::Level::kDebug},
                       {"info", log::Level::kInfo},
                       {"warning", log::Level::kWarning},
                       {"error", log::Level::kError},
                       {"off", log::Level::kOff}});
  command_line.choice({.flags = "--log-format", .help = "How log lines look"}, options.log_format,
                      {{"text", log::Format::kText}, {"json", log::Format::kJson}});
  command_line.option({.flags = "--io-threads",
                       .value = "N",
                       .help = "Threads for connections; they answer short requests, too"},
                      options.io_threads, 1, 64);
  command_line.option(
      {.flags = "--pool-threads", .value = "N", .help = "Threads for long queries and writes"},
      options.pool_threads, 1, 256);
  command_line.option({.flags = "--scan-helpers",
                       .value = "N",
                       .help = "Threads that help large scans while fewer queries run than there are cores"},
                      options.scan_helpers, 0, 256);
  command_line.bytes(
      {.flags = "--map-size",
       .value = "BYTES",
       .help = "The most that one datasource can hold, such as 512MiB or 64GiB: address space, which\n"
               "costs nothing until it is used"},
      options.map_bytes, std::uint64_t{1} << 20);
  command_line.option({.flags = "--max-connections", .value = "N", .help = "More are refused"},
                      options.max_connections, 1, 1'000'000);
  command_line.bytes({.flags = "--max-write-size",
                      .value = "BYTES",
                      .help = "The largest request that writes or loads records, at most 64MiB"},
                     options.max_write_bytes, std::uint64_t{1} << 20);
}

Result<ListenAddress> checked_address(const DbOptions& options) {
  SLATE_TRY(ListenAddress address, parse_listen_address(options.listen));
  if (options.max_write_bytes > std::uint64_t{64} << 20)
    return fail(Error(Reason::kInvalidArgument, "64 MiB at most").with_field("--max-write-size"));
  if (address.is_loopback || !options.token_file.empty()) return address;
  return fail(Error(Reason::kInvalidArgument,
                    "listening on " + address.to_string() + ", beyond loopback, needs a token")
                  .with_field("--listen")
                  .with_hint("name a file of tokens with --token-file, or listen on 127.0.0.1"));
}

Result<std::vector<std::string>> read_tokens(const std::string& file) {
  std::ifstream in(file);
  if (!in) return fail(Error(Reason::kIo, "the file cannot be read: " + file).with_field("--token-file"));
  std::vector<std::string> tokens;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const std::string_view token = trimmed(line);
    if (token.empty() || token.starts_with('#')) continue;
    const bool printable = std::ranges::all_of(token, [](char c) { return c > ' ' && c <= '~'; });
    if (token.size() < kLeastTokenBytes || !printable)
      return fail(Error(Reason::kInvalidArgument,
                        fmt::format("{}:{}: a token has at least {} printable ASCII characters and no blanks",
                                    file, number, kLeastTokenBytes))
                      .with_field("--token-file"));
    tokens.emplace_back(token);
  }
  if (in.bad())
    return fail(Error(Reason::kIo, "the file cannot be read: " + file).with_field("--token-file"));
  if (tokens.empty())
    return fail(Error(Reason::kInvalidArgument, "there is no token in " + file).with_field("--token-file"));
  return tokens;
}

}  // namespace slate::cli
