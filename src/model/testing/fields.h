// Fields in few words.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <slate/datasource.h>

namespace slate {

inline Field scalar(std::string name, Type type = Type::kString) {
  Field field;
  field.name = std::move(name);
  field.type = type;
  return field;
}
inline Field map_of(std::string name, std::vector<Field> fields) {
  Field field = scalar(std::move(name), Type::kMap);
  field.fields = std::move(fields);
  return field;
}
inline Field list_of(std::string name, Field element) {
  Field field = scalar(std::move(name), Type::kList);
  field.items = {std::move(element)};
  return field;
}
inline Field indexed(Field field) {
  field.indexed = true;
  return field;
}
inline Field with_ttl(Field field, std::int64_t seconds) {
  field.ttl_seconds = seconds;
  return field;
}

}  // namespace slate
