// Runs a scenario against a database, under one setting.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "scenario/script.h"

namespace slate::scenario {

// How the database comes by its data and is kept. The rows of a query are the same under each.
struct Setting {
  std::string name;
  std::uint32_t segment_rows = 256;
  bool is_default = false;    // plans and what was examined hold here
  bool is_reopened = false;   // closed and opened again before every query
  bool is_loaded = false;     // `records` and `generate` are bulk loads
  bool is_scattered = false;  // records are written among others, which are then deleted
  bool has_every_way = true;  // queries are run in each way; otherwise as planned and without any rule
};
std::vector<Setting> settings();

// Every query is run in the ways of ways_to_answer(). Returns what did not come about as expected, at most a
// few of it. Uses and removes `folder`.
std::vector<Complaint> run_script(const Script& script, const Setting& setting,
                                  const std::filesystem::path& folder);

}  // namespace slate::scenario
