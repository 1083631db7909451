// Bound filters as text, so that this room's tests can say what they expect in a line.
#pragma once

#include <fmt/format.h>
#include <string>

#include "model/schema.h"
#include "query/bound_query.h"

namespace slate {

inline std::string scalar_text(const Scalar& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *number);
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}f", *number);
  return '\'' + std::get<std::string>(value) + '\'';
}

// "status = 'a'", "nocase name = 'a'", "revenue [1f, 2f)", "tags in {'a', 'b'}", "and(status isnull, not(name
// empty))".
inline std::string bound_text(const BoundFilter& filter, const Schema& schema) {
  using Kind = BoundFilter::Kind;
  std::string name = schema.columns[filter.column].path;
  if (filter.case_rule == CaseRule::kFolded && filter.kind != Kind::kText) name = "nocase " + name;
  const auto group = [&](std::string word) {
    word += '(';
    for (std::size_t i = 0; i < filter.children.size(); ++i)
      word += (i == 0 ? "" : ", ") + bound_text(filter.children[i], schema);
    return word + ')';
  };
  switch (filter.kind) {
    case Kind::kTrue: return "true";
    case Kind::kFalse: return "false";
    case Kind::kAnd: return group("and");
    case Kind::kOr: return group("or");
    case Kind::kNot: return group("not");
    case Kind::kIsnull: return name + " isnull";
    case Kind::kEmpty: return name + " empty";
    case Kind::kIn: {
      std::string values;
      for (const auto& value : filter.values) values += (values.empty() ? "" : ", ") + scalar_text(value);
      return name + " in {" + values + '}';
    }
    case Kind::kText: {
      static constexpr const char* kWords[] = {"contains", "startswith", "endswith", "equals"};
      return fmt::format("{} {}{} '{}'", name, filter.case_rule == CaseRule::kFolded ? "folded " : "",
                         kWords[static_cast<std::size_t>(filter.match)], filter.needle);
    }
    case Kind::kRange: break;
  }
  if (filter.is_equality()) return name + " = " + scalar_text(filter.lower->value);
  std::string text = name + ' ';
  text += filter.lower
              ? (filter.lower->inclusive == Inclusive::kYes ? "[" : "(") + scalar_text(filter.lower->value)
              : "(";
  text += ", ";
  if (filter.upper) text += scalar_text(filter.upper->value);
  return text + (filter.upper && filter.upper->inclusive == Inclusive::kYes ? "]" : ")");
}

}  // namespace slate
