// Clients that wait for as long as it takes, but where a test says otherwise.
#pragma once

#include <utility>

#include <slate/pool.h>

#include "net/testing/patience.h"

namespace slate::client::testing {

using net::testing::kPatience;

inline ClientOptions patient(ClientOptions options) {
  const ClientOptions usual;
  for (const auto limit : {&ClientOptions::connect_timeout, &ClientOptions::silence_timeout})
    if (options.*limit == usual.*limit) options.*limit = kPatience;
  return options;
}

inline ClientPoolOptions patient(ClientPoolOptions options) {
  if (options.checkout_timeout == ClientPoolOptions().checkout_timeout) options.checkout_timeout = kPatience;
  options.client = patient(std::move(options.client));
  return options;
}

}  // namespace slate::client::testing
