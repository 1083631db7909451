#include "differential/reference.h"

#include <algorithm>
#include <compare>
#include <functional>
#include <limits>
#include <map>
#include <set>

#include "query/fold.h"

namespace slate::differential {
namespace {

// Numbers of both kinds, and what stands for one, exactly: a long double has 64 bits of precision.
static_assert(std::numeric_limits<long double>::digits >= 64);
std::optional<long double> number(const Value& value) {
  if (const auto* integer = value.get_if<std::int64_t>()) return static_cast<long double>(*integer);
  if (const auto* real = value.get_if<double>()) return static_cast<long double>(*real);
  if (const auto* truth = value.get_if<bool>()) return *truth ? 1.0L : 0.0L;
  if (const auto* date = value.get_if<Date>()) return static_cast<long double>(date->seconds);
  return std::nullopt;
}

// REQUIRES: neither is null; both are texts, or both are numbers of some kind.
std::weak_ordering compare(const Value& a, const Value& b, Collation collation) {
  if (const auto* text = a.get_if<std::string>()) {
    const auto& other = *b.get_if<std::string>();
    return collation == Collation::kNocase ? fold_case(*text) <=> fold_case(other) : *text <=> other;
  }
  const long double x = *number(a);
  const long double y = *number(b);
  return x < y   ? std::weak_ordering::less
         : x > y ? std::weak_ordering::greater
                 : std::weak_ordering::equivalent;
}

bool is_text_match(Op op, const std::string& text, const std::string& needle) {
  switch (op) {
    case Op::kContains: return text.find(needle) != std::string::npos;
    case Op::kStartswith: return text.starts_with(needle);
    case Op::kEndswith: return text.ends_with(needle);
    case Op::kIcontains: return is_text_match(Op::kContains, fold_case(text), fold_case(needle));
    case Op::kIstartswith: return is_text_match(Op::kStartswith, fold_case(text), fold_case(needle));
    case Op::kIendswith: return is_text_match(Op::kEndswith, fold_case(text), fold_case(needle));
    default: return fold_case(text) == fold_case(needle);  // ieq
  }
}

// Whether one value, that is not null, satisfies an operator which is no negation.
bool satisfies(Op op, const Value& value, const std::vector<Literal>& literals, Collation collation) {
  const auto against = [&](std::size_t i) { return compare(value, literals[i].value, collation); };
  switch (op) {
    case Op::kEq: return against(0) == 0;
    case Op::kGt: return against(0) > 0;
    case Op::kGte: return against(0) >= 0;
    case Op::kLt: return against(0) < 0;
    case Op::kLte: return against(0) <= 0;
    case Op::kBetween: return against(0) >= 0 && against(1) <= 0;
    case Op::kIn:
      return std::ranges::any_of(
          literals, [&](const Literal& each) { return compare(value, each.value, collation) == 0; });
    default: return is_text_match(op, *value.get_if<std::string>(), *literals[0].value.get_if<std::string>());
  }
}

Value normal(const Value& value, Reference::Leaf leaf) {
  if (const auto* list = value.get_if<ListValue>()) {
    ListValue elements;
    for (const Value& element : *list)
      elements.push_back(normal(element, {.type = leaf.element, .element = leaf.element}));
    return Value(std::move(elements));
  }
  if (leaf.type == Type::kFloat && !value.is_null()) {
    const auto real = static_cast<double>(*number(value));
    return Value(real == 0 ? 0.0 : real);
  }
  return value;
}

void add_leaves_of(const MapValue& entries, const std::string& prefix, Cells& cells) {
  for (const auto& [name, value] : entries) {
    if (const auto* map = value.get_if<MapValue>())
      add_leaves_of(*map, prefix + name + ".", cells);
    else
      cells[prefix + name] = value;
  }
}

}  // namespace

Cells cells_of(const Record& record) {
  Cells cells;
  add_leaves_of(record.cells, "", cells);
  return cells;
}

std::vector<CellRef> cell_refs(const Datasource& datasource,
                               const std::vector<std::pair<std::string, Value>>& cells) {
  std::vector<CellRef> refs;
  for (const auto& [name, value] : cells) {
    const auto field = std::ranges::find(datasource.fields, name, &Field::name) - datasource.fields.begin();
    CellRef cell{.field = static_cast<std::uint32_t>(field), .value = &value};
    std::visit(
        [&](const auto& held) {
          using Held = std::decay_t<decltype(held)>;
          if constexpr (std::is_same_v<Held, std::string>)
            cell.value = std::string_view(held);
          else if constexpr (!std::is_same_v<Held, ListValue> && !std::is_same_v<Held, MapValue>)
            cell.value = held;
        },
        value.variant());
    refs.push_back(cell);
  }
  return refs;
}

Reference::Reference(const Datasource& datasource) {
  leaves_["_id"] = {.type = Type::kString, .element = Type::kString};
  add_leaves(datasource.fields, "");
}

void Reference::add_leaves(const std::vector<Field>& fields, const std::string& prefix) {
  for (const Field& field : fields) {
    if (field.type == Type::kMap)
      add_leaves(field.fields, prefix + field.name + ".");
    else
      leaves_[prefix + field.name] = {.type = field.type,
                                      .element = field.items.empty() ? field.type : field.items.front().type,
                                      .collation = field.collation};
  }
}

// A map replaces all of its leaves, null removes.
void Reference::set(Cells& cells, const std::string& path, const Value& value) const {
  if (const auto leaf = leaves_.find(path); leaf != leaves_.end()) {
    if (value.is_null())
      cells.erase(path);
    else
      cells[path] = normal(value, leaf->second);
    return;
  }
  std::erase_if(cells, [&](const auto& cell) { return cell.first.starts_with(path + "."); });
  if (const auto* entries = value.get_if<MapValue>())
    for (const auto& [name, entry] : *entries) set(cells, path + "." + name, entry);
}

void Reference::apply(const RecordWrite& write) {
  const auto found = std::ranges::find(records_, write.id, &ReferenceRecord::id);
  if (write.kind == WriteKind::kDelete) {
    if (found != records_.end()) records_.erase(found);
    return;
  }
  ReferenceRecord& record =
      found != records_.end() ? *found : records_.emplace_back(ReferenceRecord{.id = write.id, .cells = {}});
  if (write.kind == WriteKind::kReplace) record.cells.clear();
  for (const auto& [name, value] : write.cells) set(record.cells, name, value);
}

Value Reference::cell(const ReferenceRecord& record, const std::string& path) const {
  if (path == "_id") return Value(record.id);
  const auto found = record.cells.find(path);
  return found != record.cells.end() ? found->second : Value();
}

bool Reference::holds(const Filter& condition, const ReferenceRecord& record) const {
  const Value value = cell(record, condition.field);
  const auto* list = value.get_if<ListValue>();
  switch (condition.op) {
    case Op::kIsnull: return value.is_null() == *condition.values[0].value.get_if<bool>();
    case Op::kEmpty: {
      const auto* text = value.get_if<std::string>();
      const bool empty =
          value.is_null() || (text != nullptr && text->empty()) || (list != nullptr && list->empty());
      return empty == *condition.values[0].value.get_if<bool>();
    }
    case Op::kNe:
      return !holds(
          {.kind = condition.kind, .field = condition.field, .op = Op::kEq, .values = condition.values},
          record);
    case Op::kNin:
      return !holds(
          {.kind = condition.kind, .field = condition.field, .op = Op::kIn, .values = condition.values},
          record);
    default: break;
  }
  if (value.is_null()) return false;
  const Collation collation = leaves_.at(condition.field).collation;
  if (list == nullptr) return satisfies(condition.op, value, condition.values, collation);
  return std::ranges::any_of(
      *list, [&](const Value& each) { return satisfies(condition.op, each, condition.values, collation); });
}

bool Reference::matches(const Filter& filter, const ReferenceRecord& record) const {
  const auto child_matches = [&](const Filter& child) { return matches(child, record); };
  switch (filter.kind) {
    case Filter::Kind::kCondition: return holds(filter, record);
    case Filter::Kind::kAnd: return std::ranges::all_of(filter.children, child_matches);
    case Filter::Kind::kOr: return std::ranges::any_of(filter.children, child_matches);
    case Filter::Kind::kNot: return !matches(filter.children.front(), record);
  }
  return false;
}

ReferenceAnswer Reference::answer(const Query& query) const {
  std::vector<const ReferenceRecord*> rows;
  for (const ReferenceRecord& record : records_)
    if (!query.filter || matches(*query.filter, record)) rows.push_back(&record);
  const auto before = [&](const ReferenceRecord* a, const ReferenceRecord* b) {
    for (const SortKey& key : query.sort) {
      const Value x = cell(*a, key.field);
      const Value y = cell(*b, key.field);
      if (x.is_null() && y.is_null()) continue;
      if (x.is_null() || y.is_null()) return x.is_null() == (key.nulls == Nulls::kFirst);
      const auto order = compare(x, y, leaves_.at(key.field).collation);
      if (order != 0) return (order < 0) == (key.direction == Direction::kAscending);
    }
    return false;
  };
  std::ranges::stable_sort(rows, before);
  ReferenceAnswer answer{.ids = {}, .matches = rows.size()};
  for (std::size_t i = query.skip; i < rows.size(); ++i) {
    if (query.take && i - query.skip >= *query.take) {
      answer.has_more = true;
      break;
    }
    answer.ids.push_back(rows[i]->id);
  }
  return answer;
}

DistinctValues Reference::distinct(const DistinctQuery& query) const {
  // Values as they are stored, whatever the collation.
  const auto before = [](const Value& a, const Value& b) { return compare(a, b, Collation::kBinary) < 0; };
  std::map<Value, std::uint64_t, decltype(before)> counts(before);
  std::uint64_t nulls = 0;
  for (const ReferenceRecord& record : records_) {
    if (query.filter && !matches(*query.filter, record)) continue;
    const Value value = cell(record, query.field);
    if (value.is_null()) {
      ++nulls;
    } else if (const auto* list = value.get_if<ListValue>()) {
      const std::set<Value, decltype(before)> elements(list->begin(), list->end(), before);
      for (const Value& element : elements) ++counts[element];
    } else {
      ++counts[value];
    }
  }
  DistinctValues found;
  for (const auto& [value, count] : counts) found.values.push_back({.value = value, .count = count});
  if (nulls > 0) found.values.push_back({.count = nulls});
  if (query.order == DistinctOrder::kCount)
    std::ranges::stable_sort(found.values, std::greater<>(), &DistinctValue::count);
  found.has_more = found.values.size() > query.take;
  if (found.has_more) found.values.resize(query.take);
  return found;
}

}  // namespace slate::differential
