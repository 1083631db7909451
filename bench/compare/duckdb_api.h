// The functions of DuckDB's stable C API that the comparison calls, found in libduckdb.so at run time. DuckDB
// is not needed to build, and what is declared here is all that is known of it; names and meanings are those
// of its duckdb.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include <slate/error.h>

namespace slate::bench::compare::duck {

using Handle = void*;  // duckdb_database, duckdb_connection, duckdb_prepared_statement, ...

inline constexpr int kSuccess = 0;      // duckdb_state
inline constexpr int kTypeInteger = 4;  // duckdb_type
inline constexpr int kTypeVarchar = 17;
inline constexpr int kTypeTimestampS = 20;

// duckdb_result
struct QueryAnswer {
  std::uint64_t unused_counts[3] = {};
  void* unused_columns = nullptr;
  char* unused_message = nullptr;
  void* internal = nullptr;
};

// duckdb_string_t: short texts stand in it, of others their place.
struct Text {
  std::uint32_t length = 0;
  char first[4] = {};
  union {
    char more[8];
    const char* place;
  };
};
inline constexpr std::uint32_t kInlined = 12;

// The library, which stays loaded until the process ends.
struct Api {
  // failed_precondition: it is not there, cannot be loaded, or lacks a function.
  static Result<std::shared_ptr<const Api>> load(const std::filesystem::path& library);

  const char* (*library_version)() = nullptr;
  int (*open)(const char* path, Handle* database) = nullptr;
  void (*close)(Handle* database) = nullptr;
  int (*connect)(Handle database, Handle* connection) = nullptr;
  void (*disconnect)(Handle* connection) = nullptr;

  int (*query)(Handle connection, const char* sql, QueryAnswer* answer) = nullptr;
  void (*destroy_result)(QueryAnswer* answer) = nullptr;
  const char* (*result_error)(QueryAnswer* answer) = nullptr;
  int (*prepare)(Handle connection, const char* sql, Handle* statement) = nullptr;
  const char* (*prepare_error)(Handle statement) = nullptr;
  void (*destroy_prepare)(Handle* statement) = nullptr;
  int (*bind_varchar_length)(Handle statement, std::uint64_t position, const char* text,
                             std::uint64_t length) = nullptr;
  int (*execute_prepared)(Handle statement, QueryAnswer* answer) = nullptr;
  // As execute_prepared(), but rows are made while they are fetched.
  int (*execute_prepared_streaming)(Handle statement, QueryAnswer* answer) = nullptr;

  // The next rows of an answer; null at its end.
  Handle (*fetch_chunk)(QueryAnswer answer) = nullptr;
  Handle (*create_data_chunk)(Handle* types, std::uint64_t count) = nullptr;
  void (*destroy_data_chunk)(Handle* chunk) = nullptr;
  void (*data_chunk_reset)(Handle chunk) = nullptr;
  std::uint64_t (*data_chunk_get_size)(Handle chunk) = nullptr;
  void (*data_chunk_set_size)(Handle chunk, std::uint64_t size) = nullptr;
  Handle (*data_chunk_get_vector)(Handle chunk, std::uint64_t column) = nullptr;
  void* (*vector_get_data)(Handle vector) = nullptr;
  // A bit a row, 1 where there is a value; null: all rows have one.
  std::uint64_t* (*vector_get_validity)(Handle vector) = nullptr;
  void (*vector_ensure_validity_writable)(Handle vector) = nullptr;
  void (*vector_assign_string_element_len)(Handle vector, std::uint64_t row, const char* text,
                                           std::uint64_t length) = nullptr;
  std::uint64_t (*vector_size)() = nullptr;
  Handle (*create_logical_type)(int type) = nullptr;
  void (*destroy_logical_type)(Handle* type) = nullptr;

  int (*appender_create)(Handle connection, const char* schema, const char* table,
                         Handle* appender) = nullptr;
  int (*append_data_chunk)(Handle appender, Handle chunk) = nullptr;
  int (*appender_destroy)(Handle* appender) = nullptr;
  const char* (*appender_error)(Handle appender) = nullptr;
  int (*appender_flush)(Handle appender) = nullptr;
};

}  // namespace slate::bench::compare::duck
