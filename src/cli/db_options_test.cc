#include "cli/db_options.h"

#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <vector>

#include "cli/terminal.h"
#include "cli/verbs.h"

namespace slate::cli {
namespace {

TEST(DbOptions, beyond_loopback_needs_a_token_or_mutual_tls) {
  DbOptions options;
  EXPECT_TRUE(checked_endpoints(options).has_value());
  options.listen = "0.0.0.0:9600";
  EXPECT_EQ(checked_endpoints(options).error().field(), "--listen");
  options.tls = {.certificate = "cert", .key = "key"};
  EXPECT_EQ(checked_endpoints(options).error().field(), "--listen");
  DbOptions mutual = options;
  mutual.tls.client_ca = "authorities";
  EXPECT_TRUE(checked_endpoints(mutual).has_value());
  options.token_file = "tokens";
  EXPECT_EQ(checked_endpoints(options)->main.port, 9600);
}

TEST(DbOptions, a_certificate_and_its_key_go_together) {
  EXPECT_EQ(checked_endpoints(DbOptions{.tls = {.certificate = "cert"}}).error().field(), "--tls-key");
  EXPECT_EQ(checked_endpoints(DbOptions{.tls = {.client_ca = "ca"}}).error().field(), "--tls-client-ca");
}

TEST(DbOptions, metrics_have_a_port_of_their_own_when_they_are_asked_for) {
  EXPECT_FALSE(checked_endpoints(DbOptions{})->metrics.has_value());
  EXPECT_EQ(checked_endpoints(DbOptions{.metrics_listen = "0.0.0.0:9601"})->metrics->port, 9601);
  EXPECT_FALSE(checked_endpoints(DbOptions{.metrics_listen = "nowhere"}).has_value());
}

TEST(DbOptions, no_request_is_larger_than_64_mib) {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Terminal terminal{.in = in, .out = out, .err = err};
  EXPECT_EQ(run_db(std::vector<std::string>{"--max-write-size", "65MiB"}, terminal), Exit::kUsage);
  EXPECT_NE(err.str().find("--max-write-size: expected 1MiB to 64MiB"), std::string::npos) << err.str();
}

TEST(DbOptions, the_largest_answer_has_room_among_those_that_wait) {
  DbOptions options;
  const auto parse = [&](const std::string& size) {
    CommandLine command_line("db", "");
    add_db_options(command_line, options);
    std::istringstream in;
    std::ostringstream out, err;
    Terminal terminal{.in = in, .out = out, .err = err};
    const std::vector<std::string> arguments{"--max-queued-size", size};
    return command_line.parse(arguments, terminal);
  };
  EXPECT_FALSE(parse("32MiB"));
  EXPECT_EQ(options.max_queued_bytes, std::uint64_t{32} << 20);
  EXPECT_EQ(parse("31MiB"), Exit::kUsage);
}

TEST(DbOptions, threads_suit_small_and_large_machines) {
  EXPECT_EQ(DbOptions::for_cores(1).process.io_threads, 1u);
  EXPECT_EQ(DbOptions::for_cores(64).process.io_threads, 8u);
  EXPECT_EQ(DbOptions::for_cores(64).process.pool_threads, 8u);
  EXPECT_EQ(DbOptions::for_cores(4).store.scan_helpers, 3u);
}

}  // namespace
}  // namespace slate::cli
