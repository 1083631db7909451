// Clients that no server would wish for, while others want to be served.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace slate::bench::network {

struct NuisanceOptions {
  std::uint16_t port = 0;
  std::string request;            // a whole one
  std::size_t slow_senders = 50;  // a byte of a request now and then
  std::size_t slow_readers = 50;  // a few bytes of an answer now and then
  std::size_t breakers = 20;   // connections in each round that send what is no HTTP, or leave in the middle
  std::size_t greedy = 2'200;  // connections of one address, 127.0.0.9, that are kept and not used
};

// At it on a thread of its own until it is destroyed. The statuses that they were answered with are counted.
class Nuisance {
 public:
  explicit Nuisance(NuisanceOptions options);
  ~Nuisance();
  Nuisance(const Nuisance&) = delete;
  Nuisance& operator=(const Nuisance&) = delete;

  // Ends it. What was made and answered; again: the same.
  struct Counts {
    std::uint64_t connections = 0;
    std::map<int, std::uint64_t> answers;
  };
  Counts stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slate::bench::network
