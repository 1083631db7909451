// The reference that the planner is held against: records in plain memory, and a straight reading of what
// filters, sorts, skip and take mean. No index, no plan, no cleverness.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <slate/datasource.h>
#include <slate/distinct.h>
#include <slate/query.h>
#include <slate/record.h>

namespace slate::differential {

// Leaves by dotted path; an absent one is null.
using Cells = std::map<std::string, Value>;

// The leaves of a record that the database gave.
Cells cells_of(const Record& record);
// Cells as a bulk load takes them; they refer to `cells`. REQUIRES: each names a field.
std::vector<CellRef> cell_refs(const Datasource& datasource,
                               const std::vector<std::pair<std::string, Value>>& cells);

struct ReferenceRecord {
  std::string id;
  Cells cells;
};

struct ReferenceAnswer {
  std::vector<std::string> ids;
  bool has_more = false;
  std::uint64_t matches = 0;  // without skip and take
};

class Reference {
 public:
  explicit Reference(const Datasource& datasource);

  // REQUIRES: the write is valid.
  void apply(const RecordWrite& write);
  ReferenceAnswer answer(const Query& query) const;
  // Of a list the elements, each once for a list that has it. Counters stay zero.
  DistinctValues distinct(const DistinctQuery& query) const;

  // In order of arrival.
  const std::vector<ReferenceRecord>& records() const { return records_; }
  // By path, `_id` included; of a list, the type of its elements in `element`.
  struct Leaf {
    Type type;
    Type element;
    Collation collation = Collation::kBinary;
  };
  const std::map<std::string, Leaf>& leaves() const { return leaves_; }

 private:
  void add_leaves(const std::vector<Field>& fields, const std::string& prefix);
  void set(Cells& cells, const std::string& path, const Value& value) const;
  Value cell(const ReferenceRecord& record, const std::string& path) const;
  bool matches(const Filter& filter, const ReferenceRecord& record) const;
  bool holds(const Filter& condition, const ReferenceRecord& record) const;

  std::map<std::string, Leaf> leaves_;
  std::vector<ReferenceRecord> records_;
};

}  // namespace slate::differential
