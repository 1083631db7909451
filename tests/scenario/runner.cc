#include "scenario/runner.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <thread>
#include <utility>

#include <slate/clock.h>
#include <slate/database.h>

#include "base/try.h"
#include "model/manifest.h"
#include "scenario/cells.h"
#include "scenario/expected.h"
#include "scenario/front.h"
#include "scenario/questions.h"
#include "scenario/writes.h"
#include "testing/served_database.h"

namespace slate::scenario {
namespace {

constexpr const char* kDatasource = "scenario";
constexpr std::size_t kMostComplaints = 5;
// 2026-01-01T00:00:00Z
constexpr UnixMillis kStart = 1'767'225'600'000;

class Runner {
 public:
  Runner(const Setting& setting, const std::filesystem::path& folder)
      : setting_(setting),
        options_{.path = folder,
                 .clock = &clock_,
                 .generation_map_bytes = std::uint64_t{256} << 20,
                 .catalog_map_bytes = std::uint64_t{16} << 20,
                 .segment_rows = setting.segment_rows,
                 .background_sync = std::chrono::milliseconds(0),
                 .sweep_interval = std::chrono::milliseconds(0)} {
    std::filesystem::remove_all(folder);
  }
  ~Runner() {
    close();
    std::error_code ignored;
    std::filesystem::remove_all(options_.path, ignored);
  }

  std::vector<Complaint> run(const Script& script) {
    complaints_ = script.complaints;
    if (const auto opened = open(); !opened) complain(0, opened.error().to_string());
    for (const Statement& statement : script.statements) {
      if (complaints_.size() >= kMostComplaints) break;
      run(statement);
    }
    return std::move(complaints_);
  }

 private:
  using Run = void (Runner::*)(Statement);
  struct Verb {
    std::string_view name;
    Run run;
  };
  static constexpr std::size_t kVerbCount = 14;
  static const Verb kVerbs[kVerbCount];

  void run(const Statement& statement) {
    const auto* verb = std::ranges::find(kVerbs, statement.verb, &Verb::name);
    if (verb == std::end(kVerbs))
      complain(statement.line, "no statement begins with " + statement.verb);
    else if (!datasource_ && statement.verb != "datasource")
      complain(statement.line, "a scenario begins with its datasource");
    else
      (this->*verb->run)(statement);
  }

  void complain(int line, std::string what) {
    complaints_.push_back({.line = line, .what = std::move(what)});
  }

  Result<void> open() {
    SLATE_TRY(stored_, Database::open(options_));
    database_ = stored_.get();
    if (setting_.is_remote) {
      SLATE_TRY(served_, slate::testing::ServedDatabase::start(*stored_, {.clock = &clock_}));
      database_ = &served_->remote();
    }
    if (!setting_.is_http) {
      front_ = make_database_front(*database_, kDatasource);
      return {};
    }
    SLATE_TRY(api_, slate::testing::ServedApi::start(*database_, clock_));
    front_ = make_http_front(*api_, kDatasource);
    return {};
  }
  void close() {
    front_.reset();
    api_.reset();
    served_.reset();
    stored_.reset();
  }

  // Whether it failed as expected, or went well where no error is. Complains otherwise.
  bool came_out(const Statement& statement, const std::optional<Error>& error, const std::string& how = "") {
    if (!statement.error) {
      if (error) complain(statement.line, how + "unexpected error " + error->to_string());
      return !error;
    }
    const ExpectedError& expected = *statement.error;
    if (!error) {
      complain(expected.line, how + "expected an error, got none");
      return false;
    }
    const std::string hint = error->hint().value_or("");
    if (reason_info(error->reason()).name == expected.reason && error->field() == expected.field &&
        (error->message() + '\n' + hint).find(expected.part) != std::string::npos)
      return true;
    complain(expected.line, fmt::format("{}expected {} at {} with \"{}\"\n  got {}", how, expected.reason,
                                        expected.field.value_or("-"), expected.part, error->to_string()));
    return false;
  }
  template <typename T>
  bool came_out(const Statement& statement, const Result<T>& result, const std::string& how = "") {
    return came_out(statement, result ? std::optional<Error>() : result.error(), how);
  }

  // ---- what is stored

  void datasource(Statement statement) {
    std::string yaml = fmt::format("apiVersion: {}\nkind: Datasource\nmetadata: {{name: {}}}\nspec:\n",
                                   kManifestApiVersion, kDatasource);
    for (const Line& line : statement.body) yaml += "  " + line.text + '\n';
    const ManifestFile file = parse_manifests(yaml, "");
    if (!file.errors.empty()) {
      came_out(statement, file.errors.front().error);
      return;
    }
    auto datasource = std::get<Datasource>(file.documents.front().resource);
    if (!datasource.durability) datasource.durability = Durability::kOs;
    if (!came_out(statement, front_->save(datasource)) || statement.error) return;
    datasource_ = std::move(datasource);
    ways_ = ways_to_answer(*datasource_, setting_.ways);
    if (setting_.is_http) ways_.resize(1);
    wait_for_indexes();
  }

