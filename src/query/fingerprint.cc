#include "query/fingerprint.h"

#include <string>
#include <xxhash.h>

namespace slate {
namespace {

class Writer {
 public:
  explicit Writer(const Schema& schema) : schema_(schema) {}

  template <typename T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void add(T value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value)); }
  void add(const std::string& text) {
    add(text.size());
    bytes_ += text;
  }
  void add(const Scalar& value) {
    add(value.index());
    std::visit([this](const auto& held) { add(held); }, value);
  }
  void add(const std::optional<Bound>& bound) {
    add(bound.has_value());
    if (!bound) return;
    add(bound->value);
    add(bound->inclusive);
  }
  void add_column(std::uint32_t column) { add(schema_.columns[column].id); }
  void add(const BoundFilter& filter) {
    add(filter.kind);
    add_column(filter.column);
    add(filter.lower);
    add(filter.upper);
    add(filter.values.size());
    for (const Scalar& value : filter.values) add(value);
    add(filter.match);
    add(filter.case_rule);
    add(filter.needle);
    add(filter.children.size());
    for (const BoundFilter& child : filter.children) add(child);
  }

  std::uint64_t hash() const { return XXH3_64bits(bytes_.data(), bytes_.size()); }

 private:
  const Schema& schema_;
  std::string bytes_;
};

}  // namespace

std::uint64_t fingerprint(const BoundFilter& filter, std::span<const BoundSortKey> sort,
                          const Schema& schema) {
  Writer writer(schema);
  writer.add(filter);
  writer.add(sort.size());
  for (const BoundSortKey& key : sort) {
    writer.add_column(key.column);
    writer.add(schema.columns[key.column].collation);
    writer.add(key.direction);
    writer.add(key.nulls);
  }
  return writer.hash();
}

}  // namespace slate
