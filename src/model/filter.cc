#include <utility>

#include <slate/query.h>

namespace slate {

Filter Filter::condition(std::string field, Op op, Value value) {
  std::vector<Value> values;
  values.push_back(std::move(value));
  return condition(std::move(field), op, std::move(values));
}

Filter Filter::condition(std::string field, Op op, std::vector<Value> values) {
  Filter filter;
  filter.kind = Kind::kCondition;
  filter.field = std::move(field);
  filter.op = op;
  filter.values.reserve(values.size());
  for (auto& value : values) filter.values.push_back(Literal{.value = std::move(value), .is_text = false});
  return filter;
}

Filter Filter::all_of(std::vector<Filter> children) {
  Filter filter;
  filter.kind = Kind::kAnd;
  filter.children = std::move(children);
  return filter;
}

Filter Filter::any_of(std::vector<Filter> children) {
  Filter filter;
  filter.kind = Kind::kOr;
  filter.children = std::move(children);
  return filter;
}

Filter Filter::negation(Filter child) {
  Filter filter;
  filter.kind = Kind::kNot;
  filter.children.push_back(std::move(child));
  return filter;
}

}  // namespace slate
