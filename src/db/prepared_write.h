// Writes checked and taken apart into columns, before any transaction is begun.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include <slate/error.h>
#include <slate/record.h>

#include "model/schema.h"

namespace slate {

// A leaf's new value in the form its column stores: a scalar, or a pointer to a list; null removes it.
struct PreparedCell {
  std::uint32_t column = 0;  // position in Schema::columns
  ValueRef value;
};

// Refers to what its batch, or the caller, keeps.
struct PreparedWrite {
  WriteKind kind = WriteKind::kMerge;
  std::string_view id;
  std::span<const PreparedCell> cells;  // no column twice: the last mention counts
  std::size_t bytes = 0;                // of the id and its texts
};

// Prepared writes in order, and what they refer to. One thread at a time.
class PreparedBatch {
 public:
  enum class Texts : std::uint8_t {
    kBorrowed,  // the records that were added outlive the batch
    kCopied,
  };
  explicit PreparedBatch(Texts texts) : texts_(texts) {}
  PreparedBatch(const PreparedBatch&) = delete;
  PreparedBatch& operator=(const PreparedBatch&) = delete;

  // invalid_argument naming record and field: an id out of bounds, an unknown field, a wrong type, a record
  // too large. A map replaces all of its leaves; a dotted path names a leaf or a map inside. REQUIRES:
  // `schema` is that of the other writes.
  Result<void> add(const RecordWrite& write, const Schema& schema);
  // A write of another batch, with all that it refers to.
  void add_copy(const PreparedWrite& write);
  void clear();

  std::span<const PreparedWrite> writes() const { return writes_; }

 private:
  // Where a name led the last time it stood at this place of a record.
  struct NamedField {
    const Field* field = nullptr;
    std::uint32_t column = 0;
  };
  Result<void> add_cell(std::size_t place, std::string_view record_id, const std::string& name,
                        const Value& value, const Schema& schema);
  const NamedField* find_scalar(std::size_t place, const std::string& name, const Schema& schema);
  void spread(const std::string& path, const Field& field, Value value, const Schema& schema);
  void set(std::uint32_t column, ValueRef value);
  ValueRef keep(Value value);
  std::string_view keep_text(std::string_view text);
  void finish(PreparedWrite write);

  Texts texts_;
  std::vector<PreparedWrite> writes_;
  std::vector<PreparedCell> cells_;   // of the write that is being added
  std::uint32_t highest_column_ = 0;  // of cells_
  std::vector<NamedField> named_;     // by place in a record
  std::deque<Value> lists_;
  std::array<std::byte, 512> first_room_;  // so that a single write needs no allocation
  std::pmr::monotonic_buffer_resource room_{first_room_.data(), first_room_.size()};
};

// The same value, owned.
Value to_value(const ValueRef& reference);

// The error for a record's field, as every way of writing gives it.
Error cell_error(std::string_view record_id, std::string_view field, const Error& cause);
// The error for a cell of a bulk load whose position is not that of a field.
Error position_error(std::string_view record_id, std::size_t position, std::size_t fields);

}  // namespace slate