  void wait_for_indexes() {
    for (;;) {
      const auto status = database_->get_datasource(kDatasource);
      if (!status) return complain(0, status.error().to_string());
      if (std::ranges::all_of(status->indexes,
                              [](const IndexStatus& index) { return index.state == IndexState::kReady; }))
        return;
      std::this_thread::yield();
    }
  }

  void write(Statement statement) {
    const WriteKind kind = statement.verb == "write" ? WriteKind::kMerge : WriteKind::kReplace;
    store(statement, read_writes(statement.body, *datasource_, kind));
  }

  void generate(Statement statement) {
    std::size_t count = 0;
    std::from_chars(statement.argument.data(), statement.argument.data() + statement.argument.size(), count);
    store(statement, generate_writes(statement.body, *datasource_, count));
  }

  void store(const Statement& statement, Result<std::vector<RecordWrite>> writes) {
    if (!writes) return complain(statement.line, writes.error().to_string());
    const bool is_new = statement.verb == "records" || statement.verb == "generate";
    if (is_new && setting_.is_loaded && !statement.error)
      came_out(statement, load(*writes, LoadMode::kMerge));
    else if (is_new && setting_.is_scattered && writes->size() <= kMostScattered && !statement.error)
      came_out(statement, scatter(*writes));
    else
      came_out(statement, front_->write(*writes));
  }

  // Each record comes after others that are deleted in the end.
  Result<void> scatter(const std::vector<RecordWrite>& writes) {
    constexpr std::size_t kOthers = 29;
    std::vector<RecordWrite> scattered;
    std::vector<RecordWrite> deletes;
    for (const RecordWrite& write : writes) {
      for (std::size_t i = 0; i < kOthers; ++i) {
        const std::string id = fmt::format("other {} of {}", i, write.id);
        scattered.push_back({.kind = WriteKind::kReplace, .id = id.substr(0, Limits::kRecordIdBytes)});
        deletes.push_back({.kind = WriteKind::kDelete, .id = scattered.back().id});
      }
      scattered.push_back(write);
    }
    SLATE_TRY(database_->write_batch(kDatasource, scattered));
    SLATE_TRY(database_->write_batch(kDatasource, deletes));
    return {};
  }

  Result<void> load(const std::vector<RecordWrite>& writes, LoadMode mode) {
    SLATE_TRY(const auto builder, database_->begin_generation(kDatasource, mode));
    BulkCells cells;
    for (const RecordWrite& write : writes) {
      SLATE_TRY(cells.assign(*datasource_, write));
      SLATE_TRY(builder->append(write.id, cells.cells()));
    }
    SLATE_TRY(builder->finish());
    SLATE_TRY(builder->publish(clock_.now()));
    return {};
  }

  void reload(Statement statement) {
    const auto writes = read_writes(statement.body, *datasource_, WriteKind::kReplace);
    if (!writes) return complain(statement.line, writes.error().to_string());
    came_out(statement, load(*writes, LoadMode::kReplace));
  }

  void delete_records(Statement statement) {
    came_out(statement, front_->remove(words_of(statement.argument)));
  }

  void delete_all(Statement statement) { came_out(statement, front_->remove_all()); }

  void advance(Statement statement) {
    std::int64_t amount = 0;
    const std::string& text = statement.argument;
    const char* unit = std::from_chars(text.data(), text.data() + text.size(), amount).ptr;
    if (std::string_view(unit) == "s")
      clock_.advance(std::chrono::seconds(amount));
    else if (std::string_view(unit) == "ms")
      clock_.advance(std::chrono::milliseconds(amount));
    else
      complain(statement.line, "expected a time, as 30s or 500ms");
  }

  // ---- what is asked

  // What a statement asks, of what is stored now.
  std::optional<Question> question(const Statement& statement, std::string_view text,
                                   std::vector<Line>& body) {
    auto read = read_question(text, body, *datasource_);
    if (!read) {
      complain(statement.line, read.error().to_string());
      return std::nullopt;
    }
    auto looked = Result<void>();
    if (setting_.is_reopened) {
      close();
      looked = open();
    }
    if (looked) looked = front_->look();
    if (looked) return *std::move(read);
    complain(statement.line, looked.error().to_string());
    return std::nullopt;
  }

  static std::string prefix(const Way& way) { return way.name.empty() ? "" : way.name + ": "; }

