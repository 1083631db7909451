#include "model/schema.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/testing/fields.h"

namespace slate {
namespace {

Datasource prospects() {
  Datasource datasource;
  datasource.id = "prospects";
  datasource.fields = {
      scalar("name"), indexed(scalar("status")), indexed(scalar("contacts_count", Type::kInt)),
      list_of("tags", scalar("")),
      map_of("address", {indexed(scalar("city")), map_of("geo", {scalar("lat", Type::kFloat)})})};
  datasource.indexes = {{{{"status"}, {"contacts_count", Direction::kDescending}}}};
  return datasource;
}

const Column& column(const Schema& schema, std::string_view path) {
  return schema.columns.at(schema.find_column(path).value());
}

TEST(Schema, columns_are_the_record_id_and_the_leaves_in_declared_order) {
  const Schema schema = make_schema(prospects(), nullptr);
  std::vector<std::string> paths;
  for (const auto& each : schema.columns) paths.push_back(each.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"_id", "name", "status", "contacts_count", "tags",
                                             "address.city", "address.geo.lat"}));
  EXPECT_EQ(schema.columns[0].id, kRecordIdField);
  EXPECT_EQ(schema.columns[0].type, Type::kString);
  EXPECT_EQ(column(schema, "address.geo.lat").type, Type::kFloat);
  EXPECT_EQ(column(schema, "address.geo.lat").field, 4u);
  EXPECT_EQ(column(schema, "tags").items, std::vector{scalar("")});
}

TEST(Schema, every_column_has_an_id_of_its_own) {
  const Schema schema = make_schema(prospects(), nullptr);
  for (std::uint32_t i = 0; i < schema.columns.size(); ++i) EXPECT_EQ(schema.columns[i].id, i);
  EXPECT_EQ(schema.next_field_id, 7u);
}

TEST(Schema, indexes_are_that_of_ids_then_of_fields_then_compound_ones) {
  const Schema schema = make_schema(prospects(), nullptr);
  std::vector<std::string> names;
  for (const auto& index : schema.indexes) names.push_back(index.name);
  EXPECT_EQ(names, (std::vector<std::string>{"_id", "status", "contacts_count", "address.city",
                                             "status,-contacts_count"}));
  for (std::uint32_t i = 0; i < schema.indexes.size(); ++i) EXPECT_EQ(schema.indexes[i].id, i);
  EXPECT_EQ(schema.indexes[0].components,
            (std::vector{IndexComponent{kRecordIdColumn, Direction::kAscending}}));
  EXPECT_EQ(schema.indexes[4].components, (std::vector{IndexComponent{2, Direction::kAscending},
                                                       IndexComponent{3, Direction::kDescending}}));
}

TEST(Schema, a_ttl_is_inherited_from_the_map_unless_the_leaf_has_its_own) {
  Datasource datasource;
  datasource.fields = {
      with_ttl(map_of("a", {scalar("b"), with_ttl(scalar("c"), 5), map_of("d", {scalar("e")})}), 60),
      scalar("f")};
  const Schema schema = make_schema(datasource, nullptr);
  EXPECT_EQ(column(schema, "a.b").ttl_seconds, 60);
  EXPECT_EQ(column(schema, "a.c").ttl_seconds, 5);
  EXPECT_EQ(column(schema, "a.d.e").ttl_seconds, 60);
  EXPECT_EQ(column(schema, "f").ttl_seconds, std::nullopt);
}

TEST(Schema, finds_columns_by_path_only) {
  const Schema schema = make_schema(prospects(), nullptr);
  EXPECT_EQ(schema.find_column("_id"), kRecordIdColumn);
  EXPECT_EQ(schema.find_column("address.city"), 5u);
  for (const char* path : {"", "address", "city", "address.", "Name", "zzz", "address.geo"})
    EXPECT_EQ(schema.find_column(path), std::nullopt) << path;
}

TEST(Schema, finds_each_of_a_thousand_columns) {
  Datasource datasource;
  for (int i = 0; i < 1024; ++i) datasource.fields.push_back(scalar(fmt::format("f{}", (i * 619) % 1024)));
  const Schema schema = make_schema(datasource, nullptr);
  for (std::uint32_t i = 0; i < schema.columns.size(); ++i)
    EXPECT_EQ(schema.find_column(schema.columns[i].path), i);
}

TEST(Schema, a_schema_put_together_by_hand_finds_its_columns) {
  Schema schema;
  schema.columns.resize(2);
  schema.columns[1].path = "a";
  EXPECT_EQ(schema.find_column("a"), 1u);
  EXPECT_EQ(schema.find_column("b"), std::nullopt);
}

TEST(Schema, finds_indexes_by_name) {
  const Schema schema = make_schema(prospects(), nullptr);
  ASSERT_NE(schema.find_index("status,-contacts_count"), nullptr);
  EXPECT_EQ(schema.find_index("status,-contacts_count")->id, 4u);
  EXPECT_EQ(schema.find_index("status,contacts_count"), nullptr);
}

