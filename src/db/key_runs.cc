#include "db/key_runs.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <system_error>

#include "base/try.h"

namespace slate {
namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

constexpr std::size_t kFileBuffer = 256 * 1024;

Failure io_error(std::string_view what) {
  return fail(Reason::kIo, fmt::format("{} a sorted run: {}", what, std::strerror(errno)));
}

}  // namespace

// One file: entries of key size (4 bytes), docid (8 bytes) and key, ascending.
class KeyRuns::Run {
 public:
  static Result<std::unique_ptr<Run>> open(const std::filesystem::path& path) {
    File file(std::fopen(path.c_str(), "rb"));
    if (file == nullptr) return io_error("opening");
    std::setvbuf(file.get(), nullptr, _IOFBF, kFileBuffer);
    return std::unique_ptr<Run>(new Run(std::move(file)));
  }

  // False at the end.
  Result<bool> advance() {
    std::uint32_t size = 0;
    if (std::fread(&size, sizeof(size), 1, file_.get()) != 1) {
      if (std::feof(file_.get()) != 0) return false;
      return io_error("reading");
    }
    if (std::fread(&docid, sizeof(docid), 1, file_.get()) != 1) return io_error("reading");
    key.resize(size);
    if (size > 0 && std::fread(key.data(), size, 1, file_.get()) != 1) return io_error("reading");
    return true;
  }

  std::string key;
  DocId docid = 0;

 private:
  explicit Run(File file) : file_(std::move(file)) {}
  File file_;
};

KeyRuns::KeyRuns(std::filesystem::path prefix, std::size_t memory_bytes)
    : prefix_(std::move(prefix)), memory_bytes_(memory_bytes) {
  buffer_.reserve(memory_bytes / 2);
}

KeyRuns::~KeyRuns() {
  merging_.clear();
  for (const auto& file : files_) {
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
  }
}

Result<void> KeyRuns::add(std::string_view key, DocId docid) {
  buffer_.add(key, docid);
  if (2 * buffer_.used_bytes() > memory_bytes_) return spill();
  return {};
}

Result<void> KeyRuns::spill() {
  buffer_.sort();
  const std::filesystem::path path = prefix_.string() + "." + std::to_string(files_.size());
  files_.push_back(path);
  const File file(std::fopen(path.c_str(), "wb"));
  if (file == nullptr) return io_error("creating");
  std::setvbuf(file.get(), nullptr, _IOFBF, kFileBuffer);
  for (std::size_t i = 0; i < buffer_.size(); ++i) {
    buffer_.key(i, key_);
    const auto size = static_cast<std::uint32_t>(key_.size());
    const DocId docid = buffer_.docid(i);
    if (std::fwrite(&size, sizeof(size), 1, file.get()) != 1 ||
        std::fwrite(&docid, sizeof(docid), 1, file.get()) != 1 ||
        std::fwrite(key_.data(), 1, size, file.get()) != size)
      return io_error("writing");
  }
  if (std::fflush(file.get()) != 0) return io_error("writing");
  buffer_.clear();
  return {};
}

Result<void> KeyRuns::start_reading() {
  if (files_.empty()) {
    buffer_.sort();
    return {};
  }
  SLATE_TRY(spill());
  for (const auto& file : files_) {
    SLATE_TRY(auto run, Run::open(file));
    merging_.push_back(std::move(run));
  }
  for (std::size_t i = 0; i < merging_.size(); ++i) SLATE_TRY(advance(i));
  return {};
}

Result<void> KeyRuns::advance(std::size_t run) {
  SLATE_TRY(const bool more, merging_[run]->advance());
  if (!more) return {};
  heap_.push_back(run);
  std::ranges::push_heap(heap_, [&](std::size_t a, std::size_t b) {
    return std::tie(merging_[a]->key, merging_[a]->docid) > std::tie(merging_[b]->key, merging_[b]->docid);
  });
  return {};
}

Result<std::optional<KeyRuns::Entry>> KeyRuns::next() {
  if (files_.empty()) {
    if (at_ == buffer_.size()) return std::nullopt;
    buffer_.key(at_, key_);
    return Entry{.key = key_, .docid = buffer_.docid(at_++)};
  }
  if (heap_.empty()) return std::nullopt;
  std::ranges::pop_heap(heap_, [&](std::size_t a, std::size_t b) {
    return std::tie(merging_[a]->key, merging_[a]->docid) > std::tie(merging_[b]->key, merging_[b]->docid);
  });
  const std::size_t least = heap_.back();
  heap_.pop_back();
  key_.swap(merging_[least]->key);
  const DocId docid = merging_[least]->docid;
  SLATE_TRY(advance(least));
  return Entry{.key = key_, .docid = docid};
}

}  // namespace slate
