#include "api/load_events.h"

#include <gmock/gmock.h>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "loader/testing/memory_target.h"
#include "loader/testing/scripted_loader.h"

namespace slate::api {
namespace {

using slate::testing::MemoryTarget;
using slate::testing::numbered_datasource;
using slate::testing::numbered_rows;
using slate::testing::ScriptedLoader;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A load that is held, and time that stands still.
struct LoadEventsTest : ::testing::Test {
  LoadEventsTest() {
    log::configure(log::Level::kOff, log::Format::kText);
    loader.hold();
    load = refresher.refresh(datasource, {}, {});
  }

  static std::string next(http::BodyStream& stream, bool more = true) {
    std::string chunk;
    const auto result = stream.next(chunk);
    EXPECT_TRUE(result);
    EXPECT_EQ(result.value_or(!more), more);
    return chunk;
  }
  // Whether the stream asked for more within so long.
  bool resumes_after(http::BodyStream& stream, milliseconds delay) {
    const auto resumed = std::make_shared<bool>(false);
    stream.when_ready([resumed] { *resumed = true; });
    timer.advance(delay);
    return *resumed;
  }

  ScriptedLoader loader{{.rows = numbered_rows(10)}};
  Datasource datasource = numbered_datasource("people", loader.endpoint());
  MemoryTarget target;
  Refresher refresher{target, {}};
  net::ManualDeadlineTimer timer;
  LoadEvents events{refresher, &timer};
  LoadId load;
};

TEST_F(LoadEventsTest, first_event_comes_at_once_and_later_ones_wait_for_the_timer) {
  ASSERT_TRUE(loader.wait_for_calls(1));
  const auto stream = *events.listen(load);
  EXPECT_TRUE(resumes_after(*stream, milliseconds(0)));
  EXPECT_THAT(next(*stream), StartsWith("event: loading\ndata: {"));
  EXPECT_FALSE(resumes_after(*stream, milliseconds(249)));
  timer.advance(milliseconds(1));
  EXPECT_EQ(next(*stream), "") << "nothing has changed";
}

TEST_F(LoadEventsTest, comment_breaks_a_long_silence) {
  ASSERT_TRUE(loader.wait_for_calls(1));
  const auto stream = *events.listen(load);
  next(*stream);
  timer.advance(milliseconds(14'999));
  EXPECT_EQ(next(*stream), "");
  timer.advance(milliseconds(1));
  EXPECT_EQ(next(*stream), ":\n\n");
  EXPECT_EQ(next(*stream), "");
}

TEST_F(LoadEventsTest, end_is_the_last_event) {
  const auto stream = *events.listen(load);
  refresher.shutdown();
  EXPECT_THAT(next(*stream, false), HasSubstr("event: failed\nid: end\ndata: {"));
}

TEST_F(LoadEventsTest, listeners_are_bounded_and_one_that_leaves_makes_room) {
  std::vector<std::unique_ptr<http::BodyStream>> streams;
  for (std::size_t i = 0; i < LoadEvents::kMostListeners; ++i) streams.push_back(*events.listen(load));
  EXPECT_EQ(events.listen(load).error().reason(), Reason::kOverloaded);
  streams.pop_back();
  EXPECT_TRUE(events.listen(load));
  EXPECT_EQ(events.listen("none").error().reason(), Reason::kNotFound);
}

}  // namespace
}  // namespace slate::api
