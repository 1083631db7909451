#include "exec/sort_key.h"

#include <bit>

#include "codec/key.h"
#include "query/fold.h"

namespace slate {
namespace {

constexpr char kNullFirst = 0x01;
constexpr char kValue = 0x02;
constexpr char kNullLast = 0x03;

// NUL inside a text is 00 ff; a text ends with 00 01: as in index keys, but never cut.
void append_text(std::string& key, std::string_view text) {
  for (std::size_t nul; (nul = text.find('\0')) != std::string_view::npos; text.remove_prefix(nul + 1)) {
    key.append(text.substr(0, nul));
    key.append("\0\xff", 2);
  }
  key.append(text);
  key.append("\0\x01", 2);
}

// A text with a NUL is rare: others are folded where they go.
void append_folded_text(std::string& key, std::string_view text) {
  const std::size_t begin = key.size();
  append_folded(text, key);
  if (std::string_view(key).substr(begin).find('\0') == std::string_view::npos) {
    key.append("\0\x01", 2);
    return;
  }
  const std::string folded = key.substr(begin);
  key.resize(begin);
  append_text(key, folded);
}

void append_image(std::string& key, std::uint64_t image) {
  image = std::byteswap(image);
  key.append(reinterpret_cast<const char*>(&image), sizeof(image));
}

}  // namespace

SortKeyEncoder::SortKeyEncoder(std::span<const BoundSortKey> sort, ColumnSet& columns) {
  for (const BoundSortKey& key : sort)
    components_.push_back({.column = columns.add(key.column),
                           .direction = key.direction,
                           .nulls = key.nulls,
                           .collation = columns.schema().columns[key.column].collation});
}

void SortKeyEncoder::encode(const ResolvedBlock& block, std::size_t row, std::string& key) const {
  key.clear();
  for (const Component& component : components_) {
    const ColumnView& column = block.columns[component.column];
    if (column.is_null(row)) {
      key += component.nulls == Nulls::kLast ? kNullLast : kNullFirst;
      continue;
    }
    const std::size_t begin = key.size();
    key += kValue;
    switch (column.type) {
      case Type::kString:
        if (component.collation == Collation::kBinary)
          append_text(key, column.text(row));
        else
          append_folded_text(key, column.text(row));
        break;
      case Type::kFloat: append_image(key, ordered_image(column.real(row))); break;
      default: append_image(key, ordered_image(column.integer(row))); break;
    }
    component.turn(key, begin);
  }
}

std::string SortKeyEncoder::encode(std::span<const std::optional<Scalar>> values) const {
  std::string key;
  for (std::size_t i = 0; i < components_.size(); ++i) {
    const Component& component = components_[i];
    if (!values[i]) {
      key += component.nulls == Nulls::kLast ? kNullLast : kNullFirst;
      continue;
    }
    const std::size_t begin = key.size();
    key += kValue;
    if (const auto* text = std::get_if<std::string>(&*values[i]))
      append_text(key, *text);
    else if (const auto* real = std::get_if<double>(&*values[i]))
      append_image(key, ordered_image(*real));
    else
      append_image(key, ordered_image(std::get<std::int64_t>(*values[i])));
    component.turn(key, begin);
  }
  return key;
}

// Turns a value's bytes round when it descends; the rank before them stays.
void SortKeyEncoder::Component::turn(std::string& key, std::size_t begin) const {
  if (direction == Direction::kAscending) return;
  for (std::size_t i = begin + 1; i < key.size(); ++i) key[i] = static_cast<char>(~key[i]);
}

}  // namespace slate
