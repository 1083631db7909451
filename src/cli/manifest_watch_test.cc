#include "cli/manifest_watch.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "base/log.h"
#include "cli/testing/catalog_fake.h"
#include "net/testing/temporary_folder.h"

namespace slate::cli {
namespace {

using testing::CatalogFake;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kOrders =
    "apiVersion: slate.io/v1alpha1\nkind: Datasource\nmetadata: {name: orders}\n"
    "spec:\n  fields:\n    - {name: customer, type: string}\n";

class ManifestWatchTest : public ::testing::Test {
 protected:
  ManifestWatchTest() {
    log::configure(log::Level::kOff, log::Format::kText);
    folder_.write("orders.yaml", kOrders);
  }
  std::unique_ptr<ManifestWatch> start() {
    auto watch = ManifestWatch::start(
        [this](const auto& use) -> Result<void> {
          if (!is_there_) return fail(Reason::kUnavailable, "away");
          return use(database_);
        },
        {.folder = folder_.path("")});
    EXPECT_TRUE(watch) << watch.error().to_string();
    return *std::move(watch);
  }

  net::testing::TemporaryFolder folder_;
  CatalogFake database_;
  bool is_there_ = true;
};

TEST_F(ManifestWatchTest, what_a_database_that_is_away_is_owed_comes_later) {
  is_there_ = false;
  const auto watch = start();
  watch->apply_owed();
  EXPECT_THAT(database_.calls(), IsEmpty());
  is_there_ = true;
  watch->apply_owed();
  EXPECT_THAT(database_.calls(), ElementsAre("save orders"));
  watch->apply_owed();
  EXPECT_EQ(database_.calls().size(), 1u) << "nothing is owed any more";
}

TEST_F(ManifestWatchTest, what_a_database_had_no_time_for_is_owed) {
  for (const Reason reason : {Reason::kUnavailable, Reason::kOverloaded, Reason::kConflict,
                              Reason::kCancelled, Reason::kDeadlineExceeded}) {
    CatalogFake database;
    database.break_down("orders", Error(reason, "not now"));
    const auto watch =
        ManifestWatch::start([&](const auto& use) { return use(database); }, {.folder = folder_.path("")})
            .value();
    EXPECT_THAT(database.calls(), IsEmpty());
    database.repair();
    watch->apply_owed();
    EXPECT_THAT(database.calls(), ElementsAre("save orders")) << reason_info(reason).name;
  }
}

TEST_F(ManifestWatchTest, what_a_document_has_wrong_is_not_tried_again_until_it_changes) {
  database_.break_down("orders", Error(Reason::kInvalidArgument, "wrong"));
  const auto watch = start();
  database_.repair();
  watch->apply_owed();
  EXPECT_THAT(database_.calls(), IsEmpty());
}

TEST_F(ManifestWatchTest, another_database_gets_everything) {
  const auto watch = start();
  CatalogFake another;
  EXPECT_TRUE(watch->apply_to(another));
  EXPECT_THAT(another.calls(), ElementsAre("save orders"));
}

}  // namespace
}  // namespace slate::cli
