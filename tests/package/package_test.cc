// The installed package: the examples of embedding and of the client, built against it in both ways that
// others do, and its headers.

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "testing/child_process.h"

namespace slate {
namespace {

using slate::testing::Finished;
using slate::testing::TemporaryFolder;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kExpected =
    "wrote 4 records\n"
    "1 Paris 2138551\n"
    "4 Marseille 870731\n"
    "refused: nam\n";
constexpr const char* kExpectedOfClient =
    "wrote 3 records\n"
    "Bern\n"
    "2 large cities\n"
    "1 Paris\n"
    "2 Lyon\n";

// In a shell, from the root of the file system.
Finished shell(const std::string& command) {
  return testing::run_program({"/bin/sh", "-c", "cd / && " + command});
}

// Installed once, for all tests.
class PackageTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = new TemporaryFolder();
    // Somewhere else than it was configured for, and moved afterwards: nothing in it may know its place.
    const Finished installed = shell(std::string(SLATE_CMAKE) + " --install " SLATE_BUILD_DIR " --prefix " +
                                     (folder->path() / "first").string());
    ASSERT_EQ(installed.exit, 0) << installed.out << installed.err;
    std::filesystem::rename(folder->path() / "first", prefix());
  }
  static void TearDownTestSuite() {
    delete folder;
    folder = nullptr;
  }

  static std::filesystem::path prefix() { return folder->path() / "slate"; }
  static std::filesystem::path libraries() { return prefix() / SLATE_LIBDIR; }
  static std::string path(const std::string& name) { return (folder->path() / name).string(); }
  // A sanitized library needs a sanitized program.
  static std::string flags() {
    const std::string sanitize = SLATE_SANITIZE;
    return sanitize.empty() ? "" : "-fsanitize=" + sanitize;
  }
  // Builds an example with find_package; the folder of the program.
  static std::string build_by_cmake(const std::string& example) {
    const std::string build = path("cmake-" + example);
    const Finished built =
        shell(std::string(SLATE_CMAKE) + " -S " SLATE_SOURCE_DIR "/examples/" + example + " -B " + build +
              " -G '" SLATE_GENERATOR "' -DCMAKE_CXX_COMPILER=" SLATE_CXX " -DCMAKE_CXX_FLAGS='" + flags() +
              "' -DCMAKE_PREFIX_PATH=" + prefix().string() + " && " + SLATE_CMAKE + " --build " + build);
    EXPECT_EQ(built.exit, 0) << built.out << built.err;
    return build;
  }
  static std::string pkg_config() {
    return "PKG_CONFIG_PATH=" + (libraries() / "pkgconfig").string() + " pkg-config ";
  }
  // Builds an example with the flags of a package; the program.
  static std::string build_by_pkg_config(const std::string& example, const std::string& package) {
    const std::string program = path("by-pkg-config-" + example);
    const Finished built = shell(SLATE_CXX " -std=c++23 " + flags() + " " SLATE_SOURCE_DIR "/examples/" +
                                 example + "/main.cc -o " + program + " $(" + pkg_config() +
                                 "--cflags --libs " + package + ") -Wl,-rpath," + libraries().string());
    EXPECT_EQ(built.exit, 0) << built.out << built.err;
    return program;
  }
  void expect_output(const std::string& program) {
    const Finished run = shell(program + " " + path("data-" + std::string(test_name())));
    EXPECT_EQ(run.exit, 0) << run.err;
    EXPECT_EQ(run.out, kExpected) << run.err;
  }
  // Asks the installed program, started as `slate db`.
  void expect_output_of_client(const std::string& program) {
    testing::ChildProcess database({(prefix() / "bin/slate").string(), "db", "--listen", "127.0.0.1:0",
                                    "--data", path("db-" + std::string(test_name())), "--log-level", "off"});
    const auto line = database.read_until("is serving on ");
    ASSERT_TRUE(line);
    const auto begin = line->find("127.0.0.1:");
    const Finished run = shell(program + " " + line->substr(begin, line->find(',', begin) - begin));
    EXPECT_EQ(run.exit, 0) << run.err;
    EXPECT_EQ(run.out, kExpectedOfClient) << run.err;
  }
  static const char* test_name() { return ::testing::UnitTest::GetInstance()->current_test_info()->name(); }

  static TemporaryFolder* folder;
};
TemporaryFolder* PackageTest::folder = nullptr;

TEST_F(PackageTest, find_package_builds_the_example) { expect_output(build_by_cmake("embed") + "/embed"); }

TEST_F(PackageTest, find_package_builds_the_client) {
  expect_output_of_client(build_by_cmake("client") + "/client");
}

