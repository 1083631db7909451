#include "crash/operations.h"

#include "base/try.h"
#include "differential/random_data.h"

namespace slate::crash {
namespace {

using Kind = Operation::Kind;
using differential::RandomData;

constexpr std::size_t kIds = 250;

Kind kind_of(std::size_t draw) {
  if (draw < 62) return Kind::kWrite;
  if (draw < 77) return Kind::kLoad;
  if (draw < 89) return Kind::kMerge;
  return draw < 97 ? Kind::kIndexes : Kind::kDeleteAll;
}

}  // namespace

Datasource definition(const std::string& id) {
  Datasource datasource = differential::random_datasource(1);
  datasource.id = id;
  if (id != "random") datasource.loader = LoaderConfig{.endpoint = "grpc://127.0.0.1:1"};
  if (id == "scoped") datasource.loader->scope_headers = {"X-User"};
  return datasource;
}

DatabaseOptions options(const std::filesystem::path& folder) {
  return {.path = folder,
          .generation_map_bytes = std::uint64_t{1} << 30,
          .catalog_map_bytes = std::uint64_t{16} << 20,
          .load_memory_bytes = 64 << 10,
          .segment_rows = 64,
          .background_sync = std::chrono::milliseconds(20),
          .sweep_interval = std::chrono::milliseconds(20)};
}

Operation operation(std::uint64_t seed, std::uint64_t number) {
  RandomData random(seed * 1'000'003 + number);
  Operation operation{.kind = kind_of(random.below(100)), .datasource = kDatasources[random.below(3)]};
  if (operation.datasource == "scoped") {
    operation.scope = random.one_in(2) ? "a" : "b";
    if (operation.kind == Kind::kWrite || operation.kind == Kind::kDeleteAll) operation.kind = Kind::kLoad;
  }
  switch (operation.kind) {
    case Kind::kWrite:
      for (std::size_t i = random.one_in(3) ? 1 : 1 + random.below(60); i > 0; --i)
        operation.writes.push_back(random.write(kIds));
      break;
    case Kind::kLoad:
    case Kind::kMerge:
      for (std::size_t i = random.below(400); i > 0; --i)
        operation.writes.push_back(random.replacement(random.id(kIds)));
      break;
    case Kind::kIndexes:
      operation.definition = definition(operation.datasource);
      for (Field& field : operation.definition.fields) {
        if (field.name == "m" || field.name == "g" || field.name == "n") field.indexed = random.one_in(2);
        if (field.name == "name")
          field.collation = random.one_in(2) ? Collation::kNocase : Collation::kBinary;
      }
      // Without `n` its compound indexes stay: they are indexes of their own.
      operation.definition.durability = random.one_in(3) ? Durability::kSync : Durability::kOs;
      break;
    case Kind::kDeleteAll: break;
  }
  return operation;
}

Result<void> perform(Database& database, const Operation& operation, const std::function<void()>& progress) {
  switch (operation.kind) {
    case Kind::kWrite: {
      SLATE_TRY(database.write_batch(operation.datasource, operation.writes));
      return {};
    }
    case Kind::kDeleteAll: return database.delete_all(operation.datasource);
    case Kind::kIndexes: {
      SLATE_TRY(database.save_datasource(operation.definition));
      return {};
    }
    case Kind::kLoad:
    case Kind::kMerge: break;
  }
  const Datasource fields = definition(operation.datasource);
  const LoadMode mode = operation.kind == Kind::kLoad ? LoadMode::kReplace : LoadMode::kMerge;
  SLATE_TRY(auto builder, database.begin_generation({operation.datasource, operation.scope}, mode));
  std::size_t appended = 0;
  for (const RecordWrite& write : operation.writes) {
    if (appended++ % 100 == 0) progress();
    SLATE_TRY(builder->append(write.id, differential::cell_refs(fields, write.cells)));
  }
  progress();
  SLATE_TRY(builder->finish());
  progress();
  SLATE_TRY(builder->publish(1));
  return {};
}

void apply(differential::Reference& reference, const Operation& operation) {
  if (operation.kind == Kind::kDeleteAll || operation.kind == Kind::kLoad)
    reference = differential::Reference(definition(operation.datasource));
  for (const RecordWrite& write : operation.writes) {
    // In a load the last row of an id counts, in its own place.
    if (operation.kind == Kind::kLoad) reference.apply({.kind = WriteKind::kDelete, .id = write.id});
    reference.apply(write);
  }
}

}  // namespace slate::crash
