// Maps by copy: by datasource and scope.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include <slate/copy_ref.h>

namespace slate {

struct CopyName {
  std::string datasource;
  std::string scope;

  operator CopyRef() const { return {std::string_view(datasource), scope}; }
};

struct CopyOrder {
  using is_transparent = void;
  bool operator()(CopyRef a, CopyRef b) const {
    return std::tie(a.datasource, a.scope) < std::tie(b.datasource, b.scope);
  }
};

// The copies of one datasource stand together, the one that all callers share first.
template <typename T>
using ByCopy = std::map<CopyName, T, CopyOrder>;

}  // namespace slate
