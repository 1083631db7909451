// A datasource with a field of every type, for this room's tests and fuzzers.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <slate/datasource.h>

#include "model/schema.h"

namespace slate {

inline Field example_field(std::string name, Type type) {
  Field field;
  field.name = std::move(name);
  field.type = type;
  return field;
}

inline Field example_list(std::string name, Field element) {
  Field field = example_field(std::move(name), Type::kList);
  element.name.clear();
  field.items.push_back(std::move(element));
  return field;
}

inline Datasource example_datasource() {
  Datasource datasource;
  datasource.id = "prospects";
  auto status = example_field("status", Type::kString);
  status.indexed = true;
  auto score = example_field("score", Type::kFloat);
  score.ttl_seconds = 3600;
  auto address = example_field("address", Type::kMap);
  address.fields = {example_field("city", Type::kString), example_field("zip", Type::kInt)};
  auto person = example_field("", Type::kMap);
  person.fields = {example_field("name", Type::kString)};
  datasource.fields = {
      status,                                                                 // columns 1: [0] is _id
      example_field("contacts_count", Type::kInt),                            // 2
      example_field("revenue", Type::kFloat),                                 // 3
      example_field("is_open", Type::kBool),                                  // 4
      example_field("closed_at", Type::kDate),                                // 5
      example_list("tags", example_field("", Type::kString)),                 // 6
      example_list("ranks", example_field("", Type::kInt)),                   // 7
      example_list("people", person),                                         // 8
      example_list("grid", example_list("", example_field("", Type::kInt))),  // 9
      address,                                                                // 10: city, 11: zip
      score,                                                                  // 12
      example_field("skip", Type::kInt),                                      // 13
      example_field("odd__gt", Type::kInt),                                   // 14
      example_field("name", Type::kString),                                   // 15
  };
  CompoundIndex by_status;
  by_status.fields = {{.field = "status"}, {.field = "contacts_count", .direction = Direction::kDescending}};
  datasource.indexes = {by_status};
  return datasource;
}

inline Schema example_schema() { return make_schema(example_datasource(), nullptr); }

}  // namespace slate
