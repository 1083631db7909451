// The command line of slate_compare.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "cli/terminal.h"

namespace slate::bench::compare {

enum class Format : std::uint8_t { kTable, kJson, kMarkdown };

struct Options {
  std::vector<std::size_t> records;
  std::vector<std::string> lines;    // empty: all
  std::vector<std::string> engines;  // names of engine_names(); empty: all
  std::size_t repeat = 9;
  Format format = Format::kTable;
  std::string data;            // folder for databases; empty: a temporary one
  std::string into;            // page that gets the markdown between its marks; empty: none
  std::string duckdb;          // libduckdb.so; empty: none
  std::string without_duckdb;  // why there is none
  std::string postgres;        // folder of initdb and postgres

  bool wants(std::string_view engine) const;
};

// "slate", "sqlite", "postgres", "duckdb", "vector", "lmdb"
const std::vector<std::string>& engine_names();

// Otherwise it is over: help was printed, or the mistake.
std::expected<Options, cli::Exit> parse_options(std::span<const std::string> arguments,
                                                cli::Terminal& terminal);

}  // namespace slate::bench::compare
