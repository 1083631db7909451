#include "cli/progress_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace slate::cli {
namespace {

using std::chrono::milliseconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(ProgressLine, text_has_rows_rate_and_time) {
  EXPECT_EQ(progress_text({.count = 1'204'000, .unit = "rows"}, milliseconds(14'000)),
            "1,204,000 rows  86,000 rows/s  0:14");
  EXPECT_EQ(progress_text({.count = 7, .unit = "rows"}, milliseconds(0)), "7 rows  0:00");
  EXPECT_EQ(progress_text({.count = 60, .unit = "rows"}, milliseconds(61'000)), "60 rows  0 rows/s  1:01");
}

TEST(ProgressLine, percent_is_shown_where_the_whole_is_known_and_never_beyond_it) {
  EXPECT_EQ(progress_text({.count = 5, .unit = "rows", .done = 1, .all = 2}, milliseconds(1000)),
            "[==========>         ]  50 %  5 rows  5 rows/s  0:01");
  EXPECT_THAT(progress_text({.count = 5, .unit = "rows", .done = 9, .all = 2}, milliseconds(1000)),
              HasSubstr("[====================] 100 %"));
  EXPECT_THAT(progress_text({.count = 0, .unit = "rows", .done = 0, .all = 0}, milliseconds(1000)),
              HasSubstr("100 %"));
}

class ProgressLineOnScreen : public ::testing::Test {
 protected:
  std::istringstream in_;
  std::ostringstream out_, err_;
  std::chrono::steady_clock::time_point now_{};
  ProgressLine::Clock clock_ = [this] { return now_; };
};

TEST_F(ProgressLineOnScreen, is_drawn_at_most_ten_times_a_second_and_taken_away) {
  Terminal terminal{in_, out_, err_, Screen::kYes};
  {
    ProgressLine line(terminal, "import", clock_);
    line.show({.count = 1, .unit = "rows"});
    line.show({.count = 2, .unit = "rows"});
    EXPECT_EQ(err_.str(), "\r\x1b[Kimport  1 rows  0:00");
    now_ += milliseconds(100);
    line.show({.count = 3, .unit = "rows"});
    EXPECT_THAT(err_.str(), EndsWith("import  3 rows  30 rows/s  0:00"));
  }
  EXPECT_THAT(err_.str(), EndsWith("\r\x1b[K"));
}

TEST_F(ProgressLineOnScreen, nothing_is_written_where_nobody_watches) {
  Terminal terminal{in_, out_, err_};
  {
    ProgressLine line(terminal, "import", clock_);
    line.show({.count = 1, .unit = "rows"});
  }
  EXPECT_EQ(err_.str(), "");
}

TEST(Grouped, thousands_have_commas) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1'234'567'890), "1,234,567,890");
}

}  // namespace
}  // namespace slate::cli
