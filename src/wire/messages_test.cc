#include <gtest/gtest.h>

#include "wire/answers.h"

namespace slate::wire {
namespace {

template <typename T>
T sent(const T& body) {
  const auto bytes = encode(Request{.body = body});
  return std::get<T>(decode_request(bytes.value()).value().body);
}
template <typename T>
T answered(const T& answer) {
  return std::get<T>(decode_answer(encode(Answer(answer))).value());
}

Filter example_filter() {
  return Filter::all_of(
      {Filter::condition("status", Op::kEq, Value("active")),
       Filter::condition("count", Op::kIn, {Value(1), Value(2)}),
       Filter::negation(Filter::any_of({Filter::condition("day", Op::kGte, Value(Date{5})),
                                        Filter::condition("notes", Op::kIsnull, Value(true))})),
       Filter{.kind = Filter::Kind::kCondition,
              .field = "a",
              .op = Op::kEmpty,
              .values = {{Value("12"), true}},
              .children = {}}});
}

Query example_query() {
  return {.filter = example_filter(),
          .sort = {{.field = "count", .direction = Direction::kDescending, .nulls = Nulls::kFirst},
                   {.field = "_id"}},
          .skip = 5,
          .take = 0,
          .columns = std::vector<std::string>{},
          .cursor = "abc"};
}

Datasource example_datasource() {
  Datasource datasource;
  datasource.id = "prospects";
  datasource.title = "Prospects";
  datasource.fields = {
      {.name = "name", .type = Type::kString, .indexed = true, .collation = Collation::kNocase},
      {.name = "score", .type = Type::kFloat, .ttl_seconds = 60},
      {.name = "tags", .type = Type::kList, .items = {{.name = "", .type = Type::kString}}},
      {.name = "address", .type = Type::kMap, .fields = {{.name = "city", .type = Type::kString}}}};
  datasource.indexes = {
      {.fields = {{.field = "name"}, {.field = "score", .direction = Direction::kDescending}}}};
  datasource.loader = LoaderConfig{.endpoint = "grpc://here:1",
                                   .ttl = 3600,
                                   .forward_headers = {"Authorization"},
                                   .ca_file = "roots.pem",
                                   .stale_while_revalidate = 1,
                                   .stale_if_error = 2,
                                   .deadline = 3,
                                   .idle_timeout = 4,
                                   .mode = LoadMode::kMerge,
                                   .unknown_fields = UnknownFields::kReject,
                                   .min_rows = 5,
                                   .max_shrink = 0.5};
  datasource.durability = Durability::kOs;
  return datasource;
}

ListView example_list() {
  return {.id = "active",
          .datasource = "prospects",
          .title = "Active",
          .columns = {{.field = "name", .label = "Name"}, {.field = "status", .label = "", .hidden = true}},
          .filter = example_filter(),
          .sort = {{.field = "name"}},
          .page_size = 10,
          .max_page_size = 20};
}

SnapshotInfo example_info() {
  return {.generation = 7, .data_version = 8, .rows = 9, .loaded_at = 10, .now = 11};
}
void expect_same(const SnapshotInfo& got, const SnapshotInfo& expected) {
  EXPECT_EQ(got.generation, expected.generation);
  EXPECT_EQ(got.data_version, expected.data_version);
  EXPECT_EQ(got.rows, expected.rows);
  EXPECT_EQ(got.loaded_at, expected.loaded_at);
  EXPECT_EQ(got.now, expected.now);
}
void expect_same(const Error& got, const Error& expected) {
  EXPECT_EQ(got.to_string(), expected.to_string());
  EXPECT_EQ(got.retry_after_seconds(), expected.retry_after_seconds());
  EXPECT_EQ(got.position(), expected.position());
}

TEST(Requests, a_query_comes_back_whole) {
  RunQuery run{.target = {.snapshot = 3, .datasource = "d", .scope = "s"},
               .query = example_query(),
               .credit = 9,
               .paging = Paging::kNone};
  run.options.memory_bytes = 1;
  run.options.max_rows_examined = 2;
  run.options.disabled_rules = {"top_k"};
  run.options.force_index = "_id";
  run.options.force_rule = "scan";
  const RunQuery got = sent(run);
  EXPECT_EQ(got.target.snapshot, 3u);
  EXPECT_EQ(got.target.datasource, "d");
  EXPECT_EQ(got.target.scope, "s");
  EXPECT_EQ(got.query.filter, run.query.filter);
  EXPECT_EQ(got.query.sort, run.query.sort);
  EXPECT_EQ(got.query.skip, 5u);
  EXPECT_EQ(got.query.take, 0u);
  EXPECT_EQ(got.query.columns, run.query.columns);
  EXPECT_EQ(got.query.cursor, run.query.cursor);
  EXPECT_EQ(got.options.memory_bytes, 1u);
  EXPECT_EQ(got.options.max_rows_examined, 2u);
  EXPECT_EQ(got.options.disabled_rules, run.options.disabled_rules);
  EXPECT_EQ(got.options.force_index, "_id");
  EXPECT_EQ(got.options.force_rule, "scan");
  EXPECT_EQ(got.credit, 9u);
  EXPECT_EQ(got.paging, Paging::kNone);
}

TEST(Requests, what_a_query_leaves_out_stays_out) {
  const RunQuery got = sent(RunQuery{.target = {}, .query = {}});
  EXPECT_FALSE(got.query.filter || got.query.take || got.query.columns || got.query.cursor);
  EXPECT_EQ(got.options.memory_bytes, QueryOptions{}.memory_bytes);
  EXPECT_FALSE(got.options.max_rows_examined || got.options.force_index || got.options.force_rule);
}

TEST(Requests, a_deadline_is_a_millisecond_at_least) {
  const auto deadline_of = [](std::int64_t millis) {
    return decode_request(encode({.body = Ping{}, .deadline = std::chrono::milliseconds(millis)}).value())
        ->deadline;
  };
  EXPECT_EQ(deadline_of(1500), std::chrono::milliseconds(1500));
  EXPECT_EQ(deadline_of(0), std::chrono::milliseconds(1));
  EXPECT_EQ(deadline_of(-5), std::chrono::milliseconds(1));
  EXPECT_FALSE(decode_request(encode({.body = Ping{}}).value())->deadline);
}

TEST(Requests, questions_come_back_whole) {
  const auto count = sent(CountRows{.target = {.datasource = "d"}, .filter = example_filter(), .limit = 0});
  EXPECT_EQ(count.filter, example_filter());
  EXPECT_EQ(count.limit, 0u);
  const auto distinct = sent(GetDistinct{
      .target = {.datasource = "d"},
      .query = {.field = "f", .filter = example_filter(), .order = DistinctOrder::kCount, .take = 3}});
  EXPECT_EQ(distinct.query.field, "f");
  EXPECT_EQ(distinct.query.filter, example_filter());
  EXPECT_EQ(distinct.query.order, DistinctOrder::kCount);
  EXPECT_EQ(distinct.query.take, 3u);
  const auto explain =
      sent(ExplainQuery{.target = {}, .query = example_query(), .mode = ExplainMode::kAnalyze});
  EXPECT_EQ(explain.query.filter, example_filter());
  EXPECT_EQ(explain.mode, ExplainMode::kAnalyze);
  EXPECT_EQ(sent(GetRecord{.target = {.snapshot = 2}, .id = "r"}).id, "r");
}

TEST(Requests, declarations_come_back_whole) {
  const auto save = sent(SaveDatasource{.datasource = example_datasource(), .existing = Existing::kRefuse});
  EXPECT_EQ(save.datasource, example_datasource());
  EXPECT_EQ(save.existing, Existing::kRefuse);
  EXPECT_EQ(sent(SaveList{.list = example_list()}).list, example_list());
  EXPECT_EQ(sent(DeleteDatasource{.id = "d", .dependents = Dependents::kCascade}).dependents,
            Dependents::kCascade);
  const auto all = sent(Reconcile{.datasources = {example_datasource()}, .lists = {example_list()}});
  EXPECT_EQ(all.datasources, std::vector{example_datasource()});
  EXPECT_EQ(all.lists, std::vector{example_list()});
  Datasource bare;
  bare.id = "bare";
  EXPECT_EQ(sent(SaveDatasource{.datasource = bare}).datasource, bare);
}

TEST(Requests, those_of_a_refresh_come_back_whole) {
  using std::chrono::milliseconds;
  const auto begin = sent(BeginRefresh{.datasource = "d",
                                       .scope = "s",
                                       .mode = LoadMode::kReplace,
                                       .load_id = "l",
                                       .trigger = Trigger::kForced,
                                       .seen_generation = 4,
                                       .wait = milliseconds(5),
                                       .lease = milliseconds(6)});
  EXPECT_EQ(begin.mode, LoadMode::kReplace);
  EXPECT_EQ(begin.trigger, Trigger::kForced);
  EXPECT_EQ(begin.seen_generation, 4u);
  EXPECT_EQ(begin.wait, milliseconds(5));
  EXPECT_EQ(begin.lease, milliseconds(6));
  const LoadCounts counts{.rows = 1, .bytes = 2, .calls = 3};
  EXPECT_EQ(sent(LoadRows{.refresh = 1, .count = 2, .progress = counts}).progress, counts);
  EXPECT_FALSE(sent(LoadRows{.refresh = 1, .count = 2, .progress = {}}).progress);
  EXPECT_EQ(sent(RenewRefresh{.refresh = 1, .progress = counts}).progress, counts);
  EXPECT_FALSE(sent(RenewRefresh{.refresh = 1, .progress = {}}).progress);
  EXPECT_EQ(sent(CommitRefresh{.refresh = 1, .loaded_at = -2}).loaded_at, -2);
  const auto abort = sent(AbortRefresh{
      .refresh = 1, .failure = LoadFailure{FailureKind::kCancelled, Error(Reason::kLoaderFailed, "no")}});
  ASSERT_TRUE(abort.failure);
  EXPECT_EQ(abort.failure->kind, FailureKind::kCancelled);
  expect_same(abort.failure->error, Error(Reason::kLoaderFailed, "no"));
  EXPECT_FALSE(sent(AbortRefresh{.refresh = 1, .failure = {}}).failure);
}

TEST(Requests, the_rest_come_back_whole) {
  EXPECT_EQ(sent(Hello{.version = 5, .token = "t", .client = "c"}).token, "t");
  EXPECT_EQ(sent(Grant{.bytes = 6}).bytes, 6u);
  EXPECT_EQ(sent(OpenSnapshot{.datasource = "d", .scope = "s"}).scope, "s");
  EXPECT_EQ(sent(OpenList{.list = "l", .scope = "s"}).list, "l");
  EXPECT_EQ(sent(CloseSnapshot{.snapshot = 4}).snapshot, 4u);
  EXPECT_EQ(sent(WriteBatch{.datasource = "d", .count = 3}).count, 3u);
  EXPECT_EQ(sent(GetLoad{.load_id = "x"}).load_id, "x");
  (void)sent(Cancel{});
  (void)sent(Ping{});
  (void)sent(GetStatus{});
  (void)sent(ListLists{});
  (void)sent(ListDatasources{});
}

TEST(Requests, a_text_that_is_not_utf8_is_sent_as_it_is) {
  EXPECT_EQ(sent(GetRecord{.target = {}, .id = "\xff\xfe"}).id, "\xff\xfe");
}

TEST(Requests, a_filter_that_nests_too_deeply_is_refused_before_it_is_sent) {
  Filter filter = Filter::condition("a", Op::kEq, Value(1));
  for (int i = 0; i < 33; ++i) filter = Filter::negation(std::move(filter));
  const auto encoded = encode({.body = CountRows{.target = {}, .filter = filter, .limit = {}}});
  ASSERT_FALSE(encoded.has_value());
  EXPECT_EQ(encoded.error().field(), "filter");
}

TEST(Requests, bytes_that_are_none_are_invalid_and_an_unknown_one_is_unimplemented) {
  EXPECT_EQ(decode_request("\xff\xff\xff").error().reason(), Reason::kInvalidArgument);
  EXPECT_EQ(decode_request("").error().reason(), Reason::kUnimplemented);
  EXPECT_EQ(decode_request("\xf2\x07\x01x").error().reason(), Reason::kUnimplemented);  // field 126
}

TEST(Requests, a_word_that_is_not_known_is_named_by_its_number_on_the_wire) {
  // A RunQuery whose filter is a condition on "a" without an operator.
  const auto decoded = decode_request("\x6a\x07\x12\x05\x0a\x03\x12\x01\x61");
  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ(decoded.error().message(), "operator 0 is not known here");
}

TEST(Requests, every_one_has_a_name) {
  EXPECT_EQ(request_name(Hello{}), "hello");
  EXPECT_EQ(request_name(RunQuery{}), "run_query");
  EXPECT_EQ(request_name(Reconcile{}), "reconcile");
  EXPECT_EQ(request_name(GetLoad{}), "get_load");
}

TEST(Answers, errors_come_back_whole) {
  for (std::size_t i = 0; i < kReasonCount; ++i) {
    const Error error(static_cast<Reason>(i), "no");
    EXPECT_EQ(answered(error).reason(), error.reason());
  }
  const Error full =
      Error(Reason::kConflict, "no").with_field("f").with_hint("h").with_retry_after(3).with_position(4);
  expect_same(answered(full), full);
  EXPECT_EQ(answered(full).field(), "f");
  EXPECT_FALSE(answered(Error(Reason::kIo, "no")).field());
}

TEST(Answers, rows_come_back_whole) {
  Rows rows;
  rows.head = RowsHead{
      .info = example_info(),
      .columns = {{{.field = "tags", .type = Type::kList, .items = {{.name = "", .type = Type::kInt}}}}}};
  rows.end = RowsEnd{.has_more = true,
                     .next_cursor = "n",
                     .previous_cursor = "p",
                     .counters = {.keys_examined = 1,
                                  .blocks_examined = 2,
                                  .blocks_skipped = 3,
                                  .rows_examined = 4,
                                  .rows_returned = 5,
                                  .runs_spilled = 6},
                     .server = std::chrono::microseconds(7)};
  const Rows got = answered(rows);
  expect_same(got.head->info, example_info());
  EXPECT_EQ(got.head->columns.list()[0].field, "tags");
  EXPECT_EQ(got.head->columns.list()[0].items, rows.head->columns.list()[0].items);
  EXPECT_EQ(got.end->has_more, true);
  EXPECT_EQ(got.end->next_cursor, "n");
  EXPECT_EQ(got.end->previous_cursor, "p");
  EXPECT_EQ(got.end->counters.runs_spilled, 6u);
  EXPECT_EQ(got.end->counters.keys_examined, 1u);
  EXPECT_EQ(got.end->server, std::chrono::microseconds(7));
  const Rows middle = answered(Rows{});
  EXPECT_FALSE(middle.head || middle.end);
}

TEST(Answers, other_answers_come_back_whole) {
  const auto distinct = answered(DistinctAnswer{.values = {.values = {{Value("a"), 2}, {Value(), 1}},
                                                           .has_more = true,
                                                           .counters = {.keys_examined = 1}},
                                                .info = example_info()});
  EXPECT_EQ(distinct.values.values[0].value, Value("a"));
  EXPECT_TRUE(distinct.values.values[1].value.is_null());
  EXPECT_TRUE(distinct.values.has_more);

  Explanation explanation{
      .root = {.op = "scan", .detail = "d", .estimated_rows = 2, .children = {{.op = "filter"}}},
      .rule = "scan",
      .cost = 1.5,
      .refused = {{.detail = "x", .cost = 2, .why = "y"}},
      .actual = QueryCounters{.rows_returned = 3},
      .milliseconds = 0.5};
  const auto explained = answered(explanation);
  EXPECT_EQ(explained.root.children[0].op, "filter");
  EXPECT_EQ(explained.root.estimated_rows, 2);
  EXPECT_EQ(explained.refused[0].why, "y");
  EXPECT_EQ(explained.actual->rows_returned, 3u);
  EXPECT_EQ(explained.milliseconds, 0.5);

  const auto opened = answered(ListOpened{
      .list = example_list(),
      .snapshot = SnapshotOpened{.snapshot = 1, .info = example_info(), .datasource = example_datasource()}});
  EXPECT_EQ(opened.list, example_list());
  EXPECT_EQ(opened.snapshot->datasource, example_datasource());
  EXPECT_FALSE(answered(ListOpened{.list = example_list(), .snapshot = {}}).snapshot);

  const auto count = answered(CountAnswer{.count = {.value = 4, .exact = false}, .info = example_info()});
  EXPECT_EQ(count.count.value, 4u);
  EXPECT_FALSE(count.count.exact);
  EXPECT_EQ(answered(WriteCounts{1, 2, 3}), (WriteCounts{1, 2, 3}));
  EXPECT_EQ(answered(DatasourceSaved{Saved::kUnchanged}).saved, Saved::kUnchanged);
  EXPECT_EQ(answered(SavedList{Saved::kChanged, {"w"}}).warnings, std::vector<std::string>{"w"});
  EXPECT_EQ(answered(example_list()), example_list());
  EXPECT_EQ(answered(Lists{{example_list()}}).lists.size(), 1u);
  EXPECT_EQ(answered(RecordFound{example_info(), {{{"a", Type::kInt, {}}}}}).columns.list()[0].type,
            Type::kInt);
}

TEST(Answers, states_come_back_whole) {
  const DatasourceStatus status{
      .datasource = example_datasource(),
      .data = example_info(),
      .bytes = 3,
      .indexes = {{.name = "i", .state = IndexState::kBuilding, .rows_indexed = 4}}};
  const auto got = answered(DatasourceStatuses{{status}}).datasources[0];
  EXPECT_EQ(got.datasource, status.datasource);
  EXPECT_EQ(got.bytes, 3u);
  EXPECT_EQ(got.indexes[0].state, IndexState::kBuilding);
  EXPECT_EQ(got.indexes[0].rows_indexed, 4u);
  const ConnectionLimits limits{
      1, 2, 3, 4, std::chrono::milliseconds(5), std::chrono::milliseconds(6), std::chrono::milliseconds(7),
      8};
  const auto welcome =
      answered(Welcome{.server = "s", .instance = "i", .limits = limits, .scope_key = std::string("k")});
  EXPECT_EQ(welcome.limits, limits);
  EXPECT_EQ(welcome.scope_key, "k");
  EXPECT_EQ(
      answered(ServerStatus{.server = "s", .uptime = std::chrono::milliseconds(9), .refreshes = 2}).refreshes,
      2u);
  const auto reconciled = answered(Reconciled{{{.kind = ResourceKind::kList,
                                                .id = "l",
                                                .outcome = Reconciliation::kFailed,
                                                .warnings = {"w"},
                                                .error = Error(Reason::kInUse, "no")}}});
  EXPECT_EQ(reconciled.resources[0].outcome, Reconciliation::kFailed);
  expect_same(*reconciled.resources[0].error, Error(Reason::kInUse, "no"));
}

TEST(Answers, those_of_a_refresh_come_back_whole) {
  const LoadReport report{.load_id = "l",
                          .datasource = "d",
                          .scope = "s",
                          .state = LoadState::kFailed,
                          .counts = {1, 2, 3},
                          .duplicates = 4,
                          .started_at = 5,
                          .finished_at = 6,
                          .generation = 7,
                          .failure = LoadFailure{FailureKind::kData, Error(Reason::kLoaderFailed, "no")}};
  const auto busy = answered(RefreshBusy{report}).load;
  EXPECT_EQ(busy.load_id, "l");
  EXPECT_EQ(busy.state, LoadState::kFailed);
  EXPECT_EQ(busy.counts, report.counts);
  EXPECT_EQ(busy.finished_at, 6);
  EXPECT_EQ(busy.failure->kind, FailureKind::kData);
  const auto granted = answered(RefreshGranted{.handle = 1,
                                               .datasource = example_datasource(),
                                               .lease = std::chrono::milliseconds(2),
                                               .live = example_info()});
  EXPECT_EQ(granted.datasource, example_datasource());
  EXPECT_EQ(granted.lease, std::chrono::milliseconds(2));
  const auto failed = answered(
      RefreshFailed{.failure = *report.failure, .count = 2, .first_at = 3, .latest_at = 4, .retry_at = 5});
  EXPECT_EQ(failed.count, 2u);
  EXPECT_EQ(failed.retry_at, 5);
  EXPECT_EQ(answered(RefreshEnded{3}).generation, 3u);
  EXPECT_EQ(answered(RefreshPublished{3}).generation, 3u);
  EXPECT_EQ(answered(BuildCounts{1, 2, 3, 4}).duplicates, 2u);
}

}  // namespace
}  // namespace slate::wire
