#include "api/record_lines.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>
#include <utility>

#include "base/try.h"
#include "model/json.h"
#include "model/name.h"
#include "model/schema.h"

namespace slate::api {
namespace {

bool is_ndjson(std::string_view type) {
  return type == "application/x-ndjson" || type == "application/ndjson" || type == "application/jsonl";
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

std::string RecordLines::place(std::size_t index) const {
  return fmt::format(unit == Unit::kLine ? fmt::runtime("line {}") : fmt::runtime("record [{}]"),
                     numbers[index]);
}

Error at_place(std::string_view place, const Error& error) {
  Error located(error.reason(), fmt::format("{}: {}", place, error.message()));
  if (error.field()) located = std::move(located).with_field(*error.field());
  if (error.hint()) located = std::move(located).with_hint(*error.hint());
  return located;
}

Result<RecordReader> RecordReader::open(std::string_view content_type, std::string_view body,
                                        WriteKind kind) {
  RecordReader reader(body, kind);
  if (is_ndjson(content_type)) return reader;
  if (!content_type.empty() && content_type != "application/json")
    return fail(Error(Reason::kUnsupportedMediaType,
                      "expected records as JSON or NDJSON, got " + slate::quoted(content_type))
                    .with_field("Content-Type")
                    .with_hint("application/json or application/x-ndjson"));
  SLATE_TRY(auto json, parse_json(body));
  if (!json.is_array())
    return fail(Error(Reason::kInvalidArgument, "expected a JSON array of records")
                    .with_hint("send application/x-ndjson for a record a line"));
  reader.elements_ = std::move(json.get_array());
  return reader;
}

Result<void> RecordReader::read(const boost::json::value& record, std::size_t number,
                                RecordLines& lines) const {
  lines.numbers.push_back(number);
  const auto refuse = [&](std::string message) {
    Error error = Error(Reason::kInvalidArgument, std::move(message)).with_field(std::string(kRecordIdPath));
    return fail(at_place(lines.place(lines.numbers.size() - 1), error));
  };
  if (!record.is_object())
    return fail(at_place(lines.place(lines.numbers.size() - 1),
                         Error(Reason::kInvalidArgument, "expected an object of cells")));
  const auto& object = record.get_object();
  const auto* id = object.if_contains("_id");
  if (id == nullptr) return refuse("the record has no _id");
  if (!id->is_string()) return refuse("expected a string");
  auto cells = cells_from_json(object);
  if (!cells) return fail(at_place(lines.place(lines.numbers.size() - 1), cells.error()));
  const auto& text = id->get_string();
  lines.writes.push_back({.kind = kind_, .id = {text.data(), text.size()}, .cells = *std::move(cells)});
  return {};
}

Result<RecordLines> RecordReader::next(std::optional<std::uint64_t> most) {
  RecordLines lines;
  if (elements_) {
    lines.unit = RecordLines::Unit::kElement;
    const auto elements = std::move(*elements_);
    elements_->clear();
    for (std::size_t i = 0; i < elements.size(); ++i) SLATE_TRY(read(elements[i], i, lines));
    return lines;
  }
  while (!rest_.empty() && (!most || lines.writes.size() < *most)) {
    const auto line = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
    ++line_;
    if (is_blank(line)) continue;
    auto record = parse_json(line);
    if (!record) return fail(at_place(fmt::format("line {}", line_), record.error()));
    SLATE_TRY(read(*record, line_, lines));
  }
  return lines;
}

}  // namespace slate::api
