#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <limits>
#include <utility>

#include "model/date.h"
#include "model/json.h"
#include "model/schema.h"

namespace slate {
namespace {

namespace json = boost::json;

struct ToJson {
  json::value operator()(Null) const { return nullptr; }
  json::value operator()(const std::string& text) const { return json::string(text); }
  json::value operator()(std::int64_t number) const { return number; }
  json::value operator()(double number) const {
    if (!std::isfinite(number)) return nullptr;
    return number;
  }
  json::value operator()(bool truth) const { return truth; }
  // Digits in a string would be no date when they are read again.
  json::value operator()(Date date) const {
    if (!has_rfc3339(date)) return date.seconds;
    return json::string(format_date(date));
  }
  json::value operator()(const ListValue& list) const {
    json::array array;
    array.reserve(list.size());
    for (const auto& element : list) array.push_back(to_json(element));
    return array;
  }
  json::value operator()(const MapValue& map) const {
    json::object object;
    object.reserve(map.size());
    for (const auto& [name, entry] : map) object.insert_or_assign(name, to_json(entry));
    return object;
  }
};

std::string to_std(json::string_view text) { return {text.data(), text.size()}; }

}  // namespace

Value value_from_json(const json::value& json) {
  switch (json.kind()) {
    case json::kind::null: return Null();
    case json::kind::bool_: return json.get_bool();
    case json::kind::int64: return json.get_int64();
    case json::kind::uint64: {
      const std::uint64_t number = json.get_uint64();
      if (std::in_range<std::int64_t>(number)) return static_cast<std::int64_t>(number);
      return static_cast<double>(number);
    }
    case json::kind::double_: return json.get_double();
    case json::kind::string: return to_std(json.get_string());
    case json::kind::array: {
      ListValue list;
      list.reserve(json.get_array().size());
      for (const auto& element : json.get_array()) list.push_back(value_from_json(element));
      return list;
    }
    case json::kind::object: {
      MapValue map;
      map.reserve(json.get_object().size());
      for (const auto& entry : json.get_object())
        map.emplace_back(to_std(entry.key()), value_from_json(entry.value()));
      return map;
    }
  }
  return Null();
}

json::value to_json(const Value& value) { return std::visit(ToJson(), value.variant()); }

Result<std::vector<std::pair<std::string, Value>>> cells_from_json(const json::object& json) {
  std::vector<std::pair<std::string, Value>> cells;
  cells.reserve(json.size());
  for (const auto& entry : json) {
    auto name = to_std(entry.key());
    if (name == kRecordIdPath) continue;
    cells.emplace_back(std::move(name), value_from_json(entry.value()));
  }
  return cells;
}

}  // namespace slate
