#include "net/file_watcher.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <exception>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

#include "base/log.h"
#include "net/thread_name.h"

namespace slate::net {
namespace {

using SteadyClock = std::chrono::steady_clock;

// A file counts as written when its writer closes it: before that its content is half a content.
constexpr std::uint32_t kEvents = IN_CREATE | IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                  IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
// How often a directory that has gone is looked for.
constexpr std::chrono::milliseconds kRetry{500};

class FileDescriptor {
 public:
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor() {
    if (number_ >= 0) ::close(number_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int number() const { return number_; }

 private:
  const int number_;
};

Error os_error(const std::filesystem::path& directory, int number) {
  const auto text = "cannot watch '" + directory.string() + "': " + std::generic_category().message(number);
  return {number == ENOENT || number == ENOTDIR ? Reason::kNotFound : Reason::kIo, text};
}

}  // namespace

struct FileWatcher::Impl {
  Impl(std::filesystem::path path, Callback callback, FileWatcherOptions chosen)
      : directory(std::move(path)), on_change(std::move(callback)), options(chosen) {}

  bool add_watch() {
    watch = ::inotify_add_watch(events.number(), directory.c_str(), kEvents);
    return watch >= 0;
  }

  // Empties the queue of events. True if one of them is about the directory as it is watched now.
  bool read_events() {
    alignas(inotify_event) std::array<std::byte, 16384> buffer;
    bool changed = false;
    for (;;) {
      const auto bytes = ::read(events.number(), buffer.data(), buffer.size());
      if (bytes <= 0) return changed;
      for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(bytes);) {
        inotify_event event;
        std::memcpy(&event, buffer.data() + at, sizeof event);
        at += sizeof event + event.len;
        const bool overflow = (event.mask & IN_Q_OVERFLOW) != 0;
        if (!overflow && event.wd != watch) continue;
        changed = true;
        if ((event.mask & IN_MOVE_SELF) != 0) ::inotify_rm_watch(events.number(), watch);
        if ((event.mask & (IN_IGNORED | IN_MOVE_SELF)) != 0) watch = -1;
      }
    }
  }

  void call() {
    try {
      on_change();
    } catch (const std::exception& error) {
      log::error("a file watcher's callback threw", {{"what", error.what()}});
    }
  }

  void work() {
    constexpr auto kNever = SteadyClock::time_point::max();
    auto due = kNever;       // when the callback runs; never while nothing has changed
    auto no_later = kNever;  // than this, however much goes on changing
    for (;;) {
      std::chrono::milliseconds timeout{-1};
      if (due != kNever)
        timeout =
            std::max(std::chrono::ceil<std::chrono::milliseconds>(due - SteadyClock::now()), timeout.zero());
      else if (watch < 0)
        timeout = kRetry;
      std::array<pollfd, 2> waits{pollfd{events.number(), POLLIN, 0}, pollfd{stop.number(), POLLIN, 0}};
      const int ready = ::poll(waits.data(), waits.size(), static_cast<int>(timeout.count()));
      if (waits[1].revents != 0) return;
      bool changed = ready > 0 && waits[0].revents != 0 && read_events();
      if (watch < 0 && add_watch()) changed = true;
      const auto now = SteadyClock::now();
      if (changed) {
        if (due == kNever) no_later = now + options.at_most;
        due = std::min(now + options.quiet, no_later);
      }
      if (now >= due) {
        due = kNever;
        call();
      }
    }
  }

  const std::filesystem::path directory;
  const Callback on_change;
  const FileWatcherOptions options;
  const FileDescriptor events{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
  const FileDescriptor stop{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  int watch = -1;  // negative while the directory is missing
  std::thread thread;
};

FileWatcher::FileWatcher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<FileWatcher>> FileWatcher::watch(std::filesystem::path directory, Callback on_change,
                                                        FileWatcherOptions options) {
  auto impl = std::make_unique<Impl>(std::move(directory), std::move(on_change), options);
  if (impl->events.number() < 0 || impl->stop.number() < 0 || !impl->add_watch())
    return fail(os_error(impl->directory, errno));
  impl->thread = std::thread([watcher = impl.get()] {
    name_this_thread("files", 0);
    watcher->work();
  });
  return std::unique_ptr<FileWatcher>(new FileWatcher(std::move(impl)));
}

FileWatcher::~FileWatcher() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(impl_->stop.number(), &one, sizeof one));
  impl_->thread.join();
}

}  // namespace slate::net
