#include "bench/compare/duckdb_api.h"

#include <dlfcn.h>
#include <string>

#include "base/try.h"

namespace slate::bench::compare::duck {
namespace {

template <typename Function>
Result<void> find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(::dlsym(library, name));
  if (function == nullptr)
    return fail(Reason::kFailedPrecondition, std::string("the library has no ") + name);
  return {};
}

}  // namespace

Result<std::shared_ptr<const Api>> Api::load(const std::filesystem::path& path) {
  if (path.empty()) return fail(Reason::kFailedPrecondition, "no library was named");
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = ::dlerror();
    return fail(Reason::kFailedPrecondition, why == nullptr ? path.string() : why);
  }
  auto api = std::make_shared<Api>();
  SLATE_TRY(find(library, "duckdb_library_version", api->library_version));
  SLATE_TRY(find(library, "duckdb_open", api->open));
  SLATE_TRY(find(library, "duckdb_close", api->close));
  SLATE_TRY(find(library, "duckdb_connect", api->connect));
  SLATE_TRY(find(library, "duckdb_disconnect", api->disconnect));
  SLATE_TRY(find(library, "duckdb_query", api->query));
  SLATE_TRY(find(library, "duckdb_destroy_result", api->destroy_result));
  SLATE_TRY(find(library, "duckdb_result_error", api->result_error));
  SLATE_TRY(find(library, "duckdb_prepare", api->prepare));
  SLATE_TRY(find(library, "duckdb_prepare_error", api->prepare_error));
  SLATE_TRY(find(library, "duckdb_destroy_prepare", api->destroy_prepare));
  SLATE_TRY(find(library, "duckdb_bind_varchar_length", api->bind_varchar_length));
  SLATE_TRY(find(library, "duckdb_execute_prepared", api->execute_prepared));
  SLATE_TRY(find(library, "duckdb_execute_prepared_streaming", api->execute_prepared_streaming));
  SLATE_TRY(find(library, "duckdb_fetch_chunk", api->fetch_chunk));
  SLATE_TRY(find(library, "duckdb_create_data_chunk", api->create_data_chunk));
  SLATE_TRY(find(library, "duckdb_destroy_data_chunk", api->destroy_data_chunk));
  SLATE_TRY(find(library, "duckdb_data_chunk_reset", api->data_chunk_reset));
  SLATE_TRY(find(library, "duckdb_data_chunk_get_size", api->data_chunk_get_size));
  SLATE_TRY(find(library, "duckdb_data_chunk_set_size", api->data_chunk_set_size));
  SLATE_TRY(find(library, "duckdb_data_chunk_get_vector", api->data_chunk_get_vector));
  SLATE_TRY(find(library, "duckdb_vector_get_data", api->vector_get_data));
  SLATE_TRY(find(library, "duckdb_vector_get_validity", api->vector_get_validity));
  SLATE_TRY(find(library, "duckdb_vector_ensure_validity_writable", api->vector_ensure_validity_writable));
  SLATE_TRY(find(library, "duckdb_vector_assign_string_element_len", api->vector_assign_string_element_len));
  SLATE_TRY(find(library, "duckdb_vector_size", api->vector_size));
  SLATE_TRY(find(library, "duckdb_create_logical_type", api->create_logical_type));
  SLATE_TRY(find(library, "duckdb_destroy_logical_type", api->destroy_logical_type));
  SLATE_TRY(find(library, "duckdb_appender_create", api->appender_create));
  SLATE_TRY(find(library, "duckdb_append_data_chunk", api->append_data_chunk));
  SLATE_TRY(find(library, "duckdb_appender_destroy", api->appender_destroy));
  SLATE_TRY(find(library, "duckdb_appender_error", api->appender_error));
  SLATE_TRY(find(library, "duckdb_appender_flush", api->appender_flush));
  return api;
}

}  // namespace slate::bench::compare::duck
