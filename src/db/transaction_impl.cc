#include "db/transaction_impl.h"

#include <algorithm>

#include "base/try.h"
#include "db/prepared_write.h"

namespace slate {
namespace {

// The record that a write leaves, as a query would show it.
class Overlay {
 public:
  Overlay(const Schema& schema, std::optional<Record> stored) : schema_(schema) {
    if (!stored) return;
    exists_ = true;
    values_.resize(schema.columns.size());
    for (auto& [name, value] : stored->cells) place(name, std::move(value));
  }

  void apply(const PreparedWrite& write) {
    if (write.kind == WriteKind::kUpdate && !exists_) return;  // the commit will refuse it
    const bool keeps_cells = write.kind == WriteKind::kMerge || write.kind == WriteKind::kUpdate;
    exists_ = write.kind != WriteKind::kDelete;
    if (!keeps_cells) values_.clear();
    values_.resize(schema_.columns.size());
    if (!exists_) return;
    for (const PreparedCell& cell : write.cells) values_[cell.column] = to_value(cell.value);
  }

  std::optional<Record> record(std::string_view id) const {
    if (!exists_) return std::nullopt;
    Record record{.id = std::string(id)};
    for (std::size_t i = kRecordIdColumn + 1; i < values_.size(); ++i)
      if (!values_[i].is_null()) insert(record.cells, schema_.columns[i].path, values_[i]);
    return record;
  }

 private:
  void place(const std::string& path, Value value) {
    if (auto* map = value.get_if<MapValue>()) {
      for (auto& [name, entry] : *map) place(path + "." + name, std::move(entry));
      return;
    }
    if (const auto column = schema_.find_column(path)) values_[*column] = std::move(value);
  }
  static void insert(MapValue& cells, std::string_view path, const Value& value) {
    const auto dot = path.find('.');
    const std::string_view name = path.substr(0, dot);
    if (dot == std::string_view::npos) {
      cells.emplace_back(std::string(name), value);
      return;
    }
    auto found =
        std::ranges::find(cells, name, [](const auto& cell) { return std::string_view(cell.first); });
    if (found == cells.end()) found = cells.insert(cells.end(), {std::string(name), Value(MapValue{})});
    insert(*found->second.get_if<MapValue>(), path.substr(dot + 1), value);
  }

  const Schema& schema_;
  bool exists_ = false;
  std::vector<Value> values_;  // by column
};

Failure already_over() { return fail(Reason::kFailedPrecondition, "the transaction has ended"); }

}  // namespace

StoredTransaction::~StoredTransaction() { end(); }

void StoredTransaction::end() {
  for (auto& [name, part] : parts_) part.state->conflicts().end(part.since);
  parts_.clear();
  over_ = true;
}

Result<StoredTransaction::Part*> StoredTransaction::part(std::string_view datasource) {
  if (over_) return already_over();
  if (const auto found = parts_.find(datasource); found != parts_.end()) return &found->second;
  SLATE_TRY(auto state, find_(datasource));
  const std::uint64_t since = state->conflicts().begin();
  const CopyState::Current now = state->current();
  auto snapshot = now.damage
                      ? Result<std::unique_ptr<StoredSnapshot>>(fail(*now.damage))
                      : StoredSnapshot::open(now.schema, now.live, clock_.now(), CursorKey{}, helpers_);
  if (!snapshot) {
    state->conflicts().end(since);
    return fail(std::move(snapshot).error());
  }
  Part& part = parts_[std::string(datasource)];
  part.state = std::move(state);
  part.schema = now.schema;
  part.since = since;
  part.snapshot = *std::move(snapshot);
  return &part;
}

Result<std::optional<Record>> StoredTransaction::get(std::string_view datasource, std::string_view id) {
  SLATE_TRY(Part * part, this->part(datasource));
  SLATE_TRY(std::optional<Record> stored, part->snapshot->get(id));
  const auto writes = part->writes_of.find(std::string(id));
  if (writes == part->writes_of.end()) return stored;
  Overlay overlay(*part->schema, std::move(stored));
  for (const std::size_t at : writes->second) overlay.apply(part->writes.writes()[at]);
  return overlay.record(id);
}

Result<std::optional<Record>> StoredTransaction::get_for_update(std::string_view datasource,
                                                                std::string_view id) {
  SLATE_TRY(Part * part, this->part(datasource));
  part->read_for_update.emplace_back(id);
  return get(datasource, id);
}

Result<void> StoredTransaction::write(std::string_view datasource, RecordWrite write) {
  SLATE_TRY(Part * part, this->part(datasource));
  SLATE_TRY(part->writes.add(write, *part->schema));
  part->writes_of[std::move(write.id)].push_back(part->writes.writes().size() - 1);
  return {};
}

CommitRequest StoredTransaction::request(const Part& part) const {
  return {.writes = part.writes.writes(),
          .schema = part.schema.get(),
          .since = part.since,
          .read_for_update = part.read_for_update};
}

Result<WriteCounts> StoredTransaction::commit() {
  if (over_) return already_over();
  WriteCounts total;
  const auto run = [&]() -> Result<void> {
    for (auto& [name, part] : parts_) part.snapshot.reset();
    if (parts_.size() == 1) {
      SLATE_TRY(total, parts_.begin()->second.state->commit(request(parts_.begin()->second)));
      return {};
    }
    // Locked in the order of their names, so that two such commits cannot wait for each other.
    std::vector<std::unique_lock<std::mutex>> locks;
    for (auto& [name, part] : parts_) locks.emplace_back(part.state->write_mutex());
    std::vector<AppliedCommit> applied;
    for (auto& [name, part] : parts_) {
      SLATE_TRY(AppliedCommit one, part.state->apply_locked(request(part)));
      applied.push_back(std::move(one));
    }
    auto next = applied.begin();
    for (auto& [name, part] : parts_) {
      SLATE_TRY(const WriteCounts counts, part.state->finish_locked(request(part), std::move(*next++)));
      total.inserted += counts.inserted;
      total.updated += counts.updated;
      total.deleted += counts.deleted;
    }
    return {};
  };
  auto done = run();
  end();
  if (!done) return fail(std::move(done).error());
  return total;
}

}  // namespace slate
