#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fmt/format.h>

#include "base/log.h"
#include "base/try.h"
#include "cli/api_client.h"
#include "cli/isolated.h"
#include "cli/progress_line.h"
#include "cli/text_table.h"
#include "cli/verbs.h"
#include "db/folder_check.h"
#include "db/folder_lock.h"
#include "model/json.h"

namespace slate::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongestProblem = 1'000;  // on the terminal

enum class Format : std::uint8_t { kText, kJson };

struct Totals {
  std::uint64_t damage = 0;
  std::uint64_t litter = 0;
  std::uint64_t rows = 0;
  std::uint64_t index_entries = 0;
};

// A part that a process of its own looks at says lines of JSON: {"finding":...}, {"generation":...},
// {"progress":...}, {"error":...} or {"unsupported":...}, and at its end {"counts":...}.
std::string text_of(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}
std::uint64_t number_of(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  return value != nullptr && value->is_number() ? value->to_number<std::uint64_t>() : 0;
}

// What another version of Slate wrote is no damage: it cannot be checked here.
void say_error(const Say& say, const Error& error) {
  if (error.reason() == Reason::kUnsupportedFormat)
    return say(
        json::serialize(json::object{{"unsupported", error.message()}, {"hint", error.hint().value_or("")}}));
  say(json::serialize(json::object{{"error", error.to_string()}}));
}

void look_at_catalog(const std::filesystem::path& folder, const Say& say) {
  const auto check = check_catalog(folder);
  if (!check) return say_error(say, check.error());
  for (const CheckFinding& each : check->findings)
    say(json::serialize(
        json::object{{"finding", each.problem},
                     {"datasource", each.datasource},
                     {"kind", each.kind == CheckFinding::Kind::kLitter ? "litter" : "damage"}}));
  for (const LiveGeneration& each : check->generations)
    say(json::serialize(json::object{{"generation", each.number}, {"datasource", each.datasource}}));
}

void look_at_generation(const std::filesystem::path& folder, const LiveGeneration& generation,
                        const Say& say) {
  const auto report = check_generation(folder, generation, [&](std::uint64_t done, std::uint64_t all) {
    say(json::serialize(json::object{{"progress", done}, {"all", all}}));
  });
  if (!report) return say_error(say, report.error());
  for (const std::string& problem : report->problems)
    say(json::serialize(json::object{{"finding", problem}, {"kind", "damage"}}));
  say(json::serialize(json::object{{"counts", report->problem_count},
                                   {"segments", report->segments},
                                   {"rows", report->rows},
                                   {"index_entries", report->index_entries}}));
}

class Check {
 public:
  Check(std::filesystem::path folder, Format format, Terminal& terminal)
      : folder_(std::move(folder)), format_(format), terminal_(terminal) {}

  // Whether nothing is damaged. Errors: what kept it from looking.
  Result<bool> run() {
    SLATE_TRY(const FolderLock held, FolderLock::take_to_read(folder_));
    SLATE_TRY(const auto generations, catalog());
    for (const LiveGeneration& each : generations) SLATE_TRY(generation(each));
    print_summary(generations.size());
    return totals_.damage == 0;
  }

 private:
  Result<std::vector<LiveGeneration>> catalog() {
    std::vector<LiveGeneration> generations;
    SLATE_TRY(look(
        "", std::nullopt, [this](const Say& say) { look_at_catalog(folder_, say); },
        [&](const json::object& line) {
          if (line.contains("generation"))
            generations.push_back(
                {.datasource = text_of(line, "datasource"), .number = number_of(line, "generation")});
        }));
    return generations;
  }

  Result<void> generation(const LiveGeneration& generation) {
    ProgressLine progress(terminal_, "checking " + generation.datasource);
    std::uint64_t shown = 0;
    json::object counts{{"datasource", generation.datasource}, {"generation", generation.number}};
    const auto before = totals_.damage;
    SLATE_TRY(look(
        generation.datasource, generation.number,
        [&](const Say& say) { look_at_generation(folder_, generation, say); },
        [&](const json::object& line) {
          if (line.contains("progress")) {
            const auto done = number_of(line, "progress");
            progress.show({.count = done, .unit = "entries", .done = done, .all = number_of(line, "all")});
          } else if (line.contains("counts")) {
            shown = totals_.damage - before;
            totals_.damage = before + number_of(line, "counts");
            for (const char* member : {"segments", "rows", "index_entries"})
              counts[member] = number_of(line, member);
            totals_.rows += number_of(line, "rows");
            totals_.index_entries += number_of(line, "index_entries");
          }
        },
        &progress));
    progress.clear();
    const auto damage = totals_.damage - before;
    if (format_ == Format::kText && shown > 0 && damage > shown)
      terminal_.out << fmt::format("{} generation {}: and {} more findings\n", generation.datasource,
                                   generation.number, grouped(damage - shown));
    counts["findings"] = damage;
    generations_.push_back(std::move(counts));
    return {};
  }

