#include "exec/sorted_runs.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <span>
#include <tuple>
#include <unistd.h>
#include <utility>

#include "base/try.h"

namespace slate {
namespace {

constexpr std::size_t kMostBuffer = 256 * 1024;
constexpr std::size_t kLeastBuffer = 8 * 1024;
constexpr std::size_t kLeastMerged = 8;
constexpr std::size_t kMostMerged = 256;
// From so many rows on room for all that the memory allows is reserved, so that growing copies nothing.
constexpr std::size_t kRowsBeforeReserve = 64 * 1024;

Failure io_error(std::string_view what) {
  return fail(Reason::kIo, fmt::format("{} a sorted run: {}", what, std::strerror(errno)));
}

// What stands before a key in a run.
struct EntryHead {
  DocId docid = 0;
  std::uint64_t size = 0;  // of the key
};

}  // namespace

// A temporary file without a name: it goes with its descriptor, and with the process.
class SortedRuns::File {
 public:
  static Result<std::unique_ptr<File>> create(const std::string& prefix) {
    std::string path = prefix + ".XXXXXX";
    const int descriptor = ::mkostemp(path.data(), O_CLOEXEC);
    if (descriptor < 0) return io_error("creating");
    ::unlink(path.c_str());
    return std::unique_ptr<File>(new File(descriptor));
  }
  ~File() { ::close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  Result<void> append(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return io_error("writing");
      size_ += static_cast<std::uint64_t>(written);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }
  // Fills `out`.
  Result<void> read(std::uint64_t offset, std::span<char> out) const {
    while (!out.empty()) {
      const ssize_t got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return io_error("reading");
      if (got == 0) return fail(Reason::kIo, "a sorted run was cut short");
      offset += static_cast<std::uint64_t>(got);
      out = out.subspan(static_cast<std::size_t>(got));
    }
    return {};
  }
  std::uint64_t size() const { return size_; }

 private:
  explicit File(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
  std::uint64_t size_ = 0;
};

// Appends one run to the file, in large pieces.
class SortedRuns::Writer {
 public:
  explicit Writer(File& file) : file_(file), begin_(file.size()) {}

  Result<void> add(std::string_view key, DocId docid) {
    const EntryHead head{.docid = docid, .size = key.size()};
    piece_.append(reinterpret_cast<const char*>(&head), sizeof(head));
    piece_.append(key);
    return piece_.size() >= kMostBuffer ? write_out() : Result<void>();
  }
  Result<Stretch> finish() {
    SLATE_TRY(write_out());
    return Stretch{.begin = begin_, .end = file_.size()};
  }

 private:
  Result<void> write_out() {
    SLATE_TRY(file_.append(piece_));
    piece_.clear();
    return {};
  }

  File& file_;
  std::uint64_t begin_;
  std::string piece_;
};

// Reads one run: entries of EntryHead and key, ascending. Taken from the file in large pieces, and apart in
// place.
class SortedRuns::Run {
 public:
  Run(const File& file, Stretch stretch, std::size_t buffer_bytes)
      : file_(file), stretch_(stretch), buffer_(buffer_bytes) {}

  // False at the end.
  Result<bool> advance() {
    if (end_ == at_ && stretch_.begin == stretch_.end) return false;
    EntryHead head;
    SLATE_TRY(have(sizeof(head)));
    std::memcpy(&head, buffer_.data() + at_, sizeof(head));
    at_ += sizeof(head);
    SLATE_TRY(have(head.size));
    docid = head.docid;
    key = {buffer_.data() + at_, head.size};
    at_ += head.size;
    return true;
  }

  std::string_view key;  // valid until advance()
  DocId docid = 0;

 private:
  // Makes `bytes` more bytes readable at at_.
  Result<void> have(std::size_t bytes) {
    if (end_ - at_ >= bytes) return {};
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(at_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= std::exchange(at_, 0);
    if (buffer_.size() < bytes) buffer_.resize(bytes);
    const std::size_t more = std::min<std::uint64_t>(buffer_.size() - end_, stretch_.end - stretch_.begin);
    if (end_ + more < bytes) return fail(Reason::kIo, "a sorted run was cut short");
    SLATE_TRY(file_.read(stretch_.begin, std::span(buffer_).subspan(end_, more)));
    stretch_.begin += more;
    end_ += more;
    return {};
  }

  const File& file_;
  Stretch stretch_;  // not yet read
  std::vector<char> buffer_;
  std::size_t at_ = 0;   // in buffer_: what comes next
  std::size_t end_ = 0;  // of what was read
};

SortedRuns::SortedRuns(SortRoom room) : room_(std::move(room)), pacer_(room_.interrupt) {}
SortedRuns::~SortedRuns() = default;

Result<void> SortedRuns::add(std::string_view key, DocId docid) {
  buffer_.add(key, docid);
  if (buffer_.size() == kRowsBeforeReserve) buffer_.reserve(room_.memory_bytes / 2);
  if (2 * buffer_.used_bytes() > room_.memory_bytes) return spill();
  return {};
}

Result<void> SortedRuns::spill() {
  SLATE_TRY(buffer_.sort(pacer_));
  if (file_ == nullptr) {
    SLATE_TRY(file_, File::create(room_.spill_prefix));
  }
  Writer writer(*file_);
  for (std::size_t i = 0; i < buffer_.size(); ++i) {
    buffer_.key(i, key_);
    SLATE_TRY(writer.add(key_, buffer_.docid(i)));
    SLATE_TRY(pacer_.passed(1));
  }
  SLATE_TRY(const Stretch run, writer.finish());
  runs_.push_back(run);
  ++written_;
  if (room_.counters != nullptr) ++room_.counters->runs_spilled;
  buffer_.clear();
  return {};
}

// Runs that are merged at a time: their buffers stay within the memory.
std::size_t SortedRuns::most_merged() const {
  return std::clamp<std::uint64_t>(room_.memory_bytes / kMostBuffer, kLeastMerged, kMostMerged);
}

Result<void> SortedRuns::start_reading() {
  if (runs_.empty()) return buffer_.sort(pacer_);
  if (buffer_.size() > 0) SLATE_TRY(spill());
  while (runs_.size() > most_merged())
    SLATE_TRY(merge_first(std::min(most_merged(), runs_.size() - most_merged() + 1)));
  return open_runs(runs_.size());
}

// Puts one run in the place of the first ones.
Result<void> SortedRuns::merge_first(std::size_t count) {
  SLATE_TRY(open_runs(count));
  Writer writer(*file_);
  for (;;) {
    SLATE_TRY(const auto entry, next_merged());
    if (!entry) break;
    SLATE_TRY(writer.add(entry->key, entry->docid));
  }
  SLATE_TRY(const Stretch run, writer.finish());
  runs_.erase(runs_.begin(), runs_.begin() + static_cast<std::ptrdiff_t>(count));
  runs_.push_back(run);
  ++written_;
  if (room_.counters != nullptr) ++room_.counters->runs_spilled;
  return {};
}

Result<void> SortedRuns::open_runs(std::size_t count) {
  const std::size_t buffer = std::clamp<std::uint64_t>(room_.memory_bytes / count, kLeastBuffer, kMostBuffer);
  merging_.clear();
  heap_.clear();
  for (std::size_t i = 0; i < count; ++i) merging_.push_back(std::make_unique<Run>(*file_, runs_[i], buffer));
  for (std::size_t i = 0; i < count; ++i) SLATE_TRY(advance(i));
  return {};
}

Result<void> SortedRuns::advance(std::size_t run) {
  SLATE_TRY(const bool more, merging_[run]->advance());
  if (!more) return {};
  heap_.push_back(run);
  std::ranges::push_heap(heap_, [&](std::size_t a, std::size_t b) {
    return std::tie(merging_[a]->key, merging_[a]->docid) > std::tie(merging_[b]->key, merging_[b]->docid);
  });
  return {};
}

Result<std::optional<SortedRuns::Entry>> SortedRuns::next_merged() {
  if (heap_.empty()) return std::nullopt;
  SLATE_TRY(pacer_.passed(1));
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

Result<std::optional<SortedRuns::Entry>> SortedRuns::next() {
  if (!runs_.empty()) return next_merged();
  if (at_ == buffer_.size()) return std::nullopt;
  buffer_.key(at_, key_);
  return Entry{.key = key_, .docid = buffer_.docid(at_++)};
}

Result<void> SortedRuns::next_docids(std::uint64_t most, std::vector<DocId>& docids) {
  docids.clear();
  if (runs_.empty()) {
    for (const std::size_t end = at_ + std::min<std::uint64_t>(most, buffer_.size() - at_); at_ < end; ++at_)
      docids.push_back(buffer_.docid(at_));
    return {};
  }
  while (docids.size() < most) {
    SLATE_TRY(const auto entry, next_merged());
    if (!entry) break;
    docids.push_back(entry->docid);
  }
  return {};
}

void SortedRuns::clear() {
  buffer_.clear();
  merging_.clear();
  heap_.clear();
  runs_.clear();
  file_.reset();
  at_ = 0;
}

}  // namespace slate
