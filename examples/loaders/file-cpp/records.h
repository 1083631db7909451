// A file as a sequence of LoadResponses.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <istream>
#include <string>

#include "column_type.h"
#include "slate/loader/loader.pb.h"

namespace file_loader {

enum class Format : std::uint8_t { kCsv, kNdjson };

struct FileOptions {
  std::filesystem::path path;
  Format format = Format::kCsv;
  std::string id_column = "id";
  ColumnTypes types;  // by column; of the others a CSV file's are guessed and an NDJSON file's are its own
};

// False: the receiver wants no more.
using Emit = std::function<bool(const slate::loader::LoadResponse& row)>;

// Every record of the file, in its order. The id column becomes the record's id and is not repeated as a
// field. Memory does not grow with the file. Errors: a sentence with the line; rows before it have been
// emitted.
std::expected<void, std::string> read_records(const FileOptions& options, const Emit& emit);

// The same, of a stream that can be rewound.
std::expected<void, std::string> read_records(std::istream& input, const FileOptions& options,
                                              const Emit& emit);

}  // namespace file_loader
