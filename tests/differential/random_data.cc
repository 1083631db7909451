#include "differential/random_data.h"

#include <iterator>
#include <limits>
#include <string_view>

namespace slate::differential {
namespace {

constexpr std::string_view kWords[] = {
    "",
    "a",
    "A",
    "b",
    "ab",
    "Ab",
    "abc",
    "zebra",
    "0",
    " ",
    "\xc3\xa9" /* é */,
    "\xc3\x89" /* É */,
    "ß",
    "ẞ",
    "ſ",
    "\xe2\x84\xaa" /* Kelvin sign */,
    "k",
    "K",
    "Straße",
    "İ",
    "ı",
    "Σ",
    "ς",
    "σ",
    "ǅ",
    "ǆ",
    "😀",
    "\xf4\x8f\xbf\xbf" /* the last code point */,
    "\xef\xbf\xbf",
    "\x01",
    "\x7f",
    "%",
    "_",
};
constexpr std::string_view kNul("\0", 1);

// The lengths around which index keys are cut.
constexpr std::size_t kPrefixes[] = {490, 499, 505, 506, 507, 508, 509, 510, 600};

constexpr std::int64_t kIntegers[] = {0,
                                      1,
                                      -1,
                                      255,
                                      256,
                                      65'536,
                                      std::numeric_limits<std::int64_t>::min(),
                                      std::numeric_limits<std::int64_t>::min() + 1,
                                      std::numeric_limits<std::int64_t>::max(),
                                      (std::int64_t{1} << 53) + 1,
                                      -(std::int64_t{1} << 53) - 1,
                                      std::int64_t{1} << 53};
constexpr double kReals[] = {0.0,
                             -0.0,
                             0.5,
                             -0.5,
                             1e300,
                             -1e300,
                             std::numeric_limits<double>::denorm_min(),
                             9007199254740992.0,
                             9223372036854775808.0,
                             -9223372036854775808.0,
                             std::numeric_limits<double>::max(),
                             std::numeric_limits<double>::lowest()};

void draw_collations(std::vector<Field>& fields, std::mt19937_64& random) {
  for (Field& field : fields) {
    if (field.type == Type::kString && random() % 2 == 0) field.collation = Collation::kNocase;
    if (field.type == Type::kMap) draw_collations(field.fields, random);
  }
}

bool is_comparable(Type type) {
  return type == Type::kInt || type == Type::kFloat || type == Type::kDate || type == Type::kString;
}

}  // namespace

Datasource random_datasource(std::uint64_t seed) {
  const auto list_of = [](Type type) { return std::vector<Field>{{.type = type}}; };
  Datasource datasource = {
      .id = "random",
      .fields = {{.name = "status", .type = Type::kString, .indexed = true},
                 {.name = "name", .type = Type::kString, .indexed = true},
                 {.name = "notes", .type = Type::kString},
                 {.name = "long", .type = Type::kString, .indexed = true},
                 {.name = "n", .type = Type::kInt, .indexed = true},
                 {.name = "m", .type = Type::kInt},
                 {.name = "f", .type = Type::kFloat, .indexed = true},
                 {.name = "g", .type = Type::kFloat},
                 {.name = "flag", .type = Type::kBool, .indexed = true},
                 {.name = "flag2", .type = Type::kBool},
                 {.name = "d", .type = Type::kDate, .indexed = true},
                 {.name = "tags", .type = Type::kList, .items = list_of(Type::kString)},
                 {.name = "numbers", .type = Type::kList, .items = list_of(Type::kInt)},
                 {.name = "reals", .type = Type::kList, .items = list_of(Type::kFloat)},
                 {.name = "place",
                  .type = Type::kMap,
                  .fields = {{.name = "city", .type = Type::kString, .indexed = true},
                             {.name = "geo",
                              .type = Type::kMap,
                              .fields = {{.name = "lat", .type = Type::kFloat},
                                         {.name = "zone", .type = Type::kInt, .indexed = true}}}}}},
      .indexes = {{.fields = {{.field = "status"}, {.field = "n", .direction = Direction::kDescending}}},
                  {.fields = {{.field = "f", .direction = Direction::kDescending}}},
                  {.fields = {{.field = "long", .direction = Direction::kDescending}, {.field = "n"}}},
                  {.fields = {{.field = "notes", .direction = Direction::kDescending}}},
                  {.fields = {{.field = "flag"},
                              {.field = "name", .direction = Direction::kDescending},
                              {.field = "d"}}}},
      .durability = Durability::kOs};
  std::mt19937_64 random(seed);
  draw_collations(datasource.fields, random);
  return datasource;
}

std::string RandomData::text() {
  std::string text;
  for (std::size_t words = below(4); words > 0; --words)
    text += one_in(12) ? kNul : kWords[below(std::size(kWords))];
  return text;
}

std::string RandomData::long_text() {
  if (one_in(5)) return text();
  std::string text(kPrefixes[below(std::size(kPrefixes))], 'p');
  if (one_in(6)) text[text.size() - 1 - below(4)] = '\0';
  if (one_in(6)) text[below(3)] = 'P';
  // Three bytes that fold to one, so that folded keys are cut elsewhere.
  if (one_in(6)) text.replace(below(3), 1, "\xe2\x84\xaa");
  return text + this->text();
}

std::int64_t RandomData::integer() {
  if (one_in(4)) return kIntegers[below(std::size(kIntegers))];
  return static_cast<std::int64_t>(below(40)) - 20;
}

double RandomData::real() {
  if (one_in(4)) return kReals[below(std::size(kReals))];
  return (static_cast<double>(below(80)) - 40) / 4;
}

Value RandomData::value(Type type) {
  switch (type) {
    case Type::kInt: return Value(integer());
    case Type::kFloat: return one_in(5) ? Value(static_cast<std::int64_t>(below(9)) - 4) : Value(real());
    case Type::kBool: return Value(one_in(2));
    case Type::kDate: return Value(Date{integer()});
    default: return Value(text());
  }
}

Value RandomData::list(Type element) {
  ListValue list;
  for (std::size_t i = below(4); i > 0; --i) list.push_back(value(element));
  return Value(std::move(list));
}

Value RandomData::map(bool with_nulls) {
  MapValue geo;
  if (!one_in(3)) geo.emplace_back("zone", Value(integer()));
  if (!one_in(3)) geo.emplace_back("lat", value(Type::kFloat));
  MapValue place;
  if (!one_in(3)) place.emplace_back("geo", with_nulls && one_in(4) ? Value() : Value(std::move(geo)));
  if (!one_in(3)) place.emplace_back("city", with_nulls && one_in(4) ? Value() : Value(text()));
  return Value(std::move(place));
}

void RandomData::add_cells(RecordWrite& write, bool with_nulls) {
  static constexpr std::string_view kStatuses[] = {"active", "Active", "ACTIVE", "rejected", "open", ""};
  const auto add = [&](std::string name, Value value) {
    if (one_in(4)) return;
    write.cells.emplace_back(std::move(name), with_nulls && one_in(5) ? Value() : std::move(value));
  };
  add("status", Value(kStatuses[below(std::size(kStatuses))]));
  add("name", Value(text()));
  add("notes", one_in(10) ? Value(long_text()) : Value(text()));
  if (one_in(3)) add("long", Value(long_text()));
  add("n", Value(integer()));
  add("m", Value(integer()));
  add("f", value(Type::kFloat));
  add("g", value(Type::kFloat));
  add("flag", value(Type::kBool));
  add("flag2", value(Type::kBool));
  add("d", value(Type::kDate));
  add("tags", list(Type::kString));
  add("numbers", list(Type::kInt));
  add("reals", list(Type::kFloat));
  if (with_nulls && one_in(3)) {
    add("place.city", Value(text()));
    add("place.geo.zone", Value(integer()));
  } else {
    add("place", map(with_nulls));
  }
}

std::string RandomData::id(std::size_t pool) {
  const std::size_t number = below(pool);
  std::string id = std::to_string(number);
  if (number % 7 == 0) id = std::string(600, 'i') + id;
  if (number % 11 == 0) id += kNul;
  if (number % 13 == 0) id = "\xc3\xa9/" + id;
  return id;
}

RecordWrite RandomData::write(std::size_t pool) {
  const std::size_t kind = below(10);
  RecordWrite write{.kind = kind == 0   ? WriteKind::kDelete
                            : kind <= 2 ? WriteKind::kReplace
                                        : WriteKind::kMerge,
                    .id = id(pool)};
  if (write.kind != WriteKind::kDelete) add_cells(write, true);
  return write;
}

RecordWrite RandomData::replacement(std::string id) {
  RecordWrite write{.kind = WriteKind::kReplace, .id = std::move(id)};
  add_cells(write, false);
  return write;
}

Value RandomData::stored_or_random(const Reference& reference, const std::string& path,
                                   Reference::Leaf leaf) {
  if (!reference.records().empty() && !one_in(5)) {
    const ReferenceRecord& record = reference.records()[below(reference.records().size())];
    if (path == "_id") return Value(record.id);
    if (const auto cell = record.cells.find(path); cell != record.cells.end()) {
      const auto* list = cell->second.get_if<ListValue>();
      if (list == nullptr) return cell->second;
      if (!list->empty()) return (*list)[below(list->size())];
    }
  }
  if (leaf.element == Type::kString && one_in(4)) return Value(long_text());
  return value(leaf.element);
}

// Numbers also come as the other kind of number, dates as seconds.
Literal RandomData::literal(const Reference& reference, const std::string& path, Reference::Leaf leaf) {
  Value value = stored_or_random(reference, path, leaf);
  if (leaf.element == Type::kInt && one_in(4)) value = Value(real());
  if (leaf.element == Type::kFloat && one_in(4)) value = Value(integer());
  if (const auto* date = value.get_if<Date>(); date != nullptr && one_in(2)) value = Value(date->seconds);
  return {.value = std::move(value)};
}

Filter RandomData::condition(const Reference& reference) {
  auto leaf =
      std::next(reference.leaves().begin(), static_cast<std::ptrdiff_t>(below(reference.leaves().size())));
  const auto& [path, types] = *leaf;
  const bool is_list = types.type == Type::kList;
  std::vector<Op> ops = {Op::kEq, Op::kNe, Op::kIn, Op::kNin, Op::kIsnull};
  if (is_comparable(types.type)) ops.insert(ops.end(), {Op::kGt, Op::kGte, Op::kLt, Op::kLte, Op::kBetween});
  if (types.element == Type::kString)
    ops.insert(ops.end(), {Op::kContains, Op::kStartswith, Op::kEndswith, Op::kIcontains, Op::kIstartswith,
                           Op::kIendswith, Op::kIeq, Op::kStartswith});
  if (is_list || types.type == Type::kString) ops.push_back(Op::kEmpty);

  Filter condition{.kind = Filter::Kind::kCondition, .field = path, .op = ops[below(ops.size())]};
  std::size_t count = 1;
  switch (condition.op) {
    case Op::kIsnull:
    case Op::kEmpty: condition.values = {{.value = Value(!one_in(2))}}; return condition;
    case Op::kIn:
    case Op::kNin: count = one_in(8) ? 40 : below(6); break;
    case Op::kBetween: count = 2; break;
    default: break;
  }
  for (std::size_t i = 0; i < count; ++i) condition.values.push_back(literal(reference, path, types));
  switch (condition.op) {
    case Op::kContains:
    case Op::kStartswith:
    case Op::kEndswith:
    case Op::kIcontains:
    case Op::kIstartswith:
    case Op::kIendswith: {
      // A part of a text, cut between characters.
      std::string& text = *condition.values[0].value.get_if<std::string>();
      const auto boundary = [&](std::size_t at) {
        while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
        return at;
      };
      if (text.empty() || one_in(4)) break;
      const std::size_t cut = boundary(below(text.size()));
      const bool keeps_end = condition.op == Op::kEndswith || condition.op == Op::kIendswith;
      text = keeps_end ? text.substr(cut) : text.substr(0, cut);
      break;
    }
    default: break;
  }
  return condition;
}

Filter RandomData::filter(const Reference& reference, int depth) {
  if (depth == 0 || one_in(3)) return condition(reference);
  if (one_in(5)) return Filter::negation(filter(reference, depth - 1));
  std::vector<Filter> children;
  for (std::size_t i = below(4); i > 0; --i) children.push_back(filter(reference, depth - 1));
  return one_in(3) ? Filter::any_of(std::move(children)) : Filter::all_of(std::move(children));
}

Filter RandomData::equality(const Reference& reference, const std::string& path) {
  const Reference::Leaf types = reference.leaves().at(path);
  if (one_in(8)) {
    Filter condition{.kind = Filter::Kind::kCondition, .field = path, .op = Op::kIsnull};
    condition.values = {{.value = Value(true)}};
    return condition;
  }
  Filter condition{.kind = Filter::Kind::kCondition, .field = path, .op = one_in(3) ? Op::kEq : Op::kIn};
  for (std::size_t i = condition.op == Op::kIn ? 1 + below(4) : 1; i > 0; --i)
    condition.values.push_back(literal(reference, path, types));
  return condition;
}

// As indexes like them: equalities on the first fields, a sort by the next ones; or several that find a few.
Query RandomData::query_for_an_index(const Reference& reference) {
  static const std::vector<std::vector<std::string>> indexes = {
      {"status", "n"}, {"flag", "name", "d"}, {"long", "n"}, {"status"}, {"place.city"}, {"n"}, {"f"}};
  const auto& fields = indexes[below(one_in(2) ? 2 : indexes.size())];
  std::vector<Filter> conditions;
  const std::size_t fixed = one_in(2) ? 1 : below(fields.size() + 1);
  for (std::size_t i = 0; i < fixed; ++i) conditions.push_back(equality(reference, fields[i]));
  Query query;
  const bool turned = one_in(2);
  for (std::size_t i = one_in(8) ? 0 : fixed; i < fields.size(); ++i) {
    // The directions of the index or their opposites, for the most part.
    const bool descends = (fields[i] == "n" || fields[i] == "name" || fields[i] == "f") != turned;
    query.sort.push_back({.field = fields[i],
                          .direction = descends != one_in(8) ? Direction::kDescending : Direction::kAscending,
                          .nulls = one_in(2) ? Nulls::kFirst : Nulls::kLast});
  }
  if (one_in(3)) {
    std::vector<Filter> any;
    for (std::size_t i = 2 + below(2); i > 0; --i) {
      const auto& other = indexes[below(indexes.size())];
      any.push_back(equality(reference, other.front()));
    }
    conditions.push_back(one_in(2) ? Filter::any_of(std::move(any)) : Filter::all_of(std::move(any)));
  }
  if (one_in(6)) conditions.push_back(condition(reference));
  if (!conditions.empty()) query.filter = Filter::all_of(std::move(conditions));
  return query;
}

Query RandomData::query(const Reference& reference) {
  Query query;
  if (one_in(3)) {
    query = query_for_an_index(reference);
    if (one_in(4)) query.skip = below(6);
    if (!one_in(3)) query.take = one_in(2) ? below(8) : below(reference.records().size() + 5);
    return query;
  }
  if (!one_in(6)) query.filter = filter(reference, static_cast<int>(below(4)));
  std::vector<std::string> sortable;
  for (const auto& [path, leaf] : reference.leaves())
    if (leaf.type != Type::kList) sortable.push_back(path);
  std::vector<std::string> left = sortable;
  for (std::size_t i = one_in(3) ? 0 : 1 + below(3); i > 0; --i) {
    const auto field = left.begin() + static_cast<std::ptrdiff_t>(below(left.size()));
    query.sort.push_back({.field = *field,
                          .direction = one_in(2) ? Direction::kAscending : Direction::kDescending,
                          .nulls = one_in(3) ? Nulls::kFirst : Nulls::kLast});
    left.erase(field);
  }
  if (one_in(3)) query.skip = below(reference.records().size() + 5);
  if (!one_in(3)) query.take = one_in(4) ? below(3) : below(reference.records().size() + 5);
  if (one_in(3)) query.columns = std::vector<std::string>{sortable[below(sortable.size())]};
  return query;
}

DistinctQuery RandomData::distinct(const Reference& reference) {
  const auto leaf =
      std::next(reference.leaves().begin(), static_cast<std::ptrdiff_t>(below(reference.leaves().size())));
  DistinctQuery query{.field = leaf->first};
  if (one_in(2)) {
    query.filter = filter(reference, static_cast<int>(below(3)));
  } else if (leaf->second.type != Type::kList && !one_in(3)) {
    // What an index on the field settles alone.
    query.filter = equality(reference, leaf->first);
  }
  if (one_in(2)) query.order = DistinctOrder::kCount;
  if (!one_in(3)) query.take = 1 + below(one_in(2) ? 5 : 50);
  return query;
}

}  // namespace slate::differential
