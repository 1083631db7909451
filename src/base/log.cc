#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace slate::log {
namespace {

// By Level.
constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                 spdlog::level::warn, spdlog::level::err, spdlog::level::off};

std::atomic<Format> current_format{Format::kText};

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("slate", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    made->set_level(spdlog::level::warn);
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || c == '"' || c == '=' || c == '\\' || byte == 0x7f) return true;
  }
  return false;
}

void append_value(std::string& out, Format format, const Field& field) {
  if (const auto* text = std::get_if<std::string>(&field.value)) {
    if (format == Format::kJson || needs_quotes(*text))
      append_quoted(out, *text);
    else
      out += *text;
  } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    out += std::to_string(*number);
  } else if (const auto* real = std::get_if<double>(&field.value)) {
    out += fmt::format("{}", *real);
  } else {
    out += std::get<bool>(field.value) ? "true" : "false";
  }
}

void write(spdlog::level::level_enum level, std::string_view message, Fields fields) {
  auto& target = logger();
  if (!target.should_log(level)) return;
  target.log(level, "{}", render(current_format.load(std::memory_order_relaxed), message, fields));
}

}  // namespace

void configure(Level level, Format format) {
  current_format.store(format, std::memory_order_relaxed);
  logger().set_level(kLevels[static_cast<std::size_t>(level)]);
  logger().set_pattern(format == Format::kJson ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})"
                                               : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
}

bool is_on(Level level) {
  return level != Level::kOff && logger().should_log(kLevels[static_cast<std::size_t>(level)]);
}

std::string render(Format format, std::string_view message, Fields fields) {
  std::string out;
  if (format == Format::kJson) {
    out += "\"message\":";
    append_quoted(out, message);
  } else {
    out += message;
  }
  for (const Field& field : fields) {
    out += format == Format::kJson ? "," : " ";
    if (format == Format::kJson)
      append_quoted(out, field.name);
    else
      out += field.name;
    out += format == Format::kJson ? ':' : '=';
    append_value(out, format, field);
  }
  return out;
}

void debug(std::string_view message, Fields fields) { write(spdlog::level::debug, message, fields); }
void info(std::string_view message, Fields fields) { write(spdlog::level::info, message, fields); }
void warning(std::string_view message, Fields fields) { write(spdlog::level::warn, message, fields); }
void error(std::string_view message, Fields fields) { write(spdlog::level::err, message, fields); }

}  // namespace slate::log