  void query(Statement statement) {
    const auto asked = question(statement, statement.argument, statement.body);
    if (!asked) return;
    const auto expected = statement.error ? Result<Rows>() : expected_rows(statement.body, *datasource_);
    if (!expected) return complain(statement.line, expected.error().message());
    for (const Way& way : ways_) {
      const auto got = front_->query(*asked, {}, way.options);
      if (!came_out(statement, got, prefix(way)) || !got) return;
      const Query& query = *asked->query;
      if (!check_rows(statement, *expected, *got, query.columns.has_value(), way)) return;
      if (!check_totals(statement, *asked, *got, way)) return;
      if (way.name.empty() && !check_pages(statement, *asked, *got)) return;
      if (setting_.is_default && way.name.empty() && statement.examined)
        check_examined(*statement.examined, got->counters);
    }
    if (setting_.is_default && statement.plan) check_plan(*statement.plan, *asked->query);
  }

  void check_plan(const Line& expected, const Query& query) {
    const auto plan = [&]() -> Result<std::string> {
      SLATE_TRY(const auto data, database_->snapshot(kDatasource));
      SLATE_TRY(const Explanation explanation, data->explain(query, ExplainMode::kPlan));
      return plan_text(explanation.root);
    }();
    const std::string text = plan ? *plan : plan.error().to_string();
    if (text != expected.text)
      complain(expected.number, "expected plan " + expected.text + "\n  got           " + text);
  }

  bool check_rows(const Statement& statement, const Rows& expected, const Answer& got, bool names_columns,
                  const Way& way) {
    const std::vector<std::string>& header = expected.front();
    std::vector<std::size_t> positions;
    std::vector<std::string> columns = {"_id"};
    columns.insert(columns.end(), got.columns.begin(), got.columns.end());
    for (const std::string& name : header) {
      const auto found = std::ranges::find(columns, name);
      if (found == columns.end()) {
        complain(statement.line, prefix(way) + "the answer has no column " + name);
        return false;
      }
      positions.push_back(static_cast<std::size_t>(found - columns.begin()));
    }
    const bool is_table = header.size() > 1;
    if (names_columns && is_table && header != columns) {
      complain(statement.line, prefix(way) + "the answer has other columns:\n" + table_text({columns}));
      return false;
    }
    Rows rows = {header};
    for (const auto& row : got.rows) {
      auto& cells = rows.emplace_back();
      for (const std::size_t at : positions) cells.push_back(row[at]);
    }
    if (rows == expected) return true;
    complain(statement.line,
             prefix(way) + "expected\n" + table_text(expected) + "  got\n" + table_text(rows));
    return false;
  }

  // The count of a filter and what has_more() says follow from the rows.
  bool check_totals(const Statement& statement, const Question& asked, const Answer& got, const Way& way) {
    const Query& query = *asked.query;
    const auto count = front_->count(asked, {}, way.options);
    if (!count) {
      complain(statement.line, prefix(way) + "count: " + count.error().to_string());
      return false;
    }
    const std::uint64_t after_skip = count->value - std::min(count->value, query.skip);
    const std::uint64_t expected = std::min(after_skip, query.take.value_or(after_skip));
    if (got.rows.size() != expected)
      complain(statement.line, fmt::format("{}{} rows, but the filter counts {}", prefix(way),
                                           got.rows.size(), count->value));
    else if (got.has_more != (after_skip > expected))
      complain(statement.line, fmt::format("{}has_more is {}, but the filter counts {}", prefix(way),
                                           got.has_more, count->value));
    else
      return true;
    return false;
  }

  // Cursors walk over the same rows, a few at a time, whatever way each page is answered in.
  bool check_pages(const Statement& statement, const Question& asked, const Answer& got) {
    const Query& query = *asked.query;
    if (query.sort.empty() || query.take || query.skip > 0 || query.cursor || got.rows.empty()) return true;
    for (const std::size_t page_rows : {std::size_t{1}, got.rows.size() / 5 + 2}) {
      if (page_rows == 1 && got.rows.size() > kMostSinglePages) continue;
      const auto pages = walk_pages(*front_, asked, ways_, page_rows, got.rows.size());
      const std::string how = fmt::format("by pages of {}: ", page_rows);
      if (!pages) {
        complain(statement.line, how + pages.error().to_string());
        return false;
      }
      for (const Rows* rows : {&pages->forwards, &pages->backwards}) {
        if (*rows == got.rows) continue;
        complain(statement.line,
                 fmt::format("{}{}expected\n{}  got\n{}", how, rows == &pages->forwards ? "" : "backwards, ",
                             table_text(got.rows), table_text(*rows)));
        return false;
      }
    }
    return true;
  }

