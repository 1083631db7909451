#include "server/carry_out.h"

#include <functional>
#include <utility>

#include "base/try.h"
#include "server/reconcile.h"
#include "server/refresh_host.h"
#include "wire/block_payload.h"
#include "wire/row_payload.h"

namespace slate::server {
namespace {

struct Reply {
  wire::Answer answer;
  std::string payload{};
};
using Question = std::function<Result<Reply>(Snapshot&, const QueryOptions&)>;

template <typename T>
Result<Reply> reply(Result<T> result) {
  if (!result) return fail(std::move(result).error());
  if constexpr (std::is_void_v<T>) {
    return Reply{wire::Done{}};
  } else {
    return Reply{*std::move(result)};
  }
}

void answer_with(Call& call, Result<Reply> result) {
  if (!result) return call.answer(std::move(result).error());
  call.answer(result->answer, std::move(result->payload));
}

class Carrier {
 public:
  Carrier(const std::shared_ptr<Call>& call, HeldSnapshots& snapshots) : call_(call), snapshots_(snapshots) {}

  std::shared_ptr<QueryStream> operator()(const wire::RunQuery& request) {
    auto held = target_of(request.target);
    if (!held) return refuse(std::move(held).error());
    auto stream = std::make_shared<QueryStream>(call_, *std::move(held));
    if (stream->run_at_once()) return nullptr;
    stream->start();
    return stream;
  }

  std::shared_ptr<QueryStream> operator()(const wire::GetRecord& request) {
    return ask(request.target, {}, Where::kShort,
               [call = call_.get()](Snapshot& snapshot, const QueryOptions&) -> Result<Reply> {
                 SLATE_TRY(const Batch* batch, snapshot.find(call->as<wire::GetRecord>().id));
                 Reply found{wire::RecordFound{.info = snapshot.info(), .columns = snapshot.columns()}};
                 if (batch != nullptr) wire::append_blocks(*batch, found.payload);
                 return found;
               });
  }
  std::shared_ptr<QueryStream> operator()(const wire::CountRows& request) {
    return ask(request.target, request.options, Where::kShort,
               [call = call_.get()](Snapshot& snapshot, const QueryOptions& options) -> Result<Reply> {
                 const auto& asked = call->as<wire::CountRows>();
                 SLATE_TRY(const Count count, snapshot.count(asked.filter, asked.limit, options));
                 return Reply{wire::CountAnswer{.count = count, .info = snapshot.info()}};
               });
  }
  std::shared_ptr<QueryStream> operator()(const wire::GetDistinct& request) {
    return ask(request.target, request.options, Where::kShort,
               [call = call_.get()](Snapshot& snapshot, const QueryOptions& options) -> Result<Reply> {
                 const auto& asked = call->as<wire::GetDistinct>();
                 SLATE_TRY(DistinctValues values, snapshot.distinct(asked.query, options));
                 return Reply{wire::DistinctAnswer{.values = std::move(values), .info = snapshot.info()}};
               });
  }
  std::shared_ptr<QueryStream> operator()(const wire::ExplainQuery& request) {
    return ask(request.target, request.options, Where::kPool,
               [call = call_.get()](Snapshot& snapshot, const QueryOptions& options) -> Result<Reply> {
                 const auto& asked = call->as<wire::ExplainQuery>();
                 return reply(snapshot.explain(asked.query, asked.mode, options));
               });
  }

  std::shared_ptr<QueryStream> operator()(const wire::OpenSnapshot& request) {
    auto opened = open({request.datasource, request.scope});
    if (!opened) return refuse(std::move(opened).error());
    return answer(*std::move(opened));
  }
  std::shared_ptr<QueryStream> operator()(const wire::OpenList& request) {
    auto list = database().get_list(request.list);
    if (!list) return refuse(std::move(list).error());
    auto opened = open({list->datasource, request.scope});
    if (!opened) return refuse(std::move(opened).error());
    return answer(wire::ListOpened{.list = *std::move(list), .snapshot = *std::move(opened)});
  }
  std::shared_ptr<QueryStream> operator()(const wire::CloseSnapshot& request) {
    snapshots_.close(request.snapshot);
    return answer(wire::Done{});
  }

