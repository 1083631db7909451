#include "http/server_core.h"

#include <chrono>
#include <utility>

namespace slate::http {
namespace {

// Connections that are told at one time why they are not served; more are closed without a word.
constexpr std::size_t kMaxRefusals = 256;

}  // namespace

bool ConnectionGroup::add(std::shared_ptr<Connection> connection) {
  const std::scoped_lock lock(mutex_);
  if (phase() != Phase::kServing) return false;
  const Connection* key = connection.get();
  members_.emplace(key, std::move(connection));
  return true;
}

void ConnectionGroup::release(const Connection* connection) {
  std::shared_ptr<Connection> last;  // goes after the lock
  const std::scoped_lock lock(mutex_);
  const auto found = members_.find(connection);
  if (found == members_.end()) return;
  last = std::move(found->second);
  members_.erase(found);
}

void ConnectionGroup::created() {
  const std::scoped_lock lock(mutex_);
  ++alive_;
}

void ConnectionGroup::destroyed() {
  const std::scoped_lock lock(mutex_);
  --alive_;
  changed_.notify_all();
}

void ConnectionGroup::call_begins() {
  const std::scoped_lock lock(mutex_);
  ++calls_;
}

void ConnectionGroup::call_ends() {
  const std::scoped_lock lock(mutex_);
  --calls_;
  changed_.notify_all();
}

std::size_t ConnectionGroup::open() const {
  const std::scoped_lock lock(mutex_);
  return members_.size();
}

void ConnectionGroup::finish(std::chrono::milliseconds grace) {
  phase_.store(Phase::kFinishing, std::memory_order_release);
  for (const auto& connection : members()) connection->close_when_idle();
  const auto all_gone = [this] { return alive_ == 0 && calls_ == 0; };
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, grace, all_gone);
  }
  phase_.store(Phase::kEnded, std::memory_order_release);
  for (const auto& connection : members()) connection->close_now();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, all_gone);
}

std::vector<std::shared_ptr<Connection>> ConnectionGroup::members() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<Connection>> copies;
  copies.reserve(members_.size());
  for (const auto& [key, connection] : members_) copies.push_back(connection);
  return copies;
}

bool Allowance::take(std::uint64_t amount) {
  std::uint64_t taken = taken_.load(std::memory_order_relaxed);
  do {
    if (amount > limit_ || taken > limit_ - amount) return false;
  } while (!taken_.compare_exchange_weak(taken, taken + amount, std::memory_order_relaxed));
  return true;
}

Result<void> BodyMemory::take(std::uint64_t more) {
  if (!all_.take(more))
    return fail(Error(Reason::kOverloaded, "too many large requests are being received").with_retry_after(1));
  held_ += more;
  return {};
}

ServerCore::ServerCore(ServerOptions chosen, Router routes, net::IoThreads& io_threads,
                       net::BlockingPool& blocking)
    : options(std::move(chosen)),
      router(std::move(routes)),
      io(io_threads),
      pool(blocking),
      bodies(options.total_body_bytes),
      serving(options.max_connections),
      refusing(kMaxRefusals),
      clients(options.client) {}

std::optional<Admission> Admission::ask(ServerCore& core, const net::ClientAddress& client) {
  Admission admission(core, client);
  if (!core.clients.open(client, std::chrono::steady_clock::now())) {
    admission.refusal_ =
        Error(Reason::kQuotaExceeded, "too many connections are open from this address").with_retry_after(1);
  } else if (!core.serving.take(1)) {
    core.clients.close(client);
    admission.refusal_ = Error(Reason::kOverloaded, "too many connections are open").with_retry_after(1);
  }
  if (!admission.refusal_ || core.refusing.take(1)) return admission;
  admission.core_ = nullptr;
  return std::nullopt;
}

Admission::Admission(Admission&& other) noexcept
    : core_(std::exchange(other.core_, nullptr)),
      client_(other.client_),
      refusal_(std::move(other.refusal_)) {}

Admission::~Admission() {
  if (core_ == nullptr) return;
  if (refusal_) {
    core_->refusing.give_back(1);
  } else {
    core_->serving.give_back(1);
    core_->clients.close(client_);
  }
}

}  // namespace slate::http
