// Whatever the moment at which the process is killed: what was acknowledged is there, what was under way is
// there whole or not at all, nothing needs repair, and no file is left over.
//
//   SLATE_CRASH_SEED=n     default 1
//   SLATE_CRASH_KILLS=n    default 60
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iostream>
#include <map>
#include <optional>
#include <random>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash/operations.h"
#include "db/audit.h"
#include "differential/reference.h"

namespace slate::crash {
namespace {

using differential::Cells;
using differential::Reference;

std::uint64_t setting(const char* name, std::uint64_t standard) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : standard;
}

// The writer in a process of its own, and what it says.
class Writer {
 public:
  Writer(const std::filesystem::path& folder, std::uint64_t seed, std::uint64_t first) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    const std::string arguments[] = {SLATE_CRASH_WRITER, folder, std::to_string(seed), std::to_string(first)};
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      ::execl(arguments[0].c_str(), arguments[0].c_str(), arguments[1].c_str(), arguments[2].c_str(),
              arguments[3].c_str(), nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    said_ = ::fdopen(ends[0], "r");
  }
  ~Writer() {
    std::fclose(said_);
    if (process_ > 0) kill();
  }

  // The next line, or nothing when the process has ended and everything it said was read.
  std::optional<std::string> line() {
    char text[64];
    if (std::fgets(text, sizeof(text), said_) == nullptr) return std::nullopt;
    std::string line(text);
    line.pop_back();
    return line;
  }
  // False when it had ended by itself.
  bool kill() {
    ::kill(process_, SIGKILL);
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = -1;
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

 private:
  pid_t process_ = -1;
  std::FILE* said_ = nullptr;
};

using State = std::vector<std::pair<std::string, Cells>>;  // in order of arrival

State state_of(const Reference& reference) {
  State state;
  for (const auto& record : reference.records()) state.emplace_back(record.id, record.cells);
  return state;
}

class CrashTest : public testing::Test {
 protected:
  CrashTest() {
    std::filesystem::remove_all(folder_);
    auto database = Database::open(options(folder_)).value();
    for (const char* id : kDatasources) EXPECT_TRUE(database->save_datasource(definition(id)).has_value());
    for (const std::string copy : kCopies)
      expected_.emplace(copy, definition(copy.substr(0, copy.find('/'))));
  }
  ~CrashTest() override { std::filesystem::remove_all(folder_); }

  // Lets the writer go on until it has said `lines` lines, kills it, and reads what it still said. Answers
  // the operation that was neither acknowledged nor not begun, if there is one.
  std::optional<Operation> run_and_kill(std::uint64_t lines) {
    Writer writer(folder_, seed_, next_);
    std::optional<std::uint64_t> under_way;
    const auto hear = [&](const std::string& line) {
      if (line.starts_with("B ")) under_way = std::stoull(line.substr(2));
      if (!line.starts_with("A ")) return;
      EXPECT_EQ(under_way, std::stoull(line.substr(2)));
      const Operation done = operation(seed_, *under_way);
      apply(expected_.at(done.copy()), done);
      next_ = *under_way + 1;
      under_way.reset();
      ++acknowledged_;
    };
    for (std::uint64_t i = 0; i < lines; ++i) {
      const auto line = writer.line();
      if (!line) break;
      hear(*line);
    }
    EXPECT_TRUE(writer.kill()) << "the writer failed by itself";
    while (const auto line = writer.line()) hear(*line);
    if (!under_way) return std::nullopt;
    next_ = *under_way + 1;
    return operation(seed_, *under_way);
  }

  static State stored(Snapshot& snapshot) {
    State state;
    auto rows = snapshot.query({}).value();
    for (const Batch* batch = rows->next().value(); batch != nullptr; batch = rows->next().value()) {
      for (std::size_t i = 0; i < batch->size(); ++i) {
        const Record record = to_record(rows->columns(), *batch, i);
        state.emplace_back(record.id, differential::cells_of(record));
      }
    }
    return state;
  }

  void expect_no_litter(Database& database) const {
    std::map<std::string, int> files;
    for (const auto& item : std::filesystem::recursive_directory_iterator(folder_ / "generations"))
      if (item.is_regular_file()) ++files[item.path().parent_path().filename() / item.path().extension()];
    for (const char* id : kDatasources) {
      const auto copies = 1 + static_cast<int>(database.get_datasource(id).value().scopes);
      EXPECT_EQ(files[std::string(id) + "/.mdb"], copies) << id;
      EXPECT_EQ(files[std::string(id) + "/.mdb-lock"], copies) << id;
    }
    EXPECT_EQ(files.size(), 6u);
  }

  void check(const std::optional<Operation>& under_way) {
    auto opened = Database::open(options(folder_));
    ASSERT_TRUE(opened.has_value()) << opened.error().to_string();
    Database& database = **opened;
    expect_no_litter(database);
    for (const char* id : kDatasources) {
      const auto report = audit_datasource(database, id);
      ASSERT_TRUE(report.has_value()) << report.error().to_string();
      for (const std::string& problem : report->problems) ADD_FAILURE() << id << ": " << problem;
    }
    for (auto& [copy, expected] : expected_) {
      const auto at = copy.find('/');
      const State found = stored(*database.snapshot({copy.substr(0, at), copy.substr(at + 1)}).value());
      if (found == state_of(expected)) continue;
      ASSERT_TRUE(under_way && under_way->copy() == copy)
          << copy << ": " << found.size() << " records, " << expected.records().size()
          << " were acknowledged";
      apply(expected, *under_way);
      ASSERT_EQ(found, state_of(expected))
          << "an operation is there in part, kind " << static_cast<int>(under_way->kind);
      ++survived_;
    }
  }

  const std::uint64_t seed_ = setting("SLATE_CRASH_SEED", 1);
  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("slate_crash_" + std::to_string(::getpid()));
  std::map<std::string, Reference> expected_;  // by Operation::copy()
  std::uint64_t next_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t survived_ = 0;  // operations that were under way and came to be all the same
};

TEST_F(CrashTest, a_killed_process_loses_nothing_acknowledged_and_needs_no_repair) {
  const std::uint64_t kills = setting("SLATE_CRASH_KILLS", 60);
  std::mt19937_64 random(seed_);
  std::map<Operation::Kind, int> interrupted;
  for (std::uint64_t i = 0; i < kills; ++i) {
    const auto under_way = run_and_kill(1 + random() % 60);
    if (under_way) ++interrupted[under_way->kind];
    check(under_way);
    ASSERT_FALSE(HasFailure()) << "after kill " << i + 1 << ", seed " << seed_;
  }
  std::cout << kills << " kills, " << acknowledged_
            << " operations acknowledged; interrupted: " << interrupted[Operation::Kind::kWrite]
            << " batches, " << interrupted[Operation::Kind::kLoad] << " loads, "
            << interrupted[Operation::Kind::kMerge] << " merges, " << interrupted[Operation::Kind::kIndexes]
            << " changes of indexes, " << interrupted[Operation::Kind::kDeleteAll] << " others; " << survived_
            << " of them came to be" << std::endl;
  EXPECT_GT(acknowledged_, kills);
  EXPECT_GE(interrupted.size(), 2u) << "the kills hardly ever hit an operation";
}

}  // namespace
}  // namespace slate::crash
