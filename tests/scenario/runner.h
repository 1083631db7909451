// Runs a scenario against a database, under one setting.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "scenario/questions.h"
#include "scenario/script.h"

namespace slate::scenario {

// How the database comes by its data and is kept. The rows of a query are the same under each.
struct Setting {
  std::string name;
  std::uint32_t segment_rows = 256;
  bool is_default = false;    // plans and what was examined hold here
  bool is_reopened = false;   // closed and opened again before every query
  bool is_loaded = false;     // `records` and `generate` are bulk loads
  bool is_remote = false;     // asked over TCP
  bool is_http = false;       // asked over HTTP, of an API in front of all of the above
  bool is_scattered = false;  // records are written among others, which are then deleted
  Ways ways = Ways::kFew;     // in which each query is answered; HTTP has no choice
};
std::vector<Setting> settings();

// What did not come about as expected, at most a few of it. Uses and removes `folder`.
std::vector<Complaint> run_script(const Script& script, const Setting& setting,
                                  const std::filesystem::path& folder);

}  // namespace slate::scenario