  std::shared_ptr<QueryStream> operator()(const wire::WriteBatch&) {
    return on_pool([call = call_.get()](Database& database) -> Result<Reply> {
      const auto& asked = call->as<wire::WriteBatch>();
      SLATE_TRY(const auto writes, wire::read_writes(call->payload(), asked.count));
      return reply(database.write_batch(asked.datasource, writes));
    });
  }
  std::shared_ptr<QueryStream> operator()(const wire::DeleteAll&) {
    return on_pool([call = call_.get()](Database& database) -> Result<Reply> {
      const auto& asked = call->as<wire::DeleteAll>();
      SLATE_TRY(database.delete_all(asked.datasource));
      call->core().refreshes->forget(asked.datasource);
      return Reply{wire::Done{}};
    });
  }

  std::shared_ptr<QueryStream> operator()(const wire::SaveDatasource&) {
    return on_pool([call = call_.get()](Database& database) -> Result<Reply> {
      const auto& asked = call->as<wire::SaveDatasource>();
      SLATE_TRY(const Saved saved, database.save_datasource(asked.datasource, asked.existing));
      // What failed may be what was changed.
      if (saved == Saved::kChanged) call->core().refreshes->forget(asked.datasource.id);
      return Reply{wire::DatasourceSaved{saved}};
    });
  }
  std::shared_ptr<QueryStream> operator()(const wire::GetDatasource&) {
    return on_pool([call = call_.get()](Database& database) {
      return reply(database.get_datasource(call->as<wire::GetDatasource>().id));
    });
  }
  std::shared_ptr<QueryStream> operator()(const wire::ListDatasources&) {
    return on_pool([](Database& database) -> Result<Reply> {
      SLATE_TRY(auto all, database.list_datasources());
      return Reply{wire::DatasourceStatuses{std::move(all)}};
    });
  }
  std::shared_ptr<QueryStream> operator()(const wire::DeleteDatasource&) {
    return on_pool([call = call_.get()](Database& database) -> Result<Reply> {
      const auto& asked = call->as<wire::DeleteDatasource>();
      SLATE_TRY(database.delete_datasource(asked.id, asked.dependents));
      call->core().refreshes->forget(asked.id);
      return Reply{wire::Done{}};
    });
  }
  std::shared_ptr<QueryStream> operator()(const wire::SaveList&) {
    return on_pool([call = call_.get()](Database& database) {
      return reply(database.save_list(call->as<wire::SaveList>().list));
    });
  }
  std::shared_ptr<QueryStream> operator()(const wire::GetList& request) {
    answer_with(*call_, reply(database().get_list(request.id)));
    return nullptr;
  }
  std::shared_ptr<QueryStream> operator()(const wire::ListLists&) {
    return on_pool([](Database& database) -> Result<Reply> {
      SLATE_TRY(auto all, database.list_lists());
      return Reply{wire::Lists{std::move(all)}};
    });
  }
  std::shared_ptr<QueryStream> operator()(const wire::DeleteList&) {
    return on_pool([call = call_.get()](Database& database) {
      return reply(database.delete_list(call->as<wire::DeleteList>().id));
    });
  }
  std::shared_ptr<QueryStream> operator()(const wire::Reconcile&) {
    return on_pool([call = call_.get()](Database& database) -> Result<Reply> {
      SLATE_TRY(auto report, reconcile(database, call->as<wire::Reconcile>()));
      for (const auto& resource : report.resources)
        if (resource.outcome == Reconciliation::kRemoved || resource.outcome == Reconciliation::kChanged)
          call->core().refreshes->forget(resource.id);
      return Reply{std::move(report)};
    });
  }

  std::shared_ptr<QueryStream> operator()(const wire::BeginRefresh&) {
    call_->core().refreshes->begin(call_);
    return nullptr;
  }
  std::shared_ptr<QueryStream> operator()(const wire::LoadRows&) { return go_on(); }
  std::shared_ptr<QueryStream> operator()(const wire::FinishRefresh&) { return go_on(); }
  std::shared_ptr<QueryStream> operator()(const wire::CommitRefresh&) { return go_on(); }
  std::shared_ptr<QueryStream> operator()(const wire::AbortRefresh&) { return go_on(); }
  std::shared_ptr<QueryStream> operator()(const wire::RenewRefresh&) { return go_on(); }
  std::shared_ptr<QueryStream> operator()(const wire::GetLoad&) {
    call_->core().refreshes->get_load(*call_);
    return nullptr;
  }

