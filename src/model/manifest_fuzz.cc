// Any bytes as manifests: nothing crashes, and what is accepted survives being written and read.
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "model/json.h"
#include "model/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace slate;
  const ManifestFile file = parse_manifests({reinterpret_cast<const char*>(data), size}, "fuzz.yaml");
  for (const auto& manifest : file.documents) {
    if (const auto* datasource = std::get_if<Datasource>(&manifest.resource)) {
      check(validate(*datasource).has_value(), "an accepted datasource is valid");
      check(datasource_from_json(to_json(*datasource)) == *datasource, "a written datasource is read back");
    } else {
      const auto& list = std::get<ListView>(manifest.resource);
      check(list_view_from_json(to_json(list)) == list, "a written list is read back");
    }
  }
  for (const auto& error : file.errors)
    check(!error.to_string().empty() && error.line >= 1, "an error has a line");
  return 0;
}
