#include "base/try.h"
#include "slate/wire/wire.pb.h"
#include "wire/convert.h"
#include "wire/words.h"

// Declarations are taken apart by structured bindings, so that a new member does not compile until it is
// sent.
namespace slate::wire {
namespace {

void write(const LoaderConfig& from, v1::LoaderConfig& to) {
  const auto& [endpoint, ttl, forward_headers, scope_headers, max_scopes, max_scope_bytes, ca_file,
               stale_while_revalidate, stale_if_error, deadline, idle_timeout, mode, unknown_fields, min_rows,
               max_shrink] = from;
  to.set_endpoint(endpoint);
  if (ttl) to.set_ttl(*ttl);
  for (const std::string& header : forward_headers) to.add_forward_headers(header);
  for (const std::string& header : scope_headers) to.add_scope_headers(header);
  to.set_max_scopes(max_scopes);
  if (max_scope_bytes) to.set_max_scope_bytes(*max_scope_bytes);
  if (ca_file) to.set_ca_file(*ca_file);
  to.set_stale_while_revalidate(stale_while_revalidate);
  to.set_stale_if_error(stale_if_error);
  to.set_deadline(deadline);
  to.set_idle_timeout(idle_timeout);
  to.set_mode(static_cast<v1::LoadMode>(number(mode)));
  to.set_reject_unknown_fields(unknown_fields == UnknownFields::kReject);
  if (min_rows) to.set_min_rows(*min_rows);
  if (max_shrink) to.set_max_shrink(*max_shrink);
}

Result<LoaderConfig> read(const v1::LoaderConfig& from) {
  LoaderConfig config;
  config.endpoint = from.endpoint();
  if (from.has_ttl()) config.ttl = from.ttl();
  config.forward_headers.assign(from.forward_headers().begin(), from.forward_headers().end());
  config.scope_headers.assign(from.scope_headers().begin(), from.scope_headers().end());
  if (from.has_max_scopes()) config.max_scopes = from.max_scopes();
  if (from.has_max_scope_bytes()) config.max_scope_bytes = from.max_scope_bytes();
  if (from.has_ca_file()) config.ca_file = from.ca_file();
  config.stale_while_revalidate = from.stale_while_revalidate();
  config.stale_if_error = from.stale_if_error();
  config.deadline = from.deadline();
  config.idle_timeout = from.idle_timeout();
  SLATE_TRY(config.mode, word(from.mode(), LoadMode::kReplace, LoadMode::kMerge, "load mode"));
  config.unknown_fields = from.reject_unknown_fields() ? UnknownFields::kReject : UnknownFields::kIgnore;
  if (from.has_min_rows()) config.min_rows = from.min_rows();
  if (from.has_max_shrink()) config.max_shrink = from.max_shrink();
  return config;
}

}  // namespace

void write(const Field& from, v1::Field& to) {
  const auto& [name, type, indexed, collation, ttl_seconds, items, fields] = from;
  to.set_name(name);
  to.set_type(static_cast<v1::Type>(number(type)));
  to.set_indexed(indexed);
  to.set_collation(static_cast<v1::Collation>(number(collation)));
  if (ttl_seconds) to.set_ttl_seconds(*ttl_seconds);
  for (const Field& item : items) write(item, *to.add_items());
  for (const Field& entry : fields) write(entry, *to.add_fields());
}

Result<Field> read(const v1::Field& from) {
  Field field;
  field.name = from.name();
  SLATE_TRY(field.type, word(from.type(), Type::kString, Type::kMap, "type"));
  field.indexed = from.indexed();
  SLATE_TRY(field.collation, word(from.collation(), Collation::kBinary, Collation::kNocase, "collation"));
  if (from.has_ttl_seconds()) field.ttl_seconds = from.ttl_seconds();
  for (const v1::Field& item : from.items()) {
    SLATE_TRY(Field element, read(item));
    field.items.push_back(std::move(element));
  }
  for (const v1::Field& entry : from.fields()) {
    SLATE_TRY(Field inner, read(entry));
    field.fields.push_back(std::move(inner));
  }
  return field;
}

void write(const Datasource& from, v1::Datasource& to) {
  const auto& [id, title, fields, indexes, loader, durability] = from;
  to.set_id(id);
  to.set_title(title);
  for (const Field& field : fields) write(field, *to.add_fields());
  for (const CompoundIndex& index : indexes) {
    v1::CompoundIndex& added = *to.add_indexes();
    for (const auto& [field, direction] : index.fields) {
      v1::IndexField& key = *added.add_fields();
      key.set_field(field);
      key.set_descending(direction == Direction::kDescending);
    }
  }
  if (loader) write(*loader, *to.mutable_loader());
  if (durability) to.set_durability(static_cast<v1::Durability>(number(*durability) + 1));
}

Result<Datasource> read(const v1::Datasource& from) {
  Datasource datasource;
  datasource.id = from.id();
  datasource.title = from.title();
  datasource.fields.reserve(static_cast<std::size_t>(from.fields_size()));
  for (const v1::Field& entry : from.fields()) {
    SLATE_TRY(Field field, read(entry));
    datasource.fields.push_back(std::move(field));
  }
  for (const v1::CompoundIndex& index : from.indexes()) {
    CompoundIndex& added = datasource.indexes.emplace_back();
    for (const v1::IndexField& key : index.fields())
      added.fields.push_back(
          {key.field(), key.descending() ? Direction::kDescending : Direction::kAscending});
  }
  if (from.has_loader()) {
    SLATE_TRY(datasource.loader, read(from.loader()));
  }
  if (from.durability() != v1::DURABILITY_UNSPECIFIED) {
    SLATE_TRY(datasource.durability,
              word(from.durability(), Durability::kSync, Durability::kOs, "durability", v1::DURABILITY_SYNC));
  }
  return datasource;
}

void write(const ListView& from, v1::ListView& to) {
  const auto& [id, datasource, title, columns, filter, sort, page_size, max_page_size] = from;
  to.set_id(id);
  to.set_datasource(datasource);
  to.set_title(title);
  for (const auto& [field, label, hidden] : columns) {
    v1::ListColumn& column = *to.add_columns();
    column.set_field(field);
    column.set_label(label);
    column.set_hidden(hidden);
  }
  if (filter) write(*filter, *to.mutable_filter());
  for (const SortKey& key : sort) write(key, *to.add_sort());
  to.set_page_size(page_size);
  to.set_max_page_size(max_page_size);
}

Result<ListView> read(const v1::ListView& from) {
  ListView list;
  list.id = from.id();
  list.datasource = from.datasource();
  list.title = from.title();
  for (const v1::ListColumn& column : from.columns())
    list.columns.push_back({.field = column.field(), .label = column.label(), .hidden = column.hidden()});
  if (from.has_filter()) {
    SLATE_TRY(list.filter, read(from.filter()));
  }
  for (const v1::SortKey& key : from.sort()) list.sort.push_back(read(key));
  list.page_size = from.page_size();
  list.max_page_size = from.max_page_size();
  return list;
}

void write(const DatasourceStatus& from, v1::DatasourceStatus& to) {
  const auto& [datasource, data, bytes, scopes, indexes] = from;
  write(datasource, *to.mutable_datasource());
  write(data, *to.mutable_data());
  to.set_bytes(bytes);
  to.set_scopes(scopes);
  for (const auto& [name, state, rows_indexed] : indexes) {
    v1::IndexStatus& index = *to.add_indexes();
    index.set_name(name);
    index.set_building(state == IndexState::kBuilding);
    index.set_rows_indexed(rows_indexed);
  }
}

Result<DatasourceStatus> read(const v1::DatasourceStatus& from) {
  DatasourceStatus status;
  SLATE_TRY(status.datasource, read(from.datasource()));
  status.data = read(from.data());
  status.bytes = from.bytes();
  status.scopes = from.scopes();
  for (const v1::IndexStatus& index : from.indexes())
    status.indexes.push_back({.name = index.name(),
                              .state = index.building() ? IndexState::kBuilding : IndexState::kReady,
                              .rows_indexed = index.rows_indexed()});
  return status;
}

void write(const ReconciledResource& from, v1::ReconciledResource& to) {
  const auto& [kind, id, outcome, warnings, error] = from;
  to.set_kind(static_cast<v1::ReconciledResource::Kind>(number(kind)));
  to.set_id(id);
  to.set_outcome(static_cast<v1::ReconciledResource::Outcome>(number(outcome)));
  for (const std::string& warning : warnings) to.add_warnings(warning);
  if (error) write(*error, *to.mutable_error());
}

Result<ReconciledResource> read(const v1::ReconciledResource& from) {
  ReconciledResource resource;
  SLATE_TRY(resource.kind, word(from.kind(), ResourceKind::kDatasource, ResourceKind::kList, "kind"));
  resource.id = from.id();
  SLATE_TRY(resource.outcome,
            word(from.outcome(), Reconciliation::kCreated, Reconciliation::kFailed, "outcome"));
  resource.warnings.assign(from.warnings().begin(), from.warnings().end());
  if (from.has_error()) resource.error = read(from.error());
  return resource;
}

}  // namespace slate::wire
