// Blocks of rows as a server sends them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "wire/answers.h"
#include "wire/block_payload.h"

namespace slate::client::testing {

// Rows with the ids "<first>", "<first + 1>", ... and one text column, "t", of `text_bytes` bytes each.
inline std::string block_of(std::size_t first, std::size_t count, std::size_t text_bytes) {
  std::vector<std::uint32_t> id_offsets{0};
  std::vector<std::uint32_t> text_offsets{0};
  std::string ids;
  for (std::size_t i = 0; i < count; ++i) {
    ids += std::to_string(first + i);
    id_offsets.push_back(static_cast<std::uint32_t>(ids.size()));
    text_offsets.push_back(static_cast<std::uint32_t>((i + 1) * text_bytes));
  }
  const std::string texts(count * text_bytes, 't');
  const auto plain = [](const std::vector<std::uint32_t>& offsets, const std::string& bytes) {
    return ColumnView{.type = Type::kString,
                      .encoding = Encoding::kPlain,
                      .width = 4,
                      .data = reinterpret_cast<const std::byte*>(offsets.data()),
                      .bytes = bytes.data()};
  };
  const ColumnView text = plain(text_offsets, texts);
  std::vector<std::uint16_t> rows(count);
  std::iota(rows.begin(), rows.end(), std::uint16_t{0});
  std::string block;
  wire::append_blocks({.id = plain(id_offsets, ids), .columns = std::span(&text, 1), .rows = rows}, block);
  return block;
}

inline wire::RowsHead head() {
  return {.info = {.generation = 7}, .columns = {{{.field = "t", .type = Type::kString, .items = {}}}}};
}

}  // namespace slate::client::testing
