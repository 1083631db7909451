#include "api/render/values_answer.h"

#include "api/render/status_json.h"

namespace slate::api {

std::string values_json(std::string_view owner_kind, std::string_view owner, std::string_view field,
                        const DistinctValues& values, const std::optional<Freshness>& freshness,
                        Int64Form form) {
  std::string out = "{";
  append_json_string(out, owner_kind);
  out += ':';
  append_json_string(out, owner);
  out += ",\"field\":";
  append_json_string(out, field);
  out += ",\"values\":[";
  for (const DistinctValue& value : values.values) {
    if (out.back() == '}') out += ',';
    out += "{\"value\":";
    append_json_value(out, value.value, form);
    out += ",\"count\":";
    append_integer(out, static_cast<std::int64_t>(value.count));
    out += '}';
  }
  out += values.has_more ? "],\"has_more\":true" : "],\"has_more\":false";
  if (freshness) {
    out += ",\"freshness\":";
    append_freshness(out, *freshness);
  }
  return out + '}';
}

}  // namespace slate::api
