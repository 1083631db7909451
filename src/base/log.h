// The door to the log: one line an event, a constant message and named fields. Never pass header values,
// tokens or cell contents. Safe from any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <slate/error.h>

namespace slate::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError, kOff };
enum class Format : std::uint8_t { kText, kJson };

struct Field {
  std::string_view name;
  std::variant<std::string, std::int64_t, double, bool> value;

  Field(std::string_view key, std::string text) : name(key), value(std::move(text)) {}
  Field(std::string_view key, std::string_view text) : name(key), value(std::string(text)) {}
  Field(std::string_view key, const char* text) : name(key), value(std::string(text)) {}
  Field(std::string_view key, double number) : name(key), value(number) {}
  Field(std::string_view key, bool truth) : name(key), value(truth) {}
  template <typename Integer>
  requires std::is_integral_v<Integer> Field(std::string_view key, Integer number)
      : name(key), value(static_cast<std::int64_t>(number)) {}
};
using Fields = std::initializer_list<Field>;

// Where lines go and which: stderr, warnings and errors as text, until told otherwise.
void configure(Level level, Format format);
// Whether a line of this level would be written: for lines so frequent that their fields are worth sparing.
bool is_on(Level level);

void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warning(std::string_view message, Fields fields = {});
void error(std::string_view message, Fields fields = {});
// One line as it would be written, without level and time: what tests look at.
std::string render(Format format, std::string_view message, Fields fields);

}  // namespace slate::log
