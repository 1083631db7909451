#include "db/key_runs.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <system_error>
#include <utility>

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

// What stands before a key in a run.
struct EntryHead {
  DocId docid = 0;
  std::uint64_t size = 0;  // of the key
};

// One file: entries of EntryHead and key, ascending. Taken from the file in large pieces, and apart in place.
class KeyRuns::Run {
 public:
  static Result<std::unique_ptr<Run>> open(const std::filesystem::path& path) {
    File file(std::fopen(path.c_str(), "rb"));
    if (file == nullptr) return io_error("opening");
    std::setvbuf(file.get(), nullptr, _IONBF, 0);
    return std::unique_ptr<Run>(new Run(std::move(file)));
  }

  // False at the end.
  Result<bool> advance() {
    SLATE_TRY(const bool more, have(sizeof(EntryHead)));
    if (!more) return false;
    EntryHead head;
    std::memcpy(&head, buffer_.data() + at_, sizeof(head));
    at_ += sizeof(head);
    SLATE_TRY(const bool whole, have(head.size));
    if (!whole) return fail(Reason::kIo, "a sorted run was cut short");
    docid = head.docid;
    key = {buffer_.data() + at_, head.size};
    at_ += head.size;
    return true;
  }

  std::string_view key;  // valid until advance()
  DocId docid = 0;

 private:
  explicit Run(File file) : file_(std::move(file)), buffer_(kFileBuffer) {}

  // Makes `bytes` more bytes readable at at_; false when the file has none.
  Result<bool> have(std::size_t bytes) {
    if (end_ - at_ >= bytes) return true;
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(at_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= std::exchange(at_, 0);
    if (buffer_.size() < bytes) buffer_.resize(bytes);
    while (end_ < bytes) {
      const std::size_t got = std::fread(buffer_.data() + end_, 1, buffer_.size() - end_, file_.get());
      end_ += got;
      if (got > 0) continue;
      if (std::feof(file_.get()) == 0) return io_error("reading");
      if (end_ > 0) return fail(Reason::kIo, "a sorted run was cut short");
      return false;
    }
    return true;
  }

  File file_;
  std::vector<char> buffer_;
  std::size_t at_ = 0;   // in buffer_: what comes next
  std::size_t end_ = 0;  // of what was read
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
  std::setvbuf(file.get(), nullptr, _IONBF, 0);
  std::string piece;
  const auto write_out = [&]() -> Result<void> {
    if (std::fwrite(piece.data(), 1, piece.size(), file.get()) != piece.size()) return io_error("writing");
    piece.clear();
    return {};
  };
  for (std::size_t i = 0; i < buffer_.size(); ++i) {
    buffer_.key(i, key_);
    const EntryHead head{.docid = buffer_.docid(i), .size = key_.size()};
    piece.append(reinterpret_cast<const char*>(&head), sizeof(head));
    piece.append(key_);
    if (piece.size() >= kFileBuffer) SLATE_TRY(write_out());
  }
  SLATE_TRY(write_out());
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
  key_.assign(merging_[least]->key);
  const DocId docid = merging_[least]->docid;
  SLATE_TRY(advance(least));
  return Entry{.key = key_, .docid = docid};
}

}  // namespace slate
