#include "api/render/json_rows.h"

#include <algorithm>
#include <cstring>

#include "model/schema.h"

namespace slate::api {
namespace {

constexpr std::size_t kPiece = 16;

}  // namespace

JsonRows::JsonRows(std::span<const ResultColumn> columns, Int64Form form)
    : columns_(columns.begin(), columns.end()), form_(form) {
  for (std::uint32_t i = 0; i < columns_.size(); ++i)
    if (columns_[i].field != kRecordIdPath) insert(members_, columns_[i].field, i);
  write_keys(members_, Follows::kAnother);
}

void JsonRows::insert(std::vector<Member>& members, std::string_view path, std::uint32_t column) {
  const auto dot = path.find('.');
  const auto name = path.substr(0, dot);
  auto member = std::ranges::find(members, name, &Member::name);
  if (member == members.end()) {
    members.push_back({.name = std::string(name), .column = column});
    member = std::prev(members.end());
  }
  if (dot != std::string_view::npos) insert(member->entries, path.substr(dot + 1), column);
}

void JsonRows::write_keys(std::vector<Member>& members, Follows follows) {
  for (Member& member : members) {
    Key& key = member.key;
    if (follows == Follows::kAnother) key.bytes += ',';
    append_json_string(key.bytes, member.name);
    key.bytes += ':';
    key.size = key.bytes.size();
    key.bytes.resize((key.size + kPiece - 1) / kPiece * kPiece);
    follows = Follows::kAnother;
    write_keys(member.entries, Follows::kNothing);
  }
}

void JsonRows::Key::append_to(TextAppender& out) const {
  char* const to = out.room(bytes.size());
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) std::memcpy(to + at, bytes.data() + at, kPiece);
  out.passed(size);
}

bool JsonRows::has_value(const Member& member, const Batch& batch, std::size_t row) {
  if (member.entries.empty()) return !batch.columns[member.column].is_null(row);
  return std::ranges::any_of(member.entries,
                             [&](const Member& entry) { return has_value(entry, batch, row); });
}

void JsonRows::append_members(TextAppender& out, const std::vector<Member>& members, const Batch& batch,
                              std::size_t row) const {
  for (const Member& member : members) {
    member.key.append_to(out);
    if (const ColumnView& cells = batch.columns[member.column]; member.entries.empty()) {
      if (cells.is_null(row))
        out.append("null");
      else
        append_json_cell(out, cells, row, columns_[member.column], form_);
    } else if (!has_value(member, batch, row)) {
      out.append("null");
    } else {
      out.append('{');
      append_members(out, member.entries, batch, row);
      out.append('}');
    }
  }
}

void JsonRows::append(TextAppender& out, const Batch& batch, std::size_t position) const {
  const std::size_t row = batch.rows[position];
  out.append("{\"_id\":");
  append_json_string(out, batch.id.text(row));
  append_members(out, members_, batch, row);
  out.append('}');
}

std::string JsonRows::object(const Batch& batch, std::size_t position) const {
  std::string text;
  TextAppender out(text);
  append(out, batch, position);
  out.finish();
  return text;
}

}  // namespace slate::api
