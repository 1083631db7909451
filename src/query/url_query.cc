// The grammar, after percent-decoding:
//
//   parameter  = condition / reserved
//   condition  = field "=" text / field "__" op "=" operand
//   operand    = text / [ item *( "," item ) ]              ; the second for in, nin and between
//   item       = *( %x00-2B / %x2D-5B / %x5D-FF / "\," / "\\" )
//   reserved   = "skip=" digits / "take=" digits / "cursor=" text / "count=" text / "filter=" json
//              / "sort=" key *( "," key ) / "columns=" field *( "," field )
//   key        = [ "-" ] field [ ":nulls_first" / ":nulls_last" ]
#include "query/url_query.h"

#include <boost/json/value.hpp>
#include <charconv>
#include <cstdint>
#include <fmt/format.h>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/try.h"
#include "model/coerce.h"
#include "model/json.h"
#include "model/name.h"
#include "query/bound_query.h"
#include "query/filter_fields.h"
#include "query/limits.h"
#include "query/names.h"

namespace slate {
namespace {

Failure refuse(std::string_view parameter, std::string message, std::string hint = {}) {
  auto error = Error(Reason::kInvalidArgument, std::move(message)).with_field(as_field(parameter));
  if (!hint.empty()) error = std::move(error).with_hint(std::move(hint));
  return Failure(std::move(error));
}

// The error of a part, told of the parameter that it stands in.
Failure refuse(std::string_view parameter, const Error& error) {
  return Failure(located_in(as_field(parameter), error));
}

std::vector<std::string_view> op_words() {
  std::vector<std::string_view> words;
  for (unsigned i = 0; i <= static_cast<unsigned>(Op::kEmpty); ++i)
    words.push_back(op_name(static_cast<Op>(i)));
  return words;
}

bool takes_several(Op op) { return op == Op::kIn || op == Op::kNin || op == Op::kBetween; }

Literal text_literal(std::string text) { return {.value = Value(std::move(text)), .is_text = true}; }

class UrlReader {
 public:
  explicit UrlReader(const UrlNames& names) : names_(names) {}

  Result<void> read(const std::string& name, const std::string& value) {
    if (name.size() > kUrlNameBytes)
      return refuse(name, fmt::format("the name of a parameter has at most {} bytes", kUrlNameBytes));
    if (value.size() > kUrlValueBytes)
      return refuse(
          name, fmt::format("a value in a URL has at most {} bytes, got {}", kUrlValueBytes, value.size()));
    if (name == "filter") return read_filter(value);
    if (name == "skip") return read_once(name, skip_, value);
    if (name == "take") return read_once(name, take_, value);
    if (name == "sort") return read_once(name, sort_, value);
    if (name == "columns") return read_once(name, columns_, value);
    if (name == "cursor") return read_once(name, result_.cursor, value);
    if (name == "count") return read_once(name, result_.count, value);
    return read_condition(name, value);
  }

  Result<UrlQuery> finish() && {
    auto& query = result_.query;
    if (skip_) {
      SLATE_TRY(query.skip, read_number("skip", *skip_));
    }
    if (take_) {
      SLATE_TRY(query.take, read_number("take", *take_));
    }
    if (sort_) {
      SLATE_TRY(query.sort, read_sort(*sort_));
    }
    if (columns_) {
      SLATE_TRY(query.columns, read_columns(*columns_));
    }
    if (filters_.size() == 1) query.filter = std::move(filters_.front());
    if (filters_.size() > 1) query.filter = Filter::all_of(std::move(filters_));
    return std::move(result_);
  }

 private:
  static Result<void> read_once(std::string_view name, std::optional<std::string>& target,
                                const std::string& value) {
    if (target) return refuse(name, fmt::format("\"{}\" is given twice", name));
    target = value;
    return {};
  }

  static Result<std::uint64_t> read_number(std::string_view name, std::string_view text) {
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) return number;
    return refuse(name,
                  fmt::format("expected a whole number from 0 to {}, got {}", UINT64_MAX, quoted(text)));
  }

  // A field or a map of the schema that the list, if there is one, shows.
  bool is_known(std::string_view path) const {
    if (names_.list != nullptr && !is_in_list(*names_.list, path)) return false;
    return names_.schema.find_column(path) || !columns_inside(names_.schema, path).empty();
  }

  Error unknown(std::string_view path) const {
    if (names_.list != nullptr)
      if (const auto shown = require_in_list(*names_.list, path); !shown) return shown.error();
    return unknown_field(names_.schema, path);
  }

  Result<void> read_condition(const std::string& name, const std::string& value) {
    if (is_known(name)) return add_condition(name, name, Op::kEq, value);
    const auto split = name.rfind("__");
    if (split == std::string::npos || split == 0) return refuse(name, unknown(name));
    const auto path = std::string_view(name).substr(0, split);
    const auto word = std::string_view(name).substr(split + 2);
    const auto op = parse_op(word);
    if (!is_known(path)) return refuse(name, unknown(op ? path : std::string_view(name)));
    // Inside a map it is more likely a path than an operator: address__city.
    if (!op && !names_.schema.find_column(path)) return refuse(name, unknown(name));
    if (!op) {
      std::string hint = near_miss_hint(word, op_words());
      if (hint.empty()) hint = fmt::format("one of {}", fmt::join(op_words(), ", "));
      return refuse(name, fmt::format("there is no operator {}", quoted(word)), std::move(hint));
    }
    return add_condition(name, path, *op, value);
  }