  // Has a part looked at in a process of its own; findings and errors are taken here, the rest by `other`.
  Result<void> look(const std::string& datasource, std::optional<std::uint64_t> generation,
                    const std::function<void(const Say&)>& work,
                    const std::function<void(const json::object&)>& other, ProgressLine* progress = nullptr) {
    const auto report = [&](const std::string& kind, const std::string& of, const std::string& problem) {
      if (progress != nullptr) progress->clear();
      found(kind, of, generation, problem);
    };
    std::optional<Error> unsupported;
    SLATE_TRY(const auto end, run_isolated(work, [&](std::string_view text) {
                const auto line = parse_json(text);
                if (!line || !line->is_object()) return;
                const json::object& object = line->get_object();
                if (object.contains("finding"))
                  report(text_of(object, "kind"),
                         object.contains("datasource") ? text_of(object, "datasource") : datasource,
                         text_of(object, "finding"));
                else if (object.contains("error"))
                  report("damage", datasource, (generation ? "" : "catalog: ") + text_of(object, "error"));
                else if (object.contains("unsupported"))
                  unsupported = Error(Reason::kUnsupportedFormat, text_of(object, "unsupported"))
                                    .with_hint(text_of(object, "hint"));
                else
                  other(object);
              }));
    if (unsupported) return fail(*std::move(unsupported));
    if (end)
      report("damage", datasource,
             std::string(generation ? "" : "catalog: ") + "cannot be read: a process that did " + *end);
    return {};
  }

  void found(const std::string& kind, const std::string& datasource, std::optional<std::uint64_t> generation,
             const std::string& problem) {
    (kind == "litter" ? totals_.litter : totals_.damage) += 1;
    if (format_ == Format::kJson) {
      findings_.push_back(
          json::object{{"kind", kind},
                       {"datasource", datasource.empty() ? json::value(nullptr) : json::value(datasource)},
                       {"generation", generation ? json::value(*generation) : json::value(nullptr)},
                       {"problem", problem}});
      return;
    }
    std::string place = kind == "litter" ? "litter" : datasource;
    if (generation) place += fmt::format(" generation {}", *generation);
    terminal_.out << printable(place + (place.empty() ? "" : ": ") + problem, kLongestProblem) << '\n';
  }

  void print_summary(std::size_t generations) {
    if (format_ == Format::kJson) {
      terminal_.out << json::serialize(json::object{{"folder", folder_.string()},
                                                    {"damaged", totals_.damage > 0},
                                                    {"damage", totals_.damage},
                                                    {"litter", totals_.litter},
                                                    {"generations", std::move(generations_)},
                                                    {"findings", std::move(findings_)}})
                    << '\n';
      return;
    }
    terminal_.err << fmt::format(
        "{} datasources, {} records, {} index entries: {}\n", generations, grouped(totals_.rows),
        grouped(totals_.index_entries),
        totals_.damage == 0 ? "nothing is damaged" : grouped(totals_.damage) + " findings of damage");
  }

  const std::filesystem::path folder_;
  const Format format_;
  Terminal& terminal_;
  Totals totals_;
  json::array generations_;
  json::array findings_;
};

}  // namespace

Exit run_check(std::span<const std::string> arguments, Terminal& terminal) {
  std::string data;
  Format format = Format::kText;
  CommandLine command_line(
      "check", "Checks a data folder that no process has open, from end to end, and changes nothing in it");
  command_line.argument("DATA", "The data folder", data);
  command_line.choice({.flags = "--format", .help = "How to print"}, format,
                      {{"text", Format::kText}, {"json", Format::kJson}});
  command_line.footer(
      "Reads the catalog, every segment and every index entry of each live generation, and prints a line "
      "for\n"
      "each finding: a hundred for a generation, then how many more there are. Files that the next start\n"
      "removes, or that are not Slate's, are litter: they are told, and are no damage.\n"
      "Exit status: 0 nothing is damaged, 1 something is, 2 wrong usage, or the folder could not be "
      "checked.");
  if (const auto over = command_line.parse(arguments, terminal)) return *over;
  if (data.empty()) return command_line.usage_error("name the data folder", terminal);
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::path(data) / "catalog.mdb", error))
    return command_line.usage_error(fmt::format("{} is no data folder: it has no catalog.mdb", data),
                                    terminal);
  const auto clean = Check(data, format, terminal).run();
  if (clean) return *clean ? Exit::kOk : Exit::kFailed;
  failed("check", clean.error(), terminal);
  return Exit::kUsage;
}

}  // namespace slate::cli
