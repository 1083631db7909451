#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slate::http {

// ASCII only, as header names and tokens are.
bool equal_ignoring_case(std::string_view a, std::string_view b);

// Header fields in the order they came; names compare without regard to case. Lookups are linear: a message
// has a dozen fields.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  // The first value of that name.
  std::optional<std::string_view> get(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  bool has(std::string_view name) const { return get(name).has_value(); }
  // Adds a value beside others of that name.
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  // Puts one value in the place of all others of that name.
  void set(std::string name, std::string value);
  void remove(std::string_view name);

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }

 private:
  std::vector<Field> fields_;
};

}  // namespace slate::http
