#include "bench/compare/comparison.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <optional>

#include "base/try.h"
#include "bench/run.h"

namespace slate::bench::compare {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::size_t kMostWriteTurns = 3;
constexpr double kTurnMs = 1;
constexpr std::size_t kMostRunsPerTurn = 20;
constexpr double kWorthWarmingMs = 50;

double elapsed_ms(SteadyClock::time_point began) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - began).count();
}

std::string full_name(const Engine& engine) { return fmt::format("{} ({})", engine.name(), engine.setup()); }

// An engine on one line.
struct Contestant {
  Engine* engine = nullptr;
  std::optional<Answer> checked{};
  double warm_up_ms = 0;
  std::vector<double> times{};
};

Error of(Error error, const Contestant& contestant, const Line& line) {
  return std::move(error).during(fmt::format("running {} on {}", line.name, full_name(*contestant.engine)));
}

class LineRunner {
 public:
  LineRunner(const Line& line, std::span<const std::unique_ptr<Engine>> engines,
             const ComparisonOptions& options)
      : line_(line), options_(options) {
    for (const auto& engine : engines)
      if (engine->runs(line)) contestants_.push_back({.engine = engine.get()});
  }

  Result<LineComparison> run() {
    if (!line_.is_write()) SLATE_TRY(check_all());
    for (Contestant& contestant : contestants_) {
      SLATE_TRY(contestant.warm_up_ms, run_once(contestant));
    }
    const std::size_t turns = line_.is_write() ? std::min(options_.repeat, kMostWriteTurns) : options_.repeat;
    for (std::size_t turn = 0; turn < turns; ++turn)
      for (Contestant& contestant : contestants_) SLATE_TRY(take_turn(contestant));
    if (line_.is_write()) SLATE_TRY(check_all());
    return summary();
  }

 private:
  Result<void> check_all() {
    for (Contestant& contestant : contestants_) {
      SLATE_TRY(go_on());
      if (!line_.is_write()) SLATE_TRY(contestant.engine->prepare(line_));
      auto checked = contestant.engine->check(line_);
      if (!checked) return fail(of(std::move(checked).error(), contestant, line_));
      contestant.checked = *checked;
      SLATE_TRY(agree(line_, full_name(*contestants_.front().engine), *contestants_.front().checked,
                      full_name(*contestant.engine), *checked));
    }
    return {};
  }

  Result<void> take_turn(Contestant& contestant) {
    if (!line_.is_write() && contestant.warm_up_ms < kWorthWarmingMs) SLATE_TRY(run_once(contestant));
    const std::size_t most = line_.is_write() ? 1 : kMostRunsPerTurn;
    const auto began = SteadyClock::now();
    for (std::size_t i = 0; i < most; ++i) {
      SLATE_TRY(const double ms, run_once(contestant));
      contestant.times.push_back(ms);
      if (elapsed_ms(began) >= kTurnMs) break;
    }
    return {};
  }

  // Its time in milliseconds.
  Result<double> run_once(Contestant& contestant) {
    SLATE_TRY(go_on());
    SLATE_TRY(contestant.engine->prepare(line_));
    const auto began = SteadyClock::now();
    auto answer = contestant.engine->run(line_);
    const double ms = elapsed_ms(began);
    if (!answer) return fail(of(std::move(answer).error(), contestant, line_));
    SLATE_TRY(is_as_checked(contestant, *answer));
    return ms;
  }

  // The caller has read, in the timed run, what was checked before.
  Result<void> is_as_checked(const Contestant& contestant, const Answer& answer) const {
    if (!contestant.checked) return {};
    const bool same_cells =
        line_.determined == Determined::kKeys || answer.folded == contestant.checked->folded;
    if (answer.rows == contestant.checked->rows && same_cells) return {};
    return fail(Reason::kInternal,
                fmt::format("{}: {} returned {} rows, folded to {}, and before that {}, folded to {}",
                            line_.name, full_name(*contestant.engine), answer.rows, answer.folded,
                            contestant.checked->rows, contestant.checked->folded));
  }

  Result<void> go_on() const {
    if (options_.stopped && options_.stopped()) return fail(Reason::kCancelled, "interrupted");
    return {};
  }

  LineComparison summary() const {
    LineComparison made{.line = &line_};
    for (const Contestant& contestant : contestants_) {
      made.rows = contestant.checked->rows;
      made.timings.push_back({.role = contestant.engine->role(),
                              .engine = std::string(contestant.engine->name()),
                              .setup = std::string(contestant.engine->setup()),
                              .indexes = contestant.engine->indexes(),
                              .median_ms = median(contestant.times),
                              .least_ms = std::ranges::min(contestant.times),
                              .runs = contestant.times.size()});
    }
    return made;
  }

  const Line& line_;
  const ComparisonOptions& options_;
  std::vector<Contestant> contestants_;
};

}  // namespace

Result<void> agree(const Line& line, std::string_view one, const Answer& ones, std::string_view other,
                   const Answer& others) {
  const auto differ = [&](std::string_view what, std::uint64_t first, std::uint64_t second) {
    return fail(Reason::kInternal, fmt::format("{}: {} and {} disagree: {} {} and {}", line.name, one, other,
                                               what, first, second));
  };
  if (ones.rows != others.rows) return differ("rows", ones.rows, others.rows);
  if (ones.keys != others.keys) return differ("checksum of the sorted columns", ones.keys, others.keys);
  if (line.determined == Determined::kKeys) return {};
  if (ones.checksum != others.checksum)
    return differ("checksum of all cells", ones.checksum, others.checksum);
  return {};
}

Result<std::vector<LineComparison>> compare_engines(std::span<const std::unique_ptr<Engine>> engines,
                                                    const ComparisonOptions& options) {
  std::vector<LineComparison> compared;
  for (const Line& line : lines()) {
    if (!options.lines.empty() && std::ranges::find(options.lines, line.name) == options.lines.end())
      continue;
    if (std::ranges::none_of(engines, [&](const auto& engine) { return engine->runs(line); })) continue;
    if (options.progress) options.progress(line.name);
    SLATE_TRY(auto one, LineRunner(line, engines, options).run());
    compared.push_back(std::move(one));
  }
  return compared;
}

}  // namespace slate::bench::compare
