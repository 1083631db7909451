#include "model/field_path.h"

#include <gtest/gtest.h>
#include <vector>

namespace slate {
namespace {

TEST(FieldPath, fields_are_found_inside_maps_and_maps_themselves) {
  const std::vector<Field> fields{
      {.name = "name", .type = Type::kString},
      {.name = "address",
       .type = Type::kMap,
       .fields = {{.name = "geo", .type = Type::kMap, .fields = {{.name = "lat", .type = Type::kFloat}}}}}};
  EXPECT_EQ(find_field(fields, "name"), &fields[0]);
  EXPECT_EQ(find_field(fields, "address"), &fields[1]);
  EXPECT_EQ(find_field(fields, "address.geo"), &fields[1].fields[0]);
  EXPECT_EQ(find_field(fields, "address.geo.lat"), &fields[1].fields[0].fields[0]);
  for (const char* nowhere :
       {"", ".", "nam", "name.", "name.x", "address.", "address.lat", "address.geo.", ".name"})
    EXPECT_EQ(find_field(fields, nowhere), nullptr) << nowhere;
}

}  // namespace
}  // namespace slate
