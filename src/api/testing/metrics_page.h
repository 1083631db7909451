// The table of docs/metrics.md, and what a server tells, in the same form.
#pragma once

#include <cstdint>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <ostream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace slate::api::testing {

struct ToldMetric {
  std::string type;
  std::set<std::string> labels;
  bool operator==(const ToldMetric&) const = default;
};
using MetricTable = std::map<std::string, ToldMetric>;

inline void PrintTo(const ToldMetric& told, std::ostream* out) {
  *out << told.type;
  for (const auto& label : told.labels) *out << " " << label;
}

// Whether they are slate_tcp_..., of `slate db` only.
enum class Those : std::uint8_t { kOfTcp, kOthers };

// The rows "| `name` | type | `label`, `label` | meaning |" of that page.
inline MetricTable documented_metrics(const std::string& file, Those those) {
  std::ifstream page(file);
  MetricTable table;
  const std::regex row(R"(^\| `([a-z_]+)` \| (counter|gauge|histogram) \|([^|]*)\|.*)");
  const std::regex word("`([a-z_]+)`");
  for (std::string line; std::getline(page, line);) {
    std::smatch parts;
    if (!std::regex_match(line, parts, row)) continue;
    if (parts[1].str().starts_with("slate_tcp_") != (those == Those::kOfTcp)) continue;
    ToldMetric told{.type = parts[2], .labels = {}};
    const std::string labels = parts[3];
    for (std::sregex_iterator each(labels.begin(), labels.end(), word); each != std::sregex_iterator();
         ++each)
      told.labels.insert((*each)[1]);
    EXPECT_TRUE(table.emplace(parts[1], told).second) << parts[1] << " is there twice";
  }
  return table;
}

// Types from the lines "# TYPE", labels from the samples; families without a sample are left out.
inline MetricTable told_metrics(const std::string& text) {
  MetricTable table;
  std::map<std::string, std::string> types;
  std::istringstream lines(text);
  const std::regex sample(R"(^([a-z_]+)(\{(.*)\})? \S+.*)");
  const std::regex label(R"re(([a-z_]+)="(?:[^"\\]|\\.)*")re");
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# TYPE ")) {
      std::istringstream words(line.substr(7));
      std::string name;
      words >> name;
      words >> types[name];
      continue;
    }
    std::smatch parts;
    if (line.starts_with('#') || !std::regex_match(line, parts, sample)) continue;
    std::string name = parts[1];
    for (const std::string suffix : {"_bucket", "_sum", "_count"})
      if (!types.contains(name) && name.ends_with(suffix)) name.resize(name.size() - suffix.size());
    EXPECT_TRUE(types.contains(name)) << line;
    ToldMetric& told = table[name];
    told.type = types[name];
    const std::string labels = parts[3];
    for (std::sregex_iterator each(labels.begin(), labels.end(), label); each != std::sregex_iterator();
         ++each)
      if ((*each)[1] != "le") told.labels.insert((*each)[1]);
  }
  return table;
}

}  // namespace slate::api::testing
