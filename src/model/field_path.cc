#include "model/field_path.h"

#include <algorithm>

namespace slate {

const Field* find_field(std::span<const Field> fields, std::string_view path) {
  const auto dot = path.find('.');
  const auto found = std::ranges::find(fields, path.substr(0, dot), &Field::name);
  if (found == fields.end()) return nullptr;
  return dot == std::string_view::npos ? &*found : find_field(found->fields, path.substr(dot + 1));
}

}  // namespace slate
