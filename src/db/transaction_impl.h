// Optimistic transactions of the embedded database.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <slate/transaction.h>

#include "db/copy_state.h"
#include "db/snapshot_impl.h"

namespace slate {

class StoredTransaction final : public Transaction {
 public:
  using FindDatasource = std::function<Result<std::shared_ptr<CopyState>>(std::string_view)>;
  StoredTransaction(FindDatasource find, const Clock& clock, std::shared_ptr<ScanHelpers> helpers)
      : find_(std::move(find)), clock_(clock), helpers_(std::move(helpers)) {}
  ~StoredTransaction() override;

  Result<std::optional<Record>> get(std::string_view datasource, std::string_view id) override;
  Result<std::optional<Record>> get_for_update(std::string_view datasource, std::string_view id) override;
  Result<void> write(std::string_view datasource, RecordWrite write) override;
  Result<WriteCounts> commit() override;

 private:
  // A datasource from its first touch on.
  struct Part {
    std::shared_ptr<CopyState> state;
    std::shared_ptr<const Schema> schema;
    std::uint64_t since = 0;
    std::unique_ptr<StoredSnapshot> snapshot;
    PreparedBatch writes{PreparedBatch::Texts::kCopied};
    std::unordered_map<std::string, std::vector<std::size_t>> writes_of;  // positions in writes, by id
    std::vector<std::string> read_for_update;
  };
  Result<Part*> part(std::string_view datasource);
  CommitRequest request(const Part& part) const;
  void end();

  FindDatasource find_;
  const Clock& clock_;
  std::shared_ptr<ScanHelpers> helpers_;
  std::map<std::string, Part, std::less<>> parts_;
  bool over_ = false;
};

}  // namespace slate
