#include "cli/serve_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slate::cli {
namespace {

void expect_refusal(const ServeOptions& options, std::string_view flag, const std::string& hint) {
  const auto refused = checked_endpoints(options);
  ASSERT_FALSE(refused) << flag;
  EXPECT_EQ(refused.error().field(), flag);
  EXPECT_THAT(refused.error().hint().value_or(""), ::testing::HasSubstr(hint));
}

TEST(ServeOptions, administration_beyond_loopback_needs_a_token_or_mutual_tls) {
  ServeOptions options;
  options.listen = "0.0.0.0:8080";
  expect_refusal(options, "--listen", "--admin-token-file");
  options.tls = {.certificate = "file", .key = "file"};
  expect_refusal(options, "--listen", "--lists-only");
  ServeOptions with_token = options;
  with_token.admin_token_file = "file";
  EXPECT_TRUE(checked_endpoints(with_token));
  ServeOptions mutual = options;
  mutual.tls.client_ca = "file";
  EXPECT_TRUE(checked_endpoints(mutual));
  ServeOptions lists = options;
  lists.lists_only = Switch::kOn;
  EXPECT_TRUE(checked_endpoints(lists));
}

TEST(ServeOptions, administration_on_a_loopback_port_of_its_own_frees_the_main_one) {
  ServeOptions options;
  options.listen = "0.0.0.0:8080";
  options.admin_listen = "127.0.0.1:8081";
  const auto endpoints = checked_endpoints(options);
  ASSERT_TRUE(endpoints);
  EXPECT_EQ(endpoints->administration->to_string(), "127.0.0.1:8081");
  options.admin_listen = "0.0.0.0:8081";
  expect_refusal(options, "--admin-listen", "--admin-token-file");
  options.admin_listen = "127.0.0.1:8081";
  options.lists_only = Switch::kOn;
  expect_refusal(options, "--admin-listen", "");
}

TEST(ServeOptions, what_goes_together_is_given_together) {
  expect_refusal({.tls = {.certificate = "file"}}, "--tls-key", "--tls-cert");
  expect_refusal({.tls = {.key = "file"}}, "--tls-cert", "--tls-key");
  expect_refusal({.tls = {.client_ca = "file"}}, "--tls-client-ca", "--tls-cert");
  expect_refusal({.token_file = "file"}, "--token-file", "--admin-token-file");
}

TEST(ApiOptions, tls_with_the_database_is_on_when_anything_of_it_is_given) {
  const auto tls_of = [](const ApiOptions& options) { return checked_client(options).value().tls; };
  EXPECT_FALSE(tls_of({}));
  EXPECT_TRUE(tls_of({.tls = Switch::kOn}));
  EXPECT_EQ(tls_of({.ca_file = "ca"})->ca, "ca");
  EXPECT_EQ(tls_of({.client_cert = "cert", .client_key = "key"})->key, "key");
  EXPECT_EQ(checked_client({.client_cert = "cert"}).error().field(), "--db-client-key");
  EXPECT_EQ(checked_client({.client_key = "key"}).error().field(), "--db-client-cert");
  EXPECT_EQ(checked_client({.database = "a:b:c"}).error().field(), "--db");
}

TEST(ServeOptions, listen_on_loopback_by_default) {
  const auto endpoints = checked_endpoints({});
  ASSERT_TRUE(endpoints);
  EXPECT_EQ(endpoints->main.to_string(), "127.0.0.1:8080");
  EXPECT_FALSE(endpoints->administration);
}

TEST(ServeOptions, threads_suit_small_and_large_machines) {
  EXPECT_EQ(ServeOptions::for_cores(1).process.io_threads, 1U);
  EXPECT_EQ(ServeOptions::for_cores(1).process.pool_threads, 4U);
  EXPECT_EQ(ServeOptions::for_cores(2).process.pool_threads, 4U);
  EXPECT_EQ(ServeOptions::for_cores(64).process.pool_threads, 8U);
  EXPECT_EQ(ServeOptions::for_cores(64).process.io_threads, 4U);
  EXPECT_EQ(ServeOptions::for_cores(0).store.scan_helpers, 0U);
  EXPECT_EQ(ServeOptions::for_cores(2).store.scan_helpers, 1U);
  EXPECT_EQ(ServeOptions::for_cores(1000).store.scan_helpers, 256U);
}

TEST(ServeOptions, durability_is_left_to_datasources_unless_given) {
  EXPECT_EQ(StoreOptions{}.default_durability(), std::nullopt);
  EXPECT_EQ(StoreOptions{.durability = "sync"}.default_durability(), Durability::kSync);
  EXPECT_EQ(StoreOptions{.durability = "os"}.default_durability(), Durability::kOs);
}

}  // namespace
}  // namespace slate::cli