TEST_F(PackageTest, pkg_config_builds_the_example) {
  expect_output(build_by_pkg_config("embed", "slate"));
  EXPECT_EQ(shell(pkg_config() + "--modversion slate").out, SLATE_VERSION "\n");
}

TEST_F(PackageTest, pkg_config_builds_the_client) {
  expect_output_of_client(build_by_pkg_config("client", "slate_client"));
}

TEST_F(PackageTest, headers_compile_alone) {
  std::vector<std::string> headers;
  for (const auto& each : std::filesystem::directory_iterator(prefix() / "include" / "slate"))
    headers.push_back(each.path().filename().string());
  EXPECT_GE(headers.size(), 15u);
  for (const std::string& header : headers) {
    const Finished compiled =
        shell("echo '#include <slate/" + header +
              ">' | " SLATE_CXX " -std=c++23 -fsyntax-only -Wall -Wextra -Werror -x c++ -I" +
              (prefix() / "include").string() + " -");
    EXPECT_EQ(compiled.exit, 0) << header << "\n" << compiled.err;
  }
}

TEST_F(PackageTest, every_public_header_is_installed) {
  for (const auto& each : std::filesystem::directory_iterator(SLATE_SOURCE_DIR "/include/slate"))
    EXPECT_TRUE(std::filesystem::exists(prefix() / "include" / "slate" / each.path().filename()))
        << each.path();
}

TEST_F(PackageTest, library_needs_neither_grpc_nor_what_only_the_program_uses) {
  const Finished needed = shell("readelf -d " + (libraries() / "libslate.so").string() + " | grep NEEDED");
  ASSERT_EQ(needed.exit, 0) << needed.err;
  for (const char* library : {"grpc", "protobuf", "prometheus", "boost_coroutine"})
    EXPECT_THAT(needed.out, Not(HasSubstr(library)));
  EXPECT_THAT(needed.out, HasSubstr("liblmdb"));
}

TEST_F(PackageTest, library_of_the_client_needs_no_grpc) {
  const Finished needed =
      shell("readelf -d " + (libraries() / "libslate_client.so").string() + " | grep NEEDED");
  ASSERT_EQ(needed.exit, 0) << needed.err;
  EXPECT_THAT(needed.out, HasSubstr("libslate.so"));
  for (const char* library : {"grpc", "prometheus", "boost_coroutine"})
    EXPECT_THAT(needed.out, Not(HasSubstr(library)));
}

TEST_F(PackageTest, library_shows_no_names_but_its_own) {
  const Finished names = shell("nm -D --defined-only --demangle " + (libraries() / "libslate.so").string() +
                               " " + (libraries() / "libslate_client.so").string() + " | grep -v '^$\\|:$'");
  ASSERT_EQ(names.exit, 0) << names.err;
  EXPECT_THAT(names.out, HasSubstr("slate::Database::open("));
  EXPECT_THAT(names.out, HasSubstr("slate::Client::connect("));
  std::istringstream lines(names.out);
  std::string address, kind, name;
  while (lines >> address >> kind && std::getline(lines >> std::ws, name)) {
    for (const std::string front : {"typeinfo name for ", "typeinfo for ", "vtable for ", "VTT for "})
      if (name.starts_with(front)) name.erase(0, front.size());
    ASSERT_TRUE(name.starts_with("slate::")) << name;
  }
}

TEST_F(PackageTest, a_component_that_is_not_there_is_named) {
  std::filesystem::create_directory(path("wants-more"));
  std::ofstream(path("wants-more/CMakeLists.txt"))
      << "cmake_minimum_required(VERSION 3.25)\nproject(x LANGUAGES NONE)\nfind_package(slate REQUIRED "
         "COMPONENTS "
         "embed telepathy)\n";
  const Finished configured = shell(std::string(SLATE_CMAKE) + " -S " + path("wants-more") + " -B " +
                                    path("none") + " -DCMAKE_PREFIX_PATH=" + prefix().string());
  EXPECT_NE(configured.exit, 0);
  EXPECT_THAT(configured.err, HasSubstr("telepathy"));
}

TEST_F(PackageTest, program_and_completions_are_installed) {
  EXPECT_THAT(shell((prefix() / "bin/slate").string() + " version").out, HasSubstr("slate " SLATE_VERSION));
  const Finished completion =
      shell("bash -n " + (prefix() / "share/bash-completion/completions/slate").string() + " && cat " +
            (prefix() / "share/zsh/site-functions/_slate").string() + " " +
            (prefix() / "share/fish/vendor_completions.d/slate.fish").string());
  EXPECT_EQ(completion.exit, 0) << completion.err;
  EXPECT_THAT(completion.out, HasSubstr("#compdef slate"));
}

}  // namespace
}  // namespace slate
