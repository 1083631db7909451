// Names one copy of a datasource's records.
#pragma once

#include <string>
#include <string_view>

namespace slate {

// The empty scope is the copy that all callers share; a datasource whose loader has `scope_headers` has a
// copy for each scope instead, and none that is shared. A scope is an opaque word: at most 64 letters,
// digits, _ and -. Refers to its texts, as string_view does.
struct CopyRef {
  std::string_view datasource;
  std::string_view scope{};

  CopyRef(std::string_view of, std::string_view of_scope = {}) : datasource(of), scope(of_scope) {}
  CopyRef(const std::string& of) : datasource(of) {}
  CopyRef(const char* of) : datasource(of) {}
};

}  // namespace slate
