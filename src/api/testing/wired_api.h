// What stands behind the routes, in front of any database, wired as `slate serve` wires it.
#pragma once

#include <memory>
#include <utility>

#include <slate/clock.h>
#include <slate/database.h>

#include "api/api.h"
#include "lists/list_service.h"
#include "lists/refresh_target.h"
#include "net/blocking_pool.h"
#include "net/testing/patience.h"

namespace slate::api::testing {

class WiredApi {
 public:
  // Both must outlive it.
  explicit WiredApi(Database& database, const Clock& clock = system_clock(), AnswersOptions answers = {})
      : answers_(std::move(answers)),
        target_(database),
        refresher_(target_, RefresherOptions{.clock = &clock,
                                             .random = [] { return 0.0; },
                                             .observer = metrics_.refresh_observer(),
                                             .attempt_observer = metrics_.attempt_observer()}),
        lists_(database, refresher_,
               [this](ListService::Task task) {
                 return pool_->submit(std::move(task), net::Admission::kAlways);
               }),
        context_{.database = database,
                 .lists = lists_,
                 .refresher = refresher_,
                 .metrics = metrics_,
                 .answers = answers_,
                 .ready = []() -> Result<void> { return {}; },
                 .pool = pool_.get()} {}
  // stop().
  ~WiredApi() { stop(); }
  WiredApi(const WiredApi&) = delete;
  WiredApi& operator=(const WiredApi&) = delete;

  // Answers who still waits. Who serves its routes has stopped by then.
  void stop() {
    refresher_.shutdown();
    pool_.reset();
  }

  http::Router router() { return make_router(context_); }
  // May be changed while no request runs.
  ApiContext& context() { return context_; }
  Metrics& metrics() { return metrics_; }
  Answers& answers() { return answers_; }
  net::BlockingPool& pool() { return *pool_; }
  Refresher& refresher() { return refresher_; }

 private:
  Metrics metrics_;
  Answers answers_;
  DatabaseTarget target_;
  Refresher refresher_;
  std::unique_ptr<net::BlockingPool> pool_ =
      std::make_unique<net::BlockingPool>(net::testing::patient_pool(4));
  ListService lists_;
  ApiContext context_;
};

}  // namespace slate::api::testing
