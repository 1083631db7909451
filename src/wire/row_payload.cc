#include "wire/row_payload.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <type_traits>

#include <slate/datasource.h>

#include "base/try.h"
#include "codec/list_cell.h"
#include "codec/scalar_bytes.h"

namespace slate::wire {
namespace {

Failure malformed(std::uint64_t row) {
  return fail(Error(Reason::kInvalidArgument, "a malformed row").with_position(row));
}

void put_value(const ValueRef& value, std::string& out) {
  std::visit(
      [&out]<typename T>(const T& held) {
        if constexpr (std::is_same_v<T, Null>)
          encode_element(Value(), out);
        else if constexpr (std::is_same_v<T, const Value*>)
          encode_element(*held, out);
        else
          put_scalar(out, held);
      },
      value);
}

// Scalars in place; lists and maps are put in `held`, which keeps them where they are.
std::optional<ValueRef> take_value(std::string_view& bytes, std::deque<Value>& held) {
  if (const auto scalar = take_scalar(bytes))
    return visit_scalar(*scalar, [](const auto& value) { return ValueRef(value); });
  auto element = take_element(bytes);
  if (!element) return std::nullopt;
  if (element->is_null()) return ValueRef{Null{}};
  held.push_back(*std::move(element));
  return ValueRef{&held.back()};
}

std::optional<RecordWrite> take_write(std::string_view& bytes) {
  const auto kind = take<std::uint8_t>(bytes);
  const auto id = take_text(bytes);
  const auto cells = take<std::uint32_t>(bytes);
  if (!kind || *kind > static_cast<std::uint8_t>(WriteKind::kDelete) || !id || !cells) return std::nullopt;
  RecordWrite write{.kind = static_cast<WriteKind>(*kind), .id = std::string(*id), .cells = {}};
  // A cell takes five bytes at least.
  if (*cells > bytes.size() / 5) return std::nullopt;
  write.cells.reserve(std::min<std::size_t>(*cells, Limits::kFields));
  for (std::uint32_t i = 0; i < *cells; ++i) {
    const auto name = take_text(bytes);
    if (!name) return std::nullopt;
    auto value = take_element(bytes);
    if (!value) return std::nullopt;
    write.cells.emplace_back(std::string(*name), *std::move(value));
  }
  return write;
}

}  // namespace

void append_write(const RecordWrite& write, std::string& out) {
  put(out, static_cast<std::uint8_t>(write.kind));
  put_text(out, write.id);
  put(out, static_cast<std::uint32_t>(write.cells.size()));
  for (const auto& [name, value] : write.cells) {
    put_text(out, name);
    encode_element(value, out);
  }
}

Result<std::vector<RecordWrite>> read_writes(std::string_view payload, std::uint32_t count) {
  std::vector<RecordWrite> writes;
  if (count > payload.size() / 9) return malformed(0);
  writes.reserve(std::min<std::size_t>(count, 4096));
  for (std::uint32_t i = 0; i < count; ++i) {
    auto write = take_write(payload);
    if (!write) return malformed(i);
    writes.push_back(*std::move(write));
  }
  if (!payload.empty()) return malformed(count);
  return writes;
}

void append_row(std::string_view id, std::span<const CellRef> cells, std::string& out) {
  put_text(out, id);
  put(out, static_cast<std::uint32_t>(cells.size()));
  for (const auto& [field, value] : cells) {
    put(out, field);
    put_value(value, out);
  }
}

Result<void> read_rows(std::string_view payload, std::uint32_t count,
                       const std::function<Result<void>(std::string_view, std::span<const CellRef>)>& row) {
  std::vector<CellRef> cells;
  std::deque<Value> held;
  for (std::uint32_t i = 0; i < count; ++i) {
    cells.clear();
    held.clear();
    const auto id = take_text(payload);
    const auto number = take<std::uint32_t>(payload);
    if (!id || !number || *number > payload.size() / 5) return malformed(i);
    for (std::uint32_t cell = 0; cell < *number; ++cell) {
      const auto field = take<std::uint32_t>(payload);
      if (!field) return malformed(i);
      auto value = take_value(payload, held);
      if (!value) return malformed(i);
      cells.push_back({.field = *field, .value = *std::move(value)});
    }
    if (auto taken = row(*id, cells); !taken) {
      Error error = std::move(taken).error();
      return fail(error.position() ? error : std::move(error).with_position(i));
    }
  }
  if (!payload.empty()) return malformed(count);
  return {};
}

}  // namespace slate::wire