  Result<void> add_condition(std::string_view name, std::string_view path, Op op, const std::string& value) {
    Filter condition;
    condition.kind = Filter::Kind::kCondition;
    condition.field = path;
    condition.op = op;
    if (takes_several(op)) {
      SLATE_TRY(condition.values, read_items(name, op, value));
    } else {
      condition.values.push_back(text_literal(value));
    }
    std::optional<Filter> checked(std::move(condition));
    // The name says which field it is: the message need not.
    if (auto bound = bind_filter(checked, names_.schema); !bound)
      return Failure(std::move(bound).error().with_field(as_field(name)));
    return add(name, *std::move(checked), 1);
  }

  static Result<std::vector<Literal>> read_items(std::string_view name, Op op, std::string_view text) {
    std::vector<Literal> items;
    if (text.empty()) return items;
    std::string item;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == ',') {
        // The last one comes after the loop.
        if (items.size() + 1 == FilterLimits::kInValues)
          return refuse(name,
                        fmt::format("\"{}\" takes at most {} values", op_name(op), FilterLimits::kInValues));
        items.push_back(text_literal(std::exchange(item, {})));
        continue;
      }
      if (text[i] == '\\') {
        ++i;
        if (i == text.size() || (text[i] != ',' && text[i] != '\\'))
          return refuse(name, "a backslash must be followed by a comma or a backslash",
                        "a backslash in a value is written \\\\");
      }
      item += text[i];
    }
    items.push_back(text_literal(std::move(item)));
    return items;
  }

  Result<void> read_filter(const std::string& text) {
    auto json = parse_json(text);
    if (!json) return refuse("filter", json.error());
    auto parsed = filter_from_json(*json);
    if (!parsed) return refuse("filter", parsed.error());
    if (names_.list != nullptr)
      if (auto shown = require_fields_in_list(*parsed, *names_.list); !shown)
        return refuse("filter", shown.error());
    std::optional<Filter> checked(*std::move(parsed));
    if (auto bound = bind_filter(checked, names_.schema); !bound) return refuse("filter", bound.error());
    const std::size_t conditions = count_conditions(*checked);
    return add("filter", *std::move(checked), conditions);
  }

  Result<void> add(std::string_view name, Filter filter, std::size_t conditions) {
    conditions_ += conditions;
    if (conditions_ > FilterLimits::kConditions)
      return refuse(name, fmt::format("a query has at most {} conditions", FilterLimits::kConditions));
    if (filters_.size() == FilterLimits::kConditions)
      return refuse(name, fmt::format("a query has at most {} filters", FilterLimits::kConditions));
    filters_.push_back(std::move(filter));
    return {};
  }

  Result<std::vector<SortKey>> read_sort(std::string_view text) const {
    Query probe;
    probe.columns.emplace();
    SLATE_TRY(const auto words, split_names("sort", text));
    for (auto word : words) {
      SortKey key;
      if (word.starts_with('-')) {
        key.direction = Direction::kDescending;
        word.remove_prefix(1);
      }
      if (const auto colon = word.find(':'); colon != std::string_view::npos) {
        const auto suffix = word.substr(colon + 1);
        if (suffix != "nulls_first" && suffix != "nulls_last")
          return refuse("sort", fmt::format("expected \":nulls_first\" or \":nulls_last\", got {}",
                                            quoted(word.substr(colon))));
        if (suffix == "nulls_first") key.nulls = Nulls::kFirst;
        word = word.substr(0, colon);
      }
      if (names_.list != nullptr)
        if (auto shown = require_in_list(*names_.list, word); !shown) return refuse("sort", shown.error());
      key.field = word;
      probe.sort.push_back(std::move(key));
    }
    if (auto bound = bind(probe, names_.schema); !bound) return refuse("sort", bound.error());
    return std::move(probe.sort);
  }

  Result<std::vector<std::string>> read_columns(std::string_view text) const {
    Query probe;
    SLATE_TRY(const auto words, split_names("columns", text));
    probe.columns.emplace(words.begin(), words.end());
    if (names_.list != nullptr)
      for (const auto word : words)
        if (auto shown = require_in_list(*names_.list, word); !shown) return refuse("columns", shown.error());
    if (auto bound = bind(probe, names_.schema); !bound) return refuse("columns", bound.error());
    return *std::move(probe.columns);
  }

  // At least one, none of them empty.
  static Result<std::vector<std::string_view>> split_names(std::string_view parameter,
                                                           std::string_view text) {
    std::vector<std::string_view> words;
    while (true) {
      const auto comma = text.find(',');
      const auto word = text.substr(0, comma);
      if (word.empty()) return refuse(parameter, "expected the name of a field, got nothing");
      words.push_back(word);
      if (comma == std::string_view::npos) return words;
      text.remove_prefix(comma + 1);
    }
  }

  const UrlNames& names_;
  UrlQuery result_;
  std::optional<std::string> skip_, take_, sort_, columns_;
  std::vector<Filter> filters_;
  std::size_t conditions_ = 0;
};

}  // namespace

Result<UrlQuery> query_from_url(UrlParameters parameters, const UrlNames& names) {
  UrlReader reader(names);
  for (const auto& [name, value] : parameters) SLATE_TRY(reader.read(name, value));
  return std::move(reader).finish();
}

}  // namespace slate
