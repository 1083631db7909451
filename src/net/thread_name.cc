#include "net/thread_name.h"

#include <pthread.h>
#include <string>

namespace slate::net {

void name_this_thread(std::string_view name, std::size_t number) {
  constexpr std::size_t kMaxBytes = 15;
  const std::string suffix = "-" + std::to_string(number);
  std::string text(name.substr(0, kMaxBytes - suffix.size()));
  text += suffix;
  // A name that cannot be set is only missing from a debugger's list.
  static_cast<void>(pthread_setname_np(pthread_self(), text.c_str()));
}

}  // namespace slate::net