TEST(SchemaChange, the_same_datasource_keeps_every_id) {
  const Schema before = make_schema(prospects(), nullptr);
  const Schema after = make_schema(prospects(), &before);
  EXPECT_EQ(after.columns, before.columns);
  EXPECT_EQ(after.indexes, before.indexes);
  EXPECT_EQ(after.next_field_id, before.next_field_id);
  EXPECT_EQ(after.next_index_id, before.next_index_id);
}

TEST(SchemaChange, added_fields_get_new_ids_wherever_they_stand) {
  const Schema before = make_schema(prospects(), nullptr);
  Datasource changed = prospects();
  changed.fields.insert(changed.fields.begin(), indexed(scalar("email")));
  const Schema after = make_schema(changed, &before);
  EXPECT_EQ(column(after, "email").id, before.next_field_id);
  EXPECT_EQ(column(after, "name").id, column(before, "name").id);
  EXPECT_EQ(after.find_index("email")->id, before.next_index_id);
  EXPECT_EQ(after.find_index("status")->id, before.find_index("status")->id);
  EXPECT_EQ(after.find_index("status")->components[0].column, 3u);
}

TEST(SchemaChange, a_field_that_went_and_came_back_is_a_new_one) {
  const Schema first = make_schema(prospects(), nullptr);
  Datasource without = prospects();
  without.fields.erase(without.fields.begin());
  const Schema second = make_schema(without, &first);
  const Schema third = make_schema(prospects(), &second);
  EXPECT_EQ(column(third, "name").id, first.next_field_id);
}

TEST(SchemaChange, another_type_makes_a_new_column_and_new_indexes_over_it) {
  const Schema before = make_schema(prospects(), nullptr);
  Datasource changed = prospects();
  changed.fields[2].type = Type::kFloat;
  const Schema after = make_schema(changed, &before);
  EXPECT_NE(column(after, "contacts_count").id, column(before, "contacts_count").id);
  EXPECT_NE(after.find_index("contacts_count")->id, before.find_index("contacts_count")->id);
  EXPECT_NE(after.find_index("status,-contacts_count")->id, before.find_index("status,-contacts_count")->id);
  EXPECT_EQ(after.find_index("status")->id, before.find_index("status")->id);
}

TEST(SchemaChange, another_element_makes_a_new_column) {
  const Schema before = make_schema(prospects(), nullptr);
  Datasource changed = prospects();
  changed.fields[3].items[0].type = Type::kInt;
  EXPECT_NE(column(make_schema(changed, &before), "tags").id, column(before, "tags").id);
}

TEST(SchemaChange, a_ttl_or_an_index_alone_keeps_the_column) {
  const Schema before = make_schema(prospects(), nullptr);
  Datasource changed = prospects();
  changed.fields[0].ttl_seconds = 60;
  changed.fields[1].indexed = false;
  const Schema after = make_schema(changed, &before);
  EXPECT_EQ(column(after, "name").id, column(before, "name").id);
  EXPECT_EQ(column(after, "status").id, column(before, "status").id);
  EXPECT_EQ(after.find_index("status"), nullptr);
}

TEST(SchemaChange, another_collation_keeps_the_column_and_makes_new_indexes_over_it) {
  const Schema before = make_schema(prospects(), nullptr);
  Datasource changed = prospects();
  changed.fields[1].collation = Collation::kNocase;
  const Schema after = make_schema(changed, &before);
  EXPECT_EQ(column(after, "status").id, column(before, "status").id);
  EXPECT_EQ(column(after, "status").collation, Collation::kNocase);
  EXPECT_EQ(after.find_index("status")->components[0].collation, Collation::kNocase);
  EXPECT_GE(after.find_index("status")->id, before.next_index_id);
  EXPECT_GE(after.find_index("status,-contacts_count")->id, before.next_index_id);
  EXPECT_EQ(after.find_index("contacts_count")->id, before.find_index("contacts_count")->id);
  EXPECT_EQ(make_schema(changed, &after).find_index("status")->id, after.find_index("status")->id);
  EXPECT_GE(make_schema(prospects(), &after).find_index("status")->id, after.next_index_id);
}

TEST(SchemaChange, an_index_dropped_and_made_again_is_a_new_one) {
  const Schema first = make_schema(prospects(), nullptr);
  Datasource without = prospects();
  without.fields[1].indexed = false;
  const Schema second = make_schema(without, &first);
  const Schema third = make_schema(prospects(), &second);
  EXPECT_EQ(third.find_index("status")->id, first.next_index_id);
}

TEST(IndexName, says_fields_and_directions) {
  EXPECT_EQ(index_name({{"status"}}), "status");
  EXPECT_EQ(index_name({{"revenue", Direction::kDescending}}), "-revenue");
  EXPECT_EQ(index_name({{"status"}, {"contacts_count", Direction::kDescending}}), "status,-contacts_count");
}

}  // namespace
}  // namespace slate
