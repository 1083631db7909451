#include "net/file_watcher.h"

#include <condition_variable>
#include <fstream>
#include <gtest/gtest.h>
#include <mutex>
#include <string>

namespace slate::net {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class FileWatcherTest : public ::testing::Test {
 protected:
  FileWatcherTest() {
    std::string pattern = (fs::temp_directory_path() / "slate-watch-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    directory_ = root_ / "watched";
    fs::create_directory(directory_);
  }
  ~FileWatcherTest() override {
    watcher_.reset();
    fs::remove_all(root_);
  }

  void watch(FileWatcherOptions options = {.quiet = 5ms, .at_most = 100ms}) {
    auto made = FileWatcher::watch(
        directory_,
        [this] {
          const std::scoped_lock lock(mutex_);
          ++calls_;
          called_.notify_all();
        },
        options);
    ASSERT_TRUE(made) << made.error().to_string();
    watcher_ = std::move(*made);
  }
  static void write(const fs::path& path, const std::string& text = "x") { std::ofstream(path) << text; }
  // Whether a call comes that has not been waited for yet.
  bool wait_for_call() {
    std::unique_lock lock(mutex_);
    if (!called_.wait_for(lock, 30s, [this] { return calls_ > seen_; })) return false;
    seen_ = calls_;
    return true;
  }
  int calls() {
    const std::scoped_lock lock(mutex_);
    return calls_;
  }

  fs::path root_;
  fs::path directory_;
  std::unique_ptr<FileWatcher> watcher_;

 private:
  std::mutex mutex_;
  std::condition_variable called_;
  int calls_ = 0;
  int seen_ = 0;
};

TEST_F(FileWatcherTest, tells_of_a_new_file) {
  watch();
  write(directory_ / "a.yaml");
  EXPECT_TRUE(wait_for_call());
}

TEST_F(FileWatcherTest, tells_of_a_changed_file) {
  write(directory_ / "a.yaml");
  watch();
  write(directory_ / "a.yaml", "other");
  EXPECT_TRUE(wait_for_call());
}

TEST_F(FileWatcherTest, tells_of_a_removed_file) {
  write(directory_ / "a.yaml");
  watch();
  fs::remove(directory_ / "a.yaml");
  EXPECT_TRUE(wait_for_call());
}

TEST_F(FileWatcherTest, tells_of_a_file_moved_over_another) {
  write(directory_ / "a.yaml");
  write(root_ / "new");
  watch();
  fs::rename(root_ / "new", directory_ / "a.yaml");
  EXPECT_TRUE(wait_for_call());
}

TEST_F(FileWatcherTest, tells_of_a_kubernetes_volume_update) {
  fs::create_directory(directory_ / "..2024_1");
  fs::create_directory(directory_ / "..2024_2");
  fs::create_directory_symlink("..2024_1", directory_ / "..data");
  fs::create_directory_symlink("..2024_2", directory_ / "..data_tmp");
  watch();
  fs::rename(directory_ / "..data_tmp", directory_ / "..data");
  EXPECT_TRUE(wait_for_call());
}

TEST_F(FileWatcherTest, tells_of_a_directory_that_went_and_came_back) {
  watch();
  fs::remove_all(directory_);
  ASSERT_TRUE(wait_for_call());
  fs::create_directory(directory_);
  ASSERT_TRUE(wait_for_call());
  write(directory_ / "a.yaml");
  EXPECT_TRUE(wait_for_call());
}

TEST_F(FileWatcherTest, burst_of_changes_is_one_call) {
  watch({.quiet = 400ms, .at_most = 60s});
  for (int i = 0; i < 100; ++i) write(directory_ / std::to_string(i));
  ASSERT_TRUE(wait_for_call());
  write(directory_ / "last");
  ASSERT_TRUE(wait_for_call());
  EXPECT_EQ(calls(), 2);
}

TEST_F(FileWatcherTest, steady_changes_cannot_put_the_call_off_for_ever) {
  watch({.quiet = 10s, .at_most = 50ms});
  write(directory_ / "a");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(wait_for_call());
  EXPECT_LT(std::chrono::steady_clock::now() - start, 9s);
}

TEST_F(FileWatcherTest, ends_while_a_change_is_waiting) {
  watch({.quiet = 1h, .at_most = 1h});
  write(directory_ / "a");
  watcher_.reset();
  EXPECT_EQ(calls(), 0);
}

TEST_F(FileWatcherTest, missing_directory_is_not_found) {
  const auto made = FileWatcher::watch(root_ / "missing", [] {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().reason(), Reason::kNotFound);
}

TEST_F(FileWatcherTest, plain_file_is_not_a_directory_to_watch) {
  write(root_ / "file");
  const auto made = FileWatcher::watch(root_ / "file", [] {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().reason(), Reason::kNotFound);
}

}  // namespace
}  // namespace slate::net
