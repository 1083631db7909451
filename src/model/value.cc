#include <array>
#include <fmt/format.h>

#include <slate/value.h>

namespace slate {
namespace {

struct TypeWord {
  Type type;
  std::string_view word;
};

constexpr std::array kTypes{
    TypeWord{Type::kString, "string"}, TypeWord{Type::kInt, "int"},   TypeWord{Type::kFloat, "float"},
    TypeWord{Type::kBool, "bool"},     TypeWord{Type::kDate, "date"}, TypeWord{Type::kList, "list"},
    TypeWord{Type::kMap, "map"},
};

// In the order of Value::Variant.
constexpr std::array<std::string_view, std::variant_size_v<Value::Variant>> kKinds{
    "null", "string", "int", "float", "bool", "date", "list", "map"};

}  // namespace

std::string_view type_name(Type type) {
  for (const auto& entry : kTypes)
    if (entry.type == type) return entry.word;
  return "unknown";
}

Result<Type> parse_type(std::string_view name) {
  for (const auto& entry : kTypes)
    if (entry.word == name) return entry.type;
  return fail(Reason::kInvalidArgument,
              fmt::format("expected a type (string, int, float, bool, date, list or map), got \"{}\"",
                          name.substr(0, 64)));
}

std::string_view Value::kind() const { return kKinds[variant_.index()]; }

}  // namespace slate
