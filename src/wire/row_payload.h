// The payloads of requests: rows on their way into a datasource (docs/formats/wire.md).
//
//   write row   u8 kind · u32 id bytes · id · u32 cells · cells of (u32 name bytes · name · value)
//   load row    u32 id bytes · id · u32 cells · cells of (u32 field position · value)
//
// A value is an element of a list's cell (docs/formats/block.md). Encoders append to `out`. Decoders survive
// any bytes: invalid_argument with the position of the row.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <slate/error.h>
#include <slate/record.h>

namespace slate::wire {

void append_write(const RecordWrite& write, std::string& out);
Result<std::vector<RecordWrite>> read_writes(std::string_view payload, std::uint32_t count);

void append_row(std::string_view id, std::span<const CellRef> cells, std::string& out);
// Calls `row` for each; texts refer to `payload`, and all of it is valid during the call only. Ends at the
// first error, which is the row's own with its position.
Result<void> read_rows(std::string_view payload, std::uint32_t count,
                       const std::function<Result<void>(std::string_view id, std::span<const CellRef>)>& row);

}  // namespace slate::wire
