// A database in a folder of its own, for tests of what is stored.
#pragma once

#include <algorithm>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <slate/database.h>

#include "db/audit.h"
#include "storage/environment.h"

namespace slate {

using Ids = std::vector<std::string>;

class DatabaseFixture : public ::testing::Test {
 protected:
  DatabaseFixture() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              ("slate_" + std::to_string(::getpid()) + "_" + info->test_suite_name() + "_" + info->name());
    std::filesystem::remove_all(folder_);
    options_ = {.path = folder_,
                .clock = &clock_,
                .generation_map_bytes = std::uint64_t{1} << 30,
                .catalog_map_bytes = std::uint64_t{16} << 20,
                .background_sync = std::chrono::milliseconds(0),
                .sweep_interval = std::chrono::milliseconds(0)};
    open();
  }
  ~DatabaseFixture() override {
    database_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void open() {
    auto opened = Database::open(options_);
    ASSERT_TRUE(opened.has_value()) << opened.error().to_string();
    database_ = *std::move(opened);
  }
  void close() { database_.reset(); }
  void reopen() {
    close();
    open();
  }

  // A datasource with a bit of everything, `os` durability: tests need no power loss.
  static Datasource prospects() {
    return {.id = "prospects",
            .fields = {{.name = "name", .type = Type::kString},
                       {.name = "status", .type = Type::kString, .indexed = true},
                       {.name = "contacts", .type = Type::kInt, .indexed = true},
                       {.name = "score", .type = Type::kFloat, .ttl_seconds = 60},
                       {.name = "tags", .type = Type::kList, .items = {{.type = Type::kString}}},
                       {.name = "address",
                        .type = Type::kMap,
                        .fields = {{.name = "city", .type = Type::kString, .indexed = true},
                                   {.name = "zip", .type = Type::kInt}}}},
            .durability = Durability::kOs};
  }
  static LoaderConfig some_loader() { return {.endpoint = "grpc://127.0.0.1:1"}; }
  static RecordWrite record(std::string id, const char* status, int contacts) {
    return {.id = std::move(id), .cells = {{"status", status}, {"contacts", contacts}}};
  }
  static RecordWrite deletion(std::string id) { return {.kind = WriteKind::kDelete, .id = std::move(id)}; }

  Saved save(const Datasource& datasource) {
    const auto saved = database_->save_datasource(datasource);
    EXPECT_TRUE(saved.has_value()) << saved.error().to_string();
    return saved.value_or(Saved::kUnchanged);
  }
  WriteCounts write(const std::vector<RecordWrite>& writes, std::string_view datasource = "prospects") {
    const auto counts = database_->write_batch(datasource, writes);
    EXPECT_TRUE(counts.has_value()) << counts.error().to_string();
    return counts.value_or(WriteCounts{});
  }
  // The error that a write is refused with.
  Error refusal(const std::vector<RecordWrite>& writes, std::string_view datasource = "prospects") {
    const auto counts = database_->write_batch(datasource, writes);
    EXPECT_FALSE(counts.has_value());
    return counts ? Error(Reason::kInternal, "it was accepted") : counts.error();
  }
  std::unique_ptr<Snapshot> snapshot(std::string_view datasource = "prospects") {
    auto snapshot = database_->snapshot(datasource);
    EXPECT_TRUE(snapshot.has_value()) << snapshot.error().to_string();
    return snapshot ? *std::move(snapshot) : nullptr;
  }
  // The ids of an answer, in order.
  Ids ids(const Query& query, const QueryOptions& options = {}, std::string_view datasource = "prospects") {
    Ids ids;
    const auto from = snapshot(datasource);
    if (from == nullptr) return ids;
    auto rows = from->query(query, options);
    EXPECT_TRUE(rows.has_value()) << rows.error().to_string();
    while (rows) {
      const auto batch = (*rows)->next();
      EXPECT_TRUE(batch.has_value()) << batch.error().to_string();
      if (!batch || *batch == nullptr) break;
      for (const std::uint16_t row : (*batch)->rows) ids.emplace_back((*batch)->id.text(row));
    }
    return ids;
  }
  Ids ids_where(std::string_view field, Op op, Value value, const QueryOptions& options = {}) {
    return ids({.filter = Filter::condition(std::string(field), op, std::move(value))}, options);
  }
  std::optional<Record> get(std::string_view id, std::string_view datasource = "prospects") {
    const auto from = snapshot(datasource);
    if (from == nullptr) return std::nullopt;
    auto record = from->get(id);
    EXPECT_TRUE(record.has_value()) << record.error().to_string();
    return record ? *std::move(record) : std::nullopt;
  }
  // A cell of a record that must be there; null when the cell is absent.
  Value cell(std::string_view id, std::string_view field, std::string_view datasource = "prospects") {
    const auto record = get(id, datasource);
    EXPECT_TRUE(record.has_value()) << id.substr(0, 80);
    const Value* value = record ? record->find(field) : nullptr;
    return value != nullptr ? *value : Value();
  }
  // What the audit finds wrong.
  std::vector<std::string> problems(std::string_view datasource = "prospects") {
    const auto report = audit_datasource(*database_, datasource);
    if (!report) return {report.error().to_string()};
    return report->problems;
  }
  void wait_for_indexes(std::string_view datasource = "prospects") {
    const auto ready = [&] {
      const auto status = database_->get_datasource(datasource);
      EXPECT_TRUE(status.has_value());
      return !status || std::ranges::all_of(status->indexes, [](const IndexStatus& each) {
        return each.state == IndexState::kReady;
      });
    };
    while (!ready()) std::this_thread::yield();
  }
  std::filesystem::path generation_file(std::string_view datasource = "prospects") {
    const auto number = snapshot(datasource)->info().generation;
    return folder_ / "generations" / datasource / (std::to_string(number) + ".mdb");
  }
  // Closes the database and changes the live generation behind its back.
  void change_file(const std::function<void(storage::WriteTransaction&)>& change) {
    const auto path = generation_file();
    close();
    const auto environment = storage::Environment::open(path, {.max_tables = 64}).value();
    auto txn = environment->begin_write().value();
    change(txn);
    ASSERT_TRUE(txn.commit().has_value());
  }

  std::filesystem::path folder_;
  ManualClock clock_{1'700'000'000'000};
  DatabaseOptions options_;
  std::unique_ptr<EmbeddedDatabase> database_;
};

}  // namespace slate
