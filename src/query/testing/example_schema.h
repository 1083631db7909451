// A datasource with a field of every type, for this room's tests and fuzzers.
#pragma once

#include <slate/datasource.h>

#include "model/schema.h"
#include "model/testing/fields.h"

namespace slate {

inline Datasource example_datasource() {
  Datasource datasource;
  datasource.id = "prospects";
  datasource.fields = {
      indexed(scalar("status")),                                       // columns 1: [0] is _id
      scalar("contacts_count", Type::kInt),                            // 2
      scalar("revenue", Type::kFloat),                                 // 3
      scalar("is_open", Type::kBool),                                  // 4
      scalar("closed_at", Type::kDate),                                // 5
      list_of("tags", scalar("")),                                     // 6
      list_of("ranks", scalar("", Type::kInt)),                        // 7
      list_of("people", map_of("", {scalar("name")})),                 // 8
      list_of("grid", list_of("", scalar("", Type::kInt))),            // 9
      map_of("address", {scalar("city"), scalar("zip", Type::kInt)}),  // 10: city, 11: zip
      with_ttl(scalar("score", Type::kFloat), 3600),                   // 12
      scalar("skip", Type::kInt),                                      // 13
      scalar("odd__gt", Type::kInt),                                   // 14
      scalar("name"),                                                  // 15
  };
  CompoundIndex by_status;
  by_status.fields = {{.field = "status"}, {.field = "contacts_count", .direction = Direction::kDescending}};
  datasource.indexes = {by_status};
  return datasource;
}

inline Schema example_schema() { return make_schema(example_datasource(), nullptr); }

}  // namespace slate
