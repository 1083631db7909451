#include "cli/plan_text.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/text_table.h"

namespace slate::cli {
namespace {

namespace json = boost::json;
constexpr std::size_t kWidest = 400;

const json::value* find(const json::object& object, std::string_view member) {
  return object.if_contains(member);
}

std::string text_of(const json::object& object, std::string_view member) {
  const json::value* value = find(object, member);
  return value != nullptr && value->is_string() ? printable(std::string_view(value->get_string()), kWidest)
                                                : "";
}

std::optional<double> number_of(const json::object& object, std::string_view member) {
  const json::value* value = find(object, member);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

// The tree is drawn with one glyph a level: plans have one child a step, unions several.
void append_node(std::string& out, const json::object& node, std::size_t depth) {
  if (depth > 0) out += std::string(2 * (depth - 1), ' ') + "└ ";
  out += text_of(node, "op");
  if (const std::string detail = text_of(node, "detail"); !detail.empty()) out += "  " + detail;
  if (const auto rows = number_of(node, "estimated_rows"))
    out += fmt::format("  (about {:.0f} rows)", std::ceil(*rows));
  out += "\n";
  const json::value* children = find(node, "children");
  if (children == nullptr || !children->is_array()) return;
  for (const json::value& child : children->get_array())
    if (child.is_object()) append_node(out, child.get_object(), depth + 1);
}

void append_actual(std::string& out, const json::object& explanation) {
  const json::value* actual = find(explanation, "actual");
  if (actual == nullptr || !actual->is_object()) return;
  static constexpr std::pair<std::string_view, std::string_view> kCounters[] = {
      {"keys_examined", "keys"},
      {"blocks_examined", "blocks"},
      {"rows_examined", "rows examined"},
      {"rows_returned", "rows returned"}};
  std::string counters;
  for (const auto& [member, words] : kCounters)
    if (const auto count = number_of(actual->get_object(), member))
      counters += fmt::format("{}{:.0f} {}", counters.empty() ? "" : ", ", *count, words);
  if (const auto time = number_of(explanation, "milliseconds"))
    counters += fmt::format(" in {:.3f} ms", *time);
  out += "actual: " + counters + "\n";
}

void append_refused(std::string& out, const json::object& explanation) {
  const json::value* refused = find(explanation, "refused");
  if (refused == nullptr || !refused->is_array()) return;
  for (const json::value& plan : refused->get_array()) {
    if (!plan.is_object()) continue;
    out += "refused: " + text_of(plan.get_object(), "detail");
    if (const auto cost = number_of(plan.get_object(), "cost")) out += fmt::format("  (cost {:.1f})", *cost);
    if (const std::string why = text_of(plan.get_object(), "why"); !why.empty()) out += ": " + why;
    out += "\n";
  }
}

}  // namespace

Result<std::string> plan_text(const json::value& explanation) {
  const json::value* root = explanation.is_object() ? find(explanation.get_object(), "plan") : nullptr;
  if (root == nullptr || !root->is_object())
    return fail(Reason::kInternal, "the server's answer holds no plan");
  const json::object& members = explanation.get_object();
  std::string out;
  append_node(out, root->get_object(), 0);
  if (const auto cost = number_of(members, "cost")) out += fmt::format("cost: {:.1f}\n", *cost);
  append_actual(out, members);
  append_refused(out, members);
  return out;
}

}  // namespace slate::cli
