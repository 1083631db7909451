#include "loader/row_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <map>
#include <string>

#include "slate/loader/loader.pb.h"

namespace slate {
namespace {

using loader::FieldValue;
using loader::LoadResponse;
using ::testing::HasSubstr;

Datasource people() {
  Datasource datasource;
  datasource.id = "people";
  datasource.fields = {
      Field{.name = "name", .type = Type::kString},
      Field{.name = "age", .type = Type::kInt},
      Field{.name = "score", .type = Type::kFloat},
      Field{.name = "active", .type = Type::kBool},
      Field{.name = "born", .type = Type::kDate},
      Field{.name = "tags", .type = Type::kList, .items = {Field{.type = Type::kString}}},
      Field{.name = "address",
            .type = Type::kMap,
            .fields = {Field{.name = "city", .type = Type::kString},
                       Field{.name = "points",
                             .type = Type::kList,
                             .items = {Field{.type = Type::kMap,
                                             .fields = {Field{.name = "x", .type = Type::kFloat}}}}}}},
  };
  datasource.loader = LoaderConfig{.endpoint = "grpc://host:1"};
  return datasource;
}

FieldValue string_value(std::string text) {
  FieldValue value;
  value.set_string_value(std::move(text));
  return value;
}
FieldValue int_value(std::int64_t number) {
  FieldValue value;
  value.set_int_value(number);
  return value;
}
FieldValue float_value(double number) {
  FieldValue value;
  value.set_float_value(number);
  return value;
}
FieldValue bool_value(bool truth) {
  FieldValue value;
  value.set_bool_value(truth);
  return value;
}
FieldValue date_value(std::int64_t seconds) {
  FieldValue value;
  value.set_date_value(seconds);
  return value;
}
FieldValue list_value(std::initializer_list<FieldValue> elements) {
  FieldValue value;
  value.mutable_list_value();
  for (const auto& element : elements) *value.mutable_list_value()->add_values() = element;
  return value;
}
FieldValue map_value(const std::map<std::string, FieldValue>& entries) {
  FieldValue value;
  value.mutable_map_value();
  for (const auto& [name, entry] : entries) (*value.mutable_map_value()->mutable_entries())[name] = entry;
  return value;
}

LoadResponse message(std::string id, const std::map<std::string, FieldValue>& fields) {
  LoadResponse response;
  response.set_record_id(std::move(id));
  for (const auto& [name, value] : fields) (*response.mutable_fields())[name] = value;
  return response;
}

// The cells of a row by field name, copied.
std::map<std::string, Value> cells_of(const Datasource& datasource, const Row& row) {
  std::map<std::string, Value> cells;
  for (const CellRef& cell : row.cells)
    cells[datasource.fields.at(cell.field).name] = std::visit(
        [](const auto& held) {
          if constexpr (std::is_same_v<std::decay_t<decltype(held)>, const Value*>)
            return *held;
          else
            return Value(held);
        },
        cell.value);
  return cells;
}

std::string error_of(const std::map<std::string, FieldValue>& fields,
                     UnknownFields unknown = UnknownFields::kIgnore) {
  auto datasource = people();
  datasource.loader->unknown_fields = unknown;
  RowReader reader(datasource);
  const auto response = message("r7", fields);
  const auto row = reader.read(response);
  if (row) return "no error";
  EXPECT_EQ(row.error().reason(), Reason::kLoaderFailed);
  return row.error().message();
}

TEST(RowReader, every_kind_becomes_its_type) {
  const auto datasource = people();
  RowReader reader(datasource);
  const auto response =
      message("r1", {{"name", string_value("Ada")},
                     {"age", int_value(-3)},
                     {"score", float_value(1.5)},
                     {"active", bool_value(true)},
                     {"born", date_value(-5)},
                     {"tags", list_value({string_value("a"), string_value("")})},
                     {"address", map_value({{"points", list_value({map_value({{"x", int_value(2)}})})},
                                            {"city", string_value("Paris")}})}});
  const auto row = reader.read(response);
  ASSERT_TRUE(row) << row.error().to_string();
  EXPECT_EQ(row->id, "r1");
  const std::map<std::string, Value> expected{
      {"name", "Ada"},
      {"age", std::int64_t{-3}},
      {"score", 1.5},
      {"active", true},
      {"born", Date{-5}},
      {"tags", ListValue{"a", ""}},
      {"address", MapValue{{"city", "Paris"}, {"points", ListValue{MapValue{{"x", 2.0}}}}}}};
  EXPECT_EQ(cells_of(datasource, *row), expected);
}

TEST(RowReader, strings_are_views_into_the_message) {
  const auto datasource = people();
  RowReader reader(datasource);
  const auto response = message("r1", {{"name", string_value(std::string(100, 'x'))}});
  const auto row = reader.read(response);
  ASSERT_TRUE(row);
  ASSERT_EQ(row->cells.size(), 1u);
  EXPECT_EQ(std::get<std::string_view>(row->cells[0].value).data(),
            response.fields().at("name").string_value().data());
}

TEST(RowReader, a_value_with_nothing_set_is_null_for_every_type) {
  const auto datasource = people();
  RowReader reader(datasource);
  for (const Field& field : datasource.fields) {
    const auto response = message("r1", {{field.name, FieldValue()}});
    const auto row = reader.read(response);
    ASSERT_TRUE(row) << field.name;
    ASSERT_EQ(row->cells.size(), 1u);
    EXPECT_TRUE(std::holds_alternative<Null>(row->cells[0].value)) << field.name;
  }
}

TEST(RowReader, an_int_is_taken_where_a_float_is_declared) {
  const auto datasource = people();
  RowReader reader(datasource);
  const auto response = message("r1", {{"score", int_value(3)}});
  EXPECT_EQ(cells_of(datasource, *reader.read(response)).at("score"), Value(3.0));
}

TEST(RowReader, negative_zero_is_zero) {
  const auto datasource = people();
  RowReader reader(datasource);
  const auto response = message("r1", {{"score", float_value(-0.0)}});
  const auto row = reader.read(response);
  EXPECT_FALSE(std::signbit(std::get<double>(row->cells[0].value)));
}

TEST(RowReader, no_other_kind_is_converted) {
  const std::map<std::string, FieldValue> kinds{{"string", string_value("5")}, {"int", int_value(5)},
                                                {"float", float_value(5)},     {"bool", bool_value(true)},
                                                {"date", date_value(5)},       {"list", list_value({})},
                                                {"map", map_value({})}};
  const std::map<std::string, std::string> fields{{"name", "string"}, {"age", "int"},   {"score", "float"},
                                                  {"active", "bool"}, {"born", "date"}, {"tags", "list"},
                                                  {"address", "map"}};
  for (const auto& [field, type] : fields)
    for (const auto& [kind, value] : kinds) {
      if (kind == type || (type == "float" && kind == "int")) continue;
      EXPECT_EQ(error_of({{field, value}}),
                "record \"r7\", field \"" + field + "\": expected " + type + ", got " + kind);
    }
}

TEST(RowReader, floats_that_are_not_finite_are_refused) {
  EXPECT_THAT(error_of({{"score", float_value(std::numeric_limits<double>::quiet_NaN())}}),
              HasSubstr("got NaN"));
  EXPECT_THAT(error_of({{"score", float_value(-std::numeric_limits<double>::infinity())}}),
              HasSubstr("expected a finite float, got infinity"));
}

TEST(RowReader, errors_inside_lists_and_maps_name_the_path) {
  EXPECT_EQ(error_of({{"address", map_value({{"city", int_value(1)}})}}),
            "record \"r7\", field \"address.city\": expected string, got int");
  EXPECT_EQ(error_of({{"tags", list_value({string_value("a"), bool_value(true)})}}),
            "record \"r7\", field \"tags[1]\": expected string, got bool");
  EXPECT_EQ(
      error_of({{"address", map_value({{"points", list_value({map_value({{"x", string_value("?")}})})}})}}),
      "record \"r7\", field \"address.points[0].x\": expected float, got string");
}

TEST(RowReader, unknown_fields_are_ignored_or_refused_as_configured) {
  auto datasource = people();
  const auto response = message("r7", {{"nmae", string_value("Ada")}, {"age", int_value(1)}});
  {
    RowReader reader(datasource);
    EXPECT_EQ(reader.read(response)->cells.size(), 1u);
  }
  EXPECT_EQ(error_of({{"nmae", string_value("Ada")}}, UnknownFields::kReject),
            "record \"r7\", field \"nmae\": expected only declared fields, got string");
  EXPECT_EQ(error_of({{"address", map_value({{"town", string_value("x")}})}}), "no error");
  EXPECT_EQ(error_of({{"address", map_value({{"city", string_value("x")}, {"town", string_value("x")}})}},
                     UnknownFields::kReject),
            "record \"r7\", field \"address.town\": expected only declared fields, got string");
}

TEST(RowReader, ids_outside_the_limits_are_refused) {
  const auto datasource = people();
  RowReader reader(datasource);
  EXPECT_THAT(reader.read(message("", {})).error().message(),
              HasSubstr("expected a record_id of 1 to 1024 bytes"));
  EXPECT_TRUE(reader.read(message(std::string(1024, 'x'), {})));
  const auto error = reader.read(message(std::string(1025, 'x'), {})).error();
  EXPECT_LT(error.message().size(), 250u) << "a hostile id must not fill the log";
}

TEST(RowReader, hostile_field_names_are_shortened_in_errors) {
  const std::string name(1 << 20, 'n');
  EXPECT_LT(error_of({{name, int_value(1)}}, UnknownFields::kReject).size(), 400u);
  EXPECT_LT(error_of({{"address", map_value({{name, int_value(1)}})}}, UnknownFields::kReject).size(), 400u);
}

TEST(RowReader, deep_nesting_beyond_the_declared_type_is_refused_without_recursion) {
  FieldValue deep = int_value(1);
  for (int i = 0; i < 90; ++i) deep = list_value({deep});
  EXPECT_EQ(error_of({{"tags", deep}}), "record \"r7\", field \"tags[0]\": expected string, got list");
}

TEST(RowReader, a_reader_reads_many_rows_with_lists) {
  const auto datasource = people();
  RowReader reader(datasource);
  for (int i = 0; i < 100; ++i) {
    const auto response = message("r", {{"tags", list_value({string_value(std::to_string(i))})},
                                        {"address", map_value({{"city", string_value(std::to_string(i))}})}});
    const auto row = reader.read(response);
    ASSERT_TRUE(row);
    EXPECT_EQ(cells_of(datasource, *row).at("tags"), Value(ListValue{std::to_string(i)}));
    EXPECT_EQ(cells_of(datasource, *row).at("address"), Value(MapValue{{"city", std::to_string(i)}}));
  }
}

}  // namespace
}  // namespace slate
