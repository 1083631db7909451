#include "cli/manifest_files.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <unistd.h>

#include "base/try.h"
#include "model/json.h"

namespace slate::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

Failure io_failure(const fs::path& path, std::string_view what, int error) {
  return fail(error == ENOENT ? Reason::kNotFound : Reason::kIo,
              path.string() + ": " + std::string(what) + ": " + std::generic_category().message(error));
}

bool is_manifest_name(const std::string& name) {
  return !name.starts_with('.') &&
         (name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json"));
}

Failure damaged(const fs::path& file) {
  return fail(
      Error(Reason::kCorrupt, file.string() + " is damaged")
          .with_hint(
              "without it Slate cannot remove what earlier manifests declared and these no longer do"));
}

Result<void> write_all(int descriptor, std::string_view text, const fs::path& file) {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_failure(file, "cannot write", errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(descriptor) != 0) return io_failure(file, "cannot sync", errno);
  return {};
}

}  // namespace

Result<std::string> read_manifest_file(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return io_failure(path, "cannot read", error.value());
  if (size > kLongestManifest)
    return fail(Reason::kInvalidArgument,
                path.string() + " is larger than 16 MiB, the most that a manifest may have");
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (size > 0 && !(text << file.rdbuf())) return io_failure(path, "cannot read", errno);
  return std::move(text).str();
}

Result<std::vector<ManifestText>> read_manifest_folder(const fs::path& folder) {
  std::error_code error;
  std::vector<ManifestText> files;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::error_code of_entry;  // a link without a target is a file that cannot be read
    if (!is_manifest_name(name) || entry->is_directory(of_entry)) continue;
    files.push_back({.file = name, .text = read_manifest_file(entry->path())});
  }
  if (error) return io_failure(folder, "cannot read the folder", error.value());
  std::ranges::sort(files, {}, &ManifestText::file);
  return files;
}

Result<ManifestOrigins> load_origins(const fs::path& file) {
  std::error_code error;
  if (!fs::exists(file, error) && !error) return ManifestOrigins{};
  SLATE_TRY(const std::string text, read_manifest_file(file));
  const auto document = parse_json(text);
  if (!document || !document->is_object()) return damaged(file);
  ManifestOrigins origins;
  for (const auto kind : {ResourceKind::kDatasource, ResourceKind::kListView}) {
    const auto* names = document->get_object().if_contains(kind_name(kind));
    if (names == nullptr || !names->is_object()) return damaged(file);
    for (const auto& [name, origin] : names->get_object()) {
      if (!origin.is_string()) return damaged(file);
      origins.emplace(ResourceName{kind, std::string(name)}, std::string(origin.get_string()));
    }
  }
  return origins;
}

Result<void> save_origins(const fs::path& file, const ManifestOrigins& origins) {
  json::object document;
  for (const auto kind : {ResourceKind::kDatasource, ResourceKind::kListView})
    document[kind_name(kind)].emplace_object();
  for (const auto& [resource, origin] : origins)
    document[kind_name(resource.kind)].get_object()[resource.name] = origin;

  const fs::path next = file.string() + ".next";
  const int descriptor = ::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) return io_failure(next, "cannot write", errno);
  const auto written = write_all(descriptor, json::serialize(document) + "\n", next);
  ::close(descriptor);
  SLATE_TRY(written);
  std::error_code error;
  fs::rename(next, file, error);
  if (error) return io_failure(file, "cannot replace", error.value());
  return {};
}

}  // namespace slate::cli
