// The units in deploy/systemd, by systemd's own eyes where it is installed.

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <sstream>
#include <string>

#include "testing/child_process.h"

namespace slate {
namespace {

using slate::testing::Finished;
using slate::testing::run_program;
using slate::testing::TemporaryFolder;
using ::testing::HasSubstr;

class Systemd : public ::testing::TestWithParam<const char*> {
 protected:
  static std::string path() { return SLATE_SOURCE_DIR "/deploy/systemd/" + std::string(GetParam()); }
  static std::string unit() {
    std::ifstream file(path());
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

TEST_P(Systemd, unit_is_hardened) {
  for (const char* line :
       {"DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes",
        "PrivateDevices=yes", "CapabilityBoundingSet=\n", "RestrictAddressFamilies=",
        "MemoryDenyWriteExecute=yes", "SystemCallFilter=@system-service", "RestrictNamespaces=yes"})
    EXPECT_THAT(unit(), HasSubstr("\n" + std::string(line)));
}

TEST_P(Systemd, unit_is_verified_by_systemd) {
  if (run_program({"/bin/sh", "-c", "command -v systemd-analyze"}).exit != 0)
    GTEST_SKIP() << "systemd-analyze is not installed: the unit was not verified";
  const TemporaryFolder folder;
  std::string text = unit();
  const std::string installed = "/usr/bin/slate";
  const auto at = text.find(installed);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, installed.size(), SLATE_PROGRAM);
  const std::string file = (folder.path() / GetParam()).string();
  std::ofstream(file) << text;
  const Finished verified = run_program({"/bin/sh", "-c", "systemd-analyze verify --man=no " + file});
  EXPECT_EQ(verified.exit, 0) << verified.err;
  EXPECT_THAT(verified.err, ::testing::Not(HasSubstr(file))) << "no warning is of this unit";
}

TEST_P(Systemd, exposure_is_low) {
  if (run_program({"/bin/sh", "-c", "command -v systemd-analyze"}).exit != 0)
    GTEST_SKIP() << "systemd-analyze is not installed: the exposure was not measured";
  const Finished security =
      run_program({"/bin/sh", "-c", "systemd-analyze security --offline=true --threshold=20 " + path()});
  EXPECT_EQ(security.exit, 0) << security.out << security.err;
}

INSTANTIATE_TEST_SUITE_P(Units, Systemd,
                         ::testing::Values("slate.service", "slate-db.service", "slate-api.service"),
                         [](const auto& unit) {
                           const std::string name = unit.param;
                           return name == "slate.service"      ? std::string("serve")
                                  : name == "slate-db.service" ? std::string("db")
                                                               : std::string("api");
                         });

}  // namespace
}  // namespace slate
