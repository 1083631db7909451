#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>
#include <exception>
#include <fmt/format.h>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "model/coerce.h"
#include "model/json.h"
#include "model/name.h"

namespace slate {
namespace {

namespace json = boost::json;

constexpr std::size_t kDepth = 64;
// A value takes more memory than its text: "1," has two bytes and becomes twenty-four.
constexpr std::size_t kValues = 8u << 20;

// Builds the tree while the parser reads. The library's own builder lets the last of two members of one name
// win and rounds doubles roughly; this one refuses the former and reads the latter exactly.
class TreeBuilder {
 public:
  // More members than any record has fields. Keeps a hostile object from being slow to hash.
  static constexpr std::size_t max_object_size = 4096;
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  json::value take() { return std::move(root_); }
  // What this builder refused; empty when the parser itself did.
  const std::string& fault() const { return fault_; }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    open_.emplace_back(json::object());
    return true;
  }
  bool on_object_end(std::size_t, json::error_code& error) { return close(error); }
  bool on_array_begin(json::error_code&) {
    open_.emplace_back(json::array());
    return true;
  }
  bool on_array_end(std::size_t, json::error_code& error) { return close(error); }

  bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return collect(part); }
  bool on_key(json::string_view part, std::size_t, json::error_code& error) {
    collect(part);
    std::string key = std::exchange(text_, {});
    if (open_.back().get_object().contains(key)) return refuse(quoted(key) + " comes twice", error);
    keys_.push_back(std::move(key));
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) { return collect(part); }
  bool on_string(json::string_view part, std::size_t, json::error_code& error) {
    if (text_.empty()) return add(json::value(part), error);
    collect(part);
    const std::string text = std::exchange(text_, {});
    return add(json::value(json::string_view(text)), error);
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, json::error_code& error) {
    return add(json::value(number), error);
  }
  bool on_uint64(std::uint64_t number, json::string_view, json::error_code& error) {
    return add(json::value(number), error);
  }
  bool on_double(double rough, json::string_view text, json::error_code& error) {
    double exact = 0.0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), exact);
    // Out of range is too large, or so small that it is zero.
    if (read.ec == std::errc::result_out_of_range) exact = std::abs(rough) < 1.0 ? 0.0 : HUGE_VAL;
    if (!std::isfinite(exact)) return refuse("the number is too large", error);
    return add(json::value(exact), error);
  }
  bool on_bool(bool truth, json::error_code& error) { return add(json::value(truth), error); }
  bool on_null(json::error_code& error) { return add(json::value(nullptr), error); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  bool collect(json::string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool refuse(std::string fault, json::error_code& error) {
    fault_ = std::move(fault);
    error = json::error::syntax;
    return false;
  }
  bool close(json::error_code& error) {
    json::value closed = std::move(open_.back());
    open_.pop_back();
    return add(std::move(closed), error);
  }
  bool add(json::value value, json::error_code& error) {
    if (++values_ > kValues) return refuse(fmt::format("more than {} values", kValues), error);
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (auto* array = open_.back().if_array()) {
      array->push_back(std::move(value));
    } else {
      open_.back().get_object().emplace(keys_.back(), std::move(value));
      keys_.pop_back();
    }
    return true;
  }

  json::value root_;
  std::vector<json::value> open_;  // outermost first
  std::vector<std::string> keys_;  // members of open objects whose values are still to come
  std::size_t values_ = 0;
  std::string text_;  // a key or string that comes in parts
  std::string fault_;
};

std::string describe(const json::error_code& error, std::string_view text) {
  if (!is_valid_utf8(text)) return "expected valid UTF-8";
  if (error == json::error::incomplete) return "the text ends too early";
  if (error == json::error::extra_data) return "something follows the value";
  if (error == json::error::too_deep) return fmt::format("nested deeper than {}", kDepth);
  if (error == json::error::object_too_large)
    return fmt::format("an object of more than {} members", TreeBuilder::max_object_size);
  return error.message();
}

Failure refuse_at(std::string_view text, std::size_t offset, std::string_view why) {
  const auto before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  // Characters, not bytes.
  const auto column =
      std::ranges::count_if(before.substr(line_start),
                            [](char c) { return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u; }) +
      1;
  // A single line is one of NDJSON, whose number the caller knows, or needs none.
  const std::string place = text.find('\n') == std::string_view::npos
                                ? fmt::format("column {}", column)
                                : fmt::format("line {}, column {}", line, column);
  return fail(Reason::kInvalidArgument, fmt::format("not valid JSON: {}: {}", place, why));
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  try {
    json::parse_options options;
    options.max_depth = kDepth;
    json::basic_parser<TreeBuilder> parser(options);
    json::error_code error;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), error);
    if (!error && read < text.size()) error = json::error::extra_data;
    if (!error) return parser.handler().take();
    const std::string& fault = parser.handler().fault();
    return refuse_at(text, read, fault.empty() ? describe(error, text) : fault);
  } catch (const std::exception& exception) {
    return fail(Reason::kInvalidArgument, fmt::format("not valid JSON: {}", exception.what()));
  }
}

}  // namespace slate
