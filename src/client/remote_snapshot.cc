#include "client/remote_snapshot.h"

#include <utility>

#include "base/try.h"
#include "model/schema.h"

namespace slate::client {

RemoteSnapshot::Held::~Held() { lease->connection().post(wire::CloseSnapshot{.snapshot = opened.handle}); }

RemoteSnapshot::RemoteSnapshot(Lease lease, OpenedSnapshot opened)
    : held_(std::make_shared<Held>(std::move(lease), std::move(opened))) {}

Result<std::unique_ptr<ResultSet>> RemoteSnapshot::query(const Query& query, const QueryOptions& options) {
  SLATE_TRY(auto rows, held_->lease->query(held_->opened, query, options, held_).get());
  return rows;
}

Result<Count> RemoteSnapshot::count(const std::optional<Filter>& filter, std::optional<std::uint64_t> limit,
                                    const QueryOptions& options) {
  return held_->lease->count(held_->opened, filter, limit, options).get();
}

Result<DistinctValues> RemoteSnapshot::distinct(const DistinctQuery& query, const QueryOptions& options) {
  return held_->lease->distinct(held_->opened, query, options).get();
}

Result<Explanation> RemoteSnapshot::explain(const Query& query, ExplainMode mode,
                                            const QueryOptions& options) {
  return held_->lease->explain(held_->opened, query, mode, options).get();
}

Result<const Batch*> RemoteSnapshot::find(std::string_view id) {
  SLATE_TRY(FoundRecord found, held_->lease->find(held_->opened, id, {}).get());
  found_.emplace(std::move(found));
  return found_->batch();
}

const std::vector<ResultColumn>& RemoteSnapshot::columns() const {
  if (columns_.empty()) {
    const Schema schema = make_schema(datasource(), nullptr);
    for (std::size_t i = kRecordIdColumn + 1; i < schema.columns.size(); ++i) {
      const Column& column = schema.columns[i];
      columns_.push_back({.field = column.path, .type = column.type, .items = column.items});
    }
  }
  return columns_;
}

}  // namespace slate::client
