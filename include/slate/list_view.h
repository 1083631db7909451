// A list: a saved view of one datasource.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <slate/datasource.h>
#include <slate/query.h>

namespace slate {

struct ListColumn {
  std::string field;    // dotted path
  std::string label;    // for people; empty: the field's path
  bool hidden = false;  // may be filtered and sorted by; returned only when named
  bool operator==(const ListColumn&) const = default;
};

struct ListView {
  std::string id;
  std::string datasource;
  std::string title;
  std::vector<ListColumn> columns;  // at least one
  std::optional<Filter> filter;
  std::vector<SortKey> sort;
  std::uint32_t page_size = 200;
  std::uint32_t max_page_size = 1000;
  bool operator==(const ListView&) const = default;
};

// Checks a list against its datasource: unknown fields, operators that do not fit, limits. Answers with the
// warnings: one for each sort or filter that no index serves, naming the index to add.
Result<std::vector<std::string>> validate(const ListView& list, const Datasource& datasource);

}  // namespace slate
