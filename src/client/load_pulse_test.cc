#include "client/load_pulse.h"

#include <gtest/gtest.h>

namespace slate::client {
namespace {

TEST(LoadPulse, a_load_that_sends_rows_says_nothing_else) {
  LoadPulse pulse(3);
  for (std::uint64_t frame = 1; frame < 100; ++frame)
    EXPECT_FALSE(pulse.is_due(frame, {.rows = 1'000 * frame})) << frame;
}

TEST(LoadPulse, progress_without_a_frame_is_told_at_the_next_tick) {
  LoadPulse pulse(10);
  for (std::uint64_t rows = 1; rows < 100; ++rows) EXPECT_TRUE(pulse.is_due(0, {.rows = rows})) << rows;
}

TEST(LoadPulse, progress_behind_the_last_frame_is_told_once) {
  LoadPulse pulse(10);
  EXPECT_FALSE(pulse.is_due(1, {.rows = 5}));
  EXPECT_TRUE(pulse.is_due(1, {.rows = 5})) << "the frame may have gone before the last of them";
  EXPECT_FALSE(pulse.is_due(1, {.rows = 5}));
  EXPECT_TRUE(pulse.is_due(1, {.rows = 6}));
}

TEST(LoadPulse, another_call_of_the_loader_is_progress_too) {
  LoadPulse pulse(10);
  EXPECT_TRUE(pulse.is_due(0, {.calls = 1}));
  EXPECT_FALSE(pulse.is_due(0, {.calls = 1}));
  EXPECT_TRUE(pulse.is_due(0, {.calls = 2}));
}

TEST(LoadPulse, a_silent_load_gives_a_sign_of_life_in_time_and_no_more_often) {
  LoadPulse pulse(3);
  EXPECT_TRUE(pulse.is_due(0, {}));
  int told = 0;
  for (int tick = 1; tick <= 30; ++tick) {
    const bool is_due = pulse.is_due(0, {});
    EXPECT_EQ(is_due, tick % 3 == 0) << tick;
    told += is_due ? 1 : 0;
  }
  EXPECT_EQ(told, 10);
}

TEST(LoadPulse, with_one_tick_of_silence_every_tick_without_a_frame_has_a_word) {
  LoadPulse pulse(1);
  for (int tick = 0; tick < 5; ++tick) EXPECT_TRUE(pulse.is_due(0, {}));
  EXPECT_FALSE(pulse.is_due(1, {}));
  EXPECT_TRUE(pulse.is_due(1, {}));
}

}  // namespace
}  // namespace slate::client
