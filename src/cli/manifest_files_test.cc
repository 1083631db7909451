#include "cli/manifest_files.h"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <string>

namespace slate::cli {
namespace {

namespace fs = std::filesystem;

class ManifestFilesTest : public ::testing::Test {
 protected:
  ManifestFilesTest() {
    std::string pattern = (fs::temp_directory_path() / "slate-manifests-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ManifestFilesTest() override { fs::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; }

  fs::path folder_;
};

TEST_F(ManifestFilesTest, takes_yaml_and_json_by_name_and_nothing_else) {
  write("b.yml", "b");
  write("a.yaml", "a");
  write("c.json", "c");
  write(".hidden.yaml", "no");
  write("notes.txt", "no");
  write("a.yaml~", "no");
  fs::create_directory(folder_ / "sub.yaml");
  const auto files = read_manifest_folder(folder_);
  ASSERT_TRUE(files) << files.error().to_string();
  ASSERT_EQ(files->size(), 3U);
  EXPECT_EQ((*files)[0].file, "a.yaml");
  EXPECT_EQ((*files)[0].text, "a");
  EXPECT_EQ((*files)[1].file, "b.yml");
  EXPECT_EQ((*files)[2].file, "c.json");
}

TEST_F(ManifestFilesTest, follows_links_as_kubernetes_mounts_them) {
  fs::create_directory(folder_ / "..data");
  write("..data/a.yaml", "text");
  fs::create_symlink("..data/a.yaml", folder_ / "a.yaml");
  const auto files = read_manifest_folder(folder_);
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ(files->front().text, "text");
}

TEST_F(ManifestFilesTest, an_unreadable_file_comes_with_its_error) {
  fs::create_symlink("nowhere", folder_ / "gone.yaml");
  write("good.yaml", "good");
  const auto files = read_manifest_folder(folder_);
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 2U);
  EXPECT_EQ((*files)[0].file, "gone.yaml");
  EXPECT_FALSE((*files)[0].text);
  EXPECT_TRUE((*files)[1].text);
}

TEST_F(ManifestFilesTest, an_empty_file_is_empty_text) {
  write("a.yaml", "");
  const auto text = read_manifest_file(folder_ / "a.yaml");
  ASSERT_TRUE(text) << text.error().to_string();
  EXPECT_EQ(*text, "");
}

TEST_F(ManifestFilesTest, a_file_beyond_the_limit_is_refused_unread) {
  write("a.yaml", "");
  fs::resize_file(folder_ / "a.yaml", kLongestManifest + 1);
  const auto text = read_manifest_file(folder_ / "a.yaml");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().reason(), Reason::kInvalidArgument);
}

TEST_F(ManifestFilesTest, a_missing_folder_is_not_found) {
  const auto files = read_manifest_folder(folder_ / "none");
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().reason(), Reason::kNotFound);
}

TEST_F(ManifestFilesTest, origins_come_back_as_they_were_saved) {
  const ManifestOrigins origins{{{ResourceKind::kDatasource, "orders"}, "a.yaml"},
                                {{ResourceKind::kListView, "orders"}, "b \"quoted\".yaml"}};
  ASSERT_TRUE(save_origins(folder_ / "memory", {}));
  ASSERT_TRUE(save_origins(folder_ / "memory", origins));
  const auto loaded = load_origins(folder_ / "memory");
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(*loaded, origins);
  EXPECT_FALSE(fs::exists(folder_ / "memory.next"));
}

TEST_F(ManifestFilesTest, no_memory_is_an_empty_one) {
  const auto loaded = load_origins(folder_ / "memory");
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->empty());
}

TEST_F(ManifestFilesTest, a_damaged_memory_is_never_taken_for_an_empty_one) {
  for (const std::string text : {"", "{", "[]", "{}", R"({"Datasource":{},"ListView":[]})",
                                 R"({"Datasource":{"a":1},"ListView":{}})"}) {
    write("memory", text);
    const auto loaded = load_origins(folder_ / "memory");
    ASSERT_FALSE(loaded) << text;
    EXPECT_EQ(loaded.error().reason(), Reason::kCorrupt) << text;
  }
}

}  // namespace
}  // namespace slate::cli
