// What a scenario talks to: the interface of a database, or HTTP in front of one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <slate/database.h>

#include "scenario/questions.h"
#include "testing/served_api.h"

namespace slate::scenario {

// Of one datasource.
class Front {
 public:
  virtual ~Front() = default;

  virtual Result<void> save(const Datasource& datasource) = 0;
  // One transaction; all writes are of one kind, and none deletes.
  virtual Result<void> write(std::span<const RecordWrite> writes) = 0;
  // Those that are there; others do not matter.
  virtual Result<void> remove(std::span<const std::string> ids) = 0;
  virtual Result<void> remove_all() = 0;

  // What is asked from here on is of what is stored now. Comes before the first question.
  virtual Result<void> look() = 0;
  virtual Result<Answer> query(const Question& question, const Page& page, const QueryOptions& options) = 0;
  // Of the question's filter.
  virtual Result<Count> count(const Question& question, std::optional<std::uint64_t> limit,
                              const QueryOptions& options) = 0;
  // Of the question's filter, at most as many as it takes.
  virtual Result<Values> distinct(const std::string& field, DistinctOrder order, const Question& question,
                                  const QueryOptions& options) = 0;
};

// Both must outlive it.
std::unique_ptr<Front> make_database_front(Database& database, std::string datasource);
// Questions are asked in their own words, by URL or in JSON, and rows come as JSON and as NDJSON, which must
// agree. REQUIRES: options are the usual ones, as HTTP has none.
std::unique_ptr<Front> make_http_front(slate::testing::ServedApi& api, std::string datasource);

}  // namespace slate::scenario