  void check_examined(const Examined& most, const QueryCounters& got) {
    const auto check = [&](const char* what, const std::optional<std::uint64_t>& bound, std::uint64_t value) {
      if (bound && value > *bound)
        complain(most.line, fmt::format("expected {}<={}, got {}", what, *bound, value));
    };
    check("keys", most.keys, got.keys_examined);
    check("rows", most.rows, got.rows_examined);
    check("blocks", most.blocks, got.blocks_examined);
  }

  // "count status=active", "count_up_to 5 status=active".
  void count(Statement statement) {
    std::string_view text = statement.argument;
    std::optional<std::uint64_t> limit;
    if (statement.verb == "count_up_to") {
      std::uint64_t number = 0;
      const char* end = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
      text = trimmed(text.substr(static_cast<std::size_t>(end - text.data())));
      limit = number;
    }
    const auto asked = question(statement, text, statement.body);
    if (!asked) return;
    const std::string expected = statement.body.empty() ? "" : statement.body.front().text;
    for (const Way& way : ways_) {
      const auto counted = front_->count(*asked, limit, way.options);
      if (!came_out(statement, counted, prefix(way)) || !counted) return;
      const std::string got = (counted->exact ? "" : "at least ") + std::to_string(counted->value);
      if (got == expected) continue;
      complain(statement.line, fmt::format("{}expected {}, got {}", prefix(way), expected, got));
      return;
    }
  }

  // "distinct status n__gt=3", "distinct_by_count status": what follows the field is a query's filter and
  // take.
  void distinct(Statement statement) {
    const std::string field = statement.argument.substr(0, statement.argument.find(' '));
    const auto asked = question(statement, trimmed(std::string_view(statement.argument).substr(field.size())),
                                statement.body);
    if (!asked) return;
    const auto expected =
        statement.error ? Result<Rows>() : expected_values(statement.body, *datasource_, field);
    if (!expected) return complain(statement.line, expected.error().message());
    const auto order = statement.verb == "distinct_by_count" ? DistinctOrder::kCount : DistinctOrder::kValue;
    for (const Way& way : ways_) {
      const auto got = front_->distinct(field, order, *asked, way.options);
      if (!came_out(statement, got, prefix(way)) || !got) return;
      Rows rows = {{field, "count"}};
      rows.insert(rows.end(), got->rows.begin(), got->rows.end());
      if (got->has_more) rows.push_back({kMoreValues, kMoreValues});
      if (rows == *expected) continue;
      complain(statement.line,
               prefix(way) + "expected\n" + table_text(*expected) + "  got\n" + table_text(rows));
      return;
    }
  }

  static constexpr std::size_t kMostScattered = 50;
  static constexpr std::size_t kMostSinglePages = 50;

  Setting setting_;
  ManualClock clock_{kStart};
  DatabaseOptions options_;
  std::unique_ptr<Database> stored_;
  std::unique_ptr<slate::testing::ServedDatabase> served_;  // in front of it, where the setting says so
  Database* database_ = nullptr;                            // one of these two
  std::unique_ptr<slate::testing::ServedApi> api_;          // in front of that, where the setting says so
  std::unique_ptr<Front> front_;                            // what is asked
  std::optional<Datasource> datasource_;
  std::vector<Way> ways_;
  std::vector<Complaint> complaints_;
};

constexpr Runner::Verb Runner::kVerbs[kVerbCount] = {
    {"datasource", &Runner::datasource}, {"records", &Runner::write},
    {"write", &Runner::write},           {"replace", &Runner::write},
    {"generate", &Runner::generate},     {"reload", &Runner::reload},
    {"delete", &Runner::delete_records}, {"delete_all", &Runner::delete_all},
    {"advance", &Runner::advance},       {"query", &Runner::query},
    {"count", &Runner::count},           {"count_up_to", &Runner::count},
    {"distinct", &Runner::distinct},     {"distinct_by_count", &Runner::distinct}};

}  // namespace

std::vector<Setting> settings() {
  return {{.name = "default", .is_default = true, .ways = Ways::kAll},
          {.name = "segments of 64 rows, records among deleted ones",
           .segment_rows = 64,
           .is_scattered = true,
           .ways = Ways::kIndexes},
          {.name = "reopened before every query", .is_reopened = true},
          {.name = "bulk loaded", .segment_rows = 64, .is_loaded = true},
          {.name = "over TCP", .is_remote = true},
          {.name = "bulk loaded over TCP", .is_loaded = true, .is_remote = true},
          {.name = "over HTTP", .is_http = true},
          {.name = "over HTTP, the database over TCP", .is_remote = true, .is_http = true}};
}

std::vector<Complaint> run_script(const Script& script, const Setting& setting,
                                  const std::filesystem::path& folder) {
  return Runner(setting, folder).run(script);
}

}  // namespace slate::scenario
