// What takes part in the comparison.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>

#include "bench/compare/answer.h"
#include "bench/compare/line.h"

namespace slate::bench::compare {

enum class Role : std::uint8_t {
  kSlate,
  kPeer,   // what a user could pick instead
  kLimit,  // what no database could beat: no types, no planner, no API
};

inline std::string_view setup_name(Indexes indexes) {
  return indexes == Indexes::kTwo ? "two indexes" : "two indexes and a compound one";
}

// One engine, set up in one way, that holds the records of the workload. One thread at a time.
class Engine {
 public:
  virtual ~Engine() = default;

  virtual Role role() const = 0;
  // "SQLite". Engines of one name are the same in different setups: the best of them counts.
  virtual std::string_view name() const = 0;
  virtual Indexes indexes() const = 0;
  // For people: "two indexes".
  virtual std::string_view setup() const { return setup_name(indexes()); }
  virtual bool runs(const Line& line) const = 0;

  // Before every run of a line, outside of its time: statements that are not prepared yet, an empty table for
  // INS.
  virtual Result<void> prepare(const Line& line) = 0;
  // What is timed. Reads every cell that is returned with a CellFold. The answer to a count has that many
  // rows and nothing folded; a write answers how many records it wrote.
  virtual Result<Answer> run(const Line& line) = 0;
  // A query: runs it once more and reads with a CellCheck. A write: reads all records where run() wrote them.
  virtual Result<Answer> check(const Line& line) = 0;
};

struct EngineFamily {
  std::vector<std::unique_ptr<Engine>> engines;
  std::string version;  // "SQLite 3.40.1, WAL, synchronous=OFF, one thread"
};

}  // namespace slate::bench::compare
