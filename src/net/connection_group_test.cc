#include "net/connection_group.h"

#include <functional>
#include <future>
#include <gtest/gtest.h>
#include <optional>
#include <thread>

namespace slate::net {
namespace {

using namespace std::chrono_literals;

// Closes when it is told to, in the way the test wants.
class Member final : public GroupMember {
 public:
  explicit Member(const std::shared_ptr<ConnectionGroup>& group) : alive_(std::in_place, group) {}
  void close_when_idle() override { on_asked(); }
  void close_now() override { on_insisted(); }
  void go() { alive_.reset(); }

  std::function<void()> on_asked = [] {};
  std::function<void()> on_insisted = [] {};

 private:
  std::optional<AliveGuard> alive_;
};

TEST(ConnectionGroup, members_are_kept_until_they_are_released) {
  const auto group = std::make_shared<ConnectionGroup>();
  auto member = std::make_shared<Member>(group);
  const std::weak_ptr<Member> watched = member;
  EXPECT_TRUE(group->add(member));
  const Member* key = member.get();
  member.reset();
  EXPECT_EQ(group->open(), 1u);
  EXPECT_FALSE(watched.expired());
  group->release(key);
  group->release(key);
  EXPECT_EQ(group->open(), 0u);
  EXPECT_TRUE(watched.expired());
}

TEST(ConnectionGroup, finish_asks_and_does_not_insist_when_all_have_gone) {
  const auto group = std::make_shared<ConnectionGroup>();
  const auto member = std::make_shared<Member>(group);
  int insisted = 0;
  member->on_asked = [&] {
    EXPECT_EQ(group->phase(), Phase::kFinishing);
    member->go();
    group->release(member.get());
  };
  member->on_insisted = [&] { ++insisted; };
  EXPECT_TRUE(group->add(member));
  group->finish(1h);
  EXPECT_EQ(insisted, 0);
  EXPECT_EQ(group->phase(), Phase::kEnded);
}

TEST(ConnectionGroup, finish_insists_after_the_grace) {
  const auto group = std::make_shared<ConnectionGroup>();
  const auto member = std::make_shared<Member>(group);
  member->on_insisted = [&] {
    EXPECT_EQ(group->phase(), Phase::kEnded);
    member->go();
  };
  EXPECT_TRUE(group->add(member));
  group->finish(0ms);
  member->on_insisted = [] {};
  group->release(member.get());
}

TEST(ConnectionGroup, finish_waits_for_what_is_no_member) {
  const auto group = std::make_shared<ConnectionGroup>();
  std::optional<AliveGuard> moved;
  {
    AliveGuard guard(group);
    moved.emplace(std::move(guard));
  }  // moved from: counts for nothing
  auto finished = std::async(std::launch::async, [&] { group->finish(0ms); });
  while (group->phase() != Phase::kEnded) std::this_thread::yield();
  EXPECT_EQ(finished.wait_for(0s), std::future_status::timeout);
  moved.reset();
  finished.get();
}

TEST(ConnectionGroup, nothing_joins_a_group_that_ends) {
  const auto group = std::make_shared<ConnectionGroup>();
  group->finish(0ms);
  EXPECT_FALSE(group->add(std::make_shared<Member>(group)));
  EXPECT_EQ(group->open(), 0u);
}

}  // namespace
}  // namespace slate::net