  std::shared_ptr<QueryStream> operator()(const wire::Ping&) { return answer(wire::Pong{}); }
  std::shared_ptr<QueryStream> operator()(const wire::GetStatus&) {
    return on_pool([call = call_.get()](Database& database) -> Result<Reply> {
      wire::ServerStatus status = call->core().status();
      SLATE_TRY(const auto datasources, database.list_datasources());
      SLATE_TRY(const auto lists, database.list_lists());
      status.datasources = static_cast<std::uint32_t>(datasources.size());
      status.lists = static_cast<std::uint32_t>(lists.size());
      return Reply{std::move(status)};
    });
  }
  // The session keeps these to itself.
  std::shared_ptr<QueryStream> operator()(const wire::Hello&) { return nullptr; }
  std::shared_ptr<QueryStream> operator()(const wire::Cancel&) { return nullptr; }
  std::shared_ptr<QueryStream> operator()(const wire::Grant&) { return nullptr; }

 private:
  enum class Where : std::uint8_t { kShort, kPool };  // kShort: here first, within limits

  Database& database() { return call_->core().database; }
  std::shared_ptr<QueryStream> answer(const wire::Answer& answer) {
    call_->answer(answer);
    return nullptr;
  }
  std::shared_ptr<QueryStream> refuse(slate::Error error) { return answer(std::move(error)); }
  std::shared_ptr<QueryStream> go_on() {
    call_->core().refreshes->go_on(call_);
    return nullptr;
  }

  // Null: a snapshot of its own.
  Result<std::shared_ptr<HeldSnapshot>> target_of(const wire::Target& target) {
    if (target.snapshot == 0) return nullptr;
    return snapshots_.find(target.snapshot, call_->arrived());
  }

  Result<wire::SnapshotOpened> open(CopyRef copy) {
    SLATE_TRY(auto held, HeldSnapshot::open(call_->core(), copy));
    wire::SnapshotOpened opened{
        .snapshot = 0, .info = held->snapshot().info(), .datasource = held->snapshot().datasource()};
    SLATE_TRY(opened.snapshot, snapshots_.add(std::move(held), call_->arrived()));
    return opened;
  }

  // The question refers to the call, which outlives it, as the target does.
  std::shared_ptr<QueryStream> ask(const wire::Target& target, const QueryOptions& options, Where where,
                                   Question question) {
    auto held = target_of(target);
    if (!held) return refuse(std::move(held).error());
    if (where == Where::kShort && ask_at_once(target, options, *held, question)) return nullptr;
    const auto run = [call = call_, snapshot = *held, question = std::move(question), &target, options] {
      if (!call->begins()) return;
      std::shared_ptr<HeldSnapshot> own;
      answer_with(*call, put(*call, target, snapshot.get(), own, question, call->bounded(options)));
    };
    call_->waits_for_turn();
    auto taken = *held != nullptr ? (*held)->lane().run(run) : call_->core().pool.submit(run);
    return taken ? nullptr : refuse(std::move(taken).error());
  }

  // False: it would take too long, or the snapshot is being read.
  bool ask_at_once(const wire::Target& target, const QueryOptions& options,
                   const std::shared_ptr<HeldSnapshot>& held, const Question& question) {
    if (held != nullptr && !held->lane().try_enter()) return false;
    const AtOnce at_once(*call_, options);
    std::shared_ptr<HeldSnapshot> own;  // goes after the answer: the client need not wait for it
    auto result = put(*call_, target, held.get(), own, question, at_once.options());
    const bool begins_again = !result && at_once.is_cause_of(result.error());
    if (!begins_again) answer_with(*call_, std::move(result));
    if (held != nullptr) held->lane().leave();
    return !begins_again;
  }

  // `held` null: `own` becomes a snapshot for this question alone.
  static Result<Reply> put(Call& call, const wire::Target& target, HeldSnapshot* held,
                           std::shared_ptr<HeldSnapshot>& own, const Question& question,
                           const QueryOptions& options) {
    if (held != nullptr) return question(held->snapshot(), options);
    SLATE_TRY(own, HeldSnapshot::open(call.core(), {target.datasource, target.scope}));
    return question(own->snapshot(), options);
  }

  std::shared_ptr<QueryStream> on_pool(std::function<Result<Reply>(Database&)> work) {
    call_->waits_for_turn();
    auto taken = call_->core().pool.submit([call = call_, work = std::move(work)] {
      if (call->begins()) answer_with(*call, work(call->core().database));
    });
    return taken ? nullptr : refuse(std::move(taken).error());
  }

  const std::shared_ptr<Call>& call_;
  HeldSnapshots& snapshots_;
};

}  // namespace

std::shared_ptr<QueryStream> carry_out(const std::shared_ptr<Call>& call, HeldSnapshots& snapshots) {
  return std::visit(Carrier(call, snapshots), call->request());
}

}  // namespace slate::server
