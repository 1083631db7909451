#include "http/request_id.h"

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <random>

namespace slate::http {
namespace {

constexpr std::size_t kMaxBytes = 128;

bool is_allowed(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

std::mt19937_64 seeded_generator() {
  std::random_device device;
  std::seed_seq seed{device(), device(), device(), device(), device(), device(), device(), device()};
  return std::mt19937_64(seed);
}

}  // namespace

std::string choose_request_id(std::optional<std::string_view> sent) {
  if (sent && !sent->empty() && sent->size() <= kMaxBytes && std::ranges::all_of(*sent, is_allowed))
    return std::string(*sent);
  thread_local std::mt19937_64 generator = seeded_generator();
  const std::uint64_t high = generator();
  const std::uint64_t low = generator();
  return fmt::format("{:016x}{:016x}", high, low);
}

}  // namespace slate::http
